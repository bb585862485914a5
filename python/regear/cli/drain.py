"""``regear drain``."""

from __future__ import annotations

import click

from regear.cli import _options
from regear.cli._server import server_at
from regear.cli._waiting import wait_until_written


@click.command()
@click.argument("name")
@click.option("--wait", is_flag=True, help="Return when it is in the database.")
@_options.timeout
@_options.redis_url
def drain(name: str, wait: bool, timeout: float, url: str) -> None:
    """Have the host write now what the registration NAME has captured,
    whatever the recipe's batch and duration say."""
    with server_at(url) as server:
        registration = server.registration(name)
        server.command("RG.WRITEBEHIND", "DRAIN", name)
        if wait:
            wait_until_written(server, [registration], timeout)
    click.echo(f"{name} is drained" if wait else f"{name} drains")
