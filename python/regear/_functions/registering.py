"""``register``: a plan that events or commands start, as scripts ask for it."""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from regear._functions.plan import Plan
from regear.errors import NotAvailable, RecipeError

_READERS = ("KeysReader", "StreamReader", "CommandReader")
_MODES = ("sync", "async", "async_local")
_POLICIES = ("continue", "abort", "retry")
_KEY_TYPES = ("empty", "string", "list", "hash", "set", "zset", "module", "stream")

Arguments = dict[str, Any]


@dataclass(frozen=True)
class FunctionRegistration:
    """``id`` and ``number``, its place among those of its session, are given
    by the session that takes it."""

    reader: str
    plan: Plan
    description: str | None = None
    mode: str = "async"
    on_registered: Callable[[], Any] | None = None
    id: str = ""
    number: int = 0
    # -- KeysReader and StreamReader
    prefix: str = "*"
    # -- KeysReader; None stands for all
    events: tuple[str, ...] | None = None
    key_types: tuple[str, ...] | None = None
    read_value: bool = True
    # -- CommandReader
    trigger: str = ""
    inorder: bool = False
    # -- StreamReader
    batch: int = 1
    duration: int = 0  # ms
    policy: str = "continue"
    retry_interval: float = 1  # s
    trim: bool = True
    #: The time of day when a script asked for it.
    created: float = field(default_factory=time.time, compare=False)
    #: By an operator, until another one.
    paused: bool = field(default=False, compare=False)

    def document(self) -> dict[str, Any]:
        """What the module keeps, in the clear (docs/host-link.md)."""
        return {
            "kind": "function",
            "id": self.id,
            "number": self.number,
            "reader": self.reader,
            "description": self.description,
            "mode": self.mode,
            "prefix": self.prefix,
            "events": _listed(self.events),
            "key_types": _listed(self.key_types),
            "read_value": self.read_value,
            "trigger": self.trigger,
            "inorder": self.inorder,
            "batch": self.batch,
            "duration": self.duration,
            "policy": self.policy,
            "retry_interval": self.retry_interval,
            "trim": self.trim,
            "paused": self.paused,
        }


def function_registration(
    reader: str,
    plan: Plan,
    description: str | None,
    prefix: Any,
    options: Arguments,
) -> FunctionRegistration:
    """Checks ``options``; those that are not known do not matter."""
    if reader not in _READERS:
        raise RecipeError("given reader does not exists or does not support register")
    mode = options.get("mode", "async")
    if not isinstance(mode, str):
        raise RecipeError("execution mode must be a string")
    if mode not in _MODES:
        raise RecipeError("unknown execution mode")
    return FunctionRegistration(
        reader=reader,
        plan=plan,
        description=description,
        mode=mode,
        on_registered=_on_registered(options),
        **_OF_READER[reader](prefix, mode, options),
    )


def _on_registered(options: Arguments) -> Callable[[], Any] | None:
    function: Callable[[], Any] | None = options.get("onRegistered")
    if function is None:
        return None
    if not callable(function):
        raise RecipeError("OnRegistered argument must be a function")
    if inspect.iscoroutinefunction(function):
        raise RecipeError("OnRegistered argument must not be a coroutine")
    return function


def _of_keys(prefix: Any, mode: str, options: Arguments) -> Arguments:
    if not isinstance(prefix, str):
        raise RecipeError("regex argument must be a string")
    events = _texts(options, "eventTypes", "given event type is not string")
    key_types = _texts(options, "keyTypes", "given key type is not string")
    if key_types is not None and not set(key_types) <= set(_KEY_TYPES):
        raise RecipeError("unknown key type")
    read_value = _flag(options, "readValue", True, "readValue is not boolean")
    if _texts(options, "commands", "given command type is not string") is not None:
        raise NotAvailable("register(commands=…)")
    return {
        "prefix": prefix,
        "events": None if events is None else tuple(map(str.lower, events)),
        "key_types": key_types,
        "read_value": read_value,
    }


def _of_streams(prefix: Any, mode: str, options: Arguments) -> Arguments:
    if not isinstance(prefix, str):
        raise RecipeError("regex argument must be a string")
    policy = options.get("onFailedPolicy", "continue")
    if not isinstance(policy, str):
        raise RecipeError(
            "onFailedPolicy must be a string (Continue/Abort/Retry)",
        )
    policy = policy.lower()
    if policy not in _POLICIES:
        raise RecipeError("onFailedPolicy must be Continue/Abort/Retry")
    if mode == "sync" and policy != "continue":
        raise RecipeError(
            "ExecutionMode sync can only be combined with OnFailedPolicy Continue"
        )
    retry = "retryInterval argument must be a number"
    return {
        "prefix": prefix,
        "batch": int(_number(options, "batch", 1, "batch argument must be a number")),
        "duration": int(
            _number(options, "duration", 0, "duration argument must be a number")
        ),
        "policy": policy,
        "retry_interval": _number(options, "onFailedRetryInterval", 1, retry),
        "trim": _flag(
            options, "trimStream", True, "pyTrimmStream argument must be a boolean"
        ),
    }


def _of_commands(prefix: Any, mode: str, options: Arguments) -> Arguments:
    given = {name: options.get(name) for name in ("trigger", "hook", "keyprefix")}
    for name, value in given.items():
        if value is not None and not isinstance(value, str):
            raise RecipeError(f"{name} argument is not string")
    inorder = _flag(options, "inorder", False, "inorder argument is be boolean")
    if given["trigger"] is None and given["hook"] is None:
        raise RecipeError("no trigger or hook argument was given")
    if given["trigger"] is None:
        raise NotAvailable("register(hook=…)")
    if given["hook"] is not None or given["keyprefix"] is not None:
        raise RecipeError("trigger argument can not be given with keyprefix or hook")
    return {"trigger": given["trigger"], "inorder": inorder}


_OF_READER: dict[str, Callable[[Any, str, Arguments], Arguments]] = {
    "KeysReader": _of_keys,
    "StreamReader": _of_streams,
    "CommandReader": _of_commands,
}


def _texts(options: Arguments, name: str, complaint: str) -> tuple[str, ...] | None:
    """None where it is not given. A text alone would be its characters."""
    values = options.get(name)
    if values is None:
        return None
    if isinstance(values, (str, bytes)) or not hasattr(values, "__iter__"):
        raise RecipeError(f"given {name} is not iterable")
    texts = tuple(values)
    if not all(isinstance(text, str) for text in texts):
        raise RecipeError(complaint)
    return texts


def _flag(options: Arguments, name: str, default: bool, complaint: str) -> bool:
    value = options.get(name, default)
    if not isinstance(value, bool):
        raise RecipeError(complaint)
    return value


def _number(options: Arguments, name: str, default: float, complaint: str) -> float:
    value = options.get(name, default)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise RecipeError(complaint)
    if value < default * (name == "batch"):
        raise RecipeError(f"{name} must not be less than {default}")
    return value


def _listed(texts: tuple[str, ...] | None) -> list[str] | None:
    return None if texts is None else list(texts)
