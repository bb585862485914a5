"""Any commands, in any order, leave rows equal to hashes.

A sequence that does not is shrunk to the shortest that does not.
"""

from __future__ import annotations

import os
from typing import Any

import hypothesis
import pytest
import redis as redis_py
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.integration._servers import RedisServer, wait_for
from tests.soak import tables
from tests.soak.hosts import SoakHost
from tests.soak.model import check_rows
from tests.soak.targets import SqliteTarget

KEYS = ("user:1", "user:2", "user:eu:1", "item:1", "other:1")
FIELDS = ("a", "b", "n", "x", "unmapped")
NUMBER_SCRIPT = (
    "redis.call('DEL', KEYS[1]); redis.call('HSET', KEYS[1], 'n', ARGV[1]);"
    " redis.call('HINCRBY', KEYS[1], 'n', 1); redis.call('HDEL', KEYS[1], 'a')"
)

key = st.sampled_from(KEYS)
text = st.sampled_from(("", "x", "O'Hara", "Zoë"))
number = st.integers(-9, 9)


def command(name: str, *arguments: Any) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.tuples(
        st.just(name),
        *(a if isinstance(a, st.SearchStrategy) else st.just(a) for a in arguments),
    )


commands = st.one_of(
    command("HSET", key, "a", text),
    command("HSET", key, "n", number, "b", text),
    command("HMSET", key, "b", text, "unmapped", text),
    command("HSETNX", key, "a", text),
    command("HINCRBY", key, "n", number),
    command("HINCRBYFLOAT", key, "x", number.map(lambda n: n / 4)),
    command("HDEL", key, st.sampled_from(FIELDS)),
    command("HDEL", key, *FIELDS),
    command("DEL", key),
    command("UNLINK", key, key),
    command("GETDEL", key),
    command("RENAME", key, key),
    command("RENAMENX", key, key),
    command("COPY", key, key),
    command("COPY", key, key, "REPLACE"),
    command("MOVE", key, 1),
    command("SET", key, "text"),
    command("SADD", key, "member"),
    command("EXPIRE", key, 1000),
    command("PERSIST", key),
    command("EXPIRE", key, -1),
    command("DUMP and RESTORE", key, key),
    command("EVAL", NUMBER_SCRIPT, 1, key, number),
)
steps = st.lists(
    st.tuples(st.booleans(), st.lists(commands, min_size=1, max_size=5)), max_size=8
)


@pytest.fixture
def target(folder):
    target = SqliteTarget(folder)
    target.create_tables()
    yield target
    target.close()


@pytest.fixture
def redis(redis_with_module, target, folder):
    recipe = folder / "recipe.py"
    recipe.write_text(tables.recipe(target.connection(), target.connector))
    host = SoakHost(redis_with_module.url, folder, recipe, 1)
    host.start()
    wait_for(lambda: redis_with_module.status()["registrations"])
    yield redis_with_module
    host.kill()


@hypothesis.seed(int(os.environ.get("REGEAR_SEED", 4)))
@settings(
    max_examples=int(os.environ.get("REGEAR_EXAMPLES", 40)),
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(steps)
def test_any_commands_leave_rows_equal_to_hashes(redis, target, steps):
    client = redis.client
    client.delete(*KEYS)
    for transaction, batch in steps:
        run(client, redis, transaction, batch)
    redis.wait_drained()
    found = check_rows(client, target)
    assert found.good, found.lines()


def run(
    client: redis_py.Redis,
    redis: RedisServer,
    transaction: bool,
    batch: list[tuple[Any, ...]],
) -> None:
    with client.pipeline(transaction=transaction) as pipeline:
        for each in batch:
            if each[0] != "DUMP and RESTORE":
                pipeline.execute_command(*each)
        pipeline.execute(raise_on_error=False)
    for each in batch:
        if each[0] == "DUMP and RESTORE":
            restore(redis, *each[1:])


def restore(redis: RedisServer, source: str, to: str) -> None:
    raw = redis.connect()
    dump = raw.dump(source)
    if dump is not None:
        raw.restore(to, 0, dump, replace=True)
    raw.close()
