"""What all SQL connections and connectors share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from regear.errors import NotAvailable
from rgsync.Connectors._credentials import Credential, resolved, resolved_secret

if TYPE_CHECKING:
    from sqlalchemy.engine import URL, Connection


class BaseSqlConnection:
    """Where a database is; ``Connect`` opens a SQLAlchemy connection."""

    #: The engine's name for databases that it writes to by itself.
    native_kind: ClassVar[str] = ""

    def __init__(self, user: Credential, passwd: Credential, db: Credential) -> None:
        self._user = user
        self._passwd = passwd
        self._db = db

    @property
    def user(self) -> str:
        return resolved(self._user)

    @property
    def passwd(self) -> str:
        return resolved_secret(self._passwd)

    @property
    def db(self) -> str:
        return resolved(self._db)

    def parameters(self) -> dict[str, str]:
        """For the engine, by libpq's keywords; for SQLite ``path``."""
        raise NotAvailable(type(self).__name__)

    def url(self) -> URL:
        """For SQLAlchemy."""
        raise NotAvailable(type(self).__name__)

    def Connect(self) -> Connection:
        from sqlalchemy import create_engine
        from sqlalchemy.pool import NullPool

        return create_engine(self.url(), poolclass=NullPool).connect()


class BaseSqlConnector:
    """Names a table for the engine, which writes it natively.

    In a recipe's subclass that overrides how it is written, ``WriteData``
    goes row by row through ``connection.Connect()``: with ``addQuery`` and
    ``delQuery`` (SQL texts with ``:column`` parameters) where PrepereQueries
    has set them, else as an update that inserts where there is no row.
    """

    addQuery: str | None = None
    delQuery: str | None = None

    def __init__(
        self,
        connection: Any,
        tableName: str,
        pk: str,
        exactlyOnceTableName: str | None = None,
    ) -> None:
        self.connection = connection
        self.tableName = tableName
        self.pk = pk
        self.exactlyOnceTableName = exactlyOnceTableName
        self._open: Connection | None = None

    def TableName(self) -> str:
        return self.tableName

    def PrimaryKey(self) -> str:
        return self.pk

    def PrepereQueries(self, mappings: dict[str, str]) -> None:
        """Called once with the recipe's mapping, before any WriteData."""

    def WriteData(self, data: list[dict[str, Any]]) -> None:
        """Write a batch in one transaction; an exception means: again."""
        try:
            if self._open is None:
                self._open = self.connection.Connect()
            with self._open.begin():
                for record in data:
                    self._write(self._open, dict(record["value"]))
        except Exception:
            self._close()
            raise

    def _write(self, connection: Connection, row: dict[str, Any]) -> None:
        from sqlalchemy import text

        if row.pop("#") == "~":
            query = self.delQuery
            if query is not None:
                connection.execute(text(query), {self.pk: row[self.pk]})
            else:
                table, key = self._table()
                connection.execute(table.delete().where(key == row[self.pk]))
        elif self.addQuery is not None:
            connection.execute(text(self.addQuery), row)
        else:
            self._update_or_insert(connection, row)

    def _update_or_insert(self, connection: Connection, row: dict[str, Any]) -> None:
        from sqlalchemy import column

        table, key = self._table(*row)
        others = {name: value for name, value in row.items() if name != self.pk}
        if others:
            update = table.update().where(key == row[self.pk]).values(others)
            if connection.execute(update).rowcount:
                return
        elif connection.execute(
            table.select().with_only_columns(column(self.pk)).where(key == row[self.pk])
        ).first():
            return
        connection.execute(table.insert().values(row))

    def _table(self, *columns: str) -> tuple[Any, Any]:
        from sqlalchemy import column, table

        schema, _, name = self.TableName().rpartition(".")
        names = dict.fromkeys((self.pk, *columns))
        clause = table(name, *map(column, names), schema=schema or None)
        return clause, clause.c[self.pk]

    def _close(self) -> None:
        connection, self._open = self._open, None
        if connection is not None:
            connection.invalidate()
            connection.close()
