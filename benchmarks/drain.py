"""How fast a change stream drains into a database. See README.md, "Drain"."""

from __future__ import annotations

import argparse
import itertools
import json
import sqlite3
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from tests.integration._mariadb import MariaDbServer
from tests.integration._servers import PostgresServer, RedisServer

from benchmarks.capture import STREAM, Variant, add_rule
from benchmarks.private import (
    private_mariadb,
    private_postgres,
    private_redis,
    socket_of,
)
from benchmarks.report import Report
from benchmarks.row_by_row import drain_row_by_row
from regear._engine import Engine

TEMPLATE = "template:{}"  # of a generation
CREATE = (
    "CREATE TABLE persons (person_id {text} PRIMARY KEY, first {text},"
    " last {text}, age int)"
)
COLUMNS = [("first_name", "first"), ("last_name", "last"), ("age", "age")]
SINKS = ["sqlite", "postgres", "mysql"]
DEADLINE = 600.0  # s for one run


class Sink(Protocol):
    """A database with the table persons."""

    name: str
    worker: dict[str, Any]  # of the engine
    least_loop: list[str]  # arguments of least_loop
    url: str  # of SQLAlchemy

    def sql(self, statement: str) -> str: ...


class SqliteSink:
    name = "sqlite"

    def __init__(self, folder: Path) -> None:
        path = str(folder / "bench.db")
        self._connection = sqlite3.connect(path, isolation_level=None)
        self.worker = {"target": "sqlite", "connect": lambda: {"path": path}}
        self.least_loop = ["sqlite", path]
        self.url = f"sqlite:///{path}"
        self.sql("PRAGMA journal_mode=WAL")
        self.sql(CREATE.format(text="TEXT"))

    def sql(self, statement: str) -> str:
        rows = self._connection.execute(statement).fetchall()
        return "|".join(map(str, rows[0])) if rows else ""


class PostgresSink:
    name = "postgres"

    def __init__(self, server: PostgresServer) -> None:
        self._server = server
        parameters = {
            "host": "127.0.0.1",
            "port": str(server.port),
            "user": server.superuser,
            "password": server.password,
            "dbname": "postgres",
        }
        self.worker = {"target": "postgres", "connect": lambda: parameters}
        conninfo = " ".join(f"{name}={value}" for name, value in parameters.items())
        self.least_loop = ["postgres", conninfo]
        self.url = (
            f"postgresql+psycopg2://{server.superuser}:{server.password}"
            f"@{server.address('postgres')}"
        )
        self.sql(CREATE.format(text="text"))

    def sql(self, statement: str) -> str:
        rows = self._server.query(statement)
        return "|".join(map(str, rows[0])) if rows else ""


class MariaDbSink:
    name = "mysql"

    def __init__(self, server: MariaDbServer) -> None:
        self._server = server
        parameters = {
            "host": "127.0.0.1",
            "port": str(server.port),
            "user": server.superuser,
            "password": server.password,
            "dbname": "bench",
        }
        self.worker = {"target": "mysql", "connect": lambda: parameters}
        self.least_loop = ["mysql", " ".join(parameters.values())]
        self.url = (
            f"mysql+pymysql://{server.superuser}:{server.password}"
            f"@{server.address('bench')}"
        )
        server.query("CREATE DATABASE bench")
        self.sql(CREATE.format(text="varchar(100)"))

    def sql(self, statement: str) -> str:
        rows = self._server.query(statement, database="bench")
        return "|".join(map(str, rows[0])) if rows else ""


@contextmanager
def sink(kind: str) -> Iterator[Sink]:
    if kind == "sqlite":
        with tempfile.TemporaryDirectory(prefix="regear-bench-") as name:
            yield SqliteSink(Path(name))
    elif kind == "mysql":
        with private_mariadb() as mariadb:
            yield MariaDbSink(mariadb)
    else:
        with private_postgres() as server:
            yield PostgresSink(server)


def fill(server: RedisServer, changes: int, generation: int) -> None:
    """Capture one HSET of three fields on each of `changes` keys."""
    server.client.delete(STREAM)
    with (server.folder / "commands.txt").open("w") as commands:
        for i in range(changes):
            commands.write(
                f"HSET person:{i} first_name Marek{i % 1000}"
                f" last_name Michalski{generation} age {(i + generation) % 100}\r\n"
            )
    with (server.folder / "commands.txt").open("rb") as commands_in:
        subprocess.run(
            ["redis-cli", "-p", str(server.port), "--pipe"],
            stdin=commands_in,
            check=True,
            stdout=subprocess.DEVNULL,
        )
    assert server.client.xlen(STREAM) == changes, "capture is incomplete"
    server.client.copy(STREAM, TEMPLATE.format(generation), replace=True)


def checksum(changes: int, generation: int) -> str:
    ages = sum((i + generation) % 100 for i in range(changes))
    return f"{changes}|{ages}"


class Bench:
    def __init__(self, server: RedisServer, target: Sink, least: str) -> None:
        self._server = server
        self._sink = target
        self._least = least

    def regear(self) -> float:
        """Changes per second of a drain worker, connecting included."""
        changes = self._server.client.xlen(STREAM)
        if "1" in self._sink.sql(self._checkpoint_exists()):
            self._sink.sql("DELETE FROM regear_checkpoint")
        engine = Engine(f"redis://127.0.0.1:{self._server.port}")
        while engine.attach()["state"] != "attached":
            time.sleep(0.1)  # the lease of the run before
        worker = {
            **self._sink.worker,
            **{"name": "bench", "stream": STREAM, "prefix": "person:"},
            **{"columns": COLUMNS, "table": "persons", "primary_key": "person_id"},
            **{"checkpoint_table": "regear_checkpoint", "transform": None},
            **{"fold": True, "batch": 100, "duration": 100, "retry_interval": 5.0},
        }
        start = time.monotonic()
        engine.start_worker(worker)
        self._wait_until_empty(engine)
        seconds = time.monotonic() - start
        engine.detach()
        return changes / seconds

    def _checkpoint_exists(self) -> str:
        catalog = {
            "sqlite": "sqlite_master",
            "postgres": "pg_class",
            "mysql": "information_schema.tables",
        }
        column = {"sqlite": "name", "postgres": "relname", "mysql": "table_name"}
        return (
            f"SELECT count(*) FROM {catalog[self._sink.name]}"
            f" WHERE {column[self._sink.name]} = 'regear_checkpoint'"
        )

    def _wait_until_empty(self, engine: Engine) -> None:
        deadline = time.monotonic() + DEADLINE
        while self._server.client.xlen(STREAM):
            if time.monotonic() > deadline:
                raise TimeoutError(engine.worker_status())
            time.sleep(0.005)

    def least_loop(self) -> float:
        """The least C++ loop with the same batch limit."""
        return self._run_least("stream", "5000", "0", "0")

    def memory(self) -> float:
        """The sink's own limit: the same statements fed from memory."""
        changes = str(self._server.client.xlen(STREAM))
        return self._run_least("memory", "5000", changes, changes)

    def row_by_row(self) -> float:
        """A statement per change, committed each 100, as rgsync sends them."""
        return drain_row_by_row(
            self._server.client, STREAM, self._sink.url, self._sink.name
        )

    def _run_least(self, source: str, *sizes: str) -> float:
        output = subprocess.run(
            [
                self._least,
                source,
                *self._sink.least_loop,
                *sizes,
                *(str(socket_of(self._server.folder)), STREAM),
            ],
            check=True,
            capture_output=True,
            text=True,
        )
        result = json.loads(output.stdout)
        return float(result["changes"] / result["seconds"])


def measure(
    bench: Bench,
    server: RedisServer,
    target: Sink,
    runs: list[Callable[[], float]],
    pairs: int,
    generations: list[int],
    changes: int,
) -> list[list[float]]:
    """Rates of each run, interleaved; each result is checked for correctness.

    Each run writes the next of ``generations`` in turn, or MySQL would find
    the rows as the run before has left them and write nothing. Generation 0 is
    written to an empty table.
    """
    rates: list[list[float]] = [[] for _ in runs]
    generation = itertools.cycle(generations)
    for _ in range(pairs):
        for i, run in enumerate(runs):
            written = next(generation)
            if written == 0:
                target.sql("DELETE FROM persons")
                if target.name == "postgres":
                    target.sql("VACUUM FULL persons")
            template = TEMPLATE.format(written)
            server.client.copy(template, STREAM, replace=True)
            rates[i].append(run())
            found = target.sql("SELECT count(*), sum(age) FROM persons")
            expected = checksum(changes, written)
            if run != bench.memory and found != expected:
                raise AssertionError(f"{run.__name__}: {found}, not {expected}")
    return rates


def report_rates(
    report: Report, kind: str, workload: str, names: list[str], rates: list[list[float]]
) -> None:
    for name, own in zip(names, rates):
        ratios = [a / b for a, b in zip(rates[0], own)]
        report.row(
            kind,
            workload,
            name,
            round(statistics.median(own)),
            round(statistics.median(ratios), 3),
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--changes", type=int, default=1_000_000)
    parser.add_argument("--row-by-row-changes", type=int, default=50_000)
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--least-loop", default="build/release/benchmarks/least_loop")
    parser.add_argument("--sink", action="append", choices=SINKS)
    arguments = parser.parse_args()
    report = Report(
        "drain", ["sink", "rows", "who", "changes/s", "regear is so many times it"]
    )
    for kind in arguments.sink or SINKS:
        run_sink(kind, arguments, report)
    report.print()


def run_sink(kind: str, arguments: argparse.Namespace, report: Report) -> None:
    with private_redis(module=True) as server, sink(kind) as target:
        add_rule(server.client, Variant("rule", module=True, prefix="person:"))
        bench = Bench(server, target, arguments.least_loop)
        plans = [
            (
                [bench.regear, bench.least_loop, bench.memory],
                ["regear", "least C++ loop", "from memory"],
                arguments.changes,
            ),
            (
                [bench.regear, bench.row_by_row],
                ["regear", "row by row"],
                arguments.row_by_row_changes,
            ),
        ]
        for runs, names, changes in plans:
            for workload, generations in (("new", [0]), ("updates", [1, 2])):
                for generation in generations:
                    fill(server, changes, generation)
                rates = measure(
                    bench,
                    server,
                    target,
                    runs,
                    arguments.pairs,
                    generations,
                    changes,
                )
                report_rates(report, kind, f"{changes} {workload}", names, rates)
            target.sql("DELETE FROM persons")


if __name__ == "__main__":
    main()
