"""Waiting until what was captured is in the database."""

from __future__ import annotations

import time
from dataclasses import dataclass
from itertools import islice
from typing import Any

from regear.cli._progress import progress
from regear.cli._serve import count
from regear.cli._server import Entry, Server, entry_id, stream_of
from regear.errors import RegearError

_POLL = 0.05  # s
_MOST_NAMED = 10


@dataclass
class Awaited:
    """What one registration had captured when the waiting began."""

    registration: dict[str, Any]
    last: tuple[int, int]

    @property
    def name(self) -> str:
        return str(self.registration["name"])

    def missing(self, server: Server) -> str:
        """What is not in the database yet, or ''."""
        if self.last == (0, 0):
            return ""
        stream = stream_of(self.registration, "stream")
        if self._is_older(server, stream, "id"):
            return count(server.length(stream), "change")
        if self._is_older(server, stream_of(self.registration, "parked"), "change"):
            return "changes that wait for a row of another table"
        if server.command("EXISTS", stream_of(self.registration, "dirty")):
            return "keys that changed while the backlog was full"
        return ""

    def dead_letters(self, server: Server) -> list[Entry]:
        stream = stream_of(self.registration, "dead")
        return [
            letter
            for letter in islice(server.entries(stream), _MOST_NAMED)
            if self._is_awaited(letter.get("_id"))
        ]

    def _is_older(self, server: Server, stream: str, role: str) -> bool:
        first = next(iter(islice(server.entries(stream), 1)), None)
        if first is None:
            return False
        return self._is_awaited(first.id if role == "id" else first.get("_id"))

    def _is_awaited(self, change: str) -> bool:
        return not change or entry_id(change) <= self.last


def wait_until_written(
    server: Server, registrations: list[dict[str, Any]], timeout: float
) -> None:
    """Raises RegearError with what is missing at the end of the time."""
    awaited = [
        Awaited(one, server.last_id(stream_of(one, "stream"))) for one in registrations
    ]
    end = time.monotonic() + timeout
    waiting = list(awaited)
    with progress("waiting", len(awaited)) as advance:
        while waiting := [one for one in waiting if one.missing(server)]:
            advance(len(awaited) - len(waiting))
            if time.monotonic() > end:
                raise RegearError(
                    f"not in the database after {timeout:g} s: "
                    + ", ".join(f"{one.name} {one.missing(server)}" for one in waiting),
                    _hint(server),
                )
            time.sleep(_POLL)
    _refuse_dead_letters(server, awaited)


def _hint(server: Server) -> str:
    attached = server.status()["host"]["attached"]
    return "regear status" if attached else "regear host: none is attached"


def _refuse_dead_letters(server: Server, awaited: list[Awaited]) -> None:
    letters = [
        f"{letter.key} ({one.name}: {letter.get('_error')})"
        for one in awaited
        for letter in one.dead_letters(server)
    ]
    if letters:
        raise RegearError(
            f"refused by the database: {', '.join(letters)}", "regear dead-letters"
        )
