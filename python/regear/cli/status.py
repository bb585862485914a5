"""``regear status``."""

from __future__ import annotations

import json
import time

import click
from rich.console import Console
from rich.live import Live

from regear.cli import _options
from regear.cli._server import Server, server_at
from regear.cli._status_view import render

_REFRESH_SECONDS = 1.0


@click.command()
@_options.redis_url
@click.option("--json", "as_json", is_flag=True, help="Print the server's JSON.")
@click.option("--watch", is_flag=True, help="Refresh each second, until Ctrl-C.")
def status(url: str, as_json: bool, watch: bool) -> None:
    """Show each registration: backlog, rate, lag, and what is wrong.

    Also dead letters and parked changes, and what registrations that are gone
    have left behind.
    """
    with server_at(url) as server:
        if as_json:
            click.echo(json.dumps(server.status(), indent=2))
        elif watch:
            _watch(server)
        else:
            Console().print(render(server.status()))


def _watch(server: Server) -> None:
    with Live(render(server.status()), auto_refresh=False) as live:
        while True:
            try:
                time.sleep(_REFRESH_SECONDS)
            except KeyboardInterrupt:
                return
            live.update(render(server.status()), refresh=True)
