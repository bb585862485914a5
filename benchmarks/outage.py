"""What an outage of the database costs. See README.md, "Outage"."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from tests.integration._servers import HostProcess, RedisServer, wait_for

from benchmarks.load import Plan, fields, last_writes, result_of, start_load
from benchmarks.private import private_redis
from benchmarks.report import Report
from benchmarks.targets import TARGETS, Target, private_target

KEYS = 5000
LEAD = 5.0  # s of load before the database goes away
PROBE = 3.0  # s of load without a pace, at the end of the outage
TAIL = 10.0  # s of load after its return
DEADLINE = 600.0  # s until everything is applied
BAR = 0.95  # of writes per second with and without an outage

Row = tuple[str, str, int]


class Memory:
    """Resident memory of a process each second, in MB."""

    def __init__(self, process: int) -> None:
        self._status = Path(f"/proc/{process}/status")
        self._halt = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.samples: list[tuple[float, float]] = []
        self._thread.start()

    def _run(self) -> None:
        while not self._halt.wait(1.0):
            self.samples.append((time.monotonic(), self.now()))

    def now(self) -> float:
        for line in self._status.read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
        raise RuntimeError(f"no VmRSS in {self._status}")

    def most(self, begin: float, end: float) -> float:
        return max(mb for at, mb in self.samples if begin <= at <= end)

    def stop(self) -> None:
        self._halt.set()
        self._thread.join()


@dataclass(frozen=True)
class Run:
    """What one run of the load saw."""

    rate: float  # writes per second in the time of the outage
    p99: float  # ms
    unpaced: float  # writes per second at its end
    before: float  # MB of the host
    away: float  # MB, at most during the outage
    back: float  # MB, at most from then on
    applied: float  # s after its end until everything was in the table
    backlog: int  # changes at its end
    writes: int
    rows: dict[str, Row]  # that are expected


class Outage:
    def __init__(
        self, server: RedisServer, target: Target, host: HostProcess, seconds: float
    ) -> None:
        self._server = server
        self._target = target
        self._host = host
        self._seconds = seconds

    def run(self, plan: Plan, name: str, away: bool) -> Run:
        """Lead, outage, probe, return, tail; without ``away`` the database
        stays, and everything else is the same."""
        assert self._host.process is not None
        memory = Memory(self._host.process.pid)
        main = replace(plan, seconds=LEAD + self._seconds)
        load = start_load(main)
        time.sleep(LEAD)
        before, went = memory.now(), time.monotonic()
        if away:
            self._target.stop()
        result = result_of(load)
        after = plan.offset + (KEYS // 2 if result.flushed is not None else 0)
        probe = Plan(
            plan.port, PROBE, 0, KEYS, main.first + result.writes, offset=after
        )
        probed = result_of(start_load(probe))
        backlog = self._server.backlog()
        if away:
            self._target.start()
        returned = time.monotonic()
        tail = replace(
            probe, seconds=TAIL, rate=plan.rate, first=probe.first + probed.writes
        )
        tailed = result_of(start_load(tail))
        wait_for(lambda: self._server.backlog() == 0, DEADLINE, "everything applied")
        applied = time.monotonic() - returned
        memory.stop()
        samples = [round(mb, 1) for _, mb in memory.samples]
        print(json.dumps({"benchmark": "host memory", "run": name, "mb": samples}))
        rows: dict[str, Row] = {}
        for own, got in ((main, result), (probe, probed), (tail, tailed)):
            rows.update({key: fields(n) for key, n in last_writes(own, got).items()})
        return Run(
            rate=result.rate(LEAD, LEAD + self._seconds),
            p99=result.p99(LEAD, LEAD + self._seconds),
            unpaced=probed.rate(0, PROBE),
            before=before,
            away=memory.most(went, returned),
            back=memory.most(returned, time.monotonic()),
            applied=applied,
            backlog=backlog,
            writes=tail.first + tailed.writes - main.first,
            rows=rows,
        )

    def wrong_rows(self, expected: dict[str, Row]) -> list[str]:
        """How the table differs from what was written, and from the hashes."""
        found = {
            row[0]: tuple(row[1:])
            for row in self._target.sql(
                "SELECT person_id, first, last, age FROM persons"
            )
        }
        wrong = [
            f"person:{key}: row {found.get(key)}, written {expected.get(key)}"
            for key in found.keys() | expected.keys()
            if found.get(key) != expected.get(key)
        ]
        hashes = self._hashes()
        wrong += [
            f"person:{key}: row {found.get(key)}, hash {own}"
            for key, own in hashes.items()
            if found.get(key) != own
        ]
        print(
            json.dumps({"benchmark": "rows", "hashes": len(hashes), "rows": len(found)})
        )
        return wrong

    def _hashes(self) -> dict[str, Row]:
        keys = list(self._server.client.scan_iter("person:*", count=1000))
        pipeline = self._server.client.pipeline(transaction=False)
        for key in keys:
            pipeline.hmget(key, "first_name", "last_name", "age")
        return {
            key.partition(":")[2]: (first, last, int(age))
            for key, (first, last, age) in zip(keys, pipeline.execute())
        }


@contextmanager
def serving(server: RedisServer, target: Target) -> Iterator[HostProcess]:
    with tempfile.TemporaryDirectory(prefix="regear-bench-") as name:
        recipe = Path(name) / "recipe.py"
        recipe.write_text(target.recipe())
        host = HostProcess(server.url, Path(name), [recipe], {})
        host.start()
        try:
            wait_for(lambda: server.state("Persons") == "running", what="the host")
            yield host
        finally:
            host.stop()


def report_runs(target: str, quiet: Run, away: Run, seconds: float) -> None:
    report = Report(
        "outage",
        [
            *("sink", "outage", "writes/s", "p99 ms", "unpaced writes/s"),
            *("changes behind", "host MB before", "MB during", "MB after"),
            "s until applied",
        ],
    )
    for name, run in (("none", quiet), (f"{seconds:.0f} s", away)):
        report.row(
            target,
            name,
            round(run.rate),
            round(run.p99, 1),
            round(run.unpaced),
            run.backlog,
            round(run.before, 1),
            round(run.away, 1),
            round(run.back, 1),
            round(run.applied, 1),
        )
    report.print()
    ratios = Report("outage ÷ none", ["sink", "what", "ratio", f"bar {BAR}"])
    for what, ratio in (
        ("writes/s at a pace", away.rate / quiet.rate),
        ("writes/s without a pace", away.unpaced / quiet.unpaced),
    ):
        ratios.row(target, what, round(ratio, 3), "met" if ratio >= BAR else "missed")
    ratios.row(target, "host's memory, during ÷ before", _memory(away), "-")
    ratios.print()


def _memory(run: Run) -> float:
    return round(run.away / run.before, 3)


def measure(name: str, seconds: float, rate: int, flush: bool) -> bool:
    """Whether every row is right."""
    with ExitStack() as stack:
        server = stack.enter_context(private_redis(module=True))
        target = stack.enter_context(private_target(name))
        host = stack.enter_context(serving(server, target))
        outage = Outage(server, target, host, seconds)
        plan = Plan(server.port, 0, rate, KEYS)
        quiet = outage.run(plan, "none", away=False)
        wrong = outage.wrong_rows(quiet.rows)
        plan = replace(
            plan,
            first=quiet.writes,
            flush_after=LEAD + seconds / 2 if flush else None,
        )
        away = outage.run(plan, f"{seconds:.0f} s", away=True)
        report_runs(name, quiet, away, seconds)
        wrong += outage.wrong_rows({**quiet.rows, **away.rows})
        if server.registration("Persons")["dead_letters"]:
            wrong.append("there are dead letters")
    print("\n".join(wrong[:20]) or "every row is as it was written last")
    return not wrong


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--target", choices=TARGETS, default="postgres")
    parser.add_argument("--seconds", type=float, default=60.0, help="of the outage")
    parser.add_argument("--rate", type=int, default=20_000, help="writes per second")
    parser.add_argument(
        "--flush", action="store_true", help="FLUSHALL in the middle of the outage"
    )
    arguments = parser.parse_args()
    right = measure(
        arguments.target, arguments.seconds, arguments.rate, arguments.flush
    )
    sys.exit(0 if right else 1)


if __name__ == "__main__":
    main()
