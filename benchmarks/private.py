"""The servers of the tests, with the settings that a benchmark wants."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.conftest import mariadb_program, postgres_programs, redis_program
from tests.integration._mariadb import MariaDbServer
from tests.integration._servers import PostgresServer, RedisServer


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="regear-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # PostgreSQL runs as another user
        yield folder


@contextmanager
def private_redis(
    *, module: bool, aof: bool = False, json: str | None = None
) -> Iterator[RedisServer]:
    """Without persistence, or with an AOF that is fsynced each second; with
    RedisJSON if ``json`` is its path."""
    program = redis_program()
    assert program is not None, "redis-server is missing: scripts/bootstrap test"
    with _folder() as folder:
        options = ["--unixsocket", str(socket_of(folder))]
        if aof:
            options += ["--appendonly", "yes", "--appendfsync", "everysec"]
        server = RedisServer(program, folder, *options, module=module, json=json)
        try:
            yield server
        finally:
            server.close()
            server.stop()


def socket_of(folder: Path) -> Path:
    return folder / "redis.sock"


@contextmanager
def private_postgres() -> Iterator[PostgresServer]:
    """With its default settings: fsync and synchronous commit."""
    programs = postgres_programs()
    assert programs is not None, "PostgreSQL is missing: scripts/bootstrap test"
    with _folder() as folder:
        server = PostgresServer(programs, folder)
        try:
            yield server
        finally:
            server.stop()


@contextmanager
def private_mariadb() -> Iterator[MariaDbServer]:
    """With its default durability; a buffer pool that holds the table."""
    program = mariadb_program()
    assert program is not None, "MariaDB is missing: scripts/bootstrap test"
    with _folder() as folder:
        server = MariaDbServer(program, folder, "--innodb-buffer-pool-size=1G")
        try:
            yield server
        finally:
            server.stop()
