"""The global names that a recipe finds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from regear._builder import GearsBuilder
from regear._session import Session
from regear.errors import NotAvailable, RecipeError

LEVELS = ("debug", "verbose", "notice", "warning")

#: Known to recipes for RedisGears; calling them says that they do not work yet.
_MISSING = [
    "atomic",
    "registerTE",
    "gearsCtx",
    "gearsFuture",
    "setGearsSession",
    "getGearsSession",
    "registerGearsThread",
    "isInAtomicBlock",
    "isAsyncAllow",
    "call_next",
    "get_command",
    "override_reply",
    "flat_error",
    "PyFlatExecution",
    "GearsSession",
    "GearsFuture",
    "createFuture",
    "setFutureResults",
    "setFutureException",
    "runCoroutine",
    "shardReaderCallback",
    "createKeysOnlyReader",
]


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


def recipe_globals(session: Session) -> dict[str, Any]:
    """A dict of its own for each session."""
    api = RecipeApi(lambda: session)
    names: dict[str, Any] = {name: missing(name) for name in _MISSING}
    names.update(
        __name__="not_main",
        __builtins__=__builtins__,
        GearsBuilder=GearsBuilder,
        GB=GearsBuilder,
        execute=api.execute,
        log=api.log,
        Log=lambda level, message: api.log(message, level),
        configGet=api.config_get,
        ConfigGet=api.config_get,
        gearsConfigGet=api.config_get_or,
        GearsConfigGet=api.config_get_or,
        hashtag=api.hashtag,
    )
    return names
