"""Looks at a recipe and its targets, and leaves everything as it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Callable, TextIO

from regear._commands import Commands
from regear._config import Config
from regear._functions.coroutines import GearsFuture
from regear._functions.plan import Plan
from regear._functions.readers import KeyScan
from regear._functions.registering import FunctionRegistration
from regear._functions.timers import Timer
from regear._registration import Registration
from regear._runner import ScriptFailed, failure_of, run_recipe
from regear._session import Session, new_session_id
from regear.errors import RecipeError, RegearError, TargetError, TargetUnavailable

#: Finds out about the target of a worker: ``regear._engine.inspect_target``.
Inspect = Callable[[dict[str, Any]], "list[dict[str, Any]]"]

_HASHTAG = "06S"  # names streams that nobody makes


@dataclass(frozen=True)
class Finding:
    message: str
    hint: str


@dataclass
class Checked:
    """A registration, and what is to be said about its target."""

    name: str
    keys: str
    table: str
    target: str
    problems: list[Finding] = field(default_factory=list)
    warnings: list[Finding] = field(default_factory=list)


@dataclass
class CheckedRecipe:
    recipe: str
    error: Finding | None = None
    registrations: list[Checked] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return self.error is None and not any(
            one.problems for one in self.registrations
        )


class _Services:
    """Lets a recipe run that shall not register anything."""

    hashtag = _HASHTAG

    def __init__(self, config: Config, commands: Commands | None, log: TextIO) -> None:
        self._config = config
        self._commands = commands
        self._log = log

    def execute(self, command: str, *arguments: object) -> Any:
        if self._commands is None:
            raise RecipeError(
                f"the recipe runs the command {command}, which needs a server",
                "regear check --redis URL",
            )
        return self._commands.execute(command, *arguments)

    @contextmanager
    def atomic(self) -> Iterator[None]:
        yield

    def execute_all(self, commands: Sequence[tuple[object, ...]]) -> list[Any]:
        return [self.execute(str(name), *rest) for name, *rest in commands]

    def log(self, level: str, text: str) -> None:
        print(f"{level}: {text}", file=self._log)

    def config(self, key: str, stored: Mapping[str, str]) -> str | None:
        return self._config.get(key, stored)

    def accept(self, session: Session, registration: Registration) -> None:
        """Nothing is registered: the targets are looked at afterwards."""

    def accept_function(
        self, session: Session, function: FunctionRegistration
    ) -> None: ...

    def reserve_id(self) -> str:
        return "0-0"

    def run_plan(self, session: Session, plan: Plan) -> GearsFuture:
        """For a coroutine, which may wait as long as the check takes."""
        return GearsFuture()

    def start_timer(self, timer: Timer) -> None: ...

    def scan_keys(self, pattern: str) -> KeyScan:
        raise RecipeError("functions do not run while they are checked")


def check_recipe(
    path: Path,
    config: Config,
    commands: Commands | None,
    inspect: Inspect,
    output: TextIO,
) -> CheckedRecipe:
    """What the recipe prints goes to ``output``."""
    checked = CheckedRecipe(str(path))
    try:
        source = path.read_text(encoding="utf-8")
        services = _Services(config, commands, output)
        session = Session(new_session_id(), source, services)
        with redirect_stdout(output):
            run_recipe(session)
        if not session.registrations and not session.functions:
            raise RecipeError(
                f"{path.name} registers nothing", "a recipe calls RGWriteBehind(...)"
            )
    except OSError as error:
        checked.error = Finding(f"{path} cannot be read: {error.strerror}", "")
    except UnicodeDecodeError as error:
        checked.error = Finding(f"{path} is no UTF-8 text: {error.reason}", "")
    except ScriptFailed as failure:
        told = failure_of(path.name, failure)
        checked.error = Finding(told.message, told.hint)
    except RegearError as error:
        checked.error = Finding(error.message, error.hint)
    else:
        checked.registrations = [
            _check(session, registration, inspect)
            for registration in session.registrations
        ]
    return checked


def _check(session: Session, registration: Registration, inspect: Inspect) -> Checked:
    target = registration.target
    checked = Checked(
        name=registration.name,
        keys=registration.keys.template or registration.keys.prefix + "*",
        table=target.table,
        target=target.kind,
    )
    worker = registration.worker(registration.stored_in(_HASHTAG), session.bind)
    redact = session.secrets.redact
    try:
        found = inspect(worker)
    except (TargetError, TargetUnavailable) as error:
        found = [{"blocks": True, "message": error.message, "hint": error.hint}]
    for one in found:
        finding = Finding(redact(one["message"]), redact(one["hint"]))
        (checked.problems if one["blocks"] else checked.warnings).append(finding)
    return checked
