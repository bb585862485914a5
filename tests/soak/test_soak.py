"""A short part of ``make soak``: each kind of crash once."""

from __future__ import annotations

import pytest

from tests.conftest import missing, redis_program
from tests.soak.behind_round import BehindRound
from tests.soak.redis_modes import Failover, RedisMode
from tests.soak.round import WIRE_FAULTS
from tests.soak.targets import MariaDbTarget, PostgresTarget, SqliteTarget


@pytest.fixture
def new_round(folder, seed):
    """Start a round: ``new_round(RedisMode, target)``."""
    program = redis_program()
    if program is None:
        missing("redis-server")
    rounds: list[BehindRound] = []

    def start(mode, target) -> BehindRound:
        redis_mode = mode(program, folder, seed)
        rounds.append(BehindRound(redis_mode, target, folder, seed, pace=0.15))
        return rounds[-1]

    yield start
    for one in rounds:
        one.close()


def check(one: BehindRound, *events: str) -> None:
    for event in events:
        one.write_on()
        getattr(one, event)()
    one.write_on()
    findings = one.finish()
    assert findings.good, findings.lines()
    assert one.workload.commands > 100


def test_crashes_over_sqlite(new_round, folder):
    one = new_round(RedisMode, SqliteTarget(folder))
    check(one, "kill_host", "kill_redis", "take_over", "kill_host_and_redis")


def test_crashes_over_postgres(new_round, postgres_server):
    one = new_round(RedisMode, PostgresTarget(postgres_server))
    check(one, "kill_database", "kill_database_and_redis")


def test_crashes_over_mariadb(new_round, mariadb_server):
    one = new_round(RedisMode, MariaDbTarget(mariadb_server))
    check(one, "kill_database", "kill_host")


def test_failover_to_a_replica(new_round, folder):
    check(new_round(Failover, SqliteTarget(folder)), "kill_redis", "kill_redis")


def test_faults_of_the_wires(new_round, postgres_server):
    one = new_round(RedisMode, PostgresTarget(postgres_server))
    for fault in WIRE_FAULTS:
        one.write_on()
        one.fault_of_wire("database", one.target.proxy, fault)
        one.fault_of_wire("redis", one.redis_proxy, fault)
    check(one)
