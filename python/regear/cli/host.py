"""``regear host``."""

from __future__ import annotations

import logging
from pathlib import Path

import click

from regear._redaction import redact_url
from regear.cli import _options
from regear.cli._serve import (
    count,
    log_to_stderr,
    serve_metrics,
    start_host,
    until_stopped,
)
from regear.cli._starter import Starter, log_to_starter
from regear.host import Host

#: How long a host that is asked to stop goes on writing what is captured.
DRAIN_SECONDS = 5.0


@click.command()
@_options.recipes
@_options.requirements
@_options.redis_url
@_options.configuration
@_options.state_key
@_options.data_dir
@_options.metrics
@click.option("--spawned", is_flag=True, hidden=True)
def host(
    recipes: tuple[Path, ...],
    requirements: tuple[str, ...],
    url: str,
    config: dict[str, str],
    state_key: Path | None,
    data_dir: Path | None,
    metrics: tuple[str, int] | None,
    spawned: bool,
) -> None:
    """Serve a Redis server that has the module, until Ctrl-C.

    Runs RG.PYEXECUTE, serves the registrations that are stored in the server
    and those of the RECIPEs. One host serves a Redis server; further ones
    stand by.
    """
    starter = None
    if spawned:
        log_to_starter()
        starter = Starter.at_standard_input()
        starter.check_folder()
        url = starter.url
        state_key = state_key or starter.folder / "regear.key"
        data_dir = data_dir or starter.folder / "regear"
    else:
        log_to_stderr(logging.INFO)
    with until_stopped() as stopped:
        if starter is not None:
            starter.follow()
        server = Host(
            url,
            functions=True,
            config=config,
            state_key=state_key,
            data_dir=data_dir,
        )
        for recipe in recipes:
            server.load(recipe, requirements)
        serve_metrics(server, metrics)
        if not start_host(server, stopped):
            return
        if starter is None:
            click.echo(
                f"regear host {server.state}: {redact_url(url)}, "
                f"{count(len(recipes), 'recipe')}, Ctrl-C stops"
            )
        stopped.wait()
        # A server that stops its host serves nobody any more.
        server.stop(drain=starter is None, timeout=DRAIN_SECONDS)
