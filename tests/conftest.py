"""What all tests share."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest


def redis_program() -> str | None:
    """The Redis server to test on: REGEAR_REDIS_SERVER, or the PATH's."""
    return shutil.which(os.environ.get("REGEAR_REDIS_SERVER", "redis-server"))


def postgres_programs() -> str | None:
    """The folder of initdb and postgres."""
    folder = os.environ.get("REGEAR_POSTGRES_BIN", "/usr/lib/postgresql/15/bin")
    return folder if os.path.exists(os.path.join(folder, "postgres")) else None


def mariadb_program() -> str | None:
    """The MariaDB server to test on: REGEAR_MARIADB_SERVER, or the PATH's."""
    named = os.environ.get("REGEAR_MARIADB_SERVER", "mariadbd")
    path = os.environ.get("PATH", "") + ":/usr/sbin"
    return shutil.which(named, path=path)


def cached(path: str) -> str | None:
    """What scripts/fetch-* left in the cache folder."""
    caches = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folder = os.environ.get("REGEAR_CACHE") or Path(caches, "regear")
    file = Path(folder, path)
    return str(file) if file.exists() else None


def rejson_path() -> str | None:
    """The module RedisJSON: REGEAR_REJSON, or what scripts/fetch-rejson got."""
    return os.environ.get("REGEAR_REJSON") or cached("rejson-2/rejson.so")


def ferretdb_program() -> str | None:
    """REGEAR_FERRETDB, or what scripts/fetch-ferretdb built."""
    return os.environ.get("REGEAR_FERRETDB") or cached("ferretdb-1/ferretdb")


def published_gears_cli() -> list[str] | None:
    """The command of the gears-cli that scripts/fetch-venv got."""
    program = cached("gears-cli-1/bin/gears-cli")
    return [str(Path(program).with_name("python")), program] if program else None


def missing(what: str) -> None:
    """Skip on a laptop, fail in CI: there everything shall be tested."""
    if os.environ.get("CI"):
        pytest.fail(f"{what} is missing")
    pytest.skip(f"{what} is missing")


def pytest_report_header() -> list[str]:
    postgres = postgres_programs()
    programs = [
        redis_program(),
        os.path.join(postgres, "postgres") if postgres else None,
        mariadb_program(),
    ]
    return [_version(program) for program in programs if program]


def plain_environment() -> dict[str, str]:
    """Without the sanitizers that are loaded into every process of a sanitized
    run: PostgreSQL hangs with them, and is not what they are to look at."""
    return {name: text for name, text in os.environ.items() if name != "LD_PRELOAD"}


def _version(program: str) -> str:
    output = subprocess.run(
        [program, "--version"],
        capture_output=True,
        text=True,
        check=False,
        env=plain_environment(),
    )
    return output.stdout.strip()
