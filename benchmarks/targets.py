"""The table persons in databases that go away and come back."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

from tests.integration._mariadb import MariaDbServer
from tests.integration._servers import PostgresServer

from benchmarks.private import private_mariadb, private_postgres

Rows = list[tuple[Any, ...]]


class Target:
    """A database with a table of hashes ``person:*``."""

    name: ClassVar[str]
    connector: ClassVar[str]  # in rgsync.Connectors, without "Connector"
    text: ClassVar[str] = "text"

    def sql(self, statement: str) -> Rows:
        raise NotImplementedError

    def connection(self) -> str:
        """The recipe's expression for it."""
        raise NotImplementedError

    def parameters(self) -> dict[str, str]:
        """The engine's."""
        raise NotImplementedError

    def stop(self) -> None:
        """Nothing is written until ``start``."""
        raise NotImplementedError

    def start(self) -> None:
        raise NotImplementedError

    def create(self) -> None:
        self.sql(
            f"CREATE TABLE persons (person_id {self.text} PRIMARY KEY,"
            f" first {self.text}, last {self.text}, age int)"
        )

    def recipe(self) -> str:
        return (
            "from rgsync import RGWriteBehind\n"
            f"from rgsync.Connectors import {self.connector}Connection,"
            f" {self.connector}Connector\n"
            "mapping = {'first_name': 'first', 'last_name': 'last', 'age': 'age'}\n"
            f"connector = {self.connector}Connector({self.connection()}, 'persons',"
            " 'person_id')\n"
            "RGWriteBehind(GB, 'person', mapping, connector, 'Persons')\n"
        )


class SqliteTarget(Target):
    """A file, which another connection locks for as long as it is away."""

    name = "sqlite"
    connector = "SQLite"

    def __init__(self, folder: Path) -> None:
        self._path = str(folder / "bench.db")
        self._blocker: sqlite3.Connection | None = None
        self.sql("PRAGMA journal_mode=WAL")

    def sql(self, statement: str) -> Rows:
        connection = sqlite3.connect(self._path, timeout=20)
        try:
            with connection:
                return connection.execute(statement).fetchall()
        finally:
            connection.close()

    def connection(self) -> str:
        return f"SQLiteConnection({self._path!r})"

    def parameters(self) -> dict[str, str]:
        return {"path": self._path}

    def stop(self) -> None:
        self._blocker = sqlite3.connect(self._path, timeout=20, isolation_level=None)
        self._blocker.execute("BEGIN IMMEDIATE")

    def start(self) -> None:
        if self._blocker is not None:
            self._blocker.close()


class ServerTarget(Target):
    def __init__(self, server: PostgresServer | MariaDbServer, database: str) -> None:
        self._server = server
        self._database = database
        server.query(f"CREATE DATABASE {database}")

    def sql(self, statement: str) -> Rows:
        return self._server.query(statement, database=self._database)

    def connection(self) -> str:
        server = self._server
        address = server.address(self._database)
        return (
            f"{self.connector}Connection({server.superuser!r}, {server.password!r},"
            f" {address!r})"
        )

    def parameters(self) -> dict[str, str]:
        return {
            "host": "127.0.0.1",
            "port": str(self._server.port),
            "user": self._server.superuser,
            "password": self._server.password,
            "dbname": self._database,
        }

    def stop(self) -> None:
        self._server.stop()

    def start(self) -> None:
        self._server.start()


class PostgresTarget(ServerTarget):
    name = "postgres"
    connector = "Postgres"


class MariaDbTarget(ServerTarget):
    name = "mariadb"
    connector = "MySql"
    text = "varchar(100)"


TARGETS = ("postgres", "sqlite", "mariadb")


@contextmanager
def private_target(name: str) -> Iterator[Target]:
    """With the table persons, empty."""
    if name == "sqlite":
        with tempfile.TemporaryDirectory(prefix="regear-bench-") as folder:
            yield _with_table(SqliteTarget(Path(folder)))
    elif name == "postgres":
        with private_postgres() as postgres:
            yield _with_table(PostgresTarget(postgres, "bench"))
    else:
        with private_mariadb() as mariadb:
            yield _with_table(MariaDbTarget(mariadb, "bench"))


def _with_table(target: Target) -> Target:
    target.create()
    return target
