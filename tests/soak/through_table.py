"""The table that a run writes through, and what its database saw.

Keys are ``users:<kind><number>``; the kind says what clients do to them:

s   stay: nobody deletes them, all that clients were told must add up
d   are deleted and come again, by writes through
x   are mixed: others write the same fields plainly
m   are mortal: they expire, and their rows stay
t   is taken: its user name is, and nobody else gets it
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.soak.targets import Target

CLIENTS = 8
PREFIX = "__"
KEYS = {
    kind: [f"users:{kind}{number}" for number in range(count)]
    for kind, count in {"s": 3, "d": 2, "x": 2, "m": 2}.items()
}
TAKEN = "users:t0"
MAX_AGE = 100  # the first one that the table refuses

_TYPES: dict[str, type] = {"age": int, "visits": int, "score": float}
OWN = [f"own{number}" for number in range(CLIENTS)]
#: Hash field → column.
MAPPING = {
    "username": "username",
    "token": "token",
    "echo": "same_token",
    "age": "age",
    "visits": "visits",
    "score": "score",
    "never": "never_set",
    **{field: f"c_{field}" for field in OWN},
}
TEXTS = [field for field in MAPPING if field not in _TYPES]

Row = dict[str, Any]  # by field


def all_keys() -> list[str]:
    return [TAKEN, *(key for keys in KEYS.values() for key in keys)]


def through(key: str) -> str:
    """The name by which ``key`` is written through."""
    return f"{PREFIX}{{{key}}}"


def user_name(key: str) -> str:
    return f"user {key}"


def recipe(target: Target, timeout: float = 5, beside: bool = False) -> str:
    """``beside``: plain writes go to the same table, behind Redis."""
    connector = target.connector
    behind = f"RGWriteBehind(GB, 'users', {MAPPING!r}, connector, 'Behind')\n"
    return (
        "from rgsync import RGWriteBehind, RGWriteThrough\n"
        f"from rgsync.Connectors import {connector}Connection, {connector}Connector\n"
        f"connection = {target.connection()}\n"
        f"connector = {connector}Connector(connection, 'users', 'id')\n"
        f"RGWriteThrough(GB, {PREFIX!r}, {MAPPING!r}, connector, 'Users',"
        f" timeout={timeout})\n" + (behind if beside else "")
    )


def create_tables(target: Target, beside: bool = False) -> None:
    """``users``, and ``through_audit`` with each state that a row took.

    ``beside``: names may be missing, as they may in Redis for a moment.
    """
    name = "VARCHAR(100) UNIQUE" if beside else "VARCHAR(100) NOT NULL UNIQUE"
    columns = ", ".join(
        f"{MAPPING[field]} {target.types[_TYPES.get(field, str)]}"
        for field in MAPPING
        if field != "username"
    )
    target.execute(
        f"CREATE TABLE users (id {target.id_type} PRIMARY KEY,"
        f" username {name}, {columns},"
        f" CHECK (age < {MAX_AGE}))"
    )
    number = {
        "sqlite": "INTEGER PRIMARY KEY AUTOINCREMENT",
        "postgres": "bigserial PRIMARY KEY",
        "mariadb": "BIGINT AUTO_INCREMENT PRIMARY KEY",
    }[target.name]
    tokens = ", ".join(MAPPING[field] for field in ["token", *OWN])
    target.execute(
        f"CREATE TABLE through_audit (n {number}, row_id {target.id_type},"
        f" {tokens.replace(',', ' TEXT,')} TEXT)"
    )
    values = ", ".join(f"NEW.{column}" for column in tokens.split(", "))
    for event in ("INSERT", "UPDATE"):
        target.create_trigger(
            "users",
            event,
            f"INSERT INTO through_audit (row_id, {tokens}) VALUES (NEW.id, {values});",
        )


def rows(target: Target) -> dict[str, Row]:
    """Each row by the key that it is of."""
    found = target.execute(f"SELECT id, {', '.join(MAPPING.values())} FROM users")
    return {f"users:{row[0]}": dict(zip(MAPPING, row[1:])) for row in found}


def own_column(target: Target, key: str, field: str) -> str | None:
    row_id = key.partition(":")[2]
    found = target.execute(f"SELECT {MAPPING[field]} FROM users WHERE id = '{row_id}'")
    return found[0][0] if found else None


def audit(target: Target) -> list[tuple[str, Row]]:
    """Key and tokens of each state, in order."""
    fields = ["token", *OWN]
    columns = ", ".join(MAPPING[field] for field in fields)
    found = target.execute(f"SELECT row_id, {columns} FROM through_audit ORDER BY n")
    return [(f"users:{row[0]}", dict(zip(fields, row[1:]))) for row in found]


def row_of(fields: Mapping[str, str]) -> Row:
    """What the row of a hash must be."""
    return {
        field: _TYPES.get(field, str)(fields[field]) if field in fields else None
        for field in MAPPING
    }
