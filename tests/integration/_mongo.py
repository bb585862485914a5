"""A connector to MongoDB in the hands of a test, as the engine uses it."""

from __future__ import annotations

import json
from typing import Any

from rgsync.Connectors import MongoConnection, MongoConnector


class MongoWriter:
    """One connector of the engine; ``pk`` is the member ``id``."""

    def __init__(
        self,
        url: str,
        database: str,
        table: str = "docs",
        pk: str = "id",
        checkpoint: str = "stream",
        **options: Any,
    ) -> None:
        connection = MongoConnection("", "", "", conn_string=url)
        self.connector = MongoConnector(connection, database, table, pk, **options)
        self.documents = self.connector.documents()
        self._stream = checkpoint.partition("/")[0]
        self._checkpoint = checkpoint
        self.count = 0
        self.warnings = self.open()

    def open(self) -> list[tuple[str, str]]:
        warnings = self.documents.open(self._stream, self._checkpoint)
        self.stored = self.documents.load_checkpoint()
        return list(warnings)

    def write(
        self, *rows: tuple[str, Any], in_order: bool = False, journal: bytes = b""
    ) -> list[tuple[int, str, str]]:
        """``(id, document)``: a dict, JSON text, or None for a delete."""
        self.count += 1
        given = [
            (id_, one if one is None or isinstance(one, str) else json.dumps(one))
            for id_, one in rows
        ]
        checkpoint = (f"1:{self._checkpoint}:{self.count}-0:1", journal)
        return list(self.documents.write(given, in_order, checkpoint))

    def must_write(self, *rows: tuple[str, Any], **options: Any) -> None:
        assert self.write(*rows, **options) == []
