"""Write-behind: many writes from several connections, and SQLite follows."""

from __future__ import annotations

import json
import random
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Optional

import redis
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table
from scripts.demo.server import console, load_recipe, text, verdict

CONNECTIONS = 4
PIPELINE = 100
DEADLINE = 120.0  # s until the database must have caught up
POLL = 0.1  # s

# Key prefix, table, primary key, and hash field → column. The last field is
# a number that HINCRBY raises.
KINDS = (
    (
        "person",
        "persons",
        "person_id",
        {"first_name": "first", "last_name": "last", "age": "age"},
    ),
    (
        "car",
        "cars",
        "car_id",
        {"brand": "brand", "color": "color", "mileage": "mileage"},
    ),
)
VALUES = {
    "first_name": ["Ada", "Grace", "Edsger", "Barbara", "Donald", "Zoë"],
    "last_name": ["Lovelace", "Hopper", "Dijkstra", "Liskov", "Knuth", "O'Brien"],
    "age": [str(number) for number in range(18, 90)],
    "brand": ["Fiat", "Tatra", "Saab", "Škoda", "Volvo"],
    "color": ["red", "green", "blue", "black"],
    "mileage": [str(number) for number in range(0, 200_000, 1000)],
}

#: The mapped values of each id, None where there is none.
Rows = dict[str, tuple[Optional[str], ...]]


def show(client: redis.Redis, url: str, path: Path, operations: int) -> bool:
    """Whether all rows were right."""
    load_recipe(client, "sqlite_quickstart.py")
    course = run(client, url, operations)
    report(course, operations)
    with closing(sqlite3.connect(path)) as database:
        show_some(client, database)
        well = verdict(*compare(client, database))
    if not course.caught_up:
        console.print("[bold red]the database did not catch up in time")
    return well and course.caught_up


def start_writing(
    url: str, operations: int, written: Callable[[int], None]
) -> list[threading.Thread]:
    """`operations` writes from several connections at once."""
    shares = [operations // CONNECTIONS] * CONNECTIONS
    shares[0] += operations - sum(shares)
    keys = max(1, operations // 8)  # of each kind: keys are written repeatedly

    def work(seed: int, share: int) -> None:
        choose = random.Random(seed)
        with closing(redis.Redis.from_url(url, socket_timeout=60)) as own:
            while share:
                count = min(PIPELINE, share)
                with own.pipeline(transaction=False) as pipeline:
                    for _ in range(count):
                        _one_write(pipeline, choose, keys)
                    pipeline.execute()
                share -= count
                written(count)

    threads = [
        threading.Thread(target=work, args=(seed, share))
        for seed, share in enumerate(shares)
    ]
    for thread in threads:
        thread.start()
    return threads


def _one_write(
    pipeline: redis.client.Pipeline, choose: random.Random, keys: int
) -> None:
    prefix, _, _, mapping = choose.choice(KINDS)
    key = f"{prefix}:{choose.randrange(keys)}"
    fields = list(mapping)
    what = choose.random()
    if what < 0.80:
        chosen = choose.sample(fields, choose.randint(1, len(fields)))
        pipeline.hset(
            key, mapping={field: choose.choice(VALUES[field]) for field in chosen}
        )
    elif what < 0.90:
        pipeline.hincrby(key, fields[-1], 1)
    elif what < 0.96:
        pipeline.hdel(key, choose.choice(fields[:-1]))
    else:
        pipeline.delete(key)


@dataclass
class Course:
    """How a run went."""

    caught_up: bool = False
    write_seconds: float = 0.0
    seconds: float = 0.0
    peak_rate: float = 0.0
    peak_lag: float = 0.0
    peak_backlog: int = 0


def run(client: redis.Redis, url: str, operations: int) -> Course:
    """Write, and watch until nothing is left to write to the database."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    course = Course()
    started = time.monotonic()
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("writing", total=operations)
        threads = start_writing(
            url, operations, lambda count: progress.advance(task, count)
        )
        while time.monotonic() < started + DEADLINE:
            writing = any(thread.is_alive() for thread in threads)
            if writing:
                course.write_seconds = time.monotonic() - started
            registrations = status(client)
            backlog = sum(registration["backlog"] for registration in registrations)
            rate = sum(_work(registration, "rate") for registration in registrations)
            lag = max(_work(registration, "lag_ms") for registration in registrations)
            work = f"backlog {backlog}, {rate:.0f} changes/s, lag {lag:.0f} ms"
            progress.update(task, description=work)
            course.peak_backlog = max(course.peak_backlog, backlog)
            course.peak_rate = max(course.peak_rate, rate)
            course.peak_lag = max(course.peak_lag, lag)
            if backlog == 0 and not writing:
                course.caught_up = True
                break
            time.sleep(POLL)
        for thread in threads:
            thread.join()
    course.seconds = time.monotonic() - started
    return course


def status(client: redis.Redis) -> list[dict[str, Any]]:
    return json.loads(client.execute_command("RG.STATUS"))["registrations"]


def _work(registration: dict[str, Any], name: str) -> float:
    return (registration["status"] or {}).get(name) or 0


def compare(client: redis.Redis, database: sqlite3.Connection) -> tuple[int, list[str]]:
    """How many rows there are, and every difference to the hashes."""
    rows_seen, differences = 0, []
    for prefix, table, primary_key, mapping in KINDS:
        hashes = _hashes(client, prefix, mapping)
        rows = _rows(database, table, primary_key, mapping)
        rows_seen += len(rows)
        for row_id in sorted(hashes.keys() | rows.keys()):
            if hashes.get(row_id) != rows.get(row_id):
                differences.append(
                    f"{prefix}:{row_id}: hash {hashes.get(row_id)},"
                    f" row {rows.get(row_id)}"
                )
    return rows_seen, differences


def _hashes(client: redis.Redis, prefix: str, mapping: dict[str, str]) -> Rows:
    keys = list(client.scan_iter(f"{prefix}:*", count=1000))
    with client.pipeline(transaction=False) as pipeline:
        for key in keys:
            pipeline.hmget(key, list(mapping))
        values = pipeline.execute()
    return {
        key.decode().partition(":")[2]: tuple(map(text, value))
        for key, value in zip(keys, values)
    }


def _rows(
    database: sqlite3.Connection, table: str, primary_key: str, mapping: dict[str, str]
) -> Rows:
    columns = ", ".join([primary_key, *mapping.values()])
    return {
        row[0]: tuple(None if value is None else str(value) for value in row[1:])
        for row in database.execute(f"SELECT {columns} FROM {table}")
    }


def show_some(client: redis.Redis, database: sqlite3.Connection) -> None:
    table = Table(
        "key", "hash in Redis", "row in SQLite", box=None, header_style="bold"
    )
    for prefix, name, primary_key, mapping in KINDS:
        columns = ", ".join(mapping.values())
        for row in database.execute(
            f"SELECT {primary_key}, {columns} FROM {name} ORDER BY 1 LIMIT 3"
        ):
            values = client.hmget(f"{prefix}:{row[0]}", list(mapping))
            table.add_row(
                f"{prefix}:{row[0]}",
                ", ".join(text(value) or "-" for value in values),
                ", ".join("-" if value is None else str(value) for value in row[1:]),
            )
    console.print(table)


def report(course: Course, operations: int) -> None:
    console.print(
        f"{operations} writes in {course.write_seconds:.1f} s; the database had all"
        f" of them {course.seconds - course.write_seconds:.1f} s later"
    )
    console.print(
        f"at most: {course.peak_rate:.0f} changes/s, lag {course.peak_lag:.0f} ms,"
        f" backlog {course.peak_backlog}"
    )
