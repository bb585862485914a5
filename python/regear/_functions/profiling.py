"""How long the reader and each step of an execution take (ProfileExecutions)."""

from __future__ import annotations

from time import perf_counter
from typing import Any

from regear._functions.steps import Stage

READER = 0


class Stopwatch:
    """Time passes for one at a time: the reader, or a step, which count from 1."""

    def __init__(self, steps: int) -> None:
        self._seconds = [0.0] * (1 + steps)
        self._current = READER
        self._since = 0.0

    def start(self) -> None:
        self._since = perf_counter()

    def stop(self) -> list[float]:
        """Seconds of the reader and of each step."""
        self.switch(READER)
        return self._seconds

    def switch(self, to: int) -> int:
        """From now on it is the time of ``to``; whose it was."""
        now = perf_counter()
        before = self._current
        self._seconds[before] += now - self._since
        self._current, self._since = to, now
        return before


class Timed(Stage):
    """A step whose time is taken, less that of those behind it."""

    def __init__(self, stage: Stage, stopwatch: Stopwatch, number: int) -> None:
        self._stage = stage
        self._stopwatch = stopwatch
        self._number = number

    def push(self, record: Any) -> None:
        before = self._stopwatch.switch(self._number)
        try:
            self._stage.push(record)
        finally:
            self._stopwatch.switch(before)

    def finish(self) -> None:
        before = self._stopwatch.switch(self._number)
        try:
            self._stage.finish()
        finally:
            self._stopwatch.switch(before)
