"""The recipe for MySQL on a MariaDB server that goes away."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration._servers import wait_for
from tests.integration.test_crashes import WRITES, hashes, seed, writer

__all__ = ["seed", "writer"]

RECIPE = Path(__file__).resolve().parents[2] / "recipes" / "mysql_write_behind.py"


@pytest.fixture
def recipe() -> str:
    return RECIPE.read_text().replace(
        'version="1.0.0"', 'version="1.0.0", onFailedRetryInterval=1'
    )


def test_database_killed_while_writing(
    redis_with_module, new_host, mariadb, recipe, writer
):
    redis = redis_with_module
    new_host(redis, **mariadb.config())
    redis.execute(recipe)
    writing = writer(redis)
    for part in (1, 2):
        writing.wait_for(WRITES * part // 3)
        mariadb.server.kill()
        redis.client.hset("car:1", "brand", f"written while it was away {part}")
        mariadb.server.start()
    writing.join()
    redis.wait_drained(60)
    assert mariadb.persons() == hashes(redis)
    assert mariadb.execute("SELECT car_id, brand FROM cars") == [
        ("1", "written while it was away 2")
    ]
    wait_for(lambda: redis.state("PersonsWriteBehind") == "running")


def test_wrong_password_is_told_and_the_right_one_picked_up(
    redis_with_module, new_host, mariadb, recipe
):
    redis = redis_with_module
    redis.client.set("password", "")
    asked = recipe.replace(
        'configGet("MySqlPassword")',
        "execute('GET', 'password') or configGet('MySqlPassword')",
    )
    host = new_host(redis, **mariadb.config())
    redis.execute(asked)
    redis.client.set("password", "wrong-one")
    mariadb.server.kill()
    mariadb.server.start()
    redis.client.hset("person:1", "first_name", "Ada")
    status = wait_for(
        lambda: (
            "errno 1045" in str(redis.registration("PersonsWriteBehind")["status"])
            and redis.registration("PersonsWriteBehind")["status"]
        ),
        30,
        "the password is refused",
    )
    assert "wrong-one" not in str(status) + host.text()
    assert mariadb.password not in str(status) + host.text()
    redis.client.set("password", "")
    wait_for(lambda: mariadb.persons() == {"1": ("Ada", None, None)}, 20)
    wait_for(lambda: redis.state("PersonsWriteBehind") == "running")


def test_refused_value_names_the_column(redis_with_module, new_host, mariadb, recipe):
    redis = redis_with_module
    new_host(redis, **mariadb.config())
    redis.execute(recipe)
    redis.client.hset("person:1", mapping={"first_name": "Ada", "age": "old"})
    wait_for(lambda: "age" in str(redis.registration("PersonsWriteBehind")["status"]))
    redis.client.hset("person:1", "age", 36)
    wait_for(lambda: mariadb.persons() == {"1": ("Ada", None, 36)}, 20)
