"""What the commands for operators ask of a Redis server."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import redis

from regear._connecting import PATIENT, open_client
from regear._redaction import redact_url
from regear.errors import ConnectionFailed, RegearError

_PAGE = 1000  # entries of a stream read at once


@dataclass(frozen=True)
class Entry:
    """One entry of a change stream, or of one derived from it."""

    id: str
    #: Names and values as they stand: a name may come twice.
    pairs: tuple[tuple[str, str], ...]

    def get(self, name: str) -> str:
        for other, value in self.pairs:
            if other == name:
                return value
        return ""

    @property
    def key(self) -> str:
        return self.get("_original_key")

    @property
    def operation(self) -> str:
        return _OPERATIONS.get(self.get("#"), self.get("#"))

    @property
    def cleared(self) -> list[str]:
        return [value for name, value in self.pairs if name == "_clear"]

    @property
    def fields(self) -> dict[str, str]:
        return {
            name: value
            for name, value in self.pairs
            if name != "#" and not name.startswith("_")
        }


_OPERATIONS = {"=": "set", "!": "replace", "~": "delete"}


class Server:
    """Commands as they are; errors say what to try."""

    def __init__(self, url: str) -> None:
        self._place = redact_url(url)
        # RESP2, and replies as they came: names of pairs may be repeated.
        self._client = open_client(url, **PATIENT)
        self._client.response_callbacks.clear()

    def command(self, *words: Any) -> Any:
        try:
            return self._client.execute_command(*words)  # type: ignore[no-untyped-call]
        except redis.ConnectionError as error:
            raise ConnectionFailed(
                f"{self._place}: {error}", "--redis URL of a server that runs"
            ) from error
        except redis.ResponseError as error:
            if "unknown command" in str(error).lower():
                raise RegearError(
                    f"{self._place} has not loaded the module",
                    "redis-server --loadmodule $(regear module-path)",
                ) from None
            text = str(error).removeprefix("regear: ")
            raise RegearError(f"{self._place}: {text}") from None

    def close(self) -> None:
        self._client.close()

    def status(self) -> dict[str, Any]:
        """What RG.STATUS answers."""
        document: dict[str, Any] = json.loads(self.command("RG.STATUS"))
        return document

    def registrations(self, name: str | None = None) -> list[dict[str, Any]]:
        """All of them, or the one of that name."""
        found: list[dict[str, Any]] = self.status()["registrations"]
        return found if name is None else [named(found, name)]

    def registration(self, name: str) -> dict[str, Any]:
        return self.registrations(name)[0]

    def length(self, stream: str) -> int:
        return int(self.command("XLEN", stream))

    def entries(self, stream: str, start: str = "-") -> Iterator[Entry]:
        """All entries from ``start`` on, oldest first."""
        while True:
            page = self.command("XRANGE", stream, start, "+", "COUNT", _PAGE)
            for entry_id, words in page:
                texts = [shown(word) for word in words]
                pairs = tuple(zip(texts[::2], texts[1::2]))
                yield Entry(shown(entry_id), pairs)
            if len(page) < _PAGE:
                return
            start = "(" + shown(page[-1][0])

    def last_id(self, stream: str) -> tuple[int, int]:
        """The id that the stream generated last; (0, 0) if there is none."""
        if not self.command("EXISTS", stream):
            return (0, 0)
        reply = self.command("XINFO", "STREAM", stream)
        return entry_id(shown(dict(zip(reply[::2], reply[1::2]))[_LAST_ID]))


_LAST_ID = b"last-generated-id"


@contextmanager
def server_at(url: str) -> Iterator[Server]:
    server = Server(url)
    try:
        yield server
    finally:
        server.close()


def stream_of(registration: dict[str, Any], role: str) -> str:
    """Its stream in that role: stream, dead or parked; or its dirty keys."""
    named_stream: str = registration.get(role, "")
    return named_stream or registration["stream"].replace("-stream-", f"-{role}-", 1)


def named(registrations: list[dict[str, Any]], name: str) -> dict[str, Any]:
    """The one of that name, or an error that says which names there are."""
    for registration in registrations:
        if registration["name"] == name:
            return registration
    names = [registration["name"] for registration in registrations]
    close = difflib.get_close_matches(name, names, n=1)
    if not close:
        lower = {other.lower(): other for other in names}
        close = [lower[name.lower()]] if name.lower() in lower else []
    if close:
        hint = f"did you mean {close[0]}?"
    elif names:
        hint = "one of " + ", ".join(sorted(names)[:10])
    else:
        hint = "regear host recipe.py; nothing is registered at all"
    raise RegearError(f"nothing is registered as {name!r}", hint)


def entry_id(text: str) -> tuple[int, int]:
    milliseconds, _, number = text.partition("-")
    return int(milliseconds), int(number or 0)


def shown(value: Any) -> str:
    """Bytes of any kind as text that a terminal can show."""
    if isinstance(value, bytes):
        return value.decode(errors="backslashreplace")
    return str(value)
