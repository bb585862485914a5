"""How commands fail: one line that says what to try, and an exit code."""

from __future__ import annotations

import sys

import click

from regear.errors import RegearError


def run_command(command: click.Command, name: str) -> None:
    """Run a command as a process: exit 2 on wrong usage, 1 on failure."""
    try:
        code = command.main(prog_name=name, standalone_mode=False)
    except click.UsageError as error:
        place = error.ctx.command_path if error.ctx else name
        fail(name, f"{error.format_message()} (try: {place} --help)", 2)
    except click.ClickException as error:
        fail(name, error.format_message(), 1)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(130)
    except RegearError as error:
        fail(name, str(error), 1)
    except BrokenPipeError:
        sys.stderr.close()  # or Python complains once more at its end
        sys.exit(1)
    sys.exit(code if isinstance(code, int) else 0)


def fail(name: str, message: str, code: int) -> None:
    print(f"{name}: {' '.join(message.split())}", file=sys.stderr)
    sys.exit(code)
