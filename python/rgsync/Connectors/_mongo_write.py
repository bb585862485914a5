"""Writes to a collection, and which of them the server refuses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Optional

from pymongo import DeleteMany, ReplaceOne, UpdateOne
from pymongo.errors import BulkWriteError, OperationFailure

from rgsync.Connectors._mongo_errors import (
    check_write_error,
    is_duplicate,
    reason_of,
    refuses,
)

if TYPE_CHECKING:
    from pymongo.client_session import ClientSession
    from pymongo.collection import Collection

    from regear._document_connector import Refused


@dataclass(frozen=True)
class Write:
    """As a part of many, and alone: then the server says more of a failure."""

    rows: tuple[int, ...]
    request: Any
    alone: Callable[[Any, Any], Any]

    @classmethod
    def update(cls, rows: tuple[int, ...], which: Any, update: Any) -> Write:
        return cls(
            rows,
            UpdateOne(which, update, upsert=True),
            lambda to, session: to.update_one(
                which, update, upsert=True, session=session
            ),
        )

    @classmethod
    def replace(cls, rows: tuple[int, ...], which: Any, document: Any) -> Write:
        return cls(
            rows,
            ReplaceOne(which, document, upsert=True),
            lambda to, session: to.replace_one(
                which, document, upsert=True, session=session
            ),
        )

    @classmethod
    def delete(cls, rows: tuple[int, ...], which: Any) -> Write:
        return cls(
            rows,
            DeleteMany(which),
            lambda to, session: to.delete_many(which, session=session),
        )


#: Index of a write, its error's code and message.
_Failed = tuple[int, Optional[int], str]


def write_together(
    collection: Collection[dict[str, Any]],
    writes: list[Write],
    session: ClientSession | None = None,
) -> list[Refused]:
    """In any order. In a transaction the first refusal ends it, so that there
    is one at most."""
    return [
        (row, reason_of(code, message), _kind(code, message))
        for index, code, message in _run(collection, writes, False, session)
        for row in writes[index].rows
    ]


def write_in_order(
    collection: Collection[dict[str, Any]], writes: list[Write]
) -> list[Refused]:
    """One after another, past those that are refused."""
    refused: list[Refused] = []
    while writes:
        failed = _run(collection, writes, True, None)
        if not failed:
            break
        index, code, message = failed[0]
        for row in writes[index].rows:
            refused.append((row, reason_of(code, message), "reject"))
        writes = writes[index + 1 :]
    return refused


def first_refused(
    collection: Collection[dict[str, Any]],
    writes: list[Write],
    session: ClientSession,
) -> tuple[int, str] | None:
    """In order, in a transaction: the index of the write that has ended it."""
    for index, code, message in _run(collection, writes, True, session):
        return index, reason_of(code, message)
    return None


def _kind(code: int | None, message: str) -> str:
    return "conflict" if is_duplicate(code, message) else "reject"


def _run(
    collection: Collection[dict[str, Any]],
    writes: list[Write],
    ordered: bool,
    session: ClientSession | None,
) -> list[_Failed]:
    """Those that the server refuses; if ``ordered``, nothing behind the first
    one is written. Raises if it is not for what the documents are."""
    if not writes:
        return []
    try:
        collection.bulk_write(
            [write.request for write in writes], ordered=ordered, session=session
        )
        return []
    except BulkWriteError as error:
        told = error.details.get("writeErrors") or []
        if not told:
            raise
        for one in told:
            check_write_error(one)
        return [(one["index"], one.get("code"), str(one.get("errmsg"))) for one in told]
    except KeyError:
        pass  # FerretDB tells of a refused update without the counts
    except OperationFailure as error:
        if not refuses(error):
            raise
        if session is not None and len(writes) > 1:
            raise
    return _one_by_one(collection, writes, ordered, session)


def _one_by_one(
    collection: Collection[dict[str, Any]],
    writes: list[Write],
    ordered: bool,
    session: ClientSession | None,
) -> list[_Failed]:
    """Where a server does not say which write it refuses, or stops there."""
    failed: list[_Failed] = []
    for index, write in enumerate(writes):
        try:
            write.alone(collection, session)
        except OperationFailure as error:
            if not refuses(error):
                raise
            told = (error.details or {}).get("errmsg") or str(error)
            failed.append((index, error.code, told))
            if ordered:
                break
    return failed
