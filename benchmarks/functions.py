"""How fast functions run. See README.md, "Functions"."""

from __future__ import annotations

import argparse
import csv
import io
import shutil
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import redis
from tests.integration._servers import HostProcess, RedisServer, wait_for

from benchmarks.private import private_redis
from benchmarks.quiet import wait_until_quiet
from benchmarks.report import Report

CLIENTS = 50
GETS = 500  # per second, of another client
TRIGGER_BAR = 20_000  # per second
KEYS_BAR = 200_000  # per second
READ_BAR = 5.0  # ms, p99 of the other client

HASHES = 1000  # that are written

ECHO = "GB('CommandReader').map(lambda r: r[1]).register(trigger='echo')"
ASK = (
    "GB('CommandReader').map(lambda r: execute('GET', 'other')).register(trigger='ask')"
)
EVENTS = (
    "GB(desc='GB:events').foreach(lambda r: r['value']['age'])"
    ".register('event:*', mode='async_local')"
)
SYNC = (
    "GB().foreach(lambda r: execute('HINCRBY', r['key'], 'level', 1))"
    ".register('sync:*', mode='sync', eventTypes=['hset'])"
)
COUNT = (
    "GB('KeysReader').map(lambda r: int(r['value']['age']))"
    ".filter(lambda age: age >= 18).count().run('person:*')"
)
FILL = (
    "for i = ARGV[1], ARGV[2] do redis.call('HSET', 'person:' .. i,"
    " 'first_name', 'Marek' .. i, 'age', i % 100) end"
)
CHUNK = 10_000


class Reader:
    """Another client, which reads at a pace for as long as it is asked to."""

    def __init__(self, port: int) -> None:
        self._client = redis.Redis(port=port)
        self._stop = threading.Event()
        self._latencies: list[float] = []
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Reader:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def p99(self) -> float:
        """ms"""
        own = sorted(self._latencies)
        return own[len(own) * 99 // 100]

    def _run(self) -> None:
        while not self._stop.wait(1 / GETS):
            began = time.monotonic()
            self._client.get("other")
            self._latencies.append(1000 * (time.monotonic() - began))


def clients(port: int, requests: int, *command: str) -> float:
    """``command``, sent by many at once, per second."""
    program = shutil.which("redis-benchmark")
    assert program is not None, "redis-benchmark is missing: scripts/bootstrap test"
    benchmark = [program, "-p", str(port), "-c", str(CLIENTS), "-n", str(requests)]
    benchmark += ["-r", str(HASHES), "--csv", *command]
    done = subprocess.run(benchmark, check=True, capture_output=True, text=True)
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    return float(rows[0]["rps"])


def events(server: RedisServer, writes: int) -> float:
    """Events that an asynchronous function gets with their hashes, per second."""
    before = triggered(server, "GB:events")
    began = time.monotonic()
    pipeline = server.client.pipeline(transaction=False)
    for number in range(writes):
        fields = {"first_name": "Marek", "last_name": "M", "age": number}
        pipeline.hset(f"event:{number % HASHES}", mapping=fields)
    pipeline.execute()
    wait_for(lambda: triggered(server, "GB:events") == before + writes, 120)
    return writes / (time.monotonic() - began)


def triggered(server: RedisServer, description: str) -> int:
    for one in server.client.execute_command("RG.DUMPREGISTRATIONS"):
        if one[5] == description:
            return int(one[7][3])
    raise AssertionError(f"{description} is not registered")


def fill(server: RedisServer, keys: int) -> None:
    for first in range(1, keys + 1, CHUNK):
        last = min(first + CHUNK - 1, keys)
        server.client.eval(FILL, 0, first, last)


def count(server: RedisServer, keys: int) -> float:
    """map, filter and count over all keys: keys per second."""
    began = time.monotonic()
    results, errors = server.client.execute_command("RG.PYEXECUTE", COUNT)
    seconds = time.monotonic() - began
    assert not errors, errors[0]
    expected = sum(i % 100 >= 18 for i in range(1, keys + 1))
    assert results == [str(expected)], results
    return keys / seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=200_000, help="of RG.TRIGGER")
    parser.add_argument("--writes", type=int, default=50_000, help="to watched keys")
    parser.add_argument("--keys", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--quiet", type=float, default=0.0, help="s to wait at most")
    plan = parser.parse_args()
    report = Report("functions", ["what", "per second", "p99 of GETs, ms", "bar"])
    with (
        tempfile.TemporaryDirectory(prefix="regear-bench-") as folder,
        private_redis(module=True) as server,
    ):
        host = HostProcess(server.url, Path(folder), [], {}).start()

        def measure(what: str, run: Callable[[], float], bar: object = "") -> None:
            rates, reads = [], []
            for _ in range(plan.runs):
                wait_until_quiet(plan.quiet)
                with Reader(server.port) as reader:
                    rates.append(run())
                reads.append(reader.p99())
            rate, p99 = statistics.median(rates), statistics.median(reads)
            report.row(what, round(rate), round(p99, 2), bar)

        try:
            for script in (ECHO, ASK, EVENTS, SYNC):
                server.client.execute_command("RG.PYEXECUTE", script)
            port, writes = server.port, plan.writes
            trigger = partial(clients, port, plan.requests, "RG.TRIGGER")
            measure("RG.TRIGGER", partial(trigger, "echo", "x"), TRIGGER_BAR)
            measure("RG.TRIGGER, execute", partial(trigger, "ask"))
            measure("events, async", partial(events, server, writes))
            write = ("HSET", "sync:__rand_int__", "score", "1")
            measure("writes, sync", partial(clients, port, writes, *write))
            fill(server, plan.keys)
            bar = f"{KEYS_BAR}, p99 {READ_BAR}"
            measure("keys counted", partial(count, server, plan.keys), bar)
        finally:
            host.stop()
    report.print()


if __name__ == "__main__":
    main()
