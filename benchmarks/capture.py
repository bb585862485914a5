"""What capture costs the Redis server. See README.md, "Capture"."""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import redis
from tests.conftest import rejson_path
from tests.integration._servers import RedisServer

from benchmarks.private import private_redis
from benchmarks.report import Report

STREAM = "_persons-stream-bench-{06S}"
FIELDS = ["first_name", "last_name", "age"]
COMMAND = [
    *("HSET", "person:__rand_int__", "first_name", "Marek"),
    *("last_name", "Michalski", "age", "27"),
]
DOCUMENT = {
    "title": "The Shawshank Redemption",
    "year": 1994,
    "rating": 9.3,
    "genres": ["Drama"],
    "actors": [{"name": "Tim Robbins", "age": 36}, {"name": "Morgan Freeman"}],
    "plot": "Over the course of several years, two convicts form a friendship.",
}
SET_DOCUMENT = ["JSON.SET", "person:__rand_int__", "$", json.dumps(DOCUMENT)]


@dataclass(frozen=True)
class Variant:
    """A server to compare with the bare one."""

    name: str
    module: bool
    prefix: str | None = None  # of a capture rule
    aof: bool = False
    documents: bool = False  # JSON in place of hashes


VARIANTS = [
    Variant("module, no rule", module=True),
    Variant("rule, no match", module=True, prefix="other:"),
    Variant("rule on every write", module=True, prefix="person:"),
    Variant("rule on every write, AOF", module=True, prefix="person:", aof=True),
    Variant("rule on every JSON.SET", module=True, prefix="person:", documents=True),
]


@contextmanager
def server(variant: Variant) -> Iterator[RedisServer]:
    path = rejson_path() if variant.documents else None
    with private_redis(module=variant.module, aof=variant.aof, json=path) as running:
        if variant.prefix is not None:
            add_rule(running.client, variant)
        yield running


def add_rule(client: redis.Redis, variant: Variant) -> None:
    """A registration without a host: its changes stay in the stream."""
    host_id = "0" * 32
    reply = client.execute_command("RG.HOST", "ATTACH", 1, host_id, 0)
    fence = reply[reply.index("fence") + 1]
    registration = {
        "name": "bench",
        "kind": "write-behind",
        "prefix": variant.prefix,
        "events": ["hset", "hmset", "del", "change"],
        "fields": FIELDS,
        **({"documents": "doc"} if variant.documents else {}),
        "stream": STREAM,
    }
    session = {"id": "bench", "registrations": [registration]}
    client.execute_command("RG.HOST", "REGISTER", fence, 0, json.dumps(session), "-")


def rate(
    running: RedisServer, pipeline: int, requests: int, documents: bool = False
) -> float:
    """Writes per second of 50 clients; the stream is emptied before."""
    running.client.delete(STREAM)
    command = ["redis-benchmark", "-p", str(running.port), "--csv"]
    command += ["-c", "50", "-P", str(pipeline), "-n", str(requests)]
    command += ["-r", "100000"]
    command += SET_DOCUMENT if documents else COMMAND
    output = subprocess.run(command, check=True, capture_output=True, text=True)
    # The command, in which there may be commas, rate and six latencies.
    return float(output.stdout.splitlines()[-1].split(",")[-7].strip('"'))


def compare(variant: Variant, pipeline: int, pairs: int, seconds: float) -> list[float]:
    """Ratios of the variant's rate to the bare server's, interleaved."""
    documents = variant.documents
    bare = Variant("bare", module=False, aof=variant.aof, documents=documents)
    with ExitStack() as stack:
        yardstick = stack.enter_context(server(bare))
        measured = stack.enter_context(server(variant))
        sample = 20_000 * pipeline
        requests = int(rate(yardstick, pipeline, sample, documents) * seconds)
        rate(measured, pipeline, sample, documents)
        ratios = []
        for _ in range(pairs):
            base = rate(yardstick, pipeline, requests, documents)
            ratios.append(rate(measured, pipeline, requests, documents) / base)
    return ratios


def bytes_per_change() -> float:
    """Memory of the stream of one change of three fields on 100,000 keys."""
    with server(VARIANTS[2]) as running:
        rate(running, 16, 200_000)
        used = running.client.memory_usage(STREAM, samples=0)
        return float(used) / int(running.client.xlen(STREAM))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=10.0, help="of each run")
    parser.add_argument("--only", default="", help="part of a line's name")
    arguments = parser.parse_args()
    report = Report("capture", ["server", "pipeline", "ratio to bare", "least", "most"])
    for variant in (v for v in VARIANTS if arguments.only in v.name):
        for pipeline in (1, 16):
            ratios = compare(variant, pipeline, arguments.pairs, arguments.seconds)
            report.row(
                variant.name,
                pipeline,
                round(statistics.median(ratios), 3),
                round(min(ratios), 3),
                round(max(ratios), 3),
            )
    report.print()
    memory = Report("stream memory", ["bytes per change, key and values included"])
    memory.row(round(bytes_per_change(), 1))
    memory.print()


if __name__ == "__main__":
    main()
