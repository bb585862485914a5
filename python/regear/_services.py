"""What the recipes and functions of a host may ask of it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from regear._atomic import current_block
from regear._commands import Commands
from regear._config import Config
from regear._durability import check_commit_after
from regear._functions import readers
from regear._functions.coroutines import GearsFuture
from regear._functions.executions import Executions
from regear._functions.plan import Plan
from regear._functions.readers import KeyScan
from regear._functions.registering import FunctionRegistration
from regear._functions.timers import StoredTimers, Timer, Timers
from regear._registration import Registration
from regear._registry import Snapshot, StoredSession
from regear._replacement import replaced_rules
from regear._sealing import Sealer
from regear._session import Session, new_session_id
from regear._stored_values import TIMERS_ID, load_values, store_values
from regear.errors import RecipeError, RegearError, TargetUnavailable

if TYPE_CHECKING:
    from regear._engine import Engine

logger = logging.getLogger("regear")


class HostServices:
    """Implements ``regear._session.Services``."""

    def __init__(
        self,
        engine: Engine,
        sealer: Sealer,
        config: Config,
        commands: Commands,
        snapshot: Callable[[], Snapshot],
    ) -> None:
        """``snapshot`` reads what is registered."""
        self._engine = engine
        self._config = config
        self._commands = commands
        self._snapshot = snapshot
        #: Known as soon as a lease begins.
        self.hashtag = ""
        self._limits: dict[str, int] = {}
        self.executions = Executions(self.limit)
        self.timers = Timers(commands.execute)
        self.stored_timers = StoredTimers(
            self.timers,
            lambda: load_values(engine, sealer, TIMERS_ID) or {},
            lambda values: store_values(engine, sealer, TIMERS_ID, values),
        )

    def execute(self, command: str, *arguments: object) -> Any:
        return self._commands.execute(command, *arguments)

    def execute_all(self, commands: Sequence[tuple[object, ...]]) -> list[Any]:
        return self._commands.execute_all(commands)

    def atomic(self) -> AbstractContextManager[None]:
        timeout = self.limit("AtomicTimeout", 250)
        if timeout == 0:
            raise RecipeError("atomic() is switched off: AtomicTimeout is 0")
        return self._commands.atomic(timeout)

    def scan_keys(self, pattern: str) -> KeyScan:
        return self._engine.scan_keys(pattern, str(readers.SCAN_COUNT))

    def config(self, key: str, stored: Mapping[str, str]) -> str | None:
        return self._config.get(key, stored)

    def run_plan(self, session: Session, plan: Plan) -> GearsFuture:
        return self.executions.future(session, plan)

    def start_timer(self, timer: Timer) -> None:
        if timer.key is not None:
            timer.token = new_session_id()
            stored = StoredSession.of(timer.session).document()
            self.stored_timers.add(timer, stored)
        self.timers.start(timer)

    def limit(self, key: str, default: int) -> int:
        """Of a configured number; asked for each execution."""
        limit = self._limits.get(key)
        if limit is None:
            value = self._config.get(key, {})
            limit = int(value) if value is not None and value.isdecimal() else default
            self._limits[key] = limit
        return limit

    def forget_limits(self) -> None:
        """The configuration has changed."""
        self._limits.clear()

    def log(self, level: str, text: str) -> None:
        block = current_block()
        if block is not None:  # the server would not listen
            block.afterwards(lambda: self.log(level, text))
            return
        try:
            self._engine.log(level, text)
        except RegearError:  # Redis is away: the line shall not be lost
            logger.log(_PYTHON_LEVELS[level], "%s", text)

    def accept(self, session: Session, registration: Registration) -> None:
        replaced_rules(self._snapshot(), registration.name, registration.version)
        check_commit_after(self._commands, registration.options.commit_after)
        worker = registration.worker(registration.stored_in(self.hashtag), session.bind)
        try:
            for warning in self._engine.check_target(worker):
                message = f"{warning['message']} (try: {warning['hint']})"
                self.log(
                    "warning",
                    f"regear: {registration.name}: {session.secrets.redact(message)}",
                )
        except TargetUnavailable as error:
            reason = session.secrets.redact(str(error))
            self.log(
                "warning",
                f"regear: {registration.name}: changes are kept until the target"
                f" can be reached: {reason}",
            )

    def accept_function(self, session: Session, function: FunctionRegistration) -> None:
        trigger = function.trigger
        if not trigger:
            return
        if any(one.trigger == trigger for one in session.functions):
            raise RecipeError("trigger already registered in this session")
        for one in self._snapshot().functions:
            if one.trigger == trigger and one.id not in session.replaces:
                raise RecipeError("trigger already registered")

    def reserve_id(self) -> str:
        return self._engine.reserve_ids(1)[0]


_PYTHON_LEVELS = {
    "debug": logging.DEBUG,
    "verbose": logging.DEBUG,
    "notice": logging.INFO,
    "warning": logging.WARNING,
}
