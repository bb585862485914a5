"""The registrations of a soak run: what hashes go to which table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Table:
    """One registration. ``v`` is the version that grows with each change."""

    name: str
    prefix: str
    mapping: dict[str, str]  # hash field → column
    constraints: str = ""  # in SQL, behind a comma

    def row_id(self, key: str) -> str | None:
        """The id of the row of ``key``, None if it is another table's."""
        start = self.prefix + ":"
        return key[len(start) :] if key.startswith(start) else None

    def key(self, row_id: str) -> str:
        return f"{self.prefix}:{row_id}"

    def row(self, fields: dict[str, str]) -> dict[str, object]:
        """What the row of a hash must be."""
        return {
            column: _TYPES.get(field, str)(fields[field]) if field in fields else None
            for field, column in self.mapping.items()
        }

    def column_types(self) -> dict[str, type]:
        return {
            column: _TYPES.get(field, str) for field, column in self.mapping.items()
        }


_TYPES: dict[str, type] = {"v": int, "n": int, "x": float}

#: Keys of ``user:eu`` go to two tables.
TABLES = (
    Table("users", "user", {"v": "v", "a": "a", "b": "b", "n": "n", "x": "x"}),
    Table("eu_users", "user:eu", {"v": "v", "a": "first", "n": "n"}),
    Table("items", "item", {"v": "v", "b": "b", "x": "price"}),
)

PREFIXES = tuple(table.prefix for table in TABLES)


def mortal(key: str) -> bool:
    """Keys that the workload lets expire: their rows may stay behind."""
    return ":m" in key


def recipe(connection: str, connector: str, tables: Sequence[Table] = TABLES) -> str:
    """A recipe of the tables; ``connection`` is an expression of Python."""
    lines = [
        "from rgsync import RGWriteBehind",
        f"from rgsync.Connectors import {connector}Connection, {connector}Connector",
        f"connection = {connection}",
    ]
    for table in tables:
        lines.append(
            f"RGWriteBehind(GB, {table.prefix!r}, {table.mapping!r},"
            f" {connector}Connector(connection, {table.name!r}, 'id'),"
            f" {table.name!r}, '1.0', onFailedRetryInterval=0.5, batch=50,"
            " duration=20)"
        )
    return "\n".join(lines) + "\n"
