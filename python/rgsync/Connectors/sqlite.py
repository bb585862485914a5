"""SQLite."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from regear.errors import RecipeError
from rgsync.Connectors._credentials import Credential, resolved
from rgsync.Connectors._sql import BaseSqlConnection, BaseSqlConnector

if TYPE_CHECKING:
    from sqlalchemy.engine import URL

_SCHEME = "sqlite:///"
#: Of those in the path, the ones that the engine knows.
_OPTIONS = ("busy_timeout", "foreign_keys")


class SQLiteConnection(BaseSqlConnection):
    """``filePath``: an absolute path, or ``sqlite:////path?option=…``.

    The option ``foreign_keys=on`` has SQLite enforce REFERENCES, which it does
    not by itself.
    """

    native_kind = "sqlite"

    def __init__(self, filePath: Credential) -> None:
        super().__init__(None, None, filePath)

    @property
    def filePath(self) -> str:
        return _path(resolved(self._db))

    def parameters(self) -> dict[str, str]:
        given = dict(parse_qsl(resolved(self._db).partition("?")[2]))
        kept = {name: given[name] for name in _OPTIONS if name in given}
        return {"path": self.filePath, **kept}

    def url(self) -> URL:
        from sqlalchemy.engine import URL

        return URL.create(
            "sqlite", database=self.filePath, query={"check_same_thread": "false"}
        )


class SQLiteConnector(BaseSqlConnector):
    """Writes a table of a SQLite database."""


def _path(text: str) -> str:
    if text.startswith(_SCHEME):
        text = text[len(_SCHEME) :].partition("?")[0]
    if not text:
        raise RecipeError("SQLiteConnection needs the path of a database file")
    if not text.startswith("/"):
        # The host may run in any folder, and in another one tomorrow.
        raise RecipeError(
            f"SQLiteConnection needs an absolute path, not {text!r}",
            str(Path(text).absolute()),
        )
    return "/" + text.lstrip("/")
