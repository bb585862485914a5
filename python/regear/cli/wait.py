"""``regear wait``."""

from __future__ import annotations

import click

from regear.cli import _options
from regear.cli._server import server_at
from regear.cli._waiting import wait_until_written


@click.command()
@click.argument("name", required=False)
@_options.timeout
@_options.redis_url
def wait(name: str | None, timeout: float, url: str) -> None:
    """Return when all that was written to Redis until now is in the database.

    For all registrations, or the one called NAME. Fails after the timeout, and
    if a change became a dead letter, and says which.
    """
    with server_at(url) as server:
        wait_until_written(server, server.registrations(name), timeout)
    click.echo("everything is in the database")
