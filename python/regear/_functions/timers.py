"""Functions that are called again and again: registerTimeEvent."""

from __future__ import annotations

import heapq
import itertools
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from regear._functions.coroutines import DEFERRED, awaited, begun
from regear._functions.pool import Pool
from regear._threads import start_thread
from regear.errors import RegearError

if TYPE_CHECKING:
    from regear._session import Session

logger = logging.getLogger("regear")


@dataclass
class Timer:
    """``key`` in Redis keeps it beyond the end of this host; who deletes the
    key ends it. ``token`` is what the key holds."""

    session: Session
    number: int
    seconds: int
    callback: Callable[[], Any]
    key: str | None
    token: str = ""


class Timers:
    """They rest while this host does not serve the server."""

    def __init__(self, execute: Callable[..., Any]) -> None:
        self._execute = execute
        #: Whether this host serves.
        self.awake = False
        self._changed = threading.Condition()
        self._numbers = itertools.count()
        self._due: list[tuple[float, int, Timer]] = []
        self._tokens: set[str] = set()
        self._thread: threading.Thread | None = None
        self._pool = Pool("regear-timer", bound=16)

    def has(self, token: str) -> bool:
        return token in self._tokens

    def is_wanted(self, key: str, token: str) -> bool:
        """Whether its key is there still."""
        return bool(self._execute("HGET", key, "timer") == token)

    def write_key(self, timer: Timer) -> None:
        key, seconds = timer.key, timer.seconds
        self._execute("DEL", key)
        self._execute("HSET", key, "timer", timer.token, "seconds", seconds)

    def start(self, timer: Timer) -> None:
        if timer.token:
            self._tokens.add(timer.token)
        with self._changed:
            self._plan(timer)
            if self._thread is None:
                self._thread = start_thread("regear-timers", self._run)

    def _plan(self, timer: Timer) -> None:
        """With the lock."""
        due = time.monotonic() + timer.seconds
        heapq.heappush(self._due, (due, next(self._numbers), timer))
        self._changed.notify()

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._due or self._due[0][0] > time.monotonic():
                    self._changed.wait(
                        self._due[0][0] - time.monotonic() if self._due else None
                    )
                _, _, timer = heapq.heappop(self._due)
            self._pool.submit(lambda timer=timer: self._turn(timer))  # type: ignore[misc]

    def _turn(self, timer: Timer) -> None:
        try:
            if self.awake:
                if timer.key and not self.is_wanted(timer.key, timer.token):
                    self._tokens.discard(timer.token)
                    return
                self._call(timer)
        except Exception as error:
            text = timer.session.secrets.redact(f"{type(error).__name__}: {error}")
            logger.warning("a time event failed: %s", text)
        with self._changed:
            self._plan(timer)

    def _call(self, timer: Timer) -> None:
        with timer.session.active():
            made = timer.callback()
            if type(made) in DEFERRED:
                awaited(begun(made))


class StoredTimers:
    """What the server keeps of those with keys: sealed, as all that runs."""

    def __init__(
        self,
        timers: Timers,
        load: Callable[[], dict[str, Any]],
        save: Callable[[dict[str, Any]], None],
    ) -> None:
        self._timers = timers
        self._load = load
        self._save = save
        self._lock = threading.Lock()

    def add(self, timer: Timer, session: dict[str, Any]) -> None:
        with self._lock:
            self._timers.write_key(timer)
            known = {
                token: one
                for token, one in self._load().items()
                if self._timers.is_wanted(one["key"], token)
            }
            known[timer.token] = {
                "key": timer.key,
                "number": timer.number,
                "session": session,
            }
            self._save(known)

    def restore(self, session_of: Callable[[dict[str, Any]], Session]) -> None:
        """``session_of`` runs a stored session again, if it does not live."""
        with self._lock:
            for token, one in self._load().items():
                try:
                    self._restore(token, one, session_of)
                except (RegearError, LookupError) as error:
                    logger.warning("the time event of %s: %s", one.get("key"), error)

    def _restore(
        self,
        token: str,
        stored: dict[str, Any],
        session_of: Callable[[dict[str, Any]], Session],
    ) -> None:
        timers = self._timers
        if timers.has(token) or not timers.is_wanted(stored["key"], token):
            return
        timer = session_of(stored["session"]).timers[stored["number"]]
        timer.token = token
        timers.start(timer)
