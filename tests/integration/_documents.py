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


class Maker:
    """Random JSON values; unless ``nested`` no array is in another one, which
    FerretDB does not take."""

    def __init__(self, chooser: random.Random, nested: bool) -> None:
        self._chooser = chooser
        self._nested = nested

    def value(self, depth: int = 3, in_array: bool = False) -> Any:
        kinds: list[str] = ["null", "truth", "number", "text", "text"]
        if depth and (self._nested or not in_array):
            kinds.append("array")
        if depth:
            kinds += ["object"] * 2
        kind = self._chooser.choice(kinds)
        if kind == "truth":
            return self._chooser.choice([True, False])
        if kind == "number":
            return self._chooser.choice(NUMBERS)
        if kind == "text":
            return self._chooser.choice(TEXTS)
        if kind == "array":
            return self.array(depth - 1)
        return self.object(depth - 1) if kind == "object" else None

    def array(self, depth: int) -> list[Any]:
        size = self._chooser.randrange(4)
        return [self.value(depth, in_array=True) for _ in range(size)]

    def object(self, depth: int = 2) -> dict[str, Any]:
        """With members that the commands below name, and others."""
        other = self._chooser.choice(["a b", "ключ", "#", "_private", "x"])
        members: dict[str, Any] = {
            "n": self._chooser.choice([1, 2**53 + 1, 0.5]),
            "s": self._chooser.choice(TEXTS),
            "l": self.array(min(depth, 1)),
            "t": self._chooser.choice([True, False]),
            "o": {"n": 1, "deep": self.value(min(depth, 1))},
            other: self.value(depth),
        }
        return {
            name: value
            for name, value in members.items()
            if self._chooser.random() > 0.15
        }


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def any_command(
    chooser: random.Random, keys: list[str], for_ferretdb: bool = False
) -> Command:
    """A command that writes documents, or takes them away. ``for_ferretdb``:
    they are objects, without arrays in arrays."""
    make = Maker(chooser, nested=not for_ferretdb)
    key = chooser.choice(keys)
    # RedisJSON ends the server when JSON.SET replaces a value in another one
    # that it replaces: $..n is for other commands.
    path = chooser.choice(["$.n", "$.o.n", "$.s", "$.l", "$.t", "$.o", "$.no"])
    value = _text(make.value())
    element = _text(make.value(in_array=True))
    whole = _text(make.object()) if for_ferretdb else value
    commands: list[Command] = [
        ["JSON.SET", key, "$", _text(make.object())],
        ["JSON.SET", key, "$", whole, chooser.choice(["NX", "XX"])],
        ["JSON.SET", key, path, value],
        ["JSON.SET", key, "$.new", value, chooser.choice(["NX", "XX"])],
        _mset(chooser, keys, make),
        ["JSON.MERGE", key, "$", _text({"n": 5, "t": None, "m": {"k": []}})],
        ["JSON.DEL", key, *chooser.choice([[], ["$"], [path]])],
        ["JSON.FORGET", key, path],
        ["JSON.CLEAR", key, path],
        ["JSON.TOGGLE", key, "$.t"],
        ["JSON.NUMINCRBY", key, "$..n", chooser.choice(["1", "-3", "0.25"])],
        ["JSON.NUMMULTBY", key, "$.n", "2"],
        ["JSON.STRAPPEND", key, "$.s", _text(chooser.choice(TEXTS))],
        ["JSON.ARRAPPEND", key, "$.l", element, "1"],
        ["JSON.ARRINSERT", key, "$.l", "0", element],
        ["JSON.ARRPOP", key, "$.l", *chooser.choice([[], ["0"]])],
        ["JSON.ARRTRIM", key, "$.l", "0", "1"],
        ["JSON.NUMINCRBY", key, ".n", "1"],
        ["JSON.ARRPOP", key, ".l"],
        ["DEL", key],
        ["UNLINK", *chooser.sample(keys, 2)],
    ]
    return chooser.choice(commands)


def _mset(chooser: random.Random, keys: list[str], make: Maker) -> Command:
    command = ["JSON.MSET"]
    for key in chooser.choices(keys, k=chooser.randrange(1, 4)):
        command += [key, "$", _text(make.object())]
    return command
