"""Names that custom connectors use."""

from __future__ import annotations

from redisgears import getMyHashTag as hashtag
from redisgears import log

ORIGINAL_KEY = "_original_key"
UUID_KEY = "_uuid"
OP_KEY = "#"

OPERATION_UPDATE_REPLICATE = "="
OPERATION_UPDATE_NOREPLICATE = "+"
OPERATION_DEL_REPLICATE = "~"
OPERATION_DEL_NOREPLICATE = "-"


def WriteBehindLog(msg: str, prefix: str = "", logLevel: str = "notice") -> None:
    log(f"{prefix} - {msg}" if prefix else msg, level=logLevel)


def WriteBehindDebug(msg: str) -> None:
    WriteBehindLog(msg, logLevel="debug")


def CompareIds(id1: str, id2: str) -> int:
    """1 if the stream id ``id1`` is the later one, -1 if ``id2`` is, else 0."""
    first, second = _numbers(id1), _numbers(id2)
    return (first > second) - (first < second)


def _numbers(stream_id: str) -> tuple[int, int]:
    milliseconds, _, sequence = stream_id.partition("-")
    return int(milliseconds), int(sequence or 0)


__all__ = [
    "OPERATION_DEL_NOREPLICATE",
    "OPERATION_DEL_REPLICATE",
    "OPERATION_UPDATE_NOREPLICATE",
    "OPERATION_UPDATE_REPLICATE",
    "OP_KEY",
    "ORIGINAL_KEY",
    "UUID_KEY",
    "CompareIds",
    "WriteBehindDebug",
    "WriteBehindLog",
    "hashtag",
    "log",
]
