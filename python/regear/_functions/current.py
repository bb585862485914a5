"""The execution whose step calls."""

from __future__ import annotations

from concurrent.futures import Future
from contextvars import ContextVar
from typing import Any, Protocol


class Running(Protocol):
    """An execution, as far as its steps know it."""

    @property
    def id(self) -> str: ...

    def runs_here(self) -> bool:
        """Whether this thread runs its steps."""

    def wait(self, future: Future[Any]) -> Any: ...


execution: ContextVar[Running | None] = ContextVar("regear_execution", default=None)
