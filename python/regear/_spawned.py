"""The host that a Redis server starts by itself: run as a file by regear.so,
which knows the folder that it was loaded from and nothing else."""

from __future__ import annotations

import os
import sys


def _main() -> None:
    # Beside the module is the package that belongs to it; the folder of the
    # package itself, which Python puts there, holds nothing to import.
    sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    try:
        from regear.cli import commands
        from regear.cli._errors import run_command
    except ImportError as error:
        sys.exit(
            f"{error} (try: HostPython with the interpreter that regear is "
            f"installed for; this is {sys.executable})"
        )
    sys.argv[1:] = ["host", "--spawned"]
    run_command(commands, "regear")


if __name__ == "__main__":
    _main()
