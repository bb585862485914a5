"""Writes hashes at a pace, in a process of its own.

Write number ``n`` is an HSET of three fields that ``n`` alone decides, so
whoever knows how many there were knows each hash. Half of the keys are written
up to the middle of a run and half from there on, besides those of both.
"""

from __future__ import annotations

import argparse
import json
import socket
import subprocess
import sys
import time
from dataclasses import asdict, dataclass

PIPELINE = 100
_STRIDE = 7919  # no two neighbours in a pipeline write the same key


@dataclass(frozen=True)
class Plan:
    """One run of writes ``first`` … (exclusive) ``first`` + their number."""

    port: int
    seconds: float
    rate: int  # per second; 0: as fast as Redis takes them
    keys: int
    first: int = 0
    offset: int = 0  # of the numbers of keys
    #: FLUSHALL after so many seconds; later keys are ``offset`` further on.
    flush_after: float | None = None


@dataclass(frozen=True)
class Result:
    #: (seconds since the start, ms until the replies), one of each pipeline.
    latencies: list[tuple[float, float]]
    writes: int
    #: So many of them came before the FLUSHALL.
    flushed: int | None = None

    def rate(self, begin: float, end: float) -> float:
        """Replies per second between two times."""
        replied = sum(begin <= at + ms / 1000 < end for at, ms in self.latencies)
        return replied * PIPELINE / (end - begin)

    def p99(self, begin: float, end: float) -> float:
        """ms"""
        own = sorted(ms for at, ms in self.latencies if begin <= at < end)
        return own[len(own) * 99 // 100] if own else float("nan")


def key_number(n: int, keys: int, offset: int) -> int:
    return n * _STRIDE % keys + offset


def fields(n: int) -> tuple[str, str, int]:
    """first_name, last_name and age of write ``n``."""
    return f"Marek{n % 1000}", f"Michalski{n}", n % 100


def last_writes(plan: Plan, result: Result) -> dict[str, int]:
    """By id, the last write of a run that ended with ``result``. The writes
    after the FLUSHALL count on from those before it."""
    end = plan.first + result.writes
    flush = end if result.flushed is None else plan.first + result.flushed
    found: dict[str, int] = {}
    for begin, stop, offset in (
        (plan.first, flush, plan.offset),
        (flush, end, plan.offset + plan.keys // 2),
    ):
        # keys is no multiple of the stride, so a round writes each key once
        for n in range(max(begin, stop - plan.keys), stop):
            found[str(key_number(n, plan.keys, offset))] = n
    return found


def start_load(plan: Plan) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "benchmarks.load", json.dumps(asdict(plan))],
        stdout=subprocess.PIPE,
        text=True,
    )


def result_of(load: subprocess.Popen[str]) -> Result:
    output, _ = load.communicate()
    if load.returncode != 0:
        raise RuntimeError(f"the load failed with {load.returncode}")
    return Result(**json.loads(output))


class _Client:
    """Sends a pipeline and waits for its replies, on a bare socket."""

    def __init__(self, plan: Plan) -> None:
        self._keys = plan.keys
        self._socket = socket.create_connection(("127.0.0.1", plan.port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def write(self, first: int, offset: int) -> None:
        commands = []
        for n in range(first, first + PIPELINE):
            key = f"person:{key_number(n, self._keys, offset)}"
            first_name, last_name, age = fields(n)
            commands.append(
                "*8\r\n$4\r\nHSET\r\n"
                f"${len(key)}\r\n{key}\r\n"
                f"$10\r\nfirst_name\r\n${len(first_name)}\r\n{first_name}\r\n"
                f"$9\r\nlast_name\r\n${len(last_name)}\r\n{last_name}\r\n"
                f"$3\r\nage\r\n${len(str(age))}\r\n{age}\r\n"
            )
        self._call("".join(commands).encode(), b":", PIPELINE)

    def flush(self) -> None:
        self._call(b"*1\r\n$8\r\nFLUSHALL\r\n", b"+", 1)

    def _call(self, request: bytes, kind: bytes, replies: int) -> None:
        self._socket.sendall(request)
        received = b""
        while received.count(b"\r\n") < replies:
            chunk = self._socket.recv(65536)
            if not chunk:
                raise ConnectionError("Redis closed the connection")
            received += chunk
        lines = received.splitlines()
        if not all(line.startswith(kind) for line in lines):
            raise RuntimeError(f"Redis: {lines[0]!r}")


def run(plan: Plan) -> Result:
    client = _Client(plan)
    latencies = []
    n, offset, flushed = plan.first, plan.offset, None
    start = time.monotonic()
    while True:
        due = (n - plan.first) / plan.rate if plan.rate else 0.0
        now = time.monotonic() - start
        if max(due, now if not plan.rate else 0.0) >= plan.seconds:
            break
        if due > now:
            time.sleep(due - now)
        if plan.flush_after is not None and flushed is None and now >= plan.flush_after:
            client.flush()
            flushed = n - plan.first
            offset += plan.keys // 2
        # From when it was due: one that waits for another is late as well.
        begin = due if plan.rate else now
        client.write(n, offset)
        n += PIPELINE
        latencies.append((begin, (time.monotonic() - start - begin) * 1000))
    return Result(latencies, n - plan.first, flushed)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("plan", help="JSON of Plan")
    plan = Plan(**json.loads(parser.parse_args().plan))
    print(json.dumps(asdict(run(plan))))


if __name__ == "__main__":
    main()
