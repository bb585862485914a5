"""``regear skip``."""

from __future__ import annotations

import click

from regear.cli import _options
from regear.cli._server import server_at


@click.command()
@click.argument("name")
@click.argument("change", metavar="ID")
@_options.redis_url
def skip(name: str, change: str, url: str) -> None:
    """Take the change ID out of the queue of the registration NAME.

    It becomes a dead letter: `regear replay` writes the key's present state.
    `regear pending KEY` shows the ids of changes.
    """
    with server_at(url) as server:
        server.registration(name)
        server.command("RG.WRITEBEHIND", "SKIP", name, change)
    click.echo(f"{change} is a dead letter of {name} now")
