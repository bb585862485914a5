"""MySQL and MariaDB."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from regear.errors import RecipeError
from rgsync.Connectors._sql import BaseSqlConnection, BaseSqlConnector

if TYPE_CHECKING:
    from sqlalchemy.engine import URL

_SHAPE = "host:port/database"
#: Options of the engine that PyMySQL does not know.
_ENGINE_ONLY = {"bulk", "ssl", "ssl_crl"}


class MySqlConnection(BaseSqlConnection):
    """``db``: ``host:port/database``, ``host/database``, or the path of the
    server's socket for the host; options may follow a ``?``."""

    native_kind = "mysql"

    def parameters(self) -> dict[str, str]:
        given = {"user": self.user, "password": self.passwd, **_address(self.db)}
        return {keyword: value for keyword, value in given.items() if value}

    def url(self) -> URL:
        from sqlalchemy.engine import URL

        if find_spec("pymysql") is None:
            raise RecipeError(
                "MySqlConnection.Connect() needs PyMySQL", "pip install PyMySQL"
            )
        parameters = self.parameters()
        places = {"user", "password", "host", "port", "dbname"} | _ENGINE_ONLY
        return URL.create(
            "mysql+pymysql",
            username=parameters.get("user"),
            password=parameters.get("password"),
            host=parameters.get("host"),
            port=int(parameters["port"]) if "port" in parameters else None,
            database=parameters["dbname"],
            query={
                "charset": "utf8mb4",
                **{k: v for k, v in parameters.items() if k not in places},
            },
        )


class MySqlConnector(BaseSqlConnector):
    """Writes a table of a MySQL or MariaDB database."""


def _address(db: str) -> dict[str, str]:
    place, _, options = db.partition("?")
    server, slash, database = place.rpartition("/")
    if not slash or not database:
        raise RecipeError(f"MySqlConnection: {place!r} names no database", _SHAPE)
    address = {"dbname": database, **dict(parse_qsl(options, keep_blank_values=True))}
    if server.startswith("/"):
        address.setdefault("unix_socket", server)
    elif server:
        address["host"], address["port"] = _host_and_port(server)
    return address


def _host_and_port(server: str) -> tuple[str, str]:
    host, colon, port = server.rpartition(":")
    if not colon or server.endswith("]"):
        host, port = server, ""
    if port and not port.isdecimal():
        raise RecipeError(f"MySqlConnection: {port!r} is not a port", _SHAPE)
    return host.strip("[]"), port
