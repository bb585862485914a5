#!/usr/bin/env python3
"""Write-behind at work: a private Redis, a SQLite database, many writes.

Starts `regear up`, loads recipes/sqlite_quickstart.py as any client would,
writes persons and cars from several connections, waits until the database has
caught up and compares every row with its hash.

    OPS=20000   as many writes (default 100000)
    KEEP=1      leave the servers up until Ctrl-C
"""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import redis
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table

ROOT = Path(__file__).resolve().parent.parent
RECIPE = ROOT / "recipes" / "sqlite_quickstart.py"
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

console = Console()


@contextmanager
def regear_up(folder: Path) -> Iterator[str]:
    """A private Redis with a host; yields its URL."""
    command = [sys.executable, "-m", "regear", "up"]
    command += ["--set", f"SqlitePath={folder / 'demo.db'}"]
    command += ["--state-key", str(folder / "host.key")]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        if "ready: " not in line:
            raise SystemExit("regear up did not start")
        yield line.partition("ready: ")[2].partition(",")[0]
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


def load_recipe(client: redis.Redis) -> None:
    reply = client.execute_command(
        "RG.PYEXECUTE", RECIPE.read_bytes(), "REQUIREMENTS", "rgsync"
    )
    console.print(f"RG.PYEXECUTE {RECIPE.name} REQUIREMENTS rgsync → {_text(reply)}")


def write(url: str, operations: int, progress: Progress) -> None:
    """`operations` writes from several connections at once."""
    task = progress.add_task("writing", total=operations)
    shares = [operations // CONNECTIONS] * CONNECTIONS
    shares[0] += operations - sum(shares)
    keys = max(1, operations // 8)  # of each kind: keys are written repeatedly

    def work(seed: int, share: int) -> None:
        choose = random.Random(seed)
        with closing(redis.Redis.from_url(url)) as own:
            while share:
                count = min(PIPELINE, share)
                with own.pipeline(transaction=False) as pipeline:
                    for _ in range(count):
                        _one_write(pipeline, choose, keys)
                    pipeline.execute()
                share -= count
                progress.advance(task, count)

    threads = [
        threading.Thread(target=work, args=(seed, share))
        for seed, share in enumerate(shares)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


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


def catch_up(client: redis.Redis, progress: Progress) -> bool:
    """Wait until nothing is left to write; shows the backlog, rate and lag."""
    task = progress.add_task("catching up", total=None)
    deadline = time.monotonic() + DEADLINE
    while time.monotonic() < deadline:
        registrations = status(client)
        backlog = sum(registration["backlog"] for registration in registrations)
        rate = sum(_work(registration, "rate") for registration in registrations)
        lag = max(_work(registration, "lag_ms") for registration in registrations)
        progress.update(
            task,
            description=f"backlog {backlog}, {rate:.0f} changes/s, lag {lag:.0f} ms",
        )
        if backlog == 0:
            progress.update(task, total=1, completed=1)
            return True
        for registration in registrations:
            if _work(registration, "last_error", None):
                console.print(f"[red]{registration['name']}: {registration['status']}")
        time.sleep(POLL)
    return False


def status(client: redis.Redis) -> list[dict]:
    return json.loads(client.execute_command("RG.STATUS"))["registrations"]


def _work(registration: dict, name: str, default: object = 0) -> object:
    return (registration["status"] or {}).get(name) or default


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


def _hashes(client: redis.Redis, prefix: str, mapping: dict) -> dict[str, tuple]:
    keys = list(client.scan_iter(f"{prefix}:*", count=1000))
    with client.pipeline(transaction=False) as pipeline:
        for key in keys:
            pipeline.hmget(key, list(mapping))
        values = pipeline.execute()
    return {
        key.decode().partition(":")[2]: tuple(map(_text, value))
        for key, value in zip(keys, values)
    }


def _rows(
    database: sqlite3.Connection, table: str, primary_key: str, mapping: dict
) -> dict[str, tuple]:
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
                ", ".join(_text(value) or "-" for value in values),
                ", ".join("-" if value is None else str(value) for value in row[1:]),
            )
    console.print(table)


def _text(value: object) -> str | None:
    return value.decode() if isinstance(value, bytes) else value  # type: ignore[return-value]


def keep_up(url: str, database: Path) -> None:
    console.print(f"\nRedis is at {url}, the database is {database}:")
    console.print(f"  redis-cli -u {url} HSET person:1 first_name Ada")
    console.print(f"  sqlite3 {database} 'SELECT * FROM persons LIMIT 5'")
    console.print(f"  regear status --watch --redis {url}")
    console.print("Ctrl-C stops.")
    try:
        signal.pause()
    except KeyboardInterrupt:
        console.print()


def main() -> int:
    operations = int(os.environ.get("OPS", "100000"))
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with tempfile.TemporaryDirectory(prefix="regear-demo-") as folder:
        path = Path(folder) / "demo.db"
        with (
            regear_up(Path(folder)) as url,
            closing(redis.Redis.from_url(url)) as client,
        ):
            console.print(f"regear up: {url}")
            load_recipe(client)
            started = time.monotonic()
            with Progress(*columns, console=console) as progress:
                write(url, operations, progress)
                written = time.monotonic()
                caught_up = catch_up(client, progress)
            ended = time.monotonic()
            console.print(
                f"{operations} writes in {written - started:.1f} s; the database had"
                f" all of them {ended - written:.1f} s later"
                f" ({operations / (ended - started):.0f} writes/s end to end)"
            )
            with closing(sqlite3.connect(path)) as database:
                show_some(client, database)
                rows, differences = compare(client, database)
            for line in differences[:10]:
                console.print(f"[red]{line}")
            if caught_up and not differences:
                console.print(f"[bold green]all {rows} rows equal their hashes")
            elif not caught_up:
                console.print("[bold red]the database did not catch up in time")
            else:
                console.print(f"[bold red]{len(differences)} rows differ")
            if os.environ.get("KEEP") == "1":
                keep_up(url, path)
    return 0 if caught_up and not differences else 1


if __name__ == "__main__":
    sys.exit(main())
