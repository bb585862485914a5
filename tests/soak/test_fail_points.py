"""The host dies at each step of the protocol: everything comes out equal.

Runs on builds with fail points: ``make faults``.
"""

from __future__ import annotations

import random
import re
import signal
import sqlite3
from collections import Counter
from pathlib import Path

import pytest
from redis.exceptions import ResponseError

import regear._engine
from tests.integration._servers import RedisServer, wait_for
from tests.soak import tables
from tests.soak.audit import check_order
from tests.soak.hosts import SoakHost
from tests.soak.model import check_rows
from tests.soak.tables import Table
from tests.soak.targets import PostgresTarget

pytestmark = [
    pytest.mark.skipif(
        not regear._engine.fail_points, reason="built without fail points: make faults"
    ),
    pytest.mark.timeout(300),
]

SOURCES = Path(__file__).parents[2] / "cpp" / "engine"


def fail_points(through: bool) -> list[str]:
    """Those of what writes through, or of what writes behind."""
    return sorted(
        {
            name
            for file in SOURCES.glob("*.cc")
            if file.name.startswith("through_") == through
            for name in re.findall(r'REGEAR_FAIL_POINT\("([^"]+)"\)', file.read_text())
        }
    )


# A child may be captured before its parent; an amount may be refused.
TABLES = (
    Table("parents", "parent", {"v": "v", "a": "a"}),
    Table(
        "children",
        "child",
        {"v": "v", "parent": "parent", "n": "amount"},
        ", FOREIGN KEY (parent) REFERENCES parents (id), CHECK (amount < 1000)",
    ),
)
BAD = 5000  # an amount


class Family:
    """Writes parents and children; each step passes each fail point, soon."""

    def __init__(self, redis: RedisServer, seed: int) -> None:
        self._client = redis.connect(decode_responses=True)
        self._random = random.Random(seed)
        self._version = 0
        self._parents = 0
        self.refused: list[str] = []

    def step(self) -> None:
        self._child(self._parents)
        self._child(self._parents, f"child:bad{len(self.refused)}")
        self._set(f"parent:{self._parents}", "a", "new")
        self._parents += 1
        with self._client.pipeline() as transaction:
            key = f"child:{self._random.randrange(self._parents)}"
            transaction.delete(key)
            transaction.hset(key, mapping={"v": self._next(), "n": 3, "parent": 0})
            transaction.execute()
        self._set(f"parent:{self._parents - 1}", "a", "answered", "#", "=ack")
        for _ in range(20):
            self._any()

    def repair(self) -> None:
        for key in self.refused:
            self._set(key, "n", 1)

    def _any(self) -> None:
        key = f"child:{self._random.randrange(self._parents)}"
        what = self._random.random()
        if what < 0.6:
            self._child(int(key[6:]), key)
        elif what < 0.7:
            self._client.hdel(key, "n")
        elif what < 0.8:
            self._client.delete(key)
        else:
            self._set(f"parent:{key[6:]}", "a", self._random.randrange(100))

    def _child(self, parent: int, key: str = "") -> None:
        bad = key.startswith("child:bad")
        if bad:
            self.refused.append(key)
        amount = BAD if bad else self._random.randrange(1000)
        self._set(key or f"child:{parent}", "n", amount, "parent", parent)

    def _set(self, key: str, *fields: object) -> None:
        self._client.execute_command("HSET", key, "v", self._next(), *fields)

    def _next(self) -> int:
        self._version += 1
        return self._version


@pytest.fixture
def target(postgres_server):
    target = PostgresTarget(postgres_server)
    target.create_tables(TABLES)
    yield target
    target.close()


@pytest.fixture
def redis(new_redis) -> RedisServer:
    return new_redis("--appendonly", "yes", "--appendfsync", "always")


@pytest.fixture
def host(redis, target, folder):
    """One that has registered the recipe, and is gone again."""
    recipe = folder / "recipe.py"
    recipe.write_text(tables.recipe(target.connection(), target.connector, TABLES))
    host = SoakHost(redis.url, folder, recipe, 1)
    host.start()
    wait_for(lambda: len(redis.status()["registrations"]) == len(TABLES))
    host.kill()
    yield host
    if host.running:
        host.kill()


@pytest.mark.parametrize("passes", [1, 3])
@pytest.mark.parametrize("point", fail_points(through=False))
def test_dying_at_a_step_loses_nothing(point, passes, host, redis, target, seed):
    family = Family(redis, seed)
    family.step()
    host.launch(REGEAR_FAIL_POINT=f"{point}:{passes}")

    def died() -> bool:
        family.step()
        return not host.running

    wait_for(died, 30, f"the host passes {point}")
    assert host.process.returncode == -signal.SIGKILL, host.text()
    host.start()
    redis.wait_drained(60)
    assert dead_letters(redis) == set(family.refused)
    family.repair()
    redis.wait_drained(60)
    found = check_rows(redis.client, target, tables=TABLES)
    found += check_order(target.audit())
    assert found.good, found.lines()
    wait_for(lambda: not dead_letters(redis), 20, "what was repaired is closed")


def dead_letters(redis: RedisServer) -> set[str]:
    entries = redis.client.xrange(redis.registration("children")["dead"])
    return {fields["_original_key"] for _, fields in entries}


THROUGH = """
from rgsync import RGWriteThrough
from rgsync.Connectors import SQLiteConnection, SQLiteConnector
connector = SQLiteConnector(SQLiteConnection({path!r}), "counters", "id")
RGWriteThrough(GB, "__", {{"n": "n"}}, connector, "Counters", "1")
"""


@pytest.fixture
def counters(folder):
    path = folder / "counters.db"
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE counters (id TEXT PRIMARY KEY, n INTEGER)")

    return path


@pytest.mark.parametrize("passes", [1, 3])
@pytest.mark.parametrize("point", fail_points(through=True))
def test_dying_at_a_step_of_write_through_is_settled(
    point, passes, redis, counters, folder
):
    recipe = folder / "recipe.py"
    recipe.write_text(THROUGH.format(path=str(counters)))
    host = SoakHost(redis.url, folder, recipe, 1)
    host.start()
    wait_for(lambda: redis.state("Counters") == "running")
    host.kill()
    told: Counter[str] = Counter()
    host.launch(REGEAR_FAIL_POINT=f"{point}:{passes}")

    def died() -> bool:
        told[increment(redis)] += 1
        return not host.running

    wait_for(died, 30, f"the host passes {point}")
    assert host.process.returncode == -signal.SIGKILL, host.text()
    host.start()
    wait_for(lambda: increment(redis) == "OK", 20)
    told["OK"] += 1
    with sqlite3.connect(counters, timeout=20) as database:
        number = database.execute("SELECT n FROM counters").fetchone()[0]
    assert redis.client.hgetall("counter:1") == {"n": str(number)}
    assert told["OK"] <= number <= told["OK"] + told["INDOUBT"]
    host.kill()


def increment(redis: RedisServer) -> str:
    try:
        redis.client.hincrby("__{counter:1}", "n", 1)
    except ResponseError as error:
        return str(error).split()[0]
    return "OK"
