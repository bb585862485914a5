"""The checks of a soak run see what they are for."""

from __future__ import annotations

import pytest

from tests.soak.audit import check_order
from tests.soak.model import check_kept, check_rows

CHECKPOINT = "1:epoch:5-0:{}"


def lines(*steps):
    """Audit lines of users 1 from (operation, version, fence)."""
    return [
        (n, "users", "1", operation, version, CHECKPOINT.format(fence))
        for n, (operation, version, fence) in enumerate(steps, 1)
    ]


@pytest.mark.parametrize(
    ("steps", "losses", "backward"),
    [
        ([("I", 1, 1), ("U", 5, 1), ("U", 5, 1), ("U", 9, 2)], [], 0),
        ([("I", 1, 1), ("U", 5, 1), ("U", 4, 1)], [], 1),
        ([("I", 5, 1), ("D", 5, 1), ("I", 4, 1)], [], 1),  # a ghost
        ([("I", 5, 1), ("U", None, 1), ("U", 6, 1)], [], 0),
        ([("I", 5, 2), ("U", 6, 1)], [], 1),  # a host that slept
        ([("I", 5, 1), ("U", 3, 1), ("U", 4, 1)], [1], 0),  # Redis lost 4 and 5
        ([("I", 5, 1), ("U", 3, 1), ("U", 2, 1)], [1], 1),
        ([("I", 5, 1), ("U", 3, 1)], [3], 1),  # before the loss
    ],
)
def test_versions_and_fences_only_grow(steps, losses, backward):
    assert len(check_order(lines(*steps), losses).backward) == backward


class Target:
    """Rows by table."""

    def __init__(self, **tables):
        self._tables = tables

    def rows(self, table):
        return self._tables.get(table.name, {})


def user(**columns):
    return {**dict.fromkeys(("v", "a", "b", "n", "x")), **columns}


@pytest.mark.parametrize(
    ("rows", "lossy", "found"),
    [
        ({"0.1": user(v=7, a="x")}, False, (0, 0, 0)),
        ({}, False, (1, 0, 0)),
        ({"0.1": user(v=6, a="x")}, False, (0, 1, 0)),
        ({"0.1": user(v=7, a="x", n=1)}, False, (0, 1, 0)),
        ({"0.1": user(v=7, a="x"), "0.2": user(v=1)}, False, (0, 1, 0)),
        ({"0.1": user(v=7, a="x"), "0.2": user(v=1)}, True, (0, 0, 1)),
        ({"0.1": user(v=7, a="x"), "m2": user(v=1)}, False, (0, 0, 0)),
    ],
)
def test_rows_equal_hashes(rows, lossy, found, new_redis):
    client = new_redis(module=False).client
    client.hset("user:0.1", mapping={"v": 7, "a": "x", "unmapped": 1})
    client.set("user:0.3", "no hash")
    findings = check_rows(client, Target(users=rows), lossy)
    assert (len(findings.lost), len(findings.stale), findings.orphans) == found


def test_redis_kept_what_it_acknowledged(new_redis):
    client = new_redis(module=False).client
    client.hset("user:0.1", "v", 7)
    assert check_kept(client, {"user:0.1": 7}).good
    assert not check_kept(client, {"user:0.1": 8}).good
    assert not check_kept(client, {"user:0.2": 1}).good
