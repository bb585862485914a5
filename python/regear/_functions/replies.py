"""Records as Redis replies: RESP2, by the rules of RedisGears."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

OK = b"+OK\r\n"

#: What any other object is shown as.
_OPAQUE = "PY RECORD"


def record(value: Any) -> bytes:
    """One record. Texts that begin with ``+`` or ``-`` are statuses and errors."""
    if isinstance(value, list):
        return array([record(one) for one in value])
    if isinstance(value, int):
        return b":%d\r\n" % value if _fits(value) else bulk(str(value))
    if isinstance(value, float):
        return bulk(f"{value:f}")
    if isinstance(value, bytes):
        return bulk(value)
    if isinstance(value, str):
        if len(value) > 1 and value[0] in "+-":
            return _line(value)
        return bulk(value)
    return bulk(_OPAQUE)


def results(records: Sequence[Any], errors: Sequence[str]) -> bytes:
    """``[[record…], [error…]]``"""
    return array([array(map(record, records)), array(map(bulk, errors))])


def value(given: Any) -> bytes:
    """What a command answers: None, integers, texts and lists of them."""
    if given is None:
        return b"$-1\r\n"
    if isinstance(given, (list, tuple)):
        return array(map(value, given))
    if isinstance(given, int):
        return b":%d\r\n" % given
    return bulk(bytes(given) if isinstance(given, bytearray) else given)


def array(elements: Any) -> bytes:
    parts = list(elements)
    return b"*%d\r\n" % len(parts) + b"".join(parts)


def bulk(value: str | bytes) -> bytes:
    data = value.encode(errors="surrogateescape") if isinstance(value, str) else value
    return b"$%d\r\n%b\r\n" % (len(data), data)


def _fits(value: int) -> bool:
    return -(2**63) <= value < 2**63


def _line(text: str) -> bytes:
    clean = text.replace("\r", " ").replace("\n", " ")
    return clean.encode(errors="surrogateescape") + b"\r\n"
