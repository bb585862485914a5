"""``regear sync``."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import click

from regear._existing_keys import connect, keys_of
from regear.cli import _options
from regear.cli._progress import progress
from regear.cli._serve import count
from regear.cli._server import Server, server_at, stream_of

_BATCH = 500
_POLL = 0.05  # s


@click.command()
@click.argument("name")
@click.option(
    "--max-backlog",
    type=click.IntRange(1),
    default=100_000,
    show_default=True,
    help="Rest while so many changes wait to be written.",
)
@_options.redis_url
def sync(name: str, max_backlog: int, url: str) -> None:
    """Capture every existing key of the registration NAME.

    For keys that were there before the recipe was, and after a table was
    restored from a backup. Rows without a key stay as they are.
    """
    with server_at(url) as server:
        registration = server.registration(name)
        captured = 0
        with progress("capturing", None) as advance:
            for keys in _batches(url, registration):
                _rest(server, stream_of(registration, "stream"), max_backlog)
                done, _ = server.command("RG.WRITEBEHIND", "CAPTURE", name, *keys)
                captured += done
                advance(captured)
        server.command("RG.WRITEBEHIND", "NOTE", name, "uncaptured", "")
    click.echo(f"{count(captured, 'key')} captured for {name}")


def _batches(url: str, registration: dict[str, Any]) -> Iterator[list[bytes]]:
    client = connect(url, registration.get("db", 0))
    try:
        documents = registration.get("documents") is not None
        for page in keys_of(client, registration["prefix"], documents):
            for start in range(0, len(page), _BATCH):
                yield page[start : start + _BATCH]
    finally:
        client.close()


def _rest(server: Server, stream: str, most: int) -> None:
    """Memory of Redis is not to fill up with what waits for a slow target."""
    while server.length(stream) > most and server.status()["host"]["attached"]:
        time.sleep(_POLL)
