"""``regear pending``."""

from __future__ import annotations

import json
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from regear.cli import _options
from regear.cli._progress import progress
from regear.cli._server import Server, server_at, shown, stream_of

#: Where a change may be that is not in the database, by the stream's role.
_PLACES = {"stream": "pending", "parked": "parked", "dead": "dead letter"}


@click.command()
@click.argument("key")
@_options.redis_url
@_options.as_json
def pending(key: str, url: str, as_json: bool) -> None:
    """Show each captured change of KEY that is not in the database."""
    with server_at(url) as server:
        changes = [
            change
            for registration in server.registrations()
            if key.startswith(registration["prefix"])
            for change in _changes(server, registration, key)
        ]
    if as_json:
        click.echo(json.dumps(changes, indent=2))
    elif changes:
        _show(changes)
    else:
        click.echo(f"no change of {key} is missing in the database")


def _changes(
    server: Server, registration: dict[str, Any], key: str
) -> list[dict[str, Any]]:
    streams = {role: stream_of(registration, role) for role in _PLACES}
    total = sum(map(server.length, streams.values()))
    changes, seen = [], 0
    with progress(registration["name"], total) as advance:
        for role, stream in streams.items():
            for entry in server.entries(stream):
                seen += 1
                if seen % 1000 == 0:
                    advance(seen)
                if entry.key != key:
                    continue
                changes.append(
                    {
                        "registration": registration["name"],
                        "place": _PLACES[role],
                        "id": entry.id,
                        "operation": entry.operation,
                        "fields": entry.fields,
                        "cleared": entry.cleared,
                        "error": entry.get("_error") or None,
                    }
                )
    if _is_dirty(server, stream_of(registration, "dirty"), key):
        changes.append(
            {
                "registration": registration["name"],
                "place": "dirty",
                "id": None,
                "operation": "its state when it is read",
                "fields": {},
                "cleared": [],
                "error": None,
            }
        )
    return changes


def _is_dirty(server: Server, place: str, key: str) -> bool:
    kind = shown(server.command("TYPE", place))
    question = {"hash": "HEXISTS", "set": "SISMEMBER", "zset": "ZSCORE"}.get(kind)
    if question is not None:
        return bool(server.command(question, place, key))
    return kind == "stream" and any(entry.key == key for entry in server.entries(place))


def _show(changes: list[dict[str, Any]]) -> None:
    table = Table(box=None, header_style="bold", pad_edge=False)
    for title in ("registration", "place", "id", "operation", "fields"):
        table.add_column(title, overflow="fold")
    for change in changes:
        fields = [f"{name}={value}" for name, value in change["fields"].items()]
        fields += [f"{name} removed" for name in change["cleared"]]
        if change["error"]:
            fields.append(f"({change['error']})")
        table.add_row(
            change["registration"],
            change["place"],
            change["id"] or "-",
            change["operation"],
            " ".join(fields),
        )
    Console().print(table)
