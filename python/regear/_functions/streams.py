"""Registrations of StreamReader: batches of each stream, in its order."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from regear._functions.stream_log import (
    Record,
    Send,
    StreamGone,
    StreamLog,
    existing_streams,
    milliseconds,
    registered_streams,
)
from regear._functions.stream_turns import Done, Stream, Turns
from regear._threads import start_thread

if TYPE_CHECKING:
    from regear._functions.registering import FunctionRegistration

logger = logging.getLogger("regear")

OK, ABORTED, PAUSED = "OK", "ABORTED", "PAUSED"
WAITING = "WAITING_FOR_RETRY_ON_FAILURE"

_TIDY_SECONDS = 1.0  # while there is always another batch
_RECOVERY = 1.0  # s after an error of Redis
_GLANCE = 0.1  # s between two looks at predecessors

#: Returns the text of an error, and never raises.
RunBatch = Callable[[list[Record]], "str | None"]


class StreamRegistration:
    """A thread of its own runs one batch at a time, streams take turns.

    What was not run, or has failed, stays where it is: whatever stops the
    thread, the next one begins behind the last entry that Redis knows to be
    done with.
    """

    def __init__(
        self,
        registration: FunctionRegistration,
        run_batch: RunBatch,
        send: Send,
        report: Callable[..., None],
        began: float,
        after: Sequence[StreamRegistration] = (),
    ) -> None:
        """Entries from before ``began``, a time of day, need not make a whole
        batch. The last batches of those in ``after`` come first."""
        self._registration = registration
        self._run_batch = run_batch
        self._send = send
        self._report = report
        self._began = began
        self._after = [one for one in after if one.is_alive]
        self._changed = threading.Condition()
        # With the lock of _changed:
        self._status = PAUSED if registration.paused else OK
        self._recalled = False
        self._stopping = False
        self._working = False
        self._events: dict[bytes, list[Done]] = {}
        # Of the thread:
        self._turns = Turns(lambda key: StreamLog(send, registration.id, key))
        self._scan: Iterator[list[bytes]] = iter(())
        self._scanning = False
        self._trouble = ""
        self._thread: threading.Thread | None = None

    @property
    def is_alive(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def must_end_before(self, other: FunctionRegistration) -> bool:
        """Whether it is stopping, and a stream may match both."""
        one, two = self._registration.prefix.rstrip("*"), other.prefix.rstrip("*")
        return self._stopping and (one.startswith(two) or two.startswith(one))

    def start(self) -> None:
        self._working = self._status == OK
        self._thread = start_thread(f"regear-stream-{self._registration.id}", self._run)

    def stop(self) -> None:
        """The batch that runs is the last one; does not wait for it."""
        with self._changed:
            self._stopping = True
            self._changed.notify()

    def on_event(self, key: bytes, done: Done) -> None:
        """The stream ``key`` has grown. ``done`` is called when it needs to be
        told no more."""
        with self._changed:
            if self._working and not self._stopping:
                clients = self._events.setdefault(key, [])
                self._changed.notify()
                if self._registration.mode == "sync":
                    clients.append(done)
                    return
        done()

    def pause(self) -> None:
        """The batch that runs is the last one until ``unpause``."""
        with self._changed:
            self._recalled = True
            self._halt(PAUSED)

    def unpause(self) -> None:
        """Goes on after ABORTED, too."""
        with self._changed:
            self._recalled = True
            if self._status != WAITING:
                self._status = OK
                self._report(status=OK)
                self._changed.notify()

    # -- the thread ----------------------------------------------------------

    def _run(self) -> None:
        for other in self._after:
            while other.is_alive and not self._stopping:
                self._rest(_GLANCE)
        self._after = []
        while not self._stopping:
            self._attempt(self._serve)
            self._release_all()
        self._release_all()

    def _attempt(self, step: Callable[[], None]) -> None:
        try:
            step()
            self._trouble = ""
        except Exception as error:
            if str(error) != self._trouble:
                self._trouble = str(error)
                logger.warning("a stream registration tries again: %s", error)
            self._rest(_RECOVERY)

    def _recall_status(self) -> None:
        """Of an earlier host, if the module still knows it."""
        known = registered_streams(self._send).get(self._registration.id)
        with self._changed:
            if known is not None and not self._recalled and self._status != PAUSED:
                self._status = known.status
            self._recalled = True

    def _serve(self) -> None:
        """Until there is a reason to stop, or to start anew."""
        if not self._recalled:
            self._recall_status()
        with self._changed:
            self._working = self._status not in (PAUSED, ABORTED)
            if not self._working:
                self._changed.wait_for(self._is_called)
                self._began = time.time()
                return
        self._scan = existing_streams(self._send, self._registration.prefix)
        self._scanning = True
        while self._goes_on():
            self._take_events()
            if self._scanning and not self._turns.crowded:
                self._scan_page()
            stream = self._turns.next()
            if stream is not None:
                self._turn(stream)
            elif not self._scanning:
                self._wait_for_events()
        if self._has_failed():
            self._rest(self._registration.retry_interval)
            self._began = time.time()

    def _has_failed(self) -> bool:
        return self._status == WAITING and not self._working

    def _is_called(self) -> bool:
        return self._stopping or self._status == OK

    def _goes_on(self) -> bool:
        return self._working and not self._stopping

    def _take_events(self) -> None:
        with self._changed:
            events, self._events = self._events, {}
        for key, clients in events.items():
            stream = self._turns.stream(key)
            stream.clients += clients
            self._turns.queue(stream)

    def _scan_page(self) -> None:
        keys = next(self._scan, None)
        self._scanning = keys is not None
        for key in keys or ():
            stream = self._turns.stream(key)
            stream.flush = True
            self._turns.queue(stream)

    def _wait_for_events(self) -> None:
        patience = self._turns.patience()
        with self._changed:
            self._changed.wait_for(
                lambda: self._events or not self._goes_on(), patience
            )

    def _rest(self, seconds: float) -> None:
        with self._changed:
            status = self._status
            self._changed.wait_for(
                lambda: self._stopping or self._status != status, seconds
            )

    def _release_all(self) -> None:
        """No client waits for what does not go on."""
        with self._changed:
            waiting = list(self._events.values())
            self._events = {}
        for clients in waiting:
            for done in clients:
                done()
        self._turns.clear()

    # -- one stream ----------------------------------------------------------

    def _turn(self, stream: Stream) -> None:
        """One batch, if there is one."""
        options = self._registration
        try:
            self._open(stream)
            if stream.fill(options.batch) and options.duration:
                self._turns.queue_at(self._due(stream), stream)
            if self._is_ripe(stream):
                self._run_entries(stream)
                self._turns.queue(stream)
                late = time.monotonic() >= stream.tidied + _TIDY_SECONDS
                if late or not self._goes_on():
                    self._tidy(stream)
                return
            self._tidy(stream)
        except StreamGone:
            if stream.opened:
                self._turns.start_anew(stream)
                return
        self._turns.leave(stream)

    def _open(self, stream: Stream) -> None:
        if stream.opened:
            return
        first_time = stream.log.open()
        stream.opened = True
        if first_time:  # counts as a run, of the entries that are pending
            self._report(triggered=1, success=1)

    def _tidy(self, stream: Stream) -> None:
        stream.log.tidy(self._registration.trim)
        stream.tidied = time.monotonic()

    def _due(self, stream: Stream) -> float:
        return stream.since + self._registration.duration / 1000

    def _is_ripe(self, stream: Stream) -> bool:
        options, entries = self._registration, stream.entries
        if not entries or len(entries) >= options.batch:
            return bool(entries)
        if stream.flush and milliseconds(entries[0][0]) < int(self._began * 1000):
            return True
        return options.duration > 0 and time.monotonic() >= self._due(stream)

    # -- one batch -----------------------------------------------------------

    def _run_entries(self, stream: Stream) -> None:
        entries = stream.take()
        error = self._run_batch([record for _, record in entries])
        first, last = entries[0][0], entries[-1][0]
        lag = max(0, int(time.time() * 1000) - milliseconds(first))
        self._report(last_lag_ms=lag, total_lag_ms=lag)
        if self._is_done(error):
            stream.log.commit(last)
        if error is not None:
            logger.warning(
                "%s: the entries %s to %s have failed, policy %s",
                *(stream.log.name, first, last, self._registration.policy),
            )

    def _is_done(self, error: str | None) -> bool:
        """Decides what an error means for the registration."""
        policy = self._registration.policy
        with self._changed:
            if error is None:
                if self._status == WAITING:
                    self._status = OK
                    self._report(status=OK)
                return True
            if error.startswith("PAUSE"):
                self._halt(PAUSED)
                return False
            if policy == "continue":
                return True
            if policy == "abort":
                self._halt(ABORTED)
                return False
            self._working = False
            if self._status == PAUSED:
                return False
            self._status = WAITING
            self._report(status=WAITING)
        return False

    def _halt(self, status: str) -> None:
        """With the lock; not over what an operator has said."""
        self._working = False
        if self._status != PAUSED:
            self._status = status
            self._report(status=status)
        self._changed.notify()
