"""``regear replay``."""

from __future__ import annotations

import json

import click

from regear.cli import _options
from regear.cli._progress import progress
from regear.cli._serve import count
from regear.cli._server import Server, server_at, shown, stream_of

_PAGE = 1000
_MOST_NAMED = 20


@click.command()
@click.argument("name")
@click.argument("keys", metavar="[KEY]...", nargs=-1)
@_options.redis_url
@_options.as_json
def replay(name: str, keys: tuple[str, ...], url: str, as_json: bool) -> None:
    """Capture the keys of dead letters anew, as they are now.

    Of all dead letters of the registration NAME, or of these KEYs. Values that
    a key had before never come back. Dead letters of keys that are no longer in
    Redis stay: `regear purge NAME --dead-letters` removes them.
    """
    with server_at(url) as server:
        registration = server.registration(name)
        total = server.length(stream_of(registration, "dead"))
        replayed, missing, left = _replay(server, name, keys, total)
    if as_json:
        click.echo(json.dumps({"replayed": replayed, "missing": missing, "left": left}))
        return
    click.echo(f"{count(replayed, 'dead letter')} replayed, {left} left")
    for key in missing[:_MOST_NAMED]:
        click.echo(f"{key} is no longer in Redis: its row was left alone")
    if len(missing) > _MOST_NAMED:
        click.echo(f"and {len(missing) - _MOST_NAMED} more keys")


def _replay(
    server: Server, name: str, keys: tuple[str, ...], total: int
) -> tuple[int, list[str], int]:
    replayed, seen, left, after = 0, 0, total, "0-0"
    missing: dict[str, None] = {}
    with progress("replaying", total) as advance:
        while seen < total:
            done, gone, left, last = server.command(
                *("RG.WRITEBEHIND", "REPLAY", name, "COUNT", _PAGE, "AFTER", after),
                *keys,
            )
            if not last:
                break
            replayed += done
            missing.update(dict.fromkeys(map(shown, gone)))
            after = shown(last)
            seen += _PAGE
            advance(min(seen, total))
    return replayed, list(missing), left
