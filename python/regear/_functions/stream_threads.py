"""The threads of all registrations of StreamReader."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from regear._functions.stream_log import Send
from regear._functions.streams import RunBatch, StreamRegistration

if TYPE_CHECKING:
    from regear._functions.registering import FunctionRegistration


class StreamThreads:
    """Those that run, and those that are at their last batch."""

    def __init__(self) -> None:
        self._all: list[StreamRegistration] = []
        self._known: set[str] = set()

    def start(
        self,
        registration: FunctionRegistration,
        run_batch: RunBatch,
        send: Send,
        report: Callable[..., None],
    ) -> StreamRegistration:
        """A batch of one that was stopped ends before the first one begins, if
        they can be of the same stream."""
        self._all = [one for one in self._all if one.is_alive]
        # What is added once a script has registered it is new to it.
        new = registration.id not in self._known
        self._known.add(registration.id)
        started = StreamRegistration(
            registration,
            run_batch,
            send,
            report,
            registration.created if new else time.time(),
            [one for one in self._all if one.must_end_before(registration)],
        )
        self._all.append(started)
        started.start()
        return started
