"""Transactions for a server that has none: what a connector does with them.

All writes of a transaction have to name its session; the first one that is
refused ends it, and an abort brings back what was there before.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pymongo.errors import BulkWriteError, OperationFailure, PyMongoError

from tests.integration._mongo import MongoWriter


class Transactions:
    """In place of the client's sessions."""

    def __init__(self, *collections: Any) -> None:
        self._collections = collections
        self._before: list[list[dict[str, Any]]] = []
        self.active = False
        self.ended = False  # by a refusal
        self.outcomes: list[str] = []

    @contextmanager
    def start_session(self) -> Iterator[Transactions]:
        yield self

    @contextmanager
    def start_transaction(self) -> Iterator[None]:
        assert not self.active
        self._before = [list(one.find()) for one in self._collections]
        self.active, self.ended = True, False
        try:
            yield
        except Exception:
            self.abort_transaction()
            raise
        if self.active:
            assert not self.ended, "a transaction that was refused is committed"
            self.active = False
            self.outcomes.append("committed")

    def abort_transaction(self) -> None:
        for collection, documents in zip(self._collections, self._before):
            collection.delete_many({})
            if documents:
                collection.insert_many(documents)
        self.active = False
        self.outcomes.append("aborted")


class Collection:
    """Hands all on to a real one, but for sessions and how it refuses."""

    def __init__(self, collection: Any, transactions: Transactions) -> None:
        self._collection = collection
        self._transactions = transactions

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._collection, name)
        if name.startswith("find") or not callable(method):
            return method

        def write(*arguments: Any, session: Any = None, **options: Any) -> Any:
            self._check(session)
            return method(*arguments, **options)

        return write

    def bulk_write(self, requests: list[Any], ordered: bool, session: Any) -> None:
        self._check(session)
        for index, request in enumerate(requests):
            try:
                self._collection.bulk_write([request])
            except (KeyError, PyMongoError):
                self._transactions.ended = True
                told = {"index": index, "code": 2, "errmsg": "refused"}
                raise BulkWriteError({"writeErrors": [told]}) from None

    def _check(self, session: Any) -> None:
        if not self._transactions.active:
            assert session is None
            return
        assert session is self._transactions, "a write outside of the transaction"
        if self._transactions.ended:
            raise OperationFailure("there is no such transaction", 251)


class TransactionalWriter(MongoWriter):
    def open(self) -> list[tuple[str, str]]:
        warnings = super().open()
        documents: Any = self.documents
        kept = documents._kept
        self.transactions = Transactions(documents._collection, kept)
        documents._has_transactions = True
        documents._writer._collection = Collection(
            documents._collection, self.transactions
        )
        documents._checkpoint._collection = Collection(kept, self.transactions)
        documents._client.start_session = self.transactions.start_session
        return warnings
