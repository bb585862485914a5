"""Runs a plan: records are read and pushed through its steps."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError, Future
from typing import Any

from regear._functions import coroutines, current, readers
from regear._functions.plan import Plan
from regear._functions.profiling import Stopwatch, Timed
from regear._functions.readers import Send
from regear._functions.steps import Results, Stage
from regear._session import current_session
from regear._threads import raise_in, start_thread
from regear.errors import GearsForceStopped

#: The text of an error by which an execution ends.
Describe = Callable[[BaseException], str]

DEFAULT_MAX_BYTES = 256 << 20

_PATIENCE = 1.0  # s that a function has to stop once it is aborted
_DOES_NOT_STOP = "the execution was aborted, but its function does not stop"


class Execution:
    """``created``, ``running``, then ``done``; or ``aborted``, if that comes
    before it runs. ``results`` and ``errors`` are complete once it is over."""

    def __init__(
        self,
        id: str,
        plan: Plan,
        registration: str | None = None,
        max_bytes: int = DEFAULT_MAX_BYTES,
        profiled: bool = False,
    ) -> None:
        """``max_bytes``: what its results may take; more is an error."""
        self.id = id
        self.plan = plan
        self.registration = registration
        self.status = "created"
        self.results: list[Any] = []
        self.errors: list[str] = []
        self.result_bytes = 0
        self.duration = 0.0  # s
        #: Of the reader and of each step; zeros unless it is profiled.
        self.durations = [0.0] * (1 + len(plan.steps))  # s
        self._stopwatch = Stopwatch(len(plan.steps)) if profiled else None
        self._max_bytes = max_bytes
        self._lock = threading.Lock()
        self._stopping = False
        self._thread: int | None = None  # where it may be stopped
        self._awaited: Future[Any] | None = None
        self._listeners: list[Callable[[], None]] = []

    @property
    def over(self) -> bool:
        return self.status in ("done", "aborted")

    def when_over(self, listener: Callable[[], None]) -> None:
        """Call it then, in whichever thread, or now if it is."""
        with self._lock:
            if not self.over:
                self._listeners.append(listener)
                return
        listener()

    def run(
        self,
        send: Send,
        describe: Describe,
        records: Iterable[Any] | None = None,
    ) -> None:
        """Never raises: an error is one of ``errors``, and ends the reading.
        What was read before it counts."""
        began = time.monotonic()
        end = Results(self._max_bytes)
        errors: list[str] = []
        try:
            try:
                if not self._enter():
                    return
                self._push_all(end, errors, send, describe, records)
            finally:
                self._leave()
        except GearsForceStopped as stop:
            errors = [describe(stop)]
        duration = time.monotonic() - began
        self._end("done", end.records, errors, end.size, duration)

    def abort(self) -> None:
        """It is over within a second, whatever its function does."""
        with self._lock:
            if self._stopping or self.over:
                return
            self._stopping = True
            begun = self.status != "created"
            if begun and not (self._awaited and self._awaited.cancel()):
                raise_in(self._thread, GearsForceStopped)
        if begun:
            start_thread("regear-abort", self._give_up)
        else:
            self._end("aborted", [], [])

    def wait(self, future: Future[Any]) -> Any:
        """The result of what a step waits for, in the execution's thread."""
        with self._lock:
            if self._stopping:
                future.cancel()
                raise GearsForceStopped
            self._awaited = future
        try:
            return future.result()
        except CancelledError:
            if self._stopping:
                raise GearsForceStopped from None
            raise
        finally:
            self._awaited = None

    def runs_here(self) -> bool:
        return self._thread == threading.get_ident()

    # -- the thread ----------------------------------------------------------

    def _enter(self) -> bool:
        with self._lock:
            if self._stopping:
                return False
            self.status = "running"
            self._thread = threading.get_ident()
            return True

    def _leave(self) -> None:
        """From here on nobody stops this thread."""
        with self._lock:
            thread, self._thread = self._thread, None
        if self._stopping:
            raise_in(thread, None)

    def _push_all(
        self,
        end: Results,
        errors: list[str],
        send: Send,
        describe: Describe,
        records: Iterable[Any] | None,
    ) -> None:
        first = self._stages(end)
        if self._stopwatch is not None:
            self._stopwatch.start()
        token = current.execution.set(self)
        try:
            try:
                if records is None:
                    records = _records(self.plan, send)
                for record in records:
                    first.push(record)
            except (Exception, SystemExit) as error:
                errors.append(describe(error))
            try:
                first.finish()
            except (Exception, SystemExit) as error:
                errors.append(describe(error))
        finally:
            current.execution.reset(token)
            if self._stopwatch is not None:
                self.durations = self._stopwatch.stop()

    def _stages(self, end: Stage) -> Stage:
        first = end
        for number, step in reversed(list(enumerate(self.plan.steps, 1))):
            stage = step.make()
            stage.next = first
            first = stage
            if self._stopwatch is not None:
                first = Timed(stage, self._stopwatch, number)
        return first

    # -- its end -------------------------------------------------------------

    def _give_up(self) -> None:
        coroutines.free_event_loop(_PATIENCE)
        over = threading.Event()
        self.when_over(over.set)
        if not over.wait(_PATIENCE):
            self._end("done", [], [_DOES_NOT_STOP])

    def _end(
        self,
        status: str,
        results: list[Any],
        errors: list[str],
        size: int = 0,
        duration: float = 0.0,
    ) -> None:
        with self._lock:
            if self.over:
                return
            self.results, self.errors, self.result_bytes = results, errors, size
            self.duration = duration
            self.status = status
            listeners, self._listeners = self._listeners, []
        for listener in listeners:
            listener()


def _records(plan: Plan, send: Send) -> Iterator[Any]:
    options = plan.options
    if plan.reader == "KeysReader":
        if not options["readValue"]:
            return readers.keys_reader(send, plan.argument, options["noScan"])
        if options["noScan"]:
            record, _ = readers.one_key(send, plan.argument, readers.HASH)
            return iter([record])
        return readers.all_keys(current_session().services.scan_keys(plan.argument))
    if plan.reader == "KeysOnlyReader":
        pattern, no_scan = plan.argument, options["noScan"]
        if options["patternGenerator"] is not None:
            pattern, no_scan = options["patternGenerator"]()
        return readers.keys_only_reader(send, pattern, no_scan, options["count"])
    if plan.reader == "StreamReader":
        return readers.stream_reader(send, plan.argument, options["fromId"])
    if plan.reader == "PythonReader":
        return readers.python_reader(plan.argument)
    return readers.shards_reader()
