"""``regear status``."""

from __future__ import annotations

import json
import time
from typing import Any

import click
import redis
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from regear._redaction import redact_url
from regear.cli import _options
from regear.errors import ConnectionFailed, RegearError

_REFRESH_SECONDS = 1.0
_STATE_STYLES = {
    "running": "green",
    "connecting": "yellow",
    "retrying": "yellow",
    "refused": "red",
    "stopped": "red",
    "sealed": "red",
}


@click.command()
@_options.redis_url
@click.option("--json", "as_json", is_flag=True, help="Print the server's JSON.")
@click.option("--watch", is_flag=True, help="Refresh each second, until Ctrl-C.")
def status(url: str, as_json: bool, watch: bool) -> None:
    """Show each registration: backlog, rate, lag, and what is wrong."""
    client = redis.Redis.from_url(url, decode_responses=True)
    try:
        if as_json:
            click.echo(json.dumps(read_status(client, url), indent=2))
        elif watch:
            _watch(client, url)
        else:
            Console().print(render(read_status(client, url)))
    finally:
        client.close()


def read_status(client: redis.Redis, url: str) -> dict[str, Any]:
    """What RG.STATUS answers."""
    try:
        document: dict[str, Any] = json.loads(client.execute_command("RG.STATUS"))  # type: ignore[no-untyped-call]
    except redis.ConnectionError as error:
        raise ConnectionFailed(
            f"{redact_url(url)}: {error}", "--redis URL of a server that runs"
        ) from error
    except redis.ResponseError as error:
        if "unknown command" in str(error).lower():
            raise RegearError(
                f"{redact_url(url)} has not loaded the module",
                "redis-server --loadmodule $(regear module-path)",
            ) from None
        raise RegearError(f"{redact_url(url)}: {error}") from None
    return document


def _watch(client: redis.Redis, url: str) -> None:
    with Live(render(read_status(client, url)), auto_refresh=False) as live:
        while True:
            try:
                time.sleep(_REFRESH_SECONDS)
            except KeyboardInterrupt:
                return
            live.update(render(read_status(client, url)), refresh=True)


def render(document: dict[str, Any]) -> RenderableType:
    """A table of the registrations, and a line for each that is in trouble."""
    registrations = document["registrations"]
    host = document["host"]
    parts: list[RenderableType] = [
        Text(f"host attached, fence {host['fence']}", style="green")
        if host["attached"]
        else Text("no host is attached (try: regear host)", style="red")
    ]
    if registrations:
        parts.append(_table(registrations))
    else:
        parts.append(Text("nothing is registered"))
    parts += [line for registration in registrations for line in _trouble(registration)]
    return Group(*parts)


def _table(registrations: list[dict[str, Any]]) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False)
    for title in ("name", "version", "keys", "table", "state"):
        table.add_column(title, overflow="fold")
    for title in ("backlog", "rate/s", "lag"):
        table.add_column(title, justify="right", no_wrap=True)
    for registration in registrations:
        state = _state(registration)
        work = registration["status"] or {}
        table.add_row(
            registration["name"],
            registration["version"] or "-",
            registration["prefix"] + "*",
            registration["table"],
            Text(state, style=_STATE_STYLES.get(state, "")),
            str(registration["backlog"]),
            f"{work.get('rate', 0):.0f}",
            _duration(work.get("lag_ms")),
        )
    return table


def _state(registration: dict[str, Any]) -> str:
    work = registration["status"]
    return str(work["state"]) if work else "captured only"


def _trouble(registration: dict[str, Any]) -> list[Text]:
    work = registration["status"] or {}
    if not work.get("last_error"):
        return []
    line = f"{registration['name']}: {work['last_error']}"
    if work.get("hint"):
        line += f" (try: {work['hint']})"
    return [Text(line, style="red", overflow="fold")]


def _duration(milliseconds: Any) -> str:
    if milliseconds is None:
        return "-"
    if milliseconds < 1000:
        return f"{milliseconds:.0f} ms"
    return f"{milliseconds / 1000:.1f} s"
