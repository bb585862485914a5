"""Every recipe of the repository works."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from redis import ResponseError

from tests.conftest import missing, redis_program
from tests.integration._servers import wait_for
from tests.integration.test_json_recipes import DOCUMENTS

ROOT = Path(__file__).resolve().parents[2]
RECIPES = ROOT / "recipes"


def write_some(redis) -> None:
    redis.client.hset(
        "person:1", mapping={"first_name": "Ada", "last_name": "Lovelace", "age": 36}
    )
    redis.client.hset("car:1", mapping={"brand": "Fiat", "color": "red", "mileage": 1})


def sqlite_quickstart(redis, new_host, folder, request):
    path = folder / "quickstart.db"
    new_host(redis, RECIPES / "sqlite_quickstart.py", SqlitePath=str(path))

    def rows(table: str) -> list[tuple]:
        connection = sqlite3.connect(path)
        try:
            return connection.execute(f"SELECT * FROM {table}").fetchall()
        finally:
            connection.close()

    return rows


def sqlite_write_through(redis, new_host, folder, request):
    path = folder / "through.db"
    new_host(redis, RECIPES / "sqlite_write_through.py", SqlitePath=str(path))

    def query(sql: str) -> list[tuple]:
        with closing(sqlite3.connect(path)) as connection:
            return connection.execute(sql).fetchall()

    return query


def postgres_write_through(redis, new_host, folder, request):
    postgres = request.getfixturevalue("postgres")
    recipe = RECIPES / "postgres_write_through.py"
    table = recipe.read_text().split("\n\n")[1]
    postgres.execute(table + "; GRANT ALL ON users TO writer")
    new_host(
        redis,
        recipe,
        PgUser=postgres.user,
        PgPassword=postgres.password,
        PgDatabase=postgres.address,
    )
    return postgres.execute


def postgres_write_behind(redis, new_host, folder, request):
    postgres = request.getfixturevalue("postgres")
    postgres.execute(
        "CREATE TABLE cars (car_id text PRIMARY KEY, brand text, color text,"
        " mileage int); GRANT ALL ON cars TO writer"
    )
    new_host(
        redis,
        RECIPES / "postgres_write_behind.py",
        PgUser=postgres.user,
        PgPassword=postgres.password,
        PgDatabase=postgres.address,
    )
    return lambda table: postgres.execute(f"SELECT * FROM {table}")


def mysql_write_behind(redis, new_host, folder, request):
    mariadb = request.getfixturevalue("mariadb")
    new_host(redis, RECIPES / "mysql_write_behind.py", **mariadb.config())
    return lambda table: mariadb.execute(f"SELECT * FROM {table}")


SETTINGS = {
    "mysql_write_behind.py": mysql_write_behind,
    "sqlite_quickstart.py": sqlite_quickstart,
    "postgres_write_behind.py": postgres_write_behind,
}
THROUGH = {
    "postgres_write_through.py": postgres_write_through,
    "sqlite_write_through.py": sqlite_write_through,
}
ORDERS = "postgres_json_write_behind.py"
COPIES = "redis_write_behind.py"


def test_every_recipe_is_tested():
    recipes = {file.name for file in RECIPES.glob("*.py")}
    assert recipes == set(SETTINGS) | set(THROUGH) | DOCUMENTS | {ORDERS, COPIES}


@pytest.mark.parametrize("recipe", SETTINGS)
def test_recipe(recipe, redis_with_module, new_host, folder, request):
    rows = SETTINGS[recipe](redis_with_module, new_host, folder, request)
    write_some(redis_with_module)
    wait_for(lambda: rows("persons") == [("1", "Ada", "Lovelace", 36)])
    wait_for(lambda: rows("cars") == [("1", "Fiat", "red", 1)])
    redis_with_module.client.delete("person:1", "car:1")
    wait_for(lambda: rows("persons") == [] and rows("cars") == [])


@pytest.mark.parametrize("recipe", THROUGH)
def test_recipe_that_writes_through(
    recipe, redis_with_module, new_host, folder, request
):
    query = THROUGH[recipe](redis_with_module, new_host, folder, request)
    client = redis_with_module.client
    ada = {"username": "ada", "password": "secret", "email": "ada@example.org"}
    assert client.hset("__{users:1}", mapping=ada) == 3
    assert client.hset("__{users:1}", "username", "bar") == 0
    columns = "user_id, username, email, country, created_at IS NULL"
    row = (1, "bar", "ada@example.org", "unknown", False)
    assert query(f"SELECT {columns} FROM users") == [row]
    assert client.hgetall("users:1") == {**ada, "username": "bar"}
    assert not client.exists("__{users:1}")
    with pytest.raises(ResponseError, match=r"^WRITETHROUGH .*(?i:unique)"):
        client.hset("__{users:2}", mapping={**ada, "username": "b"})
    assert client.delete("__{users:1}") == 1
    assert query("SELECT * FROM users") == []


def test_recipe_of_documents_in_tables(new_redis, new_host, postgres):
    tables = "".join((RECIPES / ORDERS).read_text().split("\n\n")[1:3])
    postgres.execute(f"{tables} GRANT ALL ON orders, order_items TO writer")
    server = new_redis(json=True)
    new_host(
        server,
        RECIPES / ORDERS,
        PgUser=postgres.user,
        PgPassword=postgres.password,
        PgDatabase=postgres.address,
    )

    def items():
        return postgres.execute("SELECT * FROM order_items ORDER BY line")

    order = {
        "total": 12.5,
        "address": {"city": "Oslo"},
        "items": [{"sku": "pen", "quantity": 3}, {"sku": "ink", "quantity": 1}],
    }
    json = server.client.json()
    json.set("order:7", "$", order)
    wait_for(lambda: items() == [("7", 0, "pen", 3), ("7", 1, "ink", 1)])
    rows = postgres.execute("SELECT order_id, total::text, city, document FROM orders")
    assert rows == [("7", "12.50", "Oslo", order)]
    json.arrpop("order:7", "$.items", 0)
    wait_for(lambda: items() == [("7", 0, "ink", 1)])
    json.delete("order:7")
    wait_for(lambda: postgres.execute("SELECT * FROM orders") == [])
    assert items() == []


def test_recipe_of_another_redis(new_redis, new_host):
    here, there = new_redis(), new_redis(module=False, password="secret")
    config = {"RedisHost": "127.0.0.1", "RedisPort": str(there.port)}
    new_host(here, RECIPES / COPIES, RedisPassword="secret", **config)
    write_some(here)
    ada = {"first": "Ada", "last": "Lovelace", "age": "36"}
    wait_for(lambda: there.client.hgetall("copy:1") == ada)
    here.client.delete("person:1")
    wait_for(lambda: not there.client.exists("copy:1"))


def test_demo():
    program = redis_program() or missing("redis-server")
    done = subprocess.run(
        [sys.executable, "-m", "scripts.demo"],
        cwd=ROOT,
        env={
            **os.environ,
            **{"OPS": "3000", "THROUGH": "1", "REGEAR_REDIS_SERVER": program},
        },
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("rows equal their hashes") == 2
    assert "WRITETHROUGH UNIQUE constraint failed: users.username" in done.stdout
