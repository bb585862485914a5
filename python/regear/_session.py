"""A session: one execution of a recipe and what it registered."""

from __future__ import annotations

import functools
import secrets as random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from regear._functions.coroutines import GearsFuture, in_coroutine
from regear._functions.plan import Plan
from regear._functions.readers import KeyScan
from regear._functions.registering import FunctionRegistration
from regear._functions.timers import Timer
from regear._redaction import Secrets
from regear._registration import Registration
from regear.errors import (
    LeaseLost,
    RecipeError,
    RegearError,
    TargetError,
    TargetUnavailable,
)


class Services(Protocol):
    """What a recipe may ask of the host that runs it."""

    @property
    def hashtag(self) -> str: ...
    def execute(self, command: str, *arguments: object) -> Any: ...
    def atomic(self) -> AbstractContextManager[None]: ...
    def execute_all(self, commands: Sequence[tuple[object, ...]]) -> list[Any]:
        """The replies of many commands at once; errors are among them."""

    def scan_keys(self, pattern: str) -> KeyScan:
        """All keys that match, with their values."""

    def log(self, level: str, text: str) -> None: ...
    def config(self, key: str, stored: Mapping[str, str]) -> str | None: ...
    def run_plan(self, session: Session, plan: Plan) -> GearsFuture:
        """Of ``[results, errors]``."""

    def start_timer(self, timer: Timer) -> None: ...
    def accept(self, session: Session, registration: Registration) -> None:
        """Raise if the registration could not be registered now."""

    def accept_function(self, session: Session, function: FunctionRegistration) -> None:
        """The same for a function."""

    def reserve_id(self) -> str:
        """An id of a registration, which nobody else gets."""


def new_session_id() -> str:
    return random.token_hex(20)


@dataclass
class Session:
    """Its registrations reach the server together, or not at all."""

    id: str
    source: str
    services: Services
    description: str | None = None
    requirements: tuple[str, ...] = ()
    #: The host's configuration when the session was made.
    config: Mapping[str, str] = field(default_factory=dict)
    #: Runs again what is registered already.
    restoring: bool = False
    registrations: list[Registration] = field(default_factory=list)
    functions: list[FunctionRegistration] = field(default_factory=list)
    #: Ids of the functions that are registered already, by their numbers.
    function_ids: Mapping[int, str] = field(default_factory=dict)
    #: Ids of registrations that go when this session's come.
    replaces: tuple[str, ...] = ()
    secrets: Secrets = field(default_factory=Secrets)
    #: What the script wants run once it has ended, and what came of it.
    plan: Plan | None = None
    ran: GearsFuture = field(default_factory=GearsFuture)
    timers: list[Timer] = field(default_factory=list)
    has_ended: bool = False

    def add(self, registration: Registration) -> None:
        """Take a registration of the running recipe."""
        if any(other.name == registration.name for other in self.registrations):
            raise RecipeError(
                f"two registrations are named {registration.name!r}",
                "a name of its own for each",
            )
        if not self.restoring:
            self.services.accept(self, registration)
        self.registrations.append(registration)

    def add_function(self, function: FunctionRegistration) -> str:
        """Take a function that the running script registers; its id."""
        number = len(self.functions)
        if self.restoring:
            # One that was unregistered meanwhile has none.
            id_ = self.function_ids.get(number, "")
        else:
            self.services.accept_function(self, function)
            id_ = self.services.reserve_id()
        self.functions.append(replace(function, id=id_, number=number))
        return id_

    def run_plan(self, plan: Plan) -> GearsFuture:
        """The script's own ``run`` waits until the script has ended; functions
        of it may run as many as they like."""
        if self.has_ended or in_coroutine():
            return self.services.run_plan(self, plan)
        if self.plan is not None:
            raise RecipeError("Can not run more then 1 executions in a single script")
        self.plan = plan
        return self.ran

    def add_timer(
        self, seconds: int, callback: Callable[[], Any], key: str | None
    ) -> None:
        """Call ``callback`` every ``seconds``."""
        timer = Timer(self, len(self.timers), seconds, callback, key)
        self.timers.append(timer)
        if self.has_ended:
            self.services.start_timer(timer)

    def config_get(self, key: str) -> str | None:
        return self.services.config(key, self.config)

    @contextmanager
    def active(self) -> Iterator[None]:
        """Within, this is the ``current_session()`` of the thread."""
        token = _current.set(self)
        try:
            yield
        finally:
            _current.reset(token)

    def bind(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """``function`` as the engine may call it from its threads: in this
        session, and with no secret in the text of what it raises."""

        @functools.wraps(function)
        def bound(*arguments: Any) -> Any:
            with self.active():
                try:
                    return function(*arguments)
                except Exception as error:
                    clean = self.redacted(error)
                    if clean is error:
                        raise
                raise clean

        return bound

    def redacted(self, error: Exception) -> Exception:
        """The error itself, or one that says the same without secrets."""
        text = str(error)
        clean = self.secrets.redact(text)
        if clean == text:
            return error
        # Its class tells the engine what to do.
        if isinstance(error, (TargetError, TargetUnavailable, LeaseLost)):
            redact = self.secrets.redact
            return type(error)(redact(error.message), redact(error.hint))
        return RegearError(f"{type(error).__name__}: {clean}")


_current: ContextVar[Session | None] = ContextVar("regear_session", default=None)
_default: Session | None = None


def set_default(session: Session | None) -> None:
    """The session of threads that regear did not start."""
    global _default
    _default = session


def current_session() -> Session:
    """The session whose recipe, or whose function, this thread runs."""
    session = _current.get() or _default
    if session is None:
        raise RecipeError(
            "no recipe is running here", "regear.Host(url).load('recipe.py').start()"
        )
    return session


def set_current(session: Session | None) -> None:
    """For the rest of this thread."""
    _current.set(session)


def remember_secret(value: str) -> None:
    """Mask ``value`` in what the session of this thread says."""
    session = _current.get() or _default
    if session is not None:
        session.secrets.add(value)
