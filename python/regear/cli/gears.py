"""``gears-cli``: sends recipes and requirements to a server.

Three spellings are in use: ``gears-cli run [options] path [extra…]``, options
before ``run``, and no ``run`` at all.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import click

from regear.cli._gears_arguments import (
    given,
    present,
    read,
    read_requirements,
    server_of,
    server_options,
)
from regear.cli._gears_client import ScriptError, connected, show
from regear.cli._gears_parcels import export_requirements, import_requirements
from regear.errors import RegearError

_INSTALL = 'log("installing requirements")'
_RUN_REQUIREMENTS = click.option(
    "--requirements", metavar="FILE", help="One a line, for REQUIREMENTS."
)


def main() -> None:
    """The console script."""
    sys.exit(run_arguments(sys.argv[1:], "gears-cli"))


def run_arguments(arguments: Sequence[str], program: str) -> int:
    """Do what the command line says; the exit code."""
    try:
        code = gears_cli.main(list(arguments), program, standalone_mode=False)
    except click.UsageError as error:
        print(f"{program}: {error.format_message()} (try: --help)", file=sys.stderr)
        return 2
    except (click.Abort, KeyboardInterrupt):
        return 130
    except ScriptError as error:
        print(error.message, file=sys.stderr)  # a traceback keeps its lines
        return 1
    except (click.ClickException, RegearError, OSError) as error:
        print(f"{program}: {' '.join(str(error).split())}", file=sys.stderr)
        return 1
    return code if isinstance(code, int) else 0


class _Program(click.Group):
    def resolve_command(
        self, context: click.Context, arguments: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """``run`` may be left out."""
        if arguments[0] not in self.commands:
            arguments = ["run", *arguments]
        return super().resolve_command(context, arguments)


@click.group(cls=_Program, context_settings={"help_option_names": ["-h", "--help"]})
@server_options
@_RUN_REQUIREMENTS
def gears_cli(**options: Any) -> None:
    """Send recipes and their requirements to a Redis server with regear.

    Options may stand before a command or behind it; the command `run` may be
    left out.
    """
    click.get_current_context().obj = present(options)


@gears_cli.command()
@click.argument("path")
@click.argument("extra", metavar="[ARGUMENT]...", nargs=-1)
@server_options
@_RUN_REQUIREMENTS
def run(path: str, extra: Sequence[str], **options: Any) -> int:
    """Send the script PATH: RG.PYEXECUTE <script> ARGUMENT..."""
    file = given(options).get("requirements")
    requirements = read_requirements(file) if file else []
    if requirements and not any(word.upper() == "REQUIREMENTS" for word in extra):
        extra = [*extra, "REQUIREMENTS"]
    return _execute(options, read(path), *extra, *requirements)


@gears_cli.command("install-requirements")
@click.argument("requirements", nargs=-1)
@click.option("--requirements-file", metavar="FILE", help="One a line.")
@server_options
def install_requirements(
    requirements: Sequence[str],
    requirements_file: str | None,
    **options: Any,
) -> int:
    """Have REQUIREMENTS installed."""
    lines = read_requirements(requirements_file) if requirements_file else []
    if not requirements and not lines:
        raise click.UsageError("no requirement was given")
    return _execute(options, _INSTALL, "REQUIREMENTS", *requirements, *lines)


def _execute(options: Any, *arguments: str | bytes) -> int:
    with connected(server_of(options)) as send:
        return show(send("RG.PYEXECUTE", *arguments))


gears_cli.add_command(export_requirements)
gears_cli.add_command(import_requirements)
