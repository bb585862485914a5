"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from regear.cli._gears_arguments import read_requirements
from regear.host import DEFAULT_URL

Decorated = TypeVar("Decorated", bound=Callable[..., Any])


def _pairs(
    _context: click.Context, _option: click.Parameter, values: tuple[str, ...]
) -> dict[str, str]:
    pairs = {}
    for text in values:
        key, equals, value = text.partition("=")
        if not key or not equals:
            raise click.BadParameter(f"{text!r} is not KEY=VALUE")
        pairs[key] = value
    return pairs


def redis_url(command: Decorated) -> Decorated:
    return click.option(
        "--redis",
        "url",
        metavar="URL",
        envvar="REGEAR_REDIS",
        default=DEFAULT_URL,
        show_default=True,
        help="The server: redis://[user:password@]host:port or unix://path; "
        "also from REGEAR_REDIS.",
    )(command)


def as_json(command: Decorated) -> Decorated:
    return click.option(
        "--json", "as_json", is_flag=True, help="Print JSON instead of a table."
    )(command)


def timeout(command: Decorated) -> Decorated:
    return click.option(
        "--timeout",
        metavar="SECONDS",
        type=click.FloatRange(min=0),
        default=60.0,
        show_default=True,
        help="Wait no longer.",
    )(command)


def _address(
    _context: click.Context, _option: click.Parameter, text: str | None
) -> tuple[str, int] | None:
    if text is None:
        return None
    address, _, port = text.rpartition(":")
    if not port.isdecimal() or int(port) > 65535:
        raise click.BadParameter(f"{text!r} is not [HOST:]PORT")
    return address.strip("[]") or "127.0.0.1", int(port)


def metrics(command: Decorated) -> Decorated:
    return click.option(
        "--metrics",
        metavar="[HOST:]PORT",
        callback=_address,
        help="Serve /metrics for Prometheus, /healthz and /readyz there; "
        "without HOST on 127.0.0.1 only.",
    )(command)


def configuration(command: Decorated) -> Decorated:
    return click.option(
        "--set",
        "config",
        metavar="KEY=VALUE",
        multiple=True,
        callback=_pairs,
        help="A value for configGet; may be given several times.",
    )(command)


def state_key(command: Decorated) -> Decorated:
    return click.option(
        "--state-key",
        metavar="FILE",
        type=click.Path(path_type=Path, dir_okay=False),
        help="The key that seals stored sessions; made if it is missing. "
        "[default: $XDG_STATE_HOME/regear/host.key]",
    )(command)


def data_dir(command: Decorated) -> Decorated:
    return click.option(
        "--data-dir",
        metavar="DIR",
        type=click.Path(path_type=Path, file_okay=False),
        help="Where requirements of recipes are installed. "
        "[default: $XDG_DATA_HOME/regear]",
    )(command)


def requirements(command: Decorated) -> Decorated:
    return click.option(
        "--requirements",
        metavar="FILE",
        multiple=True,
        callback=_requirements,
        type=click.Path(path_type=Path, dir_okay=False),
        help="What the RECIPEs need, one requirement a line.",
    )(command)


def _requirements(
    _context: click.Context, _option: click.Parameter, files: tuple[Path, ...]
) -> tuple[str, ...]:
    return tuple(line for file in files for line in read_requirements(str(file)))


def recipes(command: Decorated) -> Decorated:
    return click.argument(
        "recipes",
        metavar="[RECIPE]...",
        nargs=-1,
        type=click.Path(path_type=Path, dir_okay=False),
    )(command)
