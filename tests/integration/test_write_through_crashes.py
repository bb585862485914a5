"""kill -9 of everything while clients write through: a short part of
``scripts/soak --through``."""

from __future__ import annotations

import os
import random

import pytest

from tests.conftest import missing, redis_program
from tests.integration._raw import Raw
from tests.integration._servers import wait_for
from tests.integration._users import ADA
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


@pytest.mark.parametrize("users", ["postgres"], indirect=True)
def test_what_a_host_settled_for_a_killed_one_is_not_applied_again(
    new_redis, new_host, users
):
    server = new_redis("--appendonly", "yes", "--appendfsync", "always")
    host = new_host(server)
    assert server.execute(users.recipe()) == "OK"
    client = server.client
    client.hset("__{users:1}", mapping=ADA)
    with Raw(server.port) as writer, users.locked(server) as blocker:
        writer.send("HINCRBY", "__{users:1}", "visits", 7)
        wait_for(blocker.has_waiter)
        client.execute_command("CLIENT", "PAUSE", 20_000, "WRITE")
    wait_for(lambda: users.row()["visits"] == 7)  # Redis is not told of it
    host.kill()
    client.execute_command("CLIENT", "UNPAUSE")
    host.start()
    wait_for(lambda: client.hget("users:1", "visits") == "7")
    host.kill()
    client.hset("users:1", "visits", 9)
    server.kill()
    server.start()
    host.start()
    wait_for(lambda: server.state("Users") == "running")
    assert client.hget("users:1", "visits") == "9"
