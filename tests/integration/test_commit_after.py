"""``commitAfter``: the database follows only what Redis will not lose."""

from __future__ import annotations

import pytest
import redis as redis_py

from tests.integration._servers import wait_for

KEEPS_AOF = ("--appendonly", "yes", "--appendfsync", "everysec")


@pytest.fixture
def has_waitaof(redis_with_module):
    try:
        redis_with_module.client.execute_command("WAITAOF", 0, 0, 1)
    except redis_py.ResponseError as error:
        return "unknown command" not in str(error)
    return True


def test_fsync_needs_a_server_that_can_wait_for_its_aof(
    redis_with_module, host, sqlite_recipe, has_waitaof
):
    with pytest.raises(redis_py.ResponseError, match="commitAfter='fsync' needs"):
        redis_with_module.execute(sqlite_recipe(arguments="commitAfter='fsync'"))


def test_fsync_writes_what_is_on_disk(
    new_redis, new_host, sqlite_recipe, sqlite_db, has_waitaof
):
    if not has_waitaof:
        pytest.skip("this server has no WAITAOF")
    server = new_redis(*KEEPS_AOF)
    new_host(server)
    server.execute(sqlite_recipe(arguments="commitAfter='fsync'"))
    server.client.hset("person:1", "first_name", "Ada")
    wait_for(lambda: sqlite_db.persons() == {"1": ("Ada", None, None)})


def test_replica_waits_until_there_is_one(
    new_redis, new_host, sqlite_recipe, sqlite_db
):
    master = new_redis()
    new_host(master)
    master.execute(sqlite_recipe(arguments="commitAfter='replica'"))
    master.client.hset("person:1", "first_name", "Ada")
    wait_for(
        lambda: (
            "replica"
            in (
                (master.registration("Persons")["status"] or {}).get("last_error") or ""
            )
        )
    )
    assert sqlite_db.persons() == {}
    new_redis("--replicaof", "127.0.0.1", str(master.port))
    wait_for(lambda: sqlite_db.persons() == {"1": ("Ada", None, None)}, 20)
