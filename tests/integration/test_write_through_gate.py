"""One table that is written behind Redis and through it."""

from __future__ import annotations

import pytest

from tests.integration._servers import wait_for

KEYS = 400
ROUNDS = 40  # of plain writes that wait in the stream
RECIPE = """
from rgsync import RGWriteBehind, RGWriteThrough
from rgsync.Connectors import PostgresConnection, PostgresConnector

connection = PostgresConnection({user!r}, {password!r}, {address!r})
mapping = {{"name": "name", "city": "city", "visits": "visits"}}
RGWriteBehind(GB, "users", mapping,
              PostgresConnector(connection, "users", "id"), "Behind")
RGWriteThrough(GB, "__", mapping,
               PostgresConnector(connection, "users", "id"), "Through")
"""


@pytest.fixture
def server(redis_with_module, host, postgres):
    postgres.execute(
        "CREATE TABLE users (id text PRIMARY KEY, name text, city text,"
        " visits bigint); GRANT ALL ON users TO writer"
    )
    source = RECIPE.format(
        user=postgres.user, password=postgres.password, address=postgres.address
    )
    assert redis_with_module.execute(source) == "OK"
    return redis_with_module


def behind(server, command):
    assert server.client.execute_command("RG.WRITEBEHIND", command, "Behind")


def rows(postgres):
    found = postgres.execute("SELECT id, name, city, visits FROM users")
    return {row[0]: row[1:] for row in found}


def hashes(server):
    pipeline = server.client.pipeline(transaction=False)
    for number in range(KEYS):
        pipeline.hmget(f"users:{number}", "name", "city", "visits")
    return {
        str(number): (name, city, None if visits is None else int(visits))
        for number, (name, city, visits) in enumerate(pipeline.execute())
    }


def test_a_confirmed_value_is_not_overwritten_by_an_older_one(server, postgres):
    behind(server, "PAUSE")
    pipeline = server.client.pipeline(transaction=False)
    for step in range(ROUNDS):
        for number in range(KEYS):
            key = f"users:{number}"
            pipeline.hset(key, mapping={"name": f"old {step}", "city": f"c{step}"})
            pipeline.hincrby(key, "visits", 1)
            if number % 7 == 0:
                pipeline.hdel(key, "city")
            if number % 11 == 0 and step < ROUNDS - 1:
                pipeline.delete(key)
        pipeline.execute()
    confirmed = {}
    for number in range(0, KEYS, 2):
        server.client.hset(f"__{{users:{number}}}", "name", f"new {number}")
        confirmed[str(number)] = f"new {number}"
    before = rows(postgres)
    assert {row: before[row][0] for row in confirmed} == confirmed
    assert server.backlog() > ROUNDS * KEYS
    behind(server, "RESUME")
    looks = 0

    def drained():
        nonlocal looks
        looks += 1
        now = rows(postgres)
        assert {row: now[row][0] for row in confirmed} == confirmed
        return server.backlog() == 0

    wait_for(drained, 60, "the backlog is drained")
    assert looks > 1
    assert rows(postgres) == hashes(server)


def test_rows_deleted_and_written_through_stay_as_confirmed(server, postgres):
    server.client.hset("users:1", mapping={"name": "old", "city": "x", "visits": 1})
    server.wait_drained()
    behind(server, "PAUSE")
    server.client.hset("users:1", "city", "older")
    server.client.delete("users:1")
    server.client.hset("users:2", mapping={"name": "gone", "city": "y"})
    server.client.hset("__{users:1}", "name", "new")
    server.client.delete("__{users:2}")
    assert rows(postgres) == {"1": ("new", "x", 1)}
    behind(server, "RESUME")
    server.wait_drained()
    assert rows(postgres) == {"1": ("new", None, None)}
    assert server.client.hgetall("users:1") == {"name": "new"}
