"""Where the records of a ``run`` come from."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Any, Protocol

from regear.errors import RecipeError

Send = Callable[[list[tuple[Any, ...]]], list[Any]]

_PAGE = 1000
#: Of keys with their values: other clients wait for no more than that.
SCAN_COUNT = 250


class KeyScan(Protocol):
    """As the engine has it."""

    def next_page(self) -> list[dict[str, Any]] | None: ...


def keys_reader(send: Send, pattern: str, no_scan: bool) -> Iterator[dict[str, Any]]:
    """Records ``{key, event}``."""
    for names in _pages(send, pattern, no_scan, _PAGE):
        for name in names:
            yield {"key": name, "event": None}


def all_keys(scan: KeyScan) -> Iterator[dict[str, Any]]:
    """Records ``{key, value, type, event}`` of all keys that match."""
    while (page := scan.next_page()) is not None:
        yield from page


#: A good first guess of ``one_key``.
HASH = "hash"


def one_key(send: Send, key: Any, guess: str) -> tuple[dict[str, Any], str]:
    """The record of a key, which may be missing, and the next guess. If its
    type is the one that is guessed, once there and back will do."""
    kind, value = send([("TYPE", key), _reading(guess, key)])
    if kind in _READ and kind != guess:
        value = send([_reading(kind, key)])[0]
    record = {
        "key": key,
        "value": _shaped(kind, value) if kind in _READ else None,
        "type": _TYPES.get(kind, "module"),
        "event": None,
    }
    return record, kind if kind in _READ else guess


def _reading(kind: str, key: Any) -> tuple[Any, ...]:
    command, *range_ = _READ[kind]
    return command, key, *range_


_READ: dict[str, tuple[Any, ...]] = {
    "string": ("GET",),
    "hash": ("HGETALL",),
    "list": ("LRANGE", 0, -1),
}
_TYPES = {
    "string": "string",
    "list": "list",
    "hash": "hash",
    "set": "set",
    "zset": "zset",
    "stream": "unknown",
    "none": "empty",
}


def _shaped(kind: str, value: Any) -> Any:
    if isinstance(value, Exception):
        return None  # it was replaced by another type meanwhile
    if kind == "hash" and isinstance(value, list):
        return dict(zip(map(as_key, value[::2]), value[1::2]))
    return value


def as_key(name: Any) -> Any:
    return bytes(name) if isinstance(name, bytearray) else name


def keys_only_reader(
    send: Send, pattern: str, no_scan: bool, count: Any
) -> Iterator[Any]:
    for names in _pages(send, pattern, no_scan, count):
        yield from names


def _pages(send: Send, pattern: str, no_scan: bool, count: Any) -> Iterator[list[Any]]:
    if no_scan:
        yield [pattern]
        return
    cursor: Any = 0
    while True:
        reply = send([("SCAN", cursor, "MATCH", pattern, "COUNT", count)])[0]
        if isinstance(reply, Exception):
            raise reply
        cursor, names = reply
        names = [name for name in names if not _is_own(name)]
        if names:
            yield names
        if str(cursor) == "0":
            return


def _is_own(name: Any) -> bool:
    """What regear keeps in the server is none of the data."""
    return isinstance(name, str) and name.startswith("_regear:")


def stream_reader(send: Send, stream: str, from_id: str) -> Iterator[dict[str, Any]]:
    """Records ``{key, id, value}`` behind ``from_id``."""
    last = from_id
    while True:
        reply = send([("XREAD", "COUNT", _PAGE, "STREAMS", stream, last)])[0]
        if isinstance(reply, Exception):
            raise reply
        if not reply:
            return
        for last, fields in reply[0][1]:
            value = dict(zip(map(as_key, fields[::2]), fields[1::2]))
            yield {"key": stream, "id": last, "value": value}


def python_reader(function: Any) -> Iterator[Any]:
    if not inspect.isgeneratorfunction(function):
        raise RecipeError("pyreader argument must be a generator function")
    yield from function()


def shards_reader() -> Iterator[str]:
    yield "1"
