"""Databases that this version of regear does not write to.

The names and the connections are there, so that a recipe which imports more
than it uses runs; connectors say that they are not available.
"""

from __future__ import annotations

from typing import Any, NoReturn

from regear.errors import NotAvailable
from rgsync.Connectors._credentials import Credential
from rgsync.Connectors._sql import BaseSqlConnection

_INSTEAD = (
    "PostgresConnector, MySqlConnector, SQLiteConnector, MongoConnector,"
    " RedisConnector or one of your own"
)


class _UnavailableConnection:
    def Connect(self) -> NoReturn:
        raise NotAvailable(type(self).__name__)


class _UnavailableConnector:
    def __init__(self, *_: object, **__: object) -> None:
        raise NotAvailable(type(self).__name__, _INSTEAD)


class OracleSqlConnection(_UnavailableConnection, BaseSqlConnection):
    """Oracle."""


class DB2Connection(_UnavailableConnection, BaseSqlConnection):
    """IBM DB2."""


class MsSqlConnection(_UnavailableConnection, BaseSqlConnection):
    """Microsoft SQL Server."""

    def __init__(
        self,
        user: Credential,
        passwd: Credential,
        db: Credential,
        server: Credential,
        port: Any,
        driver: Credential,
    ) -> None:
        super().__init__(user, passwd, db)
        self.server, self.port, self.driver = server, port, driver


class SnowflakeSqlConnection(_UnavailableConnection, BaseSqlConnection):
    """Snowflake."""

    def __init__(
        self,
        user: Credential,
        passwd: Credential,
        db: Credential,
        account: Credential,
    ) -> None:
        super().__init__(user, passwd, db)
        self.account = account


class CqlConnection(_UnavailableConnection):
    """Cassandra."""

    def __init__(
        self,
        user: Credential,
        password: Credential,
        db: Credential,
        keyspace: Credential,
    ) -> None:
        self._user, self._password = user, password
        self._db, self._keyspace = db, keyspace


class OracleSqlConnector(_UnavailableConnector):
    """Oracle."""


class DB2Connector(_UnavailableConnector):
    """IBM DB2."""


class MsSqlConnector(_UnavailableConnector):
    """Microsoft SQL Server."""


class SnowflakeSqlConnector(_UnavailableConnector):
    """Snowflake."""


class CqlConnector(_UnavailableConnector):
    """Cassandra."""
