"""Stored sessions whose requirements are not on this machine any more."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from regear._pip import PipFailed
from regear._requirements import Requirements
from regear._threads import start_thread
from regear.errors import RegearError

logger = logging.getLogger("regear")

_FIRST_DELAY, _LONGEST_DELAY = 5.0, 600.0  # s between two attempts


class Restorer:
    """Installs beside what runs, and again where the index was away."""

    def __init__(
        self,
        requirements: Requirements,
        tell: Callable[[str, RegearError | None], bool],
    ) -> None:
        """``tell`` gets a session's id and its error, or None once all is there;
        it answers whether the session is still wanted."""
        self._requirements = requirements
        self._tell = tell
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._threads: dict[str, threading.Thread] = {}

    def begin(self, session_id: str, requirements: tuple[str, ...]) -> None:
        with self._lock:
            running = self._threads.get(session_id)
            if running is None or not running.is_alive():
                self._threads[session_id] = start_thread(
                    "regear-requirements", self._run, session_id, requirements
                )

    def stop(self) -> None:
        self._stopping.set()

    def join(self, timeout: float) -> None:
        """So that no pip is left behind."""
        with self._lock:
            threads = list(self._threads.values())
        for thread in threads:
            thread.join(timeout)

    def _run(self, session_id: str, requirements: tuple[str, ...]) -> None:
        delay = _FIRST_DELAY
        try:
            while not self._attempt(session_id, requirements):
                if self._stopping.wait(delay):
                    return
                delay = min(delay * 2, _LONGEST_DELAY)
        except Exception:
            logger.exception("installing requirements of a stored session")

    def _attempt(self, session_id: str, requirements: tuple[str, ...]) -> bool:
        """Whether that was the last one."""
        error: RegearError | None = None
        last = True
        try:
            self._requirements.provide(requirements)
        except RegearError as failure:
            error, last = failure, not isinstance(failure, PipFailed)
        if self._stopping.is_set():
            return True
        try:
            return not self._tell(session_id, error) or last
        except RegearError as away:
            # The next host, or this one once it is attached again, follows.
            logger.info("requirements of a stored session: %s", away)
            return last
