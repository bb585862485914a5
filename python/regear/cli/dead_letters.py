"""``regear dead-letters``."""

from __future__ import annotations

import json
import time
from itertools import islice
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from regear.cli import _options
from regear.cli._server import Entry, Server, server_at, stream_of


@click.command("dead-letters")
@click.argument("name", required=False)
@_options.redis_url
@_options.as_json
@click.option(
    "--limit",
    type=click.IntRange(1),
    default=100,
    show_default=True,
    help="At most so many of each registration, the oldest first.",
)
def dead_letters(name: str | None, url: str, as_json: bool, limit: int) -> None:
    """List the changes that a database refused for good, and why.

    Of all registrations, or of the one called NAME.
    """
    with server_at(url) as server:
        letters, total = [], 0
        for registration in server.registrations(name):
            stream = stream_of(registration, "dead")
            total += server.length(stream)
            letters += _letters(server, registration["name"], stream, limit)
    if as_json:
        click.echo(json.dumps(letters, indent=2))
    elif letters:
        _show(letters, total)
    else:
        click.echo("no dead letters")


def _letters(server: Server, name: str, stream: str, limit: int) -> list[Any]:
    return [_describe(name, entry) for entry in islice(server.entries(stream), limit)]


def _describe(name: str, letter: Entry) -> dict[str, Any]:
    at = letter.get("_at")
    return {
        "registration": name,
        "id": letter.id,
        "change": letter.get("_id") or letter.id,
        "key": letter.key,
        "operation": letter.operation,
        "code": letter.get("_code"),
        "error": letter.get("_error"),
        "at": int(at) if at.isdecimal() else None,
        "fields": letter.fields,
        "cleared": letter.cleared,
    }


def _show(letters: list[dict[str, Any]], total: int) -> None:
    table = Table(box=None, header_style="bold", pad_edge=False)
    for title in ("registration", "id", "key", "code"):
        table.add_column(title, overflow="fold")
    table.add_column("error", overflow="fold")
    table.add_column("age", justify="right", no_wrap=True)
    for letter in letters:
        table.add_row(
            letter["registration"],
            letter["id"],
            letter["key"],
            letter["code"],
            letter["error"],
            age(letter["at"]),
        )
    Console().print(table)
    if total > len(letters):
        click.echo(f"{len(letters)} of {total} (try: --limit {total})")
    click.echo("try: regear replay NAME writes the present state of these keys")


def age(at: int | None) -> str:
    """How long ago, by one unit."""
    if at is None:
        return "-"
    seconds = max(0, int(time.time() - at / 1000))
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
