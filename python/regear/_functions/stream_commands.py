"""RG.PAUSEREGISTRATIONS and RG.UNPAUSEREGISTRATIONS."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from regear._functions import replies
from regear._functions.answers import Handler, Reply
from regear._functions.arity import check_arity
from regear._functions.executions import SHARD_ID
from regear._functions.streams import StreamRegistration
from regear.errors import CommandError


class StreamCommands:
    """All registrations that are named, or none of them."""

    def __init__(
        self,
        registrations: Callable[[], list[Any]],
        find: Callable[[str], StreamRegistration | None],
    ) -> None:
        """``registrations`` is the reply of RG.DUMPREGISTRATIONS; ``find``
        knows those that run here."""
        self._registrations = registrations
        self._find = find
        self.handlers: dict[bytes, Handler] = {
            b"rg.pauseregistrations": self._pause,
            b"rg.unpauseregistrations": self._unpause,
        }

    def _pause(self, arguments: list[bytes], answer: Reply) -> None:
        for stream in self._named(arguments, "pause"):
            stream.pause()
        answer(replies.OK)

    def _unpause(self, arguments: list[bytes], answer: Reply) -> None:
        for stream in self._named(arguments, "unpause"):
            stream.unpause()
        answer(replies.OK)

    def _named(self, arguments: list[bytes], what: str) -> list[StreamRegistration]:
        ids = [word.decode(errors="replace") for word in arguments]
        if ids and ids[-1].upper() == "ABORTPENDING":
            ids.pop()  # no batch is pending before it runs
        check_arity(f"rg.{what}registrations", bool(ids))
        readers = {one[1]: one[3] for one in self._registrations()}
        return [self._one(id_, readers.get(id_), what) for id_ in ids]

    def _one(self, id_: str, reader: str | None, what: str) -> StreamRegistration:
        if reader is None:
            raise CommandError(f"Execution {id_} does not exists on shard {SHARD_ID}")
        if reader != "StreamReader":
            raise CommandError(f"Reader {reader} does not support {what}")
        stream = self._find(id_)
        if stream is None:
            raise CommandError(
                f"{id_} does not run here",
                "RG.WRITEBEHIND PAUSE or RESUME, if it is a write-behind",
            )
        return stream
