"""What the tables must be: what the hashes are."""

from __future__ import annotations

from collections.abc import Container, Sequence
from typing import Any, Protocol

import redis

from tests.soak.audit import Findings
from tests.soak.tables import TABLES, Table, mortal

Row = dict[str, Any]


class Rows(Protocol):
    def rows(self, table: Table) -> dict[str, Row]: ...


def read_hashes(
    client: redis.Redis, tables: Sequence[Table]
) -> dict[str, dict[str, str]]:
    """All hashes of the tables' prefixes, by key."""
    found = {}
    keys = {
        key
        for table in tables
        for key in client.scan_iter(f"{table.prefix}:*", count=500)
    }
    for key in sorted(keys):
        if client.type(key) == "hash" and (fields := client.hgetall(key)):
            found[key] = fields
    return found


def check_rows(
    client: redis.Redis,
    target: Rows,
    lossy: bool = False,
    tables: Sequence[Table] = TABLES,
    lost: Container[tuple[str, str]] = frozenset(),
) -> Findings:
    """Compare all tables; to be called while nobody writes.

    ``lossy``: Redis came back older in between, so rows may be left whose
    key it never had. ``lost``: table and id of those it once came back
    without; written again, such a row keeps columns of its first life.
    """
    findings = Findings()
    hashes = read_hashes(client, tables)
    for table in tables:
        rows = target.rows(table)
        expected = {
            row_id: fields
            for key, fields in hashes.items()
            if (row_id := table.row_id(key)) is not None
        }
        for row_id, fields in expected.items():
            again = mortal(table.key(row_id)) or (table.name, row_id) in lost
            _check_row(table, row_id, fields, rows.get(row_id), again, findings)
        for row_id in rows.keys() - expected.keys():
            if mortal(table.key(row_id)):
                continue
            if lossy:
                findings.orphans += 1
            else:
                findings.stale.append(
                    f"{table.name} {row_id} is a row, {table.key(row_id)} is no hash:"
                    f" {rows[row_id]}"
                )
    return findings


def rows_without_key(
    client: redis.Redis, target: Rows, tables: Sequence[Table] = TABLES
) -> set[tuple[str, str]]:
    """Table and id of each row whose key is no hash now."""
    hashes = read_hashes(client, tables)
    return {
        (table.name, row_id)
        for table in tables
        for row_id in target.rows(table)
        if table.key(row_id) not in hashes
    }


def _check_row(
    table: Table,
    row_id: str,
    fields: dict[str, str],
    row: Row | None,
    again: bool,
    findings: Findings,
) -> None:
    """``again``: the key may have been gone, and its row not."""
    expected = table.row(fields)
    if row is None:
        if any(value is not None for value in expected.values()):
            findings.lost.append(f"{table.name} {row_id} is missing: {fields}")
        return
    for column, value in expected.items():
        if row[column] == value or (again and value is None):
            continue
        findings.stale.append(
            f"{table.name} {row_id}: {column} is {row[column]!r}, not {value!r}:"
            f" row {row}, hash {fields}"
        )


def check_kept(client: redis.Redis, acknowledged: dict[str, int]) -> Findings:
    """Redis has each acknowledged write: else the run proves nothing.

    ``acknowledged``: the last version of keys that still shall be there.
    """
    findings = Findings()
    for key, version in acknowledged.items():
        kept = client.hget(key, "v") if client.type(key) == "hash" else None
        if kept is None or int(kept) < version:
            findings.lost.append(f"Redis itself lost {key} {version}, it has {kept}")
    return findings
