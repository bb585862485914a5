"""MongoDB, and servers that speak its protocol."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote, unquote

from regear._session import remember_secret
from regear.errors import RecipeError, Reject, TargetError
from rgsync.Connectors._credentials import Credential, resolved, resolved_secret
from rgsync.Connectors._mongo_ids import ID_TYPES

if TYPE_CHECKING:
    from pymongo import MongoClient

    from regear._row_connector import DocumentConnector, Row
    from rgsync.Connectors._mongo_connector import MongoDocuments

#: Of the client, unless the connection string says otherwise. A server that is
#: away is asked for again by the engine.
_OPTIONS = {
    "appName": "regear",
    "serverSelectionTimeoutMS": 2_000,
    "connectTimeoutMS": 5_000,
    "socketTimeoutMS": 60_000,
}
WRITE_MODES = ("set", "replace")


class MongoConnection:
    """``db``: ``host:port``, ``host:port/database?options``, or several hosts.

    ``conn_string``, a URL ``mongodb://…`` or ``mongodb+srv://…``, stands for
    all the others. Each may be a function, which is asked at every connect.
    """

    def __init__(
        self,
        user: Credential,
        password: Credential,
        db: Credential,
        authSource: Credential = "admin",
        conn_string: Credential = None,
    ) -> None:
        self._user, self._password, self._db = user, password, db
        self._auth_source, self._conn_string = authSource, conn_string

    def uri(self) -> str:
        """For pymongo. It holds the password."""
        given = resolved_secret(self._conn_string)
        if given:
            userinfo, _ = _split(given)
            remember_secret(unquote(userinfo.partition(":")[2]))
            remember_secret(userinfo.partition(":")[2])
            return given
        place, _, options = resolved(self._db).partition("?")
        if not place:
            raise RecipeError(
                "MongoConnection names no server", "'host:port', or conn_string"
            )
        user, password = resolved(self._user), resolved_secret(self._password)
        source = resolved(self._auth_source)
        who = ""
        if user:
            who = f"{quote(user, safe='')}:{quote(password, safe='')}@"
            if source and "authsource" not in _option_names(options):
                options += ("&" if options else "") + f"authSource={quote(source)}"
        slash = "" if "/" in place else "/"
        return f"mongodb://{who}{place}{slash}" + (f"?{options}" if options else "")

    def address(self) -> str:
        """The servers, by what they are called."""
        return _split(self.uri())[1].partition("?")[0].partition("/")[0]

    def Connect(self) -> MongoClient[dict[str, Any]]:
        try:
            from pymongo import MongoClient
        except ImportError:
            raise TargetError(
                "MongoConnection needs pymongo, which is not installed where the"
                " host runs",
                "pip install pymongo, or REQUIREMENTS pymongo",
            ) from None
        uri = self.uri()
        named = _option_names(uri.partition("?")[2])
        options: dict[str, Any] = {
            name: value for name, value in _OPTIONS.items() if name.lower() not in named
        }
        return MongoClient(uri, **options)


class MongoConnector:
    """Keeps a collection equal to JSON documents.

    ``db`` and ``tableName`` are the database and the collection, ``pk`` is the
    member that takes a document's id: that of its key, unless the document has
    the member itself. By keyword only, and regear's own:

    - ``writeMode``: "set" leaves members alone that others have added;
      "replace" makes documents equal, whatever they hold.
    - ``idType``: what ids in keys become: "text", "int", "objectid" or "uuid".
      Default: what the collection holds.
    """

    def __init__(
        self,
        connection: Any,
        db: Credential,
        tableName: str,
        pk: str,
        exactlyOnceTableName: str | None = None,
        *,
        writeMode: str = "set",
        idType: str | None = None,
    ) -> None:
        if writeMode not in WRITE_MODES:
            raise RecipeError(f"writeMode must be one of {', '.join(WRITE_MODES)}")
        if idType is not None and idType not in ID_TYPES:
            raise RecipeError(f"idType must be one of {', '.join(ID_TYPES)}")
        if not pk or pk.startswith("$") or "." in pk:
            raise RecipeError(f"{pk!r} cannot be the key of a collection")
        self.connection = connection
        self.db = db
        self.tableName = tableName
        self.pk = pk
        self.exactlyOnceTableName = exactlyOnceTableName
        self.writeMode = writeMode
        self.idType = idType
        self._direct: MongoDocuments | None = None

    def TableName(self) -> str:
        return self.tableName

    def PrimaryKey(self) -> str:
        return self.pk

    def documents(self) -> DocumentConnector:
        """For one thread of the engine."""
        return self._documents()

    def parameters(self) -> dict[str, str]:
        """Which database this is."""
        address = getattr(self.connection, "address", None)
        return {"host": address() if address else "", "dbname": resolved(self.db)}

    def WriteData(
        self, data: list[dict[str, Any]], dataKey: str = "redisgears"
    ) -> None:
        """Write the last document of each id among ``data``, or delete it.

        Raises ``regear.Reject`` with those that the server refuses; all others
        are written.
        """
        last: dict[str, tuple[Row, dict[str, Any]]] = {}
        for record in data:
            value = record["value"]
            deleted = value.get("#") == "~"
            id_ = str(value[self.pk])
            last[id_] = ((id_, None if deleted else value[dataKey]), record)
        try:
            if self._direct is None:
                self._direct = self._documents()
                self._direct.open(f"{self.tableName}/WriteData", "")
            rows = list(last.values())
            refused = self._direct.write_rows([row for row, _ in rows], in_order=False)
        except Exception:
            direct, self._direct = self._direct, None
            if direct is not None:
                direct.close()
            raise
        if refused:
            raise Reject([rows[row][1] for row, _, _ in refused], refused[0][1])

    def _documents(self) -> MongoDocuments:
        try:
            from rgsync.Connectors._mongo_connector import MongoDocuments
        except ImportError:
            self.connection.Connect()  # says what is missing
            raise
        return MongoDocuments(self)


def _split(uri: str) -> tuple[str, str]:
    """User and password as they stand in ``uri``, and what follows them."""
    rest = uri.partition("://")[2]
    authority, slash, path = rest.partition("/")
    userinfo, _, hosts = authority.rpartition("@")
    return userinfo, hosts + slash + path


def _option_names(query: str) -> set[str]:
    return {name.lower() for name, _ in parse_qsl(query, keep_blank_values=True)}
