"""Write-through: the client is answered once the database has committed."""

from __future__ import annotations

import random
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import redis
from rich.table import Table
from scripts.demo.server import console, load_recipe, text, verdict

USERS = 500
FIELDS = ("username", "password", "email", "first_name")
TURN = 0.25  # s of the one, s of the other, and so on: both see the same noise

Write = Callable[[int, "dict[str, str]"], object]


def show(client: redis.Redis, database: Path, folder: Path, seconds: float) -> bool:
    """Whether all rows were right."""
    load_recipe(client, "sqlite_write_through.py")

    def through(user: int, fields: dict[str, str]) -> object:
        return client.hset(f"__{{users:{user}}}", mapping=fields)

    with closing(sqlite3.connect(database)) as rows:
        alone = plain_database(folder / "alone.db", rows)
        with closing(alone), console.status(f"writing users for {seconds:g} s"):
            times = take_turns((through, upsert_into(alone)), seconds)
        report(*times)
        show_refusal(client)
        return verdict(*compare(client, rows))


def plain_database(path: Path, like: sqlite3.Connection) -> sqlite3.Connection:
    """With the same table, and as durable as the connector makes it."""
    alone = sqlite3.connect(path, isolation_level=None)
    alone.execute("PRAGMA journal_mode = WAL")
    alone.execute("PRAGMA synchronous = FULL")
    query = "SELECT sql FROM sqlite_master WHERE name = 'users' AND sql NOT NULL"
    alone.execute(like.execute(query).fetchone()[0])
    return alone


def upsert_into(database: sqlite3.Connection) -> Write:
    columns = ", ".join(FIELDS)
    updates = ", ".join(f"{field} = excluded.{field}" for field in FIELDS)
    statement = (
        f"INSERT INTO users (user_id, {columns}) VALUES (?, ?, ?, ?, ?)"
        f" ON CONFLICT (user_id) DO UPDATE SET {updates}"
    )
    return lambda user, fields: database.execute(statement, (user, *fields.values()))


def take_turns(writes: tuple[Write, ...], seconds: float) -> list[list[float]]:
    """For each of `writes`, how many ms each one took."""
    times: list[list[float]] = [[] for _ in writes]
    choose = random.Random(0)
    number = 0
    for turn in range(max(1, round(seconds / TURN)) * len(writes)):
        which = turn % len(writes)
        end = time.perf_counter() + TURN
        began = 0.0
        while began < end:
            number += 1
            values = (f"user{number}", "secret", f"{number}@example.org", "Ada")
            user, fields = choose.randint(1, USERS), dict(zip(FIELDS, values))
            began = time.perf_counter()
            writes[which](user, fields)
            times[which].append(1000 * (time.perf_counter() - began))
    return times


def report(through: list[float], alone: list[float]) -> None:
    table = Table("one client", "writes", "p50", "p99", box=None, header_style="bold")
    for name, times in (
        ("HSET __{users:N}", through),
        ("the same upsert, SQLite alone", alone),
    ):
        ordered = sorted(times)
        p50, p99 = (ordered[len(ordered) * part // 100] for part in (50, 99))
        table.add_row(name, str(len(times)), f"{p50:.2f} ms", f"{p99:.2f} ms")
    console.print(table)


def show_refusal(client: redis.Redis) -> None:
    """A username that somebody else has."""
    taken = next(client.scan_iter("users:*"))
    username = text(client.hget(taken, "username"))
    command = f"HSET __{{users:{USERS + 1}}} username {username} password x email x"
    try:
        reply = client.execute_command(*command.split())
    except redis.ResponseError as error:
        reply = error
    console.print(f"{command}\n  → {reply}", highlight=False)


def compare(client: redis.Redis, database: sqlite3.Connection) -> tuple[int, list[str]]:
    """How many rows there are, and every difference to the hashes."""
    columns = ", ".join(FIELDS)
    rows = {
        f"users:{row[0]}": dict(zip(FIELDS, row[1:]))
        for row in database.execute(f"SELECT user_id, {columns} FROM users")
    }
    hashes = {
        text(key): {text(field): text(value) for field, value in found.items()}
        for key in client.scan_iter("users:*", count=1000)
        for found in [client.hgetall(key)]
    }
    return len(rows), [
        f"{key}: hash {hashes.get(key)}, row {rows.get(key)}"
        for key in sorted(rows.keys() | hashes.keys())
        if rows.get(key) != hashes.get(key)
    ]
