"""The global names that a recipe finds."""

from __future__ import annotations

import asyncio
import copy
import cProfile
import io
import pstats
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from importlib import import_module
from typing import Any

from regear._atomic import current_block
from regear._builder import GearsBuilder
from regear._functions import helpers
from regear._functions.coroutines import (
    GearsFuture,
    PyFuture,
    set_exception,
    set_result,
)
from regear._session import Session, current_session, set_current
from regear.errors import NotAvailable, RecipeError

LEVELS = ("debug", "verbose", "notice", "warning")

#: Known to recipes for RedisGears; calling them says that they do not work.
_MISSING = ["call_next", "get_command", "override_reply"]


def missing(name: str) -> Callable[..., Any]:
    """A function of that name which says that it is not available."""

    def unavailable(*_: object, **__: object) -> Any:
        raise NotAvailable(name)

    unavailable.__name__ = unavailable.__qualname__ = name
    return unavailable


class RecipeApi:
    """``execute``, ``log`` and the like on behalf of the session that
    ``session`` finds when they are called."""

    def __init__(self, session: Callable[[], Session]) -> None:
        self._session = session

    def execute(self, command: str, *arguments: object) -> Any:
        """Run a Redis command; errors are raised as GearsError."""
        if not isinstance(command, str):
            raise RecipeError("the given command must be a string")
        return self._session().services.execute(command, *arguments)

    def atomic(self) -> AbstractContextManager[None]:
        """``with atomic():`` nothing comes between the commands of the block."""
        return self._session().services.atomic()

    def log(self, message: str, level: str = "notice") -> None:
        """Write a line to the log of the Redis server."""
        if not isinstance(message, str):
            raise RecipeError("log message must be a string")
        if level not in LEVELS:
            raise RecipeError(f"unknown log level {level!r}", ", ".join(LEVELS))
        session = self._session()
        session.services.log(level, "GEARS: " + session.secrets.redact(message))

    def config_get(self, key: str) -> str | None:
        """A configuration value, or None."""
        return self._session().config_get(key)

    def config_get_or(self, key: str, default: Any = None) -> Any:
        value = self.config_get(key)
        return default if value is None else value

    def hashtag(self) -> str:
        """A text that hashes to the first slot of this shard."""
        return self._session().services.hashtag

    def every(self, seconds: int, callback: Callable[[], Any], key: Any = None) -> None:
        """Call ``callback`` every ``seconds``; with ``key``, beyond the end of
        this host, until that key is deleted."""
        if isinstance(seconds, bool) or not isinstance(seconds, int):
            raise RecipeError("time argument must be a long")
        if not callable(callback):
            raise RecipeError("callback must be a function")
        if key is not None and not isinstance(key, str):
            raise RecipeError("key argument must be a string")
        self._session().add_timer(max(seconds, 1), callback, key)


def gears_context(reader: str = "KeysReader", desc: str | None = None) -> GearsBuilder:
    """What RedisGears builds its builders on."""
    return GearsBuilder(reader, desc=desc)


def is_in_atomic_block() -> bool:
    return current_block() is not None


def is_async_allowed() -> bool:
    """Functions run beside the server, never within a transaction."""
    return True


def ignore(*_: object) -> None:
    """For what needs no telling here: threads that a script starts know its
    session from the moment that they use it."""


_PUBLIC = {
    "GB": GearsBuilder,
    "GearsBuilder": GearsBuilder,
    "GearsFuture": GearsFuture,
    "GearsSession": helpers.GearsSession,
    "PyFlatExecution": GearsBuilder,
    "createFuture": helpers.create_future,
    "createKeysOnlyReader": helpers.keys_only_reader,
    "flat_error": helpers.flat_error,
    "gearsCtx": gears_context,
    "gearsFuture": PyFuture,
    "getGearsSession": current_session,
    "isAsyncAllow": is_async_allowed,
    "isInAtomicBlock": is_in_atomic_block,
    "registerGearsThread": ignore,
    "runCoroutine": helpers.run_coroutine,
    "setFutureException": set_exception,
    "setFutureResults": set_result,
    "setGearsSession": set_current,
    "shardReaderCallback": helpers.shard_reader,
    # What RedisGears' own Python code imports, and scripts have come to use.
    "Future": asyncio.Future,
    "Thread": threading.Thread,
    "asyncio": asyncio,
    "copy": copy,
    "cProfile": cProfile,
    "io": io,
    "pstats": pstats,
}


def recipe_globals(session: Session) -> dict[str, Any]:
    """A dict of its own for each session."""
    api = RecipeApi(lambda: session)
    names: dict[str, Any] = {name: missing(name) for name in _MISSING}
    names.update(
        __name__="not_main",
        __builtins__=__builtins__,
        **_PUBLIC,
        execute=api.execute,
        atomic=api.atomic,
        log=api.log,
        Log=lambda level, message: api.log(message, level),
        configGet=api.config_get,
        ConfigGet=api.config_get,
        gearsConfigGet=api.config_get_or,
        GearsConfigGet=api.config_get_or,
        hashtag=api.hashtag,
        registerTE=api.every,
        registerTimeEvent=api.every,
        redisgears=import_module("redisgears"),
        rg=import_module("redisgears"),
    )
    return names
