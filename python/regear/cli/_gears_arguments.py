"""What the commands of gears-cli have in common."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

import click

from regear._options import requirement_lines
from regear.errors import RegearError

Decorated = TypeVar("Decorated", bound=Callable[..., Any])

_FILE = click.Path(dir_okay=False)
_OPTIONS = (
    click.option("--host", metavar="HOST", help="[default: localhost]"),
    click.option("--port", metavar="PORT", type=int, help="[default: 6379]"),
    click.option("--user", metavar="USER", help="An ACL user."),
    click.option("--password", metavar="PASSWORD"),
    click.option("--ssl", metavar="true", type=bool, help="Use TLS."),
    click.option("--ssl-password", metavar="TEXT", help="Of the key file."),
    click.option("--ssl-keyfile", metavar="FILE", type=_FILE),
    click.option("--ssl-certfile", metavar="FILE", type=_FILE),
    click.option("--ssl-ca-certs", metavar="FILE", type=_FILE),
    click.option(
        "--ssl-verify-ca",
        metavar="true",
        type=bool,
        help="Check the server's certificate.",
    ),
)


@dataclass(frozen=True)
class Server:
    """Where commands go, and how."""

    host: str = "localhost"
    port: int = 6379
    user: str | None = None
    password: str | None = None
    ssl: bool = False
    ssl_password: str | None = None
    ssl_keyfile: str | None = None
    ssl_certfile: str | None = None
    ssl_ca_certs: str | None = None
    ssl_verify_ca: bool = False


def server_options(command: Decorated) -> Decorated:
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def server_of(options: Mapping[str, Any]) -> Server:
    found = given(options)
    names = {field.name for field in fields(Server)} & found.keys()
    return Server(**{name: found[name] for name in names})


def given(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options of the command that runs, and those before it."""
    return {**(click.get_current_context().obj or {}), **present(options)}


def present(options: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value is not None}


def read_requirements(file: str) -> list[str]:
    """The lines of a requirements file, without comments."""
    return requirement_lines(read(file).decode(errors="replace").splitlines())


def read(file: str) -> bytes:
    try:
        return Path(file).read_bytes()
    except OSError as error:
        raise RegearError(f"{file} cannot be read: {error.strerror}") from None
