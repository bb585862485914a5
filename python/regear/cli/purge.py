"""``regear purge``."""

from __future__ import annotations

from typing import Any

import click

from regear.cli import _options
from regear.cli._serve import count
from regear.cli._server import Server, named, server_at, stream_of


@click.command()
@click.argument("name")
@click.option(
    "--dead-letters",
    is_flag=True,
    help="Remove the dead letters instead of the pending changes.",
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@_options.redis_url
def purge(name: str, dead_letters: bool, yes: bool, url: str) -> None:
    """Remove for ever what the registration NAME has not written yet.

    The rows of the table stay as they are. Also for what was left behind by a
    registration that is gone (`regear status` lists it).
    """
    noun = "dead letter" if dead_letters else "pending change"
    with server_at(url) as server:
        number = _number(server, _target(server, name), dead_letters)
        if not number:
            click.echo(f"{name} has no {noun}s")
            return
        if not yes:
            click.confirm(
                f"Remove {count(number, noun)} of {name} for ever?", abort=True
            )
        words = ["DEAD"] if dead_letters else []
        removed = server.command("RG.WRITEBEHIND", "PURGE", name, *words)
    click.echo(f"{count(removed, noun)} of {name} removed")


def _target(server: Server, name: str) -> dict[str, Any]:
    status = server.status()
    return named([*status.get("orphans", []), *status["registrations"]], name)


def _number(server: Server, target: dict[str, Any], dead_letters: bool) -> int:
    if dead_letters:
        return server.length(stream_of(target, "dead"))
    dirty = int(server.command("HLEN", stream_of(target, "dirty")))
    roles = ("stream", "parked")
    return dirty + sum(server.length(stream_of(target, role)) for role in roles)
