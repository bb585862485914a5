"""Writes to a collection, and which of them the server refuses."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Optional

from pymongo import DeleteMany, ReplaceOne, UpdateOne
from pymongo.errors import BulkWriteError, OperationFailure

from rgsync.Connectors._mongo_errors import (
    brief,
    check_write_error,
    is_duplicate,
    is_unexplained,
    reason_of,
    refuses,
)

if TYPE_CHECKING:
    from pymongo.client_session import ClientSession
    from pymongo.collection import Collection

    from regear._row_connector import Refused, Row


class Write:
    """As a part of many, and alone: then the server says more of a failure."""

    __slots__ = ("_kind", "_what", "_which", "rows")

    def __init__(self, rows: tuple[int, ...], kind: Any, which: Any, what: Any) -> None:
        self.rows = rows
        self._kind, self._which, self._what = kind, which, what

    @classmethod
    def update(cls, rows: tuple[int, ...], which: Any, update: Any) -> Write:
        return cls(rows, UpdateOne, which, update)

    @classmethod
    def replace(cls, rows: tuple[int, ...], which: Any, document: Any) -> Write:
        return cls(rows, ReplaceOne, which, document)

    @classmethod
    def delete(cls, rows: tuple[int, ...], which: Any) -> Write:
        return cls(rows, DeleteMany, which, None)

    def request(self) -> Any:
        if self._kind is DeleteMany:
            return DeleteMany(self._which)
        return self._kind(self._which, self._what, upsert=True)

    def alone(self, to: Any, session: Any) -> None:
        if self._kind is DeleteMany:
            to.delete_many(self._which, session=session)
            return
        method = to.update_one if self._kind is UpdateOne else to.replace_one
        method(self._which, self._what, upsert=True, session=session)


#: Index of a write, its error's code and message.
_Failed = tuple[int, Optional[int], str]


class Patience:
    """With a failure that does not say whose fault it is. If it stays the same
    it is a document's, should others be accepted."""

    _ALIKE = 3
    _ALONE = 6  # no other document tells whether it is this one

    def __init__(self) -> None:
        self._message = ""
        self._times = 0

    def note(self, error: OperationFailure) -> None:
        message = brief(error)
        self._times = self._times + 1 if message == self._message else 1
        self._message = message

    def forget(self) -> None:
        self._times = 0

    def ends(self, writes: int) -> bool:
        return self._times >= (self._ALONE if writes == 1 else self._ALIKE)


class Writer:
    """Gets writes into a collection, ``at_once`` in one command."""

    def __init__(
        self, collection: Collection[dict[str, Any]], at_once: int, patience: Patience
    ) -> None:
        self._collection = collection
        self._at_once = at_once
        self._patience = patience

    def together(
        self, writes: list[Write], session: ClientSession | None = None
    ) -> list[Refused]:
        """In any order. In a transaction the first refusal ends it, so that
        there is one at most."""
        try:
            if session is None and self._patience.ends(len(writes)):
                failed = self._blame(writes)
            else:
                failed = self._run(writes, False, session)
        except OperationFailure as error:
            self._patience.note(error)
            raise
        return [
            (row, reason_of(code, message), _kind(code, message))
            for index, code, message in failed
            for row in writes[index].rows
        ]

    def in_order(self, writes: list[Write]) -> list[Refused]:
        """One after another, past those that are refused."""
        refused: list[Refused] = []
        while writes:
            failed = self._run(writes, True, None)
            if not failed:
                break
            index, code, message = failed[0]
            for row in writes[index].rows:
                refused.append((row, reason_of(code, message), "reject"))
            writes = writes[index + 1 :]
        return refused

    def first_refused(
        self, writes: list[Write], session: ClientSession
    ) -> tuple[int, str] | None:
        """In order, in a transaction: the index of the write that has ended it."""
        for index, code, message in self._run(writes, True, session):
            return index, reason_of(code, message)
        return None

    def _run(
        self, writes: list[Write], ordered: bool, session: ClientSession | None
    ) -> list[_Failed]:
        """Those that the server refuses; if ``ordered``, nothing behind the
        first one is written. Raises if it is not for what the documents are."""
        failed: list[_Failed] = []
        for start in range(0, len(writes), self._at_once):
            some = writes[start : start + self._at_once]
            told = self._run_some(some, ordered, session)
            failed += [(start + index, code, text) for index, code, text in told]
            if told and (ordered or session is not None):
                break
        return failed

    def _run_some(
        self, writes: list[Write], ordered: bool, session: ClientSession | None
    ) -> list[_Failed]:
        try:
            self._collection.bulk_write(
                [write.request() for write in writes],
                ordered=ordered,
                session=session,
            )
            return []
        except BulkWriteError as error:
            told = error.details.get("writeErrors") or []
            if not told:
                raise
            for one in told:
                check_write_error(one)
            return [
                (one["index"], one.get("code"), str(one.get("errmsg"))) for one in told
            ]
        except KeyError:
            pass  # FerretDB tells of a refused update without the counts
        except OperationFailure as error:
            if not refuses(error) or (session is not None and len(writes) > 1):
                raise
        return self._one_by_one(writes, ordered, session, refuses)

    def _one_by_one(
        self,
        writes: list[Write],
        ordered: bool,
        session: ClientSession | None,
        is_to_blame: Callable[[OperationFailure], bool],
    ) -> list[_Failed]:
        """Where a server does not say which write it refuses, or stops there."""
        failed: list[_Failed] = []
        for index, write in enumerate(writes):
            try:
                write.alone(self._collection, session)
            except OperationFailure as error:
                if not is_to_blame(error):
                    raise
                told = (error.details or {}).get("errmsg") or str(error)
                failed.append((index, error.code, told))
                if ordered:
                    break
        return failed

    def _blame(self, writes: list[Write]) -> list[_Failed]:
        last: list[OperationFailure] = []

        def is_to_blame(error: OperationFailure) -> bool:
            last.append(error)
            return refuses(error) or is_unexplained(error)

        failed = self._one_by_one(writes, False, None, is_to_blame)
        if len(failed) == len(writes) > 1:
            raise last[-1]  # it is the server
        return failed


def _kind(code: int | None, message: str) -> str:
    return "conflict" if is_duplicate(code, message) else "reject"


def not_superseded(rows: list[Row], refused: list[Refused]) -> list[Refused]:
    """Without those whose id has a later row that was accepted."""
    bad = {row for row, _, _ in refused}
    last = {id_: row for row, (id_, _) in enumerate(rows) if row not in bad}
    return [one for one in refused if last.get(rows[one[0]][0], -1) < one[0]]
