"""A row that the table refuses, and what releases it."""

from __future__ import annotations

import pytest

from tests.integration._servers import wait_for


@pytest.fixture
def redis(redis_with_module, host, sqlite_recipe, sqlite_db):
    """person:* goes to a table whose column ``last`` must not be NULL."""
    sqlite_db.execute("DROP TABLE persons")
    sqlite_db.execute(
        "CREATE TABLE persons (person_id TEXT PRIMARY KEY, first TEXT,"
        " last TEXT NOT NULL, age INTEGER)"
    )
    redis_with_module.execute(sqlite_recipe())
    return redis_with_module


def test_present_row_is_updated(redis, sqlite_db):
    sqlite_db.execute("INSERT INTO persons VALUES ('1', 'Augusta', 'King', 20)")
    redis.client.hset("person:1", "first_name", "Ada")
    wait_for(lambda: sqlite_db.persons() == {"1": ("Ada", "King", 20)})


def test_new_row_is_a_dead_letter_until_it_is_complete(redis, sqlite_db):
    def work():
        return redis.registration("Persons")["status"] or {}

    redis.client.hset("person:1", "first_name", "Ada")
    wait_for(lambda: redis.registration("Persons")["dead_letters"] == 1)
    assert sqlite_db.persons() == {}
    wait_for(lambda: "last" in (work().get("last_dead_letter") or ""))
    assert work()["state"] == "running"
    redis.client.hset("person:1", "last_name", "Lovelace")
    wait_for(lambda: sqlite_db.persons() == {"1": ("Ada", "Lovelace", None)}, 15)
    wait_for(lambda: redis.registration("Persons")["dead_letters"] == 0)
