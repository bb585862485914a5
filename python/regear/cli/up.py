"""``regear up``."""

from __future__ import annotations

import logging
import tempfile
from contextlib import ExitStack
from pathlib import Path

import click

from regear.cli import _options
from regear.cli._private_redis import PrivateRedis
from regear.cli._serve import (
    count,
    log_to_stderr,
    serve_metrics,
    start_host,
    until_stopped,
)
from regear.host import Host

_DRAIN_SECONDS = 10.0
_WATCH_INTERVAL = 0.5  # s between two looks at the server process


@click.command()
@_options.recipes
@_options.requirements
@click.option("--port", type=click.IntRange(1, 65535), help="[default: a free one]")
@click.option(
    "--data",
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    help="Keep the data there, with an append-only file. "
    "[default: a temporary folder, removed at the end]",
)
@click.option(
    "--loadmodule",
    "modules",
    metavar="FILE",
    multiple=True,
    type=click.Path(path_type=Path, exists=True, dir_okay=False, resolve_path=True),
    help="Another module to load; may be given several times.",
)
@_options.configuration
@_options.state_key
@_options.data_dir
@_options.metrics
@click.option(
    "--redis-server",
    "program",
    metavar="FILE",
    envvar="REGEAR_REDIS_SERVER",
    help="The server program. [default: redis-server or valkey-server in PATH]",
)
def up(
    recipes: tuple[Path, ...],
    requirements: tuple[str, ...],
    port: int | None,
    data: Path | None,
    modules: tuple[Path, ...],
    config: dict[str, str],
    state_key: Path | None,
    data_dir: Path | None,
    metrics: tuple[str, int] | None,
    program: str | None,
) -> None:
    """Start a private Redis server and serve the RECIPEs, until Ctrl-C."""
    log_to_stderr(logging.WARNING)
    with ExitStack() as stack:
        stopped = stack.enter_context(until_stopped())
        folder = data or Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix="regear-"))
        )
        redis = stack.enter_context(
            PrivateRedis(
                folder,
                port=port,
                keep=data is not None,
                modules=modules,
                program=program,
            )
        )
        host = Host(
            redis.url,
            functions=True,
            config=config,
            state_key=state_key,
            data_dir=data_dir,
        )
        for recipe in recipes:
            host.load(recipe, requirements)
        stack.callback(host.stop, drain=False)
        serve_metrics(host, metrics)
        if not start_host(host, stopped):
            return
        click.echo(
            f"regear ready: {redis.url}, {count(len(recipes), 'recipe')}, Ctrl-C stops"
        )
        while not stopped.wait(_WATCH_INTERVAL):
            redis.check()
        host.stop(drain=True, timeout=_DRAIN_SECONDS)
