"""Whatever clients do, rows and hashes end equal, and each was told the truth."""

from __future__ import annotations

import os
import random
from collections import Counter

import pytest

from tests.integration._servers import wait_for
from tests.soak import through_table
from tests.soak.targets import MariaDbTarget, PostgresTarget, SqliteTarget
from tests.soak.through_checks import check
from tests.soak.through_clients import (
    ThroughWorkload,
    prepare,
    read_hashes,
    settle,
    wait_for_writes,
)

ORDERS = int(os.environ.get("REGEAR_ORDERS", 400))


@pytest.fixture(params=["sqlite", "postgres", "mariadb"])
def target(request, folder):
    if request.param == "sqlite":
        target = SqliteTarget(folder)
    elif request.param == "postgres":
        target = PostgresTarget(request.getfixturevalue("postgres_server"))
    else:
        target = MariaDbTarget(request.getfixturevalue("mariadb_server"))
    yield target
    target.close()


@pytest.fixture
def seed():
    chosen = int(os.environ.get("REGEAR_SEED", random.randrange(2**32)))
    print(f"REGEAR_SEED={chosen}")
    return chosen


@pytest.mark.parametrize("beside", [False, True])
def test_each_row_equals_its_hash_and_nobody_was_told_wrong(
    redis_with_module, host, target, seed, beside
):
    """``beside``: plain writes go to the same table, behind Redis."""
    server = redis_with_module
    through_table.create_tables(target, beside)
    assert server.execute(through_table.recipe(target, beside=beside)) == "OK"
    wait_for(lambda: server.state("Users") == "running")
    prepare(server.port)
    workload = ThroughWorkload(
        lambda: server.port, target, seed, orders=ORDERS, beside=beside
    )
    workload.join(110)
    if beside:
        wait_for_writes(server.port)
        server.wait_drained()
        assert server.registration("Behind")["dead_letters"] == 0
    else:
        settle(server.port)
    history = workload.history
    print(Counter((order.words[0], order.outcome.value) for order in history))
    findings = workload.findings
    findings += check(
        history,
        read_hashes(server.port),
        through_table.rows(target),
        through_table.audit(target),
        beside,
    )
    assert findings.good, "\n".join(findings.lines())
