"""What write-through costs. See README.md, "Write-through"."""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from benchmarks.quiet import wait_until_quiet
from benchmarks.report import Report
from benchmarks.through_bed import CONNECTING, WARM_UP, Bed, Load, bed, finished

DELAYS = (0, 2000)  # µs that a commit waits besides
GETS = 500  # per second
HANG_CLIENTS = 16
PARTS = ("writes", "reads", "hang")

LATENCY_BAR = 0.15  # ms that p50 of one client may be above pgbench's
RATE_BAR = 0.95  # of pgbench's rate, with many clients
READ_BAR = 1.5  # times p99 of GETs beside pgbench
HANG_BAR = 1.2  # times p99 of GETs while nobody writes


@dataclass(frozen=True)
class Plan:
    clients: Sequence[int]
    pairs: int
    seconds: float
    delays: Sequence[int]
    hang: float  # s
    quiet: float  # s that a pair waits at most for a quiet machine

    def turns(self) -> Iterator[int]:
        for turn in range(self.pairs):
            wait_until_quiet(self.quiet)
            yield turn


def median(values: Iterable[float]) -> float:
    return statistics.median(values)


def commits(delay: int) -> str:
    return f"+ {delay / 1000:g} ms" if delay else "native"


def _range(values: list[float]) -> str:
    return f"{min(values):.3f} to {max(values):.3f}"


def verdict(well: bool) -> str:
    return "met" if well else "missed"


def measure_writes(place: Bed, plan: Plan, bars: Report) -> None:
    report = Report(
        "write-through",
        [
            *("commit", "clients", "who", "writes/s", "p50 ms", "p99 ms"),
            "through ÷ it",
        ],
    )
    whos: dict[str, Callable[[int, float], Load]] = {
        "write-through": place.through,
        "pgbench": place.pgbench,
        "application writes both": place.both,
    }
    for delay in plan.delays:
        place.commit_delay(delay)
        for clients in plan.clients:
            runs = [
                {who: run(clients, plan.seconds) for who, run in whos.items()}
                for _ in plan.turns()
            ]
            for who in whos:
                report.row(
                    *(commits(delay), clients, who),
                    round(median(run[who].rate for run in runs)),
                    round(median(run[who].p50 for run in runs), 3),
                    round(median(run[who].p99 for run in runs), 3),
                    round(median(_ratios(runs, who)), 3),
                )
            _judge_writes(bars, f"commit {commits(delay)}", clients, runs)
    report.print()


def _ratios(runs: list[dict[str, Load]], who: str) -> list[float]:
    return [run["write-through"].rate / run[who].rate for run in runs]


def _judge_writes(
    bars: Report, where: str, clients: int, runs: list[dict[str, Load]]
) -> None:
    if clients == 1:
        more = [run["write-through"].p50 - run["pgbench"].p50 for run in runs]
        bars.row(
            f"{where}, clients 1: p50 above pgbench's, ms",
            round(median(more), 3),
            _range(more),
            f"<= {LATENCY_BAR}",
            verdict(median(more) <= LATENCY_BAR),
        )
    if clients >= 64:
        ratios = _ratios(runs, "pgbench")
        bars.row(
            f"{where}, clients {clients}: writes/s ÷ pgbench's",
            round(median(ratios), 3),
            _range(ratios),
            f">= {RATE_BAR}",
            verdict(median(ratios) >= RATE_BAR),
        )


def measure_reads(place: Bed, plan: Plan, bars: Report) -> None:
    """GETs of another client while others write through, and while pgbench
    commits as many transactions a second."""
    report = Report("GETs of another client", ["commit", "clients", "beside", "p99 ms"])

    def beside_through(clients: int) -> tuple[Load, Load]:
        writes = place.start_through(clients, plan.seconds)
        gets = finished(place.start_gets(GETS, plan.seconds))
        return gets, finished(writes)

    def beside_pgbench(clients: int, rate: float) -> Load:
        found: list[Load] = []

        def get() -> None:
            time.sleep(CONNECTING / 2)
            found.append(finished(place.start_gets(GETS, plan.seconds)))

        place.pgbench(clients, plan.seconds, rate, get)
        return found[0]

    for delay in plan.delays:
        place.commit_delay(delay)
        for clients in plan.clients:
            pairs = []
            for _ in plan.turns():
                gets, writes = beside_through(clients)
                pairs.append((gets.p99, beside_pgbench(clients, writes.rate).p99))
            for who, found in zip(("write-through", "pgbench"), zip(*pairs)):
                report.row(commits(delay), clients, who, round(median(found), 3))
            _judge_reads(
                bars,
                f"commit {commits(delay)}, clients {clients}: p99 of GETs"
                " ÷ beside pgbench",
                pairs,
                READ_BAR,
            )
    report.print()


def _judge_reads(
    bars: Report, what: str, pairs: list[tuple[float, float]], bar: float
) -> None:
    ratios = [measured / yardstick for measured, yardstick in pairs]
    bars.row(
        what,
        round(median(ratios), 3),
        _range(ratios),
        f"<= {bar}",
        verdict(median(ratios) <= bar),
    )


def measure_hang(place: Bed, plan: Plan, bars: Report) -> None:
    """GETs of another client while everybody waits for a database that hangs,
    and while nobody writes."""
    report = Report("GETs while the database hangs", ["database", "p99 ms"])
    place.commit_delay(0)
    pairs = []
    for _ in plan.turns():
        idle = finished(place.start_gets(GETS, plan.hang))
        writes = place.start_through(HANG_CLIENTS, plan.hang)
        time.sleep(2 * WARM_UP)
        with place.hung():
            gets = finished(place.start_gets(GETS, plan.hang - WARM_UP))
        finished(writes)  # it raises if one of them was not confirmed
        pairs.append((gets.p99, idle.p99))
    for what, found in zip(("hangs", "idle"), zip(*pairs)):
        report.row(what, round(median(found), 3))
    _judge_reads(bars, "the database hangs: p99 of GETs ÷ idle", pairs, HANG_BAR)
    report.print()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 16, 64])
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=10.0, help="of each run")
    parser.add_argument(
        "--delays", type=int, nargs="+", default=DELAYS, help="commit_delay, µs"
    )
    parser.add_argument("--hang", type=float, default=10.0, help="seconds")
    parser.add_argument(
        "--quiet", type=float, default=0, help="seconds to wait for others to pause"
    )
    parser.add_argument("--part", action="append", choices=PARTS)
    parser.add_argument("--load", default="build/release/benchmarks/through_load")
    arguments = parser.parse_args()
    plan = Plan(
        arguments.clients,
        arguments.pairs,
        arguments.seconds,
        arguments.delays,
        arguments.hang,
        arguments.quiet,
    )
    bars = Report("bars", ["what", "median", "all", "bar", "verdict"])
    measures = {"writes": measure_writes, "reads": measure_reads, "hang": measure_hang}
    with bed(max(*plan.clients, HANG_CLIENTS), arguments.load) as place:
        for part in arguments.part or PARTS:
            measures[part](place, plan, bars)
        wrong = place.differences()
    bars.print()
    print("\n".join(wrong[:20]) or "every row equals its hash")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
