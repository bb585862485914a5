"""kill -9 of everything while clients write through: a short part of
``scripts/soak --through``."""

from __future__ import annotations

import os
import random

import pytest

from tests.conftest import missing, redis_program
from tests.soak.redis_modes import EverysecKept, Failover, RedisMode
from tests.soak.targets import MariaDbTarget, PostgresTarget, SqliteTarget
from tests.soak.through_round import ThroughRound


@pytest.fixture
def new_round(folder):
    """Start a round: ``new_round(RedisMode, target)``."""
    program = redis_program()
    if program is None:
        missing("redis-server")
    seed = int(os.environ.get("REGEAR_SEED", random.randrange(2**32)))
    print(f"REGEAR_SEED={seed}")
    rounds: list[ThroughRound] = []

    def start(mode, target) -> ThroughRound:
        redis_mode = mode(program, folder, seed)
        rounds.append(ThroughRound(redis_mode, target, folder, seed, pace=0.15))
        return rounds[-1]

    yield start
    for one in rounds:
        one.close()


def check(one: ThroughRound, *events: str) -> None:
    for event in events:
        one.write_on()
        getattr(one, event)()
        one.compare()
    one.write_on()
    findings = one.finish()
    assert findings.good, findings.lines()


def test_kills_over_postgres(new_round, postgres_server):
    one = new_round(RedisMode, PostgresTarget(postgres_server))
    check(one, "kill_host", "kill_database", "kill_redis", "kill_database_and_redis")


def test_kills_over_sqlite(new_round, folder):
    one = new_round(EverysecKept, SqliteTarget(folder))
    check(one, "kill_host", "kill_redis", "kill_host_and_redis", "lock_database")


def test_kills_over_mariadb(new_round, mariadb_server):
    one = new_round(RedisMode, MariaDbTarget(mariadb_server))
    check(one, "kill_database", "kill_redis")


def test_failover_to_a_replica(new_round, postgres_server):
    one = new_round(Failover, PostgresTarget(postgres_server))
    check(one, "kill_redis", "kill_host", "kill_redis")


def test_a_second_host_takes_over(new_round, mariadb_server):
    check(new_round(RedisMode, MariaDbTarget(mariadb_server)), "take_over")
