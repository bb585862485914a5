"""What the host tells the module about its jobs: many at once."""

from __future__ import annotations

import json
import logging
import queue
import threading
from collections.abc import Callable
from typing import Any, Protocol

from regear._threads import start_thread
from regear.errors import ConnectionFailed, LeaseLost

logger = logging.getLogger("regear")

Answer = tuple[int, str, bytes]

_RECOVERY = 0.05  # s between two attempts


class Settler(Protocol):
    """The engine, as far as it matters here."""

    def settle_jobs(
        self, reports: list[tuple[str, str]], answers: list[Answer]
    ) -> None: ...


class Request:
    """A job that waits for its answer, under the lease that brought it."""

    __slots__ = ("arguments", "id", "kind", "lease")

    def __init__(self, id: int, kind: str, arguments: list[bytes], lease: int) -> None:
        self.id = id
        self.kind = kind
        self.arguments = arguments
        self.lease = lease


class Answers:
    """Whatever is there goes in one round trip, while the next gathers.

    May be used from any thread. What is reported before an answer is given is
    counted before the client has it.
    """

    def __init__(self, engine: Settler) -> None:
        self._engine = engine
        #: Jobs of a lease that has ended are not ours to answer any more.
        self.lease = 0
        self._lock = threading.Lock()
        self._answers: list[Answer] = []
        self._reports: dict[str, dict[str, Any]] = {}
        # Holds an element from the moment that there is something to send.
        self._signal: queue.SimpleQueue[bool] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._stopping = threading.Event()

    def request(self, job: Any) -> Request:
        """A job of the engine, as it came under the present lease."""
        return Request(job.id, job.kind, job.arguments, self.lease)

    def reply(self, request: Request, resp: bytes) -> None:
        self._add(request, "RESP", resp)

    def error(self, request: Request, text: str) -> None:
        line = text.replace("\r", " ").replace("\n", " ")
        self._add(request, "ERR", line.encode(errors="surrogateescape"))

    def ok(self, request: Request, text: str = "") -> None:
        self._add(request, "OK", text.encode(errors="surrogateescape"))

    def report(self, registration_id: str, **delta: Any) -> None:
        """Numbers are added to what was reported before, but for ``last_…``;
        of texts the last one counts."""
        with self._lock:
            wake = self._nothing_waits()
            known = self._reports.get(registration_id)
            if known is None:
                self._reports[registration_id] = delta
            else:
                for name, value in delta.items():
                    if name in _SUMS:
                        value += known.get(name, 0)
                    known[name] = value
        if wake:
            self._wake()

    def forget(self) -> None:
        """The lease has ended: the module has told the clients, and hands
        unfinished events over anew."""
        with self._lock:
            self.lease += 1
            self._answers = []
            self._reports = {}

    def stop(self, timeout: float) -> None:
        """Send what is there."""
        self._stopping.set()
        thread, self._thread = self._thread, None
        if thread is not None:
            self._signal.put(False)
            thread.join(timeout)

    def _add(self, request: Request, form: str, payload: bytes) -> None:
        with self._lock:
            if request.lease != self.lease:
                return
            wake = self._nothing_waits()
            self._answers.append((request.id, form, payload))
        if wake:
            self._wake()

    def _nothing_waits(self) -> bool:
        return not self._answers and not self._reports

    def _wake(self) -> None:
        if self._thread is None:
            with self._lock:
                if self._thread is None:
                    self._thread = start_thread("regear-answers", self._run)
        self._signal.put(True)

    def _run(self) -> None:
        going_on = True
        while going_on:
            going_on = self._signal.get()
            with self._lock:
                lease = self.lease
                answers, self._answers = self._answers, []
                reports, self._reports = self._reports, {}
            if answers or reports:
                self._settle(
                    [(id_, json.dumps(report)) for id_, report in reports.items()],
                    answers,
                    lease,
                )

    def _settle(
        self, reports: list[tuple[str, str]], answers: list[Answer], lease: int
    ) -> None:
        """A connection may break, and the lease go on."""
        while lease == self.lease:
            try:
                self._engine.settle_jobs(reports, answers)
            except ConnectionFailed as error:
                logger.info("%d answers wait: %s", len(answers), error)
                if self._stopping.wait(_RECOVERY):
                    return
            except LeaseLost as error:
                logger.info("%d answers go with the lease: %s", len(answers), error)
                return
            except Exception:
                logger.exception("%d answers could not be given", len(answers))
                return
            else:
                return


_SUMS = frozenset(
    {"triggered", "success", "failures", "aborted", "total_ms", "total_lag_ms"}
)

#: Answers a command with a reply of RESP2, once; from any thread.
Reply = Callable[[bytes], None]
Handler = Callable[[list[bytes], Reply], None]
