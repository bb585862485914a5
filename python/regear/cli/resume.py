"""``regear resume``."""

from __future__ import annotations

import click

from regear.cli import _options
from regear.cli._server import server_at


@click.command()
@click.argument("name")
@_options.redis_url
def resume(name: str, url: str) -> None:
    """Go on writing to the table of the registration NAME."""
    with server_at(url) as server:
        server.registration(name)
        server.command("RG.WRITEBEHIND", "RESUME", name)
    click.echo(f"{name} goes on")
