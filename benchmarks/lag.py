"""How long a write takes to reach the table. See README.md, "Lag"."""

from __future__ import annotations

import argparse
import time
from contextlib import ExitStack

from tests.integration._servers import RedisServer, wait_for

from benchmarks.load import Plan, result_of, start_load
from benchmarks.outage import serving
from benchmarks.private import private_redis
from benchmarks.report import Report
from benchmarks.targets import TARGETS, Target, private_target

KEYS = 50_000
DURATION = 100.0  # ms, of the recipe
DEADLINE = 300.0


def maximum_rate(server: RedisServer, seconds: float) -> float:
    """Writes per second that Redis and the target take together."""
    began = time.monotonic()
    result = result_of(start_load(Plan(server.port, seconds, 0, KEYS)))
    wait_for(lambda: server.backlog() == 0, DEADLINE, "everything applied")
    return result.writes / (time.monotonic() - began)


def probe(server: RedisServer, target: Target, number: int) -> float:
    """ms from a write until its row is seen."""
    began = time.monotonic()
    server.client.hset(f"person:probe-{number}", "first_name", "x")
    query = f"SELECT 1 FROM persons WHERE person_id = 'probe-{number}'"
    while not target.sql(query):
        if time.monotonic() - began > DEADLINE:
            raise TimeoutError(f"probe {number} does not arrive")
    return 1000 * (time.monotonic() - began)


def lags(
    server: RedisServer, target: Target, rate: float, seconds: float
) -> list[float]:
    load = start_load(Plan(server.port, seconds, int(rate), KEYS))
    found: list[float] = []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found.append(probe(server, target, len(found)))
    result_of(load)
    return sorted(found)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--target", action="append", choices=TARGETS)
    parser.add_argument("--seconds", type=float, default=10)
    arguments = parser.parse_args()
    report = Report(
        "lag",
        ["sink", "maximum, writes/s", "at writes/s", "probes", "p50 ms", "p99 ms"],
    )
    for name in arguments.target or TARGETS:
        with ExitStack() as stack:
            server = stack.enter_context(private_redis(module=True))
            target = stack.enter_context(private_target(name))
            stack.enter_context(serving(server, target))
            most = maximum_rate(server, arguments.seconds / 2)
            found = lags(server, target, most / 2, arguments.seconds)
        report.row(
            *(name, round(most), round(most / 2), len(found)),
            *(round(found[len(found) * part // 100], 1) for part in (50, 99)),
        )
    report.print()
    print(f"bar: p50 <= {DURATION:.0f} ms, p99 <= {2 * DURATION:.0f} ms")


if __name__ == "__main__":
    main()
