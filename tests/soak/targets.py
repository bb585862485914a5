"""The databases of a soak run: one small class each.

A target has the tables of ``tables.TABLES`` and a table ``audit`` that
triggers fill. A new database needs: its column types and triggers, how it is
started and killed, and the recipe's words for its connection.
"""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, ClassVar, Protocol

from tests.soak.audit import Line
from tests.soak.proxy import Proxy
from tests.soak.tables import TABLES, Table

_AUDIT = "SELECT n, tab, id, op, v, checkpoint FROM audit ORDER BY n"
_OPERATIONS = (("INSERT", "I", "NEW"), ("UPDATE", "U", "NEW"), ("DELETE", "D", "OLD"))


class Target:
    """A database of one round."""

    name: str
    #: The connector's name in rgsync.Connectors, without "Connector".
    connector: str
    types: ClassVar[dict[type, str]]
    id_type = "TEXT"
    #: Between host and database; None where they talk without a wire.
    proxy: Proxy | None = None

    def connection(self) -> str:
        """The recipe's expression for it."""
        raise NotImplementedError

    def execute(self, sql: str) -> list[tuple[Any, ...]]:
        raise NotImplementedError

    def crash(self) -> None:
        """kill -9 of the database; ``recover`` brings it back."""
        raise NotImplementedError

    def recover(self) -> None: ...

    def close(self) -> None: ...

    def create_tables(self, tables: Sequence[Table] = TABLES) -> None:
        self.execute(
            "CREATE TABLE regear_checkpoint (id VARCHAR(255) PRIMARY KEY,"
            " val VARCHAR(255))"
        )
        self._create_audit()
        for table in tables:
            columns = ", ".join(
                f"{column} {self.types[kind]}"
                for column, kind in table.column_types().items()
            )
            self.execute(
                f"CREATE TABLE {table.name} (id {self.id_type} PRIMARY KEY, {columns}"
                f"{table.constraints})"
            )
            for event, letter, row in _OPERATIONS:
                note = self._note(table, letter, row)
                self.create_trigger(table.name, event, note)

    def rows(self, table: Table) -> dict[str, dict[str, Any]]:
        columns = list(table.mapping.values())
        found = self.execute(f"SELECT id, {', '.join(columns)} FROM {table.name}")
        return {row[0]: dict(zip(columns, row[1:])) for row in found}

    def audit(self) -> list[Line]:
        return self.execute(_AUDIT)  # type: ignore[return-value]

    def audit_end(self) -> int:
        return self.execute("SELECT COALESCE(MAX(n), 0) FROM audit")[0][0]

    def _create_audit(self) -> None:
        raise NotImplementedError

    def create_trigger(self, table: str, event: str, statement: str) -> None:
        """``statement`` after each row of each INSERT, UPDATE or DELETE."""
        raise NotImplementedError

    @staticmethod
    def _note(table: Table, letter: str, row: str) -> str:
        """The statement of a trigger."""
        return (
            "INSERT INTO audit (tab, id, op, v, checkpoint) VALUES"
            f" ('{table.name}', {row}.id, '{letter}', {row}.v,"
            " (SELECT val FROM regear_checkpoint"
            f" WHERE id LIKE '_{table.name}-stream-%'));"
        )


class SqliteTarget(Target):
    """A file. Its "crash" is another process's lock on it: the file itself
    dies with the host that has it open."""

    name = "sqlite"
    connector = "SQLite"
    types: ClassVar[dict[type, str]] = {int: "INTEGER", float: "REAL", str: "TEXT"}

    def __init__(self, folder: Path) -> None:
        self.path = folder / "soak.db"
        self._blocker: sqlite3.Connection | None = None
        self.execute("PRAGMA journal_mode=WAL")

    def connection(self) -> str:
        return f"SQLiteConnection({str(self.path)!r})"

    def execute(self, sql: str) -> list[tuple[Any, ...]]:
        connection = sqlite3.connect(self.path, timeout=20)
        try:
            with connection:
                return connection.execute(sql).fetchall()
        finally:
            connection.close()

    def crash(self) -> None:
        self._blocker = sqlite3.connect(
            self.path, timeout=20, isolation_level=None, check_same_thread=False
        )
        self._blocker.execute("BEGIN IMMEDIATE")

    def recover(self) -> None:
        if self._blocker is not None:
            self._blocker.close()
            self._blocker = None

    close = recover

    def _create_audit(self) -> None:
        self.execute(
            "CREATE TABLE audit (n INTEGER PRIMARY KEY AUTOINCREMENT, tab, id, op, v,"
            " checkpoint)"
        )

    def create_trigger(self, table: str, event: str, statement: str) -> None:
        self.execute(
            f"CREATE TRIGGER {table}_{event} AFTER {event} ON {table}"
            f" BEGIN {statement} END"
        )


_numbers = itertools.count()


class Server(Protocol):
    """What a target needs of a database server, which all rounds share."""

    port: int
    superuser: str
    password: str

    def query(self, sql: str, *, database: str = ...) -> list[tuple[Any, ...]]: ...
    def start(self) -> None: ...
    def kill(self) -> None: ...


class ServerTarget(Target):
    """A database of a server, behind a proxy."""

    def __init__(self, server: Server, options: str = "") -> None:
        """``options``: of CREATE DATABASE."""
        self.server = server
        self.database = f"soak_{next(_numbers)}"
        server.query(f"CREATE DATABASE {self.database} {options}")
        self.proxy: Proxy = Proxy(server.port)

    def execute(self, sql: str) -> list[tuple[Any, ...]]:
        return self.server.query(sql, database=self.database)

    def crash(self) -> None:
        self.server.kill()

    def recover(self) -> None:
        self.server.start()

    def close(self) -> None:
        self.proxy.close()
        self.drop()

    def drop(self) -> None:
        self.server.query(f"DROP DATABASE {self.database}")


class PostgresTarget(ServerTarget):
    name = "postgres"
    connector = "Postgres"
    types: ClassVar[dict[type, str]] = {
        int: "bigint",
        float: "double precision",
        str: "text",
    }

    def connection(self) -> str:
        user, password = self.server.superuser, self.server.password
        address = f"127.0.0.1:{self.proxy.port}/{self.database}?connect_timeout=5"
        return f"PostgresConnection({user!r}, {password!r}, {address!r})"

    def drop(self) -> None:
        self.server.query(f"DROP DATABASE {self.database} WITH (FORCE)")

    def _create_audit(self) -> None:
        self.execute(
            "CREATE TABLE audit (n bigserial PRIMARY KEY, tab text, id text, op text,"
            " v bigint, checkpoint text)"
        )

    def create_trigger(self, table: str, event: str, statement: str) -> None:
        name = f"{table}_{event}"
        self.execute(
            f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS"
            f" $$ BEGIN {statement} RETURN NULL; END $$"
        )
        self.execute(
            f"CREATE TRIGGER {name} AFTER {event} ON {table}"
            f" FOR EACH ROW EXECUTE FUNCTION {name}()"
        )


class MariaDbTarget(ServerTarget):
    name = "mariadb"
    connector = "MySql"
    types: ClassVar[dict[type, str]] = {int: "BIGINT", float: "DOUBLE", str: "TEXT"}
    id_type = "VARCHAR(191) COLLATE utf8mb4_bin"

    def __init__(self, server: Server) -> None:
        super().__init__(server, "CHARACTER SET utf8mb4")

    def connection(self) -> str:
        user, password = self.server.superuser, self.server.password
        address = f"127.0.0.1:{self.proxy.port}/{self.database}"
        return f"MySqlConnection({user!r}, {password!r}, {address!r})"

    def _create_audit(self) -> None:
        self.execute(
            "CREATE TABLE audit (n BIGINT AUTO_INCREMENT PRIMARY KEY, tab TEXT,"
            f" id {self.id_type}, op TEXT, v BIGINT, checkpoint TEXT)"
        )

    def create_trigger(self, table: str, event: str, statement: str) -> None:
        self.execute(
            f"CREATE TRIGGER {table}_{event} AFTER {event} ON {table}"
            f" FOR EACH ROW {statement}"
        )


#: Makes a target of a round in its folder.
NewTarget = Callable[[Path], Target]
