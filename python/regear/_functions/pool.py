"""Threads that run functions."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Hashable

from regear._threads import start_thread

logger = logging.getLogger("regear")

Task = Callable[[], None]

_PATIENCE = 0.003  # s that a task waits for one that takes longer
_LINE = 0.02  # s that it waits in a line of short ones
_GLANCE = 0.002  # s between two looks at the tasks that wait


class Pool:
    """Runs tasks in up to ``bound`` threads.

    Short tasks run fastest one after another in one thread, as only one can
    have the interpreter anyway. So a thread that is done takes the next task,
    and another one joins only when that takes too long.
    """

    def __init__(self, name: str, bound: int = 64) -> None:
        self._name = name
        self._bound = bound
        self._lock = threading.Lock()
        self._sleep = threading.Condition(self._lock)
        self._tasks: deque[tuple[float, Task]] = deque()
        self._threads = 0
        self._coming = 0  # woken, and without a task yet
        # When threads began with the task that they are at, by their idents.
        self._busy: dict[int, float] = {}
        self._crowded = threading.Event()
        self._watched = False

    def submit(self, task: Task) -> None:
        with self._lock:
            now = time.monotonic()
            self._tasks.append((now, task))
            if not self._coming and not self._is_one_soon_done(now):
                self._wake_one()
            if self._crowded.is_set() or len(self._tasks) <= self._coming:
                return
            self._crowded.set()
            if not self._watched:
                self._watched = True
                start_thread(f"{self._name}-watch", self._watch)

    def _is_one_soon_done(self, now: float) -> bool:
        return any(now - began < _PATIENCE for began in self._busy.values())

    def _wake_one(self) -> None:
        """With the lock."""
        if self._coming + len(self._busy) < self._threads:
            self._coming += 1
            self._sleep.notify()
        elif self._threads < self._bound:
            self._coming += 1
            self._threads += 1
            start_thread(f"{self._name}-{self._threads}", self._work)

    def _work(self) -> None:
        me = threading.get_ident()
        while True:
            try:
                task = self._next(me)
                task()
            except (Exception, SystemExit):
                logger.exception("a task of %s failed", self._name)

    def _next(self, me: int) -> Task:
        with self._lock:
            if me not in self._busy:
                self._coming -= 1  # its first task
            while not self._tasks:
                self._busy.pop(me, None)
                self._sleep.wait()
                self._coming -= 1
            self._busy[me] = time.monotonic()
            return self._tasks.popleft()[1]

    def _watch(self) -> None:
        """Another thread joins where the first task in line waits too long;
        later where tasks are short, as they wait for the interpreter then."""
        while True:
            self._crowded.wait()
            time.sleep(_GLANCE)
            with self._lock:
                now = time.monotonic()
                patience = _LINE if self._is_one_soon_done(now) else _PATIENCE
                if not self._tasks:
                    self._crowded.clear()
                elif now - self._tasks[0][0] > patience:
                    self._wake_one()


class Lanes:
    """Tasks of one lane run one after another, in their order."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._lock = threading.Lock()
        self._waiting: dict[Hashable, deque[Task]] = {}

    def submit(self, lane: Hashable, task: Task) -> None:
        with self._lock:
            waiting = self._waiting.get(lane)
            if waiting is not None:
                waiting.append(task)
                return
            self._waiting[lane] = deque([task])
        self._pool.submit(lambda: self._run(lane))

    def _run(self, lane: Hashable) -> None:
        while True:
            with self._lock:
                waiting = self._waiting[lane]
                if not waiting:
                    del self._waiting[lane]
                    return
                task = waiting.popleft()
            try:
                task()
            except (Exception, SystemExit):
                logger.exception("a task failed")
