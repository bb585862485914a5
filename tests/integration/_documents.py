"""JSON documents: a table that holds them, and random commands on them."""

from __future__ import annotations

import json
import random
import sqlite3
from pathlib import Path
from typing import Any

Command = list[str]

_RECIPE = """
import os, sqlite3, time
import regear
from rgsync import RGJSONWriteBehind, RGJSONWriteThrough

class Table:
    def TableName(self): return "documents"
    def PrimaryKey(self): return "id"
    def WriteData(self, data, dataKey):
        open({folder!r} + "/busy", "w").close()
        ends = time.monotonic() + 30
        while os.path.exists({folder!r} + "/hold") and time.monotonic() < ends:
            time.sleep(0.005)
        with sqlite3.connect({folder!r} + "/documents.db", timeout=20) as database:
            for record in data:
                value = record["value"]
                if "refuse me" in value.get(dataKey, ""):
                    raise regear.Reject([record], "the table does not want it")
                database.execute("DELETE FROM documents WHERE id = ?", [value["id"]])
                if value["#"] != "~":
                    database.execute("INSERT INTO documents VALUES (?, ?)",
                                     [value["id"], value[dataKey]])

{builder}(GB, {prefix!r}, Table(), "Documents", dataKey="doc")
"""


class DocumentTable:
    """What a connector of one's own has written."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with self._connect() as database:
            database.execute("CREATE TABLE documents (id TEXT PRIMARY KEY, document)")

    def recipe(self, builder: str, prefix: str) -> str:
        return _RECIPE.format(folder=str(self.folder), builder=builder, prefix=prefix)

    def documents(self) -> dict[str, Any]:
        with self._connect() as database:
            rows = database.execute("SELECT id, document FROM documents").fetchall()
        return {name: json.loads(document) for name, document in rows}

    def hold(self) -> None:
        """From now on writes wait for ``release``."""
        self.busy.unlink(missing_ok=True)
        (self.folder / "hold").touch()

    def release(self) -> None:
        (self.folder / "hold").unlink()

    @property
    def busy(self) -> Path:
        """Is there once a write has begun."""
        return self.folder / "busy"

    def _connect(self) -> sqlite3.Connection:
        return sqlite3.connect(self.folder / "documents.db", timeout=20)


NUMBERS = (0, -1, 2**53 + 1, 2**63 - 1, -(2**63), 0.1, 1e300, 1.0)
TEXTS = ("", 'O\'Brien said "hi"', "Zoë 漢字 😀", "a\\b\n\t", "null", "7")


def document(chooser: random.Random, depth: int = 3) -> Any:
    """Any JSON value."""
    kind = chooser.randrange(8 if depth else 5)
    if kind == 0:
        return None
    if kind == 1:
        return chooser.choice([True, False])
    if kind == 2:
        return chooser.choice(NUMBERS)
    if kind in (3, 4):
        return chooser.choice(TEXTS)
    if kind == 5:
        return [document(chooser, depth - 1) for _ in range(chooser.randrange(4))]
    return record(chooser, depth - 1)


def record(chooser: random.Random, depth: int = 2) -> dict[str, Any]:
    """An object with members that the commands below name, and others."""
    members: dict[str, Any] = {
        "n": chooser.choice([1, 2**53 + 1, 0.5]),
        "s": chooser.choice(TEXTS),
        "l": [document(chooser, 1) for _ in range(chooser.randrange(4))],
        "t": chooser.choice([True, False]),
        "o": {"n": 1, "deep": document(chooser, 1)},
        chooser.choice(["a b", "ключ", "#", "_private", "x"]): document(chooser, depth),
    }
    for name in list(members):
        if chooser.random() < 0.15:
            del members[name]
    return members


def any_command(chooser: random.Random, keys: list[str]) -> Command:
    """A command that writes documents, or takes them away."""
    key = chooser.choice(keys)
    # RedisJSON ends the server when JSON.SET replaces a value in another one
    # that it replaces: $..n is for other commands.
    path = chooser.choice(["$.n", "$.o.n", "$.s", "$.l", "$.t", "$.o", "$.no"])
    value = json.dumps(document(chooser), ensure_ascii=False)
    commands: list[Command] = [
        ["JSON.SET", key, "$", json.dumps(record(chooser), ensure_ascii=False)],
        ["JSON.SET", key, "$", value, chooser.choice(["NX", "XX"])],
        ["JSON.SET", key, path, value],
        ["JSON.SET", key, "$.new", value, chooser.choice(["NX", "XX"])],
        _mset(chooser, keys),
        ["JSON.MERGE", key, "$", json.dumps({"n": 5, "t": None, "m": {"k": []}})],
        ["JSON.DEL", key, *chooser.choice([[], ["$"], [path]])],
        ["JSON.FORGET", key, path],
        ["JSON.CLEAR", key, path],
        ["JSON.TOGGLE", key, "$.t"],
        ["JSON.NUMINCRBY", key, "$..n", chooser.choice(["1", "-3", "0.25"])],
        ["JSON.NUMMULTBY", key, "$.n", "2"],
        ["JSON.STRAPPEND", key, "$.s", json.dumps(chooser.choice(TEXTS))],
        ["JSON.ARRAPPEND", key, "$.l", value, "1"],
        ["JSON.ARRINSERT", key, "$.l", "0", value],
        ["JSON.ARRPOP", key, "$.l", *chooser.choice([[], ["0"]])],
        ["JSON.ARRTRIM", key, "$.l", "0", "1"],
        ["JSON.NUMINCRBY", key, ".n", "1"],
        ["JSON.ARRPOP", key, ".l"],
        ["DEL", key],
        ["UNLINK", *chooser.sample(keys, 2)],
    ]
    return chooser.choice(commands)


def _mset(chooser: random.Random, keys: list[str]) -> Command:
    command = ["JSON.MSET"]
    for key in chooser.choices(keys, k=chooser.randrange(1, 4)):
        command += [key, "$", json.dumps(record(chooser), ensure_ascii=False)]
    return command
