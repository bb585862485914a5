"""What errors of pymongo mean for a batch."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from pymongo.errors import (
    AutoReconnect,
    BulkWriteError,
    ConfigurationError,
    ConnectionFailure,
    ExecutionTimeout,
    InvalidName,
    InvalidURI,
    NetworkTimeout,
    OperationFailure,
    PyMongoError,
)

from regear.errors import RegearError, Retry, TargetError, TargetUnavailable

_DUPLICATE = frozenset({11000, 11001, 12582})
#: The server refuses the document itself, whoever asks.
_DATA = frozenset(
    {2, 9, 14, 15, 22, 28, 40, 52, 55, 56, 57, 66, 121, 10334, 17280, 17419, 17420}
)
_ACCESS = frozenset({13, 18, 8000})
#: Name of a database or a collection, or a view in its place.
_NAMES = frozenset({73, 166})
#: A server that is going, or is not the primary any more.
_GONE = frozenset({6, 7, 89, 91, 189, 262, 9001, 10107, 11600, 11602, 13435, 13436})
#: A server without transactions.
NO_TRANSACTIONS = frozenset({20, 115, 263, 303})

_LONGEST = 500
_NOISE = re.compile(r" \(configured timeouts|, Timeout: |, full error: |\s*<Topology")


def brief(error: object) -> str:
    """Without the driver's view of all servers, and documents of a megabyte."""
    text = _NOISE.split(str(error), maxsplit=1)[0].strip()
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"


def is_duplicate(code: int | None, message: str) -> bool:
    # FerretDB's way to say it of an update.
    return code in _DUPLICATE or (code == 1 and "UNIQUE constraint failed" in message)


def refuses(error: OperationFailure) -> bool:
    """Whether a document may be to blame."""
    return is_duplicate(error.code, str(error)) or error.code in _DATA


def is_unexplained(error: OperationFailure) -> bool:
    """Neither a document nor the server's state is known to be the cause."""
    known = _ACCESS | _NAMES | _GONE | NO_TRANSACTIONS
    return error.code not in known and not error.has_error_label(
        "TransientTransactionError"
    )


def reason_of(code: int | None, message: str) -> str:
    return f"{brief(message)} (code {code})"


def check_write_error(told: Mapping[str, Any]) -> None:
    """Raise unless this error of a write is the document's fault."""
    code, message = told.get("code"), str(told.get("errmsg", ""))
    if not is_duplicate(code, message) and code not in _DATA:
        raise OperationFailure(message, code, dict(told))


@contextmanager
def translated() -> Iterator[None]:
    """Errors of pymongo leave as those that the engine knows."""
    try:
        yield
    except (AutoReconnect, ConnectionFailure, NetworkTimeout) as error:
        raise TargetUnavailable(brief(error)) from None
    except (ConfigurationError, InvalidURI, InvalidName) as error:
        raise TargetError(
            brief(error), "correct the connection in the recipe"
        ) from None
    except ExecutionTimeout as error:
        raise Retry(brief(error)) from None
    except BulkWriteError as error:
        raise Retry(brief(error.details.get("writeConcernErrors") or error)) from None
    except OperationFailure as error:
        raise _failure(error) from None
    except PyMongoError as error:
        raise Retry(f"{type(error).__name__}: {brief(error)}") from None


def _failure(error: OperationFailure) -> RegearError:
    message = reason_of(error.code, (error.details or {}).get("errmsg") or str(error))
    if error.code == 18 or (error.code == 8000 and "auth" in message.lower()):
        return TargetError(
            message, "the user, the password or authSource of MongoConnection is wrong"
        )
    if error.code in _ACCESS:
        return TargetError(
            message,
            'db.grantRolesToUser("<user>", [{role: "readWrite", db: "<database>"}])',
        )
    if error.code in _NAMES:
        return TargetError(message, "another tableName in the recipe")
    if error.code in _GONE or error.has_error_label("TransientTransactionError"):
        return TargetUnavailable(message)
    if error.has_error_label("UnknownTransactionCommitResult"):
        return TargetUnavailable(message)
    return Retry(message)
