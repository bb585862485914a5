"""What Redis knows of a stream: its entries, and who is done with which."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from regear._functions.readers import as_key

Send = Callable[[list[tuple[Any, ...]]], list[Any]]
Record = dict[str, Any]

#: The group of a registration stands at the last entry that it is done with.
GROUP = "regear:"
#: This one stands where every registration is done: a new one begins there.
#: RedisGears had one group of this name for all of them.
COMMON_GROUP = "__gears_consumer_group__"

_START = "0-0"
_PAGE = 1000
_LAST = 2**64 - 1
#: The stream is not the one that it was, or its groups are not.
_GONE = re.compile(r"NOGROUP|BUSYGROUP|WRONGTYPE|no such key|key to exist")


class StreamGone(Exception):
    """There is no such stream, or another one of its name."""


@dataclass(frozen=True)
class StreamReader:
    """A registration, as RG.DUMPREGISTRATIONS shows it."""

    prefix: str
    status: str


class StreamLog:
    """One stream, and how far one registration is with it.

    Reading changes nothing; ``commit`` is all that is remembered. So an entry
    that was read and not committed is read again, by whoever comes next.
    """

    def __init__(self, send: Send, registration_id: str, key: bytes) -> None:
        self._send = send
        self._id = registration_id
        self._group = GROUP + registration_id
        self._position = ""
        self._tidied = ""
        self.key = key
        self.name = _text(key)

    def open(self) -> bool:
        """Whether the registration meets this stream for the first time.
        Raises StreamGone."""
        groups, readers = self._ask()
        known = groups.get(self._group)
        if known is not None:
            self._position = known["last-delivered-id"]
            return False
        self._position = self._beginning(groups, readers)
        self._call("XGROUP", "CREATE", self.key, self._group, self._position)
        return True

    def read(self, after: str | None, count: int) -> list[tuple[str, Record]]:
        """Ids and records behind ``after``; None: behind the last one
        committed. Raises StreamGone."""
        start = "(" + (after or self._position)
        entries, groups = self._send(
            [
                ("XRANGE", self.key, start, "+", "COUNT", count),
                ("XINFO", "GROUPS", self.key),
            ]
        )
        # Asked for last: if our group is there, these are the entries behind.
        group = _by_name(_checked(groups)).get(self._group)
        if group is None or group["last-delivered-id"] != self._position:
            raise StreamGone
        return [(id_, self._record(id_, fields)) for id_, fields in _checked(entries)]

    def commit(self, last: str) -> None:
        """All up to and including ``last`` is done. Raises StreamGone."""
        self._call("XGROUP", "SETID", self.key, self._group, last)
        self._position = last

    def tidy(self, trim: bool) -> None:
        """Take away, or remember as done, what every registration is done
        with, and the groups of those that are gone. Raises StreamGone."""
        if self._position in (self._tidied, _START):
            return
        groups, readers = self._ask()
        matching = [
            id_ for id_, one in readers.items() if matches(one.prefix, self.key)
        ]
        waited_for = [groups.get(GROUP + id_) for id_ in matching]
        if self._id not in matching or None in waited_for:
            return  # unregistered; or one of them has not begun yet
        done = min((one["last-delivered-id"] for one in waited_for if one), key=_order)
        commands: list[tuple[Any, ...]] = [
            ("XGROUP", "DESTROY", self.key, name)
            for name in _abandoned(groups, readers)
        ]
        if trim:
            commands.append(("XTRIM", self.key, "MINID", _next(done)))
        elif COMMON_GROUP in groups:
            commands.append(("XGROUP", "SETID", self.key, COMMON_GROUP, done))
        else:
            commands.append(("XGROUP", "CREATE", self.key, COMMON_GROUP, done))
        for reply in self._send(commands):
            _checked(reply)
        self._tidied = done

    def _beginning(
        self, groups: Mapping[str, Any], readers: Mapping[str, StreamReader]
    ) -> str:
        """Where a new registration takes over from those that are gone."""
        places = [
            groups[name]["last-delivered-id"] for name in _abandoned(groups, readers)
        ]
        if COMMON_GROUP in groups:
            places.append(self._common_place(groups[COMMON_GROUP]))
        return min(places, key=_order, default=_START)

    def _common_place(self, group: Mapping[str, Any]) -> str:
        """RedisGears may have left entries pending."""
        if not group["pending"]:
            return str(group["last-delivered-id"])
        pending = self._call("XPENDING", self.key, COMMON_GROUP)
        return _previous(pending[1])

    def _ask(self) -> tuple[dict[str, Any], dict[str, StreamReader]]:
        """Groups, and the registrations there were later than that."""
        groups, readers = self._send(
            [("XINFO", "GROUPS", self.key), ("RG.DUMPREGISTRATIONS",)]
        )
        return _by_name(_checked(groups)), _stream_readers(_checked(readers))

    def _call(self, *command: Any) -> Any:
        return _checked(self._send([command])[0])

    def _record(self, id_: str, fields: list[Any]) -> Record:
        value = dict(zip(map(as_key, fields[::2]), fields[1::2]))
        return {"key": self.name, "id": id_, "value": value}


def _abandoned(
    groups: Mapping[str, Any], readers: Mapping[str, StreamReader]
) -> list[str]:
    """The groups of registrations that are gone."""
    return [
        name
        for name in groups
        if name.startswith(GROUP) and name[len(GROUP) :] not in readers
    ]


def registered_streams(send: Send) -> dict[str, StreamReader]:
    """All registrations of StreamReader, by their ids."""
    return _stream_readers(_checked(send([("RG.DUMPREGISTRATIONS",)])[0]))


def _stream_readers(dump: list[Any]) -> dict[str, StreamReader]:
    readers = {}
    for one in dump:
        if one[3] == "StreamReader":
            data = _pairs(one[7])
            prefix = _pairs(data["args"])["stream"]
            readers[one[1]] = StreamReader(prefix, data["status"])
    return readers


def matches(prefix: str, key: bytes) -> bool:
    """``prefix`` as RedisGears means it: a key unless it ends in ``*``."""
    wanted = prefix.encode(errors="surrogateescape")
    if wanted.endswith(b"*"):
        return key.startswith(wanted[:-1])
    return key == wanted


def existing_streams(send: Send, prefix: str) -> Iterator[list[bytes]]:
    """The keys of streams that match, page by page; but for those of regear."""
    if not prefix.endswith("*"):
        yield [prefix.encode(errors="surrogateescape")]
        return
    stem = prefix[:-1].encode(errors="surrogateescape")
    pattern = re.sub(rb"([*?\[\]\\])", rb"\\\1", stem) + b"*"
    cursor: Any = 0
    while True:
        command = ("SCAN", cursor, "MATCH", pattern, "COUNT", _PAGE, "TYPE", "stream")
        cursor, names = _checked(send([command])[0])
        keys = [_bytes(name) for name in names]
        if any(key.startswith(b"_") for key in keys):
            own = _own_streams(send)
            keys = [key for key in keys if key not in own]
        yield keys
        if str(cursor) == "0":
            return


def _own_streams(send: Send) -> set[bytes]:
    """Those of write-behinds, also of such as were unregistered."""
    status = json.loads(_checked(send([("RG.STATUS",)])[0]))
    return {
        str(one.get(kind)).encode(errors="surrogateescape")
        for one in (*status["registrations"], *status["orphans"])
        for kind in ("stream", "dead", "parked")
    }


def milliseconds(entry_id: str) -> int:
    return _order(entry_id)[0]


def _checked(reply: Any) -> Any:
    if isinstance(reply, Exception):
        if _GONE.search(str(reply)):
            raise StreamGone from reply
        raise reply
    return reply


def _by_name(groups: list[Any]) -> dict[str, Any]:
    return {str(one["name"]): one for one in map(_pairs, groups)}


def _pairs(flat: list[Any]) -> dict[str, Any]:
    return dict(zip(flat[::2], flat[1::2]))


def _order(entry_id: str) -> tuple[int, int]:
    time, _, sequence = entry_id.partition("-")
    return int(time), int(sequence)


def _next(entry_id: str) -> str:
    time, sequence = _order(entry_id)
    return f"{time}-{sequence + 1}" if sequence < _LAST else f"{time + 1}-0"


def _previous(entry_id: str) -> str:
    time, sequence = _order(entry_id)
    return f"{time}-{sequence - 1}" if sequence > 0 else f"{time - 1}-{_LAST}"


def _text(key: bytes) -> Any:
    try:
        return key.decode()
    except UnicodeDecodeError:
        return key


def _bytes(name: Any) -> bytes:
    return name.encode() if isinstance(name, str) else bytes(name)
