"""The table users, as an application has it, in each database."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any, Protocol

from tests.integration._servers import RedisServer

COLUMNS = ("username", "password", "email", "first_name", "country", "visits")
_MAPPING = {name: name for name in COLUMNS}
ADA = {"username": "ada", "password": "secret", "email": "ada@example.org"}


class Database(Protocol):
    def execute(self, sql: str, *values: Any) -> list[tuple[Any, ...]]: ...


class Users:
    """Nobody else writes to it in ``with users.locked(server)``."""

    name: str
    connector: str  # of rgsync.Connectors, without "Connector"
    duplicate: str  # what the database says of one
    placeholder = "%s"
    _text = "text"
    _id = "text PRIMARY KEY"

    def __init__(self, database: Database) -> None:
        self.database = database
        text, limit = self._text, "varchar(100)"
        self.execute(
            f"CREATE TABLE users (user_id {self._id},"
            f" username {limit} NOT NULL UNIQUE, password {text} NOT NULL,"
            f" email {limit} NOT NULL UNIQUE, first_name {text},"
            f" country {limit} NOT NULL DEFAULT 'unknown', visits bigint DEFAULT 0,"
            " created_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP)"
        )

    def execute(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        return self.database.execute(sql, *values)

    def connection(self) -> str:
        """The recipe's expression for it."""
        raise NotImplementedError

    def locked(self, server: RedisServer) -> Lock:
        """``server``: the Redis whose clients will wait."""
        raise NotImplementedError

    def recipe(self, arguments: str = "") -> str:
        kind = self.connector
        return (
            "from rgsync import RGWriteThrough\n"
            f"from rgsync.Connectors import {kind}Connection, {kind}Connector\n"
            f"connection = {self.connection()}\n"
            f"connector = {kind}Connector(connection, 'users', 'user_id')\n"
            f"RGWriteThrough(GB, '__', {_MAPPING!r}, connector, 'Users', {arguments})\n"
        )

    def row(self, user_id: object = 1) -> dict[str, Any] | None:
        found = self.execute(
            f"SELECT {', '.join(COLUMNS)} FROM users"
            f" WHERE user_id = {self.placeholder}",
            user_id,
        )
        return dict(zip(COLUMNS, found[0])) if found else None

    def count(self) -> int:
        return self.execute("SELECT count(*) FROM users")[0][0]


class Lock:
    """A connection that holds the table."""

    def __init__(self, take: Callable[[], Any], has_waiter: Callable[[], bool]) -> None:
        self._take = take
        #: Whether a write waits for it.
        self.has_waiter = has_waiter

    def __enter__(self) -> Lock:
        self._connection = self._take()
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.rollback()
        self._connection.close()


class PostgresUsers(Users):
    name = "postgres"
    connector = "Postgres"
    duplicate = "duplicate key value violates unique constraint"
    _id = "serial PRIMARY KEY"

    def __init__(self, database: Any) -> None:
        super().__init__(database)
        self.execute("GRANT ALL ON users TO writer")

    def connection(self) -> str:
        own = self.database
        return f"PostgresConnection({own.user!r}, {own.password!r}, {own.address!r})"

    def locked(self, server: RedisServer) -> Lock:
        def take() -> Any:
            connection = self.database.server.connect(self.database.name)
            connection.cursor().execute("LOCK TABLE users IN EXCLUSIVE MODE")
            return connection

        waiters = "SELECT count(*) FROM pg_locks WHERE NOT granted"
        return Lock(take, lambda: self.execute(waiters) != [(0,)])


class MariaDbUsers(Users):
    name = "mariadb"
    connector = "MySql"
    duplicate = "Duplicate entry 'ada'"
    _id = "bigint AUTO_INCREMENT PRIMARY KEY"

    def connection(self) -> str:
        own = self.database
        return f"MySqlConnection({own.user!r}, {own.password!r}, {own.address!r})"

    def locked(self, server: RedisServer) -> Lock:
        def take() -> Any:
            connection = self.database.server.connect(self.database.name)
            connection.cursor().execute("LOCK TABLES users WRITE")
            return connection

        waiters = (
            "SELECT count(*) FROM information_schema.processlist"
            " WHERE state LIKE 'Waiting for table%'"
        )
        return Lock(take, lambda: self.execute(waiters) != [(0,)])


class SqliteUsers(Users):
    name = "sqlite"
    connector = "SQLite"
    duplicate = "UNIQUE constraint failed: users.username"
    placeholder = "?"
    _id = "INTEGER PRIMARY KEY"

    def connection(self) -> str:
        return f"SQLiteConnection({str(self.database.path)!r})"

    def locked(self, server: RedisServer) -> Lock:
        def take() -> sqlite3.Connection:
            connection = sqlite3.connect(self.database.path, isolation_level=None)
            connection.execute("BEGIN IMMEDIATE")
            return connection

        # A file does not tell who waits for it.
        return Lock(take, lambda: blocked_clients(server) > 0)


def blocked_clients(server: RedisServer) -> int:
    """Clients that wait for a write."""
    return sum(
        "b" in client["flags"] and not client["cmd"].startswith("rg.host")
        for client in server.client.client_list()
    )


KINDS: dict[str, tuple[str, Callable[[Any], Users]]] = {
    "postgres": ("postgres", PostgresUsers),
    "sqlite": ("sqlite_db", SqliteUsers),
    "mariadb": ("mariadb", MariaDbUsers),
}
