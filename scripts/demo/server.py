"""A private Redis with a host, and what both parts of the demo say."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import redis
from rich.console import Console

RECIPES = Path(__file__).resolve().parents[2] / "recipes"

console = Console()


@contextmanager
def regear_up(folder: Path, database: Path) -> Iterator[str]:
    """Yields the URL of the Redis."""
    command = [sys.executable, "-m", "regear", "up"]
    command += ["--set", f"SqlitePath={database}"]
    command += ["--state-key", str(folder / "host.key")]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        if "ready: " not in line:
            raise SystemExit("regear up did not start")
        yield line.partition("ready: ")[2].partition(",")[0]
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


def load_recipe(client: redis.Redis, name: str) -> None:
    source = (RECIPES / name).read_bytes()
    reply = client.execute_command("RG.PYEXECUTE", source, "REQUIREMENTS", "rgsync")
    console.print(f"RG.PYEXECUTE {name} REQUIREMENTS rgsync → {text(reply)}")


def text(value: Any) -> str | None:
    return value.decode() if isinstance(value, bytes) else value


def verdict(rows: int, differences: list[str]) -> bool:
    for line in differences[:10]:
        console.print(f"[red]{line}")
    if differences:
        console.print(f"[bold red]{len(differences)} rows differ from their hashes")
    else:
        console.print(f"[bold green]all {rows} rows equal their hashes")
    return not differences
