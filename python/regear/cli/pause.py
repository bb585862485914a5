"""``regear pause``."""

from __future__ import annotations

import click

from regear.cli import _options
from regear.cli._server import server_at


@click.command()
@click.argument("name")
@_options.redis_url
def pause(name: str, url: str) -> None:
    """Stop writing to the table of the registration NAME.

    Changes are captured and kept until `regear resume NAME`.
    """
    with server_at(url) as server:
        server.registration(name)
        server.command("RG.WRITEBEHIND", "PAUSE", name)
    click.echo(f"{name} is paused: changes are kept (try: regear resume {name})")
