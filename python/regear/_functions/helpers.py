"""Small names that scripts of RedisGears know."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterator
from contextlib import AbstractContextManager
from typing import Any

from regear._functions import readers
from regear._functions.coroutines import (
    GearsFuture,
    set_exception,
    set_result,
    start,
)
from regear._session import Session, current_session
from regear.errors import GearsFlatError, RecipeError

logger = logging.getLogger("regear")


def run_coroutine(
    cr: Coroutine[Any, Any, Any],
    f: Any = None,
    delay: float = 0,
    s: Session | None = None,
) -> None:
    """Run ``cr`` in ``delay`` seconds, in the session ``s``; the future ``f``
    gets its result."""
    if not asyncio.iscoroutine(cr):
        raise RecipeError("runCoroutine takes a coroutine")

    async def run() -> None:
        try:
            await asyncio.sleep(delay)
            result = await cr
        except Exception as error:
            if f is None:
                logger.warning("a coroutine raised %s: %s", type(error).__name__, error)
            else:
                set_exception(f, error)
        else:
            if f is not None:
                set_result(f, result)

    with (s or current_session()).active():
        start(run())


def create_future() -> GearsFuture:
    """To be awaited, and to be set with ``setFutureResults``."""
    return GearsFuture()


def flat_error(text: str) -> None:
    """Raise an error of which the text alone is reported."""
    raise GearsFlatError(str(text))


class GearsSession:
    """``with GearsSession(session):`` in threads that a script started."""

    def __init__(self, session: Session | None) -> None:
        self._session = session
        self._within: AbstractContextManager[None] | None = None

    def __enter__(self) -> None:
        if self._session is not None:
            self._within = self._session.active()
            self._within.__enter__()

    def __exit__(self, *error: Any) -> None:
        if self._within is not None:
            self._within.__exit__(*error)


def keys_only_reader(
    pattern: str = "*",
    count: Any = 1000,
    noScan: bool = False,  # noqa: N803
    patternGenerator: Any = None,  # noqa: N803
) -> Callable[[], Iterator[Any]]:
    """A function for the PythonReader that gives names of keys."""

    def read() -> Iterator[Any]:
        wanted, exact = pattern, noScan
        if patternGenerator is not None:
            wanted, exact = patternGenerator()
        send = current_session().services.execute_all
        yield from readers.keys_only_reader(send, wanted, exact, count)

    return read


def shard_reader() -> Iterator[str]:
    yield from readers.shards_reader()
