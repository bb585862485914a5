"""Steps that are not done when they return: coroutines and futures."""

from __future__ import annotations

import asyncio
import threading
import weakref
from collections.abc import Coroutine, Generator
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from types import CoroutineType
from typing import Any

from regear._functions import current
from regear._threads import raise_in, start_thread
from regear.errors import GearsForceStopped, RecipeError, RegearError

_lock = threading.Lock()
_loop: asyncio.AbstractEventLoop | None = None
_thread: threading.Thread | None = None  # of the loop


def event_loop() -> asyncio.AbstractEventLoop:
    """The one of all coroutines, in a thread of its own."""
    global _loop, _thread
    with _lock:
        if _loop is None:
            _loop = asyncio.new_event_loop()
            _thread = start_thread("regear-asyncio", _turn, _loop)
        return _loop


def _turn(loop: asyncio.AbstractEventLoop) -> None:
    while True:
        with suppress(GearsForceStopped):
            loop.run_forever()


def free_event_loop(patience: float) -> None:
    """Stop a coroutine that has kept all others waiting for so many seconds."""
    if _loop is None or _thread is None:
        return
    turned = threading.Event()
    _loop.call_soon_threadsafe(turned.set)
    if not turned.wait(patience):
        raise_in(_thread.ident, GearsForceStopped)


def in_coroutine() -> bool:
    """Whether a coroutine calls."""
    return _loop is not None and asyncio._get_running_loop() is not None


def start(coroutine: Coroutine[Any, Any, Any]) -> Future[Any]:
    """Run it, in the session of this thread."""
    return asyncio.run_coroutine_threadsafe(coroutine, event_loop())


class GearsFuture(Future[Any]):
    """May be set from any thread, and awaited in any coroutine."""

    def __await__(self) -> Generator[Any, None, Any]:
        return asyncio.wrap_future(self).__await__()


def set_result(future: Any, result: Any) -> None:
    _set(future, "set_result", result)


def set_exception(future: Any, error: BaseException) -> None:
    _set(future, "set_exception", error)


def _set(future: Any, method: str, value: Any) -> None:
    if isinstance(future, asyncio.Future):
        future.get_loop().call_soon_threadsafe(getattr(future, method), value)
    else:
        getattr(future, method)(value)


class PyFuture:
    """What a step returns whose result comes later, from another thread."""

    def __init__(self) -> None:
        self._returned = False
        execution = current.execution.get()
        if execution is None or not execution.runs_here():
            raise RecipeError(
                "Future object can only be created inside certain execution steps"
            )
        made = _made.get(execution.id)
        if made is not None and not made._returned:
            raise RecipeError("Can not create async record twice on the same step")
        self._thread = threading.get_ident()
        self._result: Future[Any] = Future()
        _made[execution.id] = self

    def continueRun(self, value: Any) -> None:  # noqa: N802
        """The result of the step."""
        self._check()
        with suppress(InvalidStateError):  # aborted
            self._result.set_result(value)

    def continueFailed(self, error: Any) -> None:  # noqa: N802
        """The step failed; ``error`` says why."""
        self._check()
        if not isinstance(error, BaseException):
            error = RegearError(str(error))
        with suppress(InvalidStateError):
            self._result.set_exception(error)

    def _check(self) -> None:
        if not self._returned and threading.get_ident() == self._thread:
            raise RecipeError(
                "Can not handle future untill it returned from the callback"
            )

    def _hand_over(self) -> Future[Any]:
        self._returned = True
        return self._result

    def __del__(self) -> None:
        if hasattr(self, "_result"):
            with suppress(InvalidStateError):
                self._result.set_exception(
                    RegearError("Async record did not called continue")
                )


# Those of the steps that run, by the ids of their executions.
_made: weakref.WeakValueDictionary[str, PyFuture] = weakref.WeakValueDictionary()

#: Types of what is not the result of a step yet.
DEFERRED = frozenset({CoroutineType, PyFuture})


def begun(made: Any) -> Future[Any]:
    """What to wait for."""
    return made._hand_over() if isinstance(made, PyFuture) else start(made)


def awaited(future: Future[Any]) -> Any:
    execution = current.execution.get()
    return future.result() if execution is None else execution.wait(future)
