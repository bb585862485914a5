"""Hashes of the same Redis, under another prefix."""

from __future__ import annotations

from typing import Any

from redisgears import executeCommand as execute


class SimpleHashConnector:
    """Keeps ``<newPrefix>:<id>`` equal to the mapped fields of each hash."""

    def __init__(self, newPrefix: str) -> None:
        self.newPrefix = newPrefix

    def TableName(self) -> str:
        return self.newPrefix

    def PrimaryKey(self) -> str:
        return "_id"

    def WriteData(self, data: list[dict[str, Any]]) -> None:
        for record in data:
            row = dict(record["value"])
            key = f"{self.newPrefix}:{row.pop(self.PrimaryKey())}"
            if row.pop("#") == "~":
                execute("DEL", key)
                continue
            present = {name: value for name, value in row.items() if value is not None}
            if present:
                pairs = [part for pair in present.items() for part in pair]
                execute("HSET", key, *pairs)
            if len(present) < len(row):
                execute("HDEL", key, *(name for name in row if name not in present))
