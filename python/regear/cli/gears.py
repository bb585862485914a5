"""``gears-cli``: sends recipes to a server.

Three spellings are in use: ``gears-cli run [options] path [extra…]``, options
before ``run``, and no ``run`` at all.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from regear.cli._gears_arguments import USAGE, GearsUsageError, RunArguments, parse
from regear.cli._gears_client import ScriptError, connect, send, show
from regear.errors import RegearError


def main() -> None:
    """The console script."""
    sys.exit(run_arguments(sys.argv[1:], "gears-cli"))


def run_arguments(arguments: Sequence[str], program: str) -> int:
    """Do what the command line says; the exit code."""
    try:
        parsed = parse(arguments)
        if parsed is None:
            print(USAGE)
            return 0
        return _run(parsed)
    except GearsUsageError as error:
        print(f"{program}: {error} (try: {program} --help)", file=sys.stderr)
        return 2
    except ScriptError as error:
        print(error.message, file=sys.stderr)  # a traceback keeps its lines
        return 1
    except (RegearError, OSError) as error:
        print(f"{program}: {' '.join(str(error).split())}", file=sys.stderr)
        return 1


def _run(parsed: RunArguments) -> int:
    script = _read(parsed.path)
    client = connect(parsed)
    try:
        reply = send(client, [script, *parsed.all_extra()])
    finally:
        client.close()
    return show(reply)


def _read(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise RegearError(f"{path} cannot be read: {error.strerror}") from None
