"""PostgreSQL."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from regear.errors import RecipeError
from rgsync.Connectors._sql import BaseSqlConnection, BaseSqlConnector

if TYPE_CHECKING:
    from sqlalchemy.engine import URL


class PostgresConnection(BaseSqlConnection):
    """``db``: ``host:port/database``, ``host/database``, or a folder with
    the server's socket for the host; options of libpq may follow a ``?``."""

    native_kind = "postgres"

    def parameters(self) -> dict[str, str]:
        given = {"user": self.user, "password": self.passwd, **_address(self.db)}
        return {keyword: value for keyword, value in given.items() if value}

    def url(self) -> URL:
        from sqlalchemy.engine import URL

        if find_spec("psycopg2") is None:
            raise RecipeError(
                "PostgresConnection.Connect() needs psycopg2",
                "pip install psycopg2-binary",
            )
        # All of it as options: they stand for what they are, unescaped.
        return URL.create("postgresql+psycopg2", query=self.parameters())


class PostgresConnector(BaseSqlConnector):
    """Writes a table of a PostgreSQL database."""


def _address(db: str) -> dict[str, str]:
    place, _, options = db.partition("?")
    server, slash, database = place.rpartition("/")
    if not slash or not database:
        raise RecipeError(
            f"PostgresConnection: {place!r} names no database", "host:port/database"
        )
    host, port = server, ""
    if not server.startswith("/"):
        host, port = _host_and_port(server)
    return {
        "host": host,
        "port": port,
        "dbname": database,
        **dict(parse_qsl(options, keep_blank_values=True)),
    }


def _host_and_port(server: str) -> tuple[str, str]:
    host, colon, port = server.rpartition(":")
    if not colon or server.endswith("]"):
        host, port = server, ""
    if port and not port.isdecimal():
        raise RecipeError(
            f"PostgresConnection: {port!r} is not a port", "host:port/database"
        )
    return host.strip("[]"), port
