"""What a row that the database refuses costs the others. See README.md,
"Poison"."""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from contextlib import ExitStack
from typing import Any

from tests.integration._servers import RedisServer

from benchmarks.capture import STREAM, Variant, add_rule
from benchmarks.private import private_redis
from benchmarks.report import Report
from benchmarks.targets import TARGETS, Target, private_target
from regear._engine import Engine

BAR = 0.8
DEADLINE = 300.0  # s for one run
DEAD = STREAM.replace("-stream-", "-dead-")
PARKED = STREAM.replace("-stream-", "-parked-")
_KINDS = {"postgres": "postgres", "sqlite": "sqlite", "mariadb": "mysql"}

# What makes the column take any text.
_WIDEN = {
    "postgres": ["ALTER TABLE persons ALTER COLUMN age TYPE text"],
    "mariadb": ["ALTER TABLE persons MODIFY age text"],
    "sqlite": [
        "ALTER TABLE persons RENAME TO narrow",
        "CREATE TABLE persons (person_id text PRIMARY KEY, first text, last text,"
        " age text)",
        "INSERT INTO persons SELECT * FROM narrow",
        "DROP TABLE narrow",
    ],
}


class Bench:
    def __init__(self, server: RedisServer, target: Target, rows: int) -> None:
        self._server = server
        self._target = target
        self._rows = rows
        self._poison = f"person:{rows // 2}"

    def rate(self, poisoned: bool) -> float:
        """Changes per second until all of them are out of the stream."""
        self._target.sql("DELETE FROM persons")
        self._capture(poisoned)
        engine = self._attach()
        start = time.monotonic()
        engine.start_worker(self._worker())
        self._wait_until_drained(engine)
        seconds = time.monotonic() - start
        engine.detach()
        self._check(poisoned)
        return self._rows / seconds

    def replay(self) -> dict[str, Any]:
        """ALTER TABLE, `regear replay`: what the poisoned row is then."""
        self._server.client.hset(self._poison, "last_name", "newest")
        engine = self._attach()
        engine.start_worker(self._worker())
        self._wait_until_drained(engine)  # refused once more
        for statement in _WIDEN[self._target.name]:
            self._target.sql(statement)
        said = self._regear("replay", "bench")
        self._wait_until_drained(engine)
        engine.detach()
        key = self._poison.partition(":")[2]
        (row,) = self._target.sql(
            f"SELECT first, last, age FROM persons WHERE person_id = '{key}'"
        )
        assert row == ("Marek", "newest", "old"), row
        assert self._letters() == []
        return {"replayed": said["replayed"], "row": row}

    def _capture(self, poisoned: bool) -> None:
        self._server.client.flushall()  # a row of a key that goes stays
        pipeline = self._server.client.pipeline(transaction=False)
        for number in range(self._rows):
            key = f"person:{number}"
            age = "old" if poisoned and key == self._poison else str(number % 100)
            names: dict[str, str | int] = {
                "first_name": "Marek",
                "last_name": f"Michalski{number}",
            }
            pipeline.hset(key, mapping={**names, "age": age})
            if number % 1000 == 999:
                pipeline.execute()
        pipeline.execute()
        captured = self._server.client.xlen(STREAM)
        assert captured == self._rows, f"{captured} changes captured"

    def _attach(self) -> Engine:
        engine = Engine(self._server.url)
        while engine.attach()["state"] != "attached":
            time.sleep(0.1)  # the lease of the run before
        return engine

    def _worker(self) -> dict[str, Any]:
        return {
            **{"name": "bench", "stream": STREAM, "dead": DEAD, "parked": PARKED},
            **{"prefix": "person:", "target": _KINDS[self._target.name]},
            "columns": [("first_name", "first"), ("last_name", "last"), ("age", "age")],
            **{"table": "persons", "primary_key": "person_id"},
            **{"checkpoint_table": "regear_checkpoint", "transform": None},
            "connect": self._target.parameters,
            **{"fold": True, "batch": 100, "duration": 100, "retry_interval": 5.0},
        }

    def _wait_until_drained(self, engine: Engine) -> None:
        deadline = time.monotonic() + DEADLINE
        while self._server.client.xlen(STREAM):
            if time.monotonic() > deadline:
                raise TimeoutError(engine.worker_status())
            time.sleep(0.005)

    def _check(self, poisoned: bool) -> None:
        (found,) = self._target.sql("SELECT count(*), sum(age) FROM persons")
        ages = sum(number % 100 for number in range(self._rows))
        if poisoned:
            expected = (self._rows - 1, ages - (self._rows // 2) % 100)
        else:
            expected = (self._rows, ages)
        assert tuple(map(int, found)) == expected, f"{found}, not {expected}"
        letters = self._letters()
        assert len(letters) == int(poisoned), letters
        if poisoned:
            assert letters[0]["key"] == self._poison
            assert letters[0]["error"], letters

    def reason(self) -> str:
        (letter,) = self._letters()
        return str(letter["error"])

    def _letters(self) -> list[dict[str, Any]]:
        letters: list[dict[str, Any]] = self._regear("dead-letters", "bench")
        return letters

    def _regear(self, command: str, *words: str) -> Any:
        done = subprocess.run(
            [
                *(sys.executable, "-m", "regear", command, *words),
                *("--json", "--redis", self._server.url),
            ],
            check=True,
            capture_output=True,
            text=True,
        )
        return json.loads(done.stdout)


def measure(name: str, rows: int, pairs: int, report: Report) -> None:
    with ExitStack() as stack:
        server = stack.enter_context(private_redis(module=True))
        target = stack.enter_context(private_target(name))
        add_rule(server.client, Variant("rule", module=True, prefix="person:"))
        bench = Bench(server, target, rows)
        bench.rate(False)  # caches are warm from here on
        clean, poisoned = [], []
        for _ in range(pairs):
            clean.append(bench.rate(False))
            poisoned.append(bench.rate(True))
        ratios = [own / other for own, other in zip(poisoned, clean)]
        ratio = statistics.median(ratios)
        report.row(
            name,
            round(statistics.median(clean)),
            round(statistics.median(poisoned)),
            round(ratio, 3),
            round(min(ratios), 3),
            round(max(ratios), 3),
            "met" if ratio >= BAR else "missed",
        )
        reason = bench.reason()
        print(
            json.dumps(
                {"benchmark": "replay", "sink": name, "was": reason, **bench.replay()}
            )
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--target", action="append", choices=TARGETS)
    arguments = parser.parse_args()
    report = Report(
        "one poison row",
        [
            *("sink", "without, changes/s", "with, changes/s", "ratio"),
            *("least", "most", f"bar {BAR}"),
        ],
    )
    for name in arguments.target or ("postgres", "sqlite"):
        measure(name, arguments.rows, arguments.pairs, report)
    report.print()


if __name__ == "__main__":
    main()
