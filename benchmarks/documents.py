"""How fast JSON documents drain into MongoDB. See README.md, "Documents"."""

from __future__ import annotations

import argparse
import itertools
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pymongo import UpdateOne
from tests.conftest import ferretdb_program, rejson_path
from tests.integration._ferretdb import FerretDbServer
from tests.integration._servers import RedisServer

from benchmarks.capture import DOCUMENT, STREAM, Variant, add_rule
from benchmarks.private import private_redis
from benchmarks.report import Report
from regear._engine import Engine
from rgsync.Connectors import MongoConnection, MongoConnector

TEMPLATE = "template:{}"  # of a generation
BATCH = 50  # FerretDB waits for itself when a command updates some hundred
DEADLINE = 900.0  # s for one run


def document(number: int, generation: int) -> dict[str, Any]:
    return {**DOCUMENT, "number": number, "generation": generation}


class Bench:
    def __init__(self, server: RedisServer, mongo: FerretDbServer, count: int) -> None:
        self._server = server
        self._mongo = mongo
        self._count = count
        self._collection = mongo.client["bench"]["movies"]
        self._connector = MongoConnector(
            MongoConnection("", "", "", conn_string=mongo.url), "bench", "movies", "_id"
        )

    def fill(self, generation: int) -> None:
        """Capture one JSON.SET of each key."""
        client = self._server.client
        client.delete(STREAM)
        with client.pipeline(transaction=False) as pipeline:
            for number in range(self._count):
                text = json.dumps(document(number, generation))
                pipeline.execute_command("JSON.SET", f"person:m{number}", "$", text)
            pipeline.execute()
        assert client.xlen(STREAM) == self._count, "capture is incomplete"
        client.copy(STREAM, TEMPLATE.format(generation), replace=True)

    def prepare(self, generation: int) -> None:
        self._mongo.client["bench"].drop_collection("regear_checkpoint")
        if generation == 0:
            self._mongo.client["bench"].drop_collection("movies")
        template = TEMPLATE.format(generation)
        self._server.client.copy(template, STREAM, replace=True)

    def regear(self, generation: int) -> float:
        """Documents per second of a drain worker, connecting included."""
        engine = Engine(f"redis://127.0.0.1:{self._server.port}")
        while engine.attach()["state"] != "attached":
            time.sleep(0.1)  # the lease of the run before
        worker = {
            **{"name": "bench", "stream": STREAM, "prefix": "person:"},
            **{"columns": [("doc", "doc")], "target": "python", "table": "movies"},
            **{"primary_key": "_id", "connect": self._connector.parameters},
            **{"connector": self._connector.documents, "transform": None},
            **{"fold": True, "batch": 100, "duration": 100, "retry_interval": 5.0},
        }
        start = time.monotonic()
        engine.start_worker(worker)
        while self._server.client.xlen(STREAM):
            if time.monotonic() - start > DEADLINE:
                raise TimeoutError(engine.worker_status())
            time.sleep(0.005)
        seconds = time.monotonic() - start
        engine.detach()
        return self._count / seconds

    def pymongo(self, generation: int) -> float:
        """Nothing but bulk_write, of documents that are in memory."""
        requests = [
            UpdateOne(
                {"_id": f"m{number}"},
                {"$set": document(number, generation)},
                upsert=True,
            )
            for number in range(self._count)
        ]
        start = time.monotonic()
        for first in range(0, self._count, BATCH):
            self._collection.bulk_write(requests[first : first + BATCH], ordered=False)
        return self._count / (time.monotonic() - start)

    def check(self, generation: int) -> None:
        """All of them, and as they are to be."""
        found = {one.pop("_id"): one for one in self._collection.find()}
        for number in range(self._count):
            expected = document(number, generation)
            if found.pop(f"m{number}", None) != expected:
                raise AssertionError(f"m{number} is not {expected}")
        if found:
            raise AssertionError(f"{len(found)} documents too many")


def measure(bench: Bench, generations: list[int], pairs: int) -> list[list[float]]:
    """Rates of both, interleaved; each run writes the next generation."""
    runs: list[Callable[[int], float]] = [bench.regear, bench.pymongo]
    rates: list[list[float]] = [[] for _ in runs]
    turn = itertools.cycle(generations)
    for _ in range(pairs):
        for run, own in zip(runs, rates):
            generation = next(turn)
            bench.prepare(generation)
            own.append(run(generation))
            bench.check(generation)
    return rates


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=5000)
    parser.add_argument("--pairs", type=int, default=5)
    arguments = parser.parse_args()
    program = ferretdb_program()
    assert program is not None, "FerretDB is missing: scripts/bootstrap test"
    report = Report(
        "documents", ["documents", "who", "documents/s", "regear is so many times it"]
    )
    with (
        private_redis(module=True, json=rejson_path()) as server,
        tempfile.TemporaryDirectory(prefix="regear-bench-") as folder,
    ):
        mongo = FerretDbServer(program, Path(folder))
        try:
            add_rule(
                server.client,
                Variant("documents", module=True, prefix="person:", documents=True),
            )
            bench = Bench(server, mongo, arguments.documents)
            for workload, generations in (("new", [0]), ("updates", [1, 2])):
                for generation in generations:
                    bench.fill(generation)
                rates = measure(bench, generations, arguments.pairs)
                for name, own in zip(("regear", "pymongo's bulk_write"), rates):
                    ratios = [a / b for a, b in zip(rates[0], own)]
                    report.row(
                        f"{arguments.documents} {workload}",
                        name,
                        round(statistics.median(own)),
                        round(statistics.median(ratios), 3),
                    )
        finally:
            mongo.close()
            mongo.stop()
    report.print()


if __name__ == "__main__":
    main()
