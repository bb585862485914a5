"""Jobs of the module for functions: which one takes them."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from regear._functions.answers import Answers, Handler, Request
from regear._functions.executions import Executions
from regear._functions.pool import Pool
from regear._functions.registering import FunctionRegistration
from regear._functions.running import RUNNING, Running, StreamFunction, Threads
from regear._functions.streams import StreamRegistration
from regear._registry import StoredFunction
from regear._session import Session
from regear.errors import CommandError, RegearError

if TYPE_CHECKING:
    from regear._engine import Job

logger = logging.getLogger("regear")

KINDS = frozenset({"COMMAND", "TRIGGER", "EVENT"})
_STOP_SECONDS = 2.0


@dataclass
class _Idle:
    """A registered function that does not run, and why."""

    stored: StoredFunction
    reason: str = ""
    #: Whether its events wait until it runs.
    holds: bool = False
    held: list[Request] = field(default_factory=list)


class Functions:
    """The registered functions that run here, and commands of clients.

    ``lock`` is held by whoever changes what is registered, in the server and
    here: no job finds the two apart.
    """

    def __init__(self, answers: Answers, executions: Executions) -> None:
        self.lock = threading.RLock()
        #: By their names in lower case, b"rg.getresults".
        self.commands: dict[bytes, Handler] = {}
        self.answers = answers
        self._executions = executions
        self._threads = Threads()
        # So that a function that never ends does not keep anybody from
        # aborting it.
        self._command_threads = Pool("regear-command", bound=16)
        self._running: dict[str, Running] = {}
        self._triggers: dict[bytes, Running] = {}
        self._idle: dict[str, _Idle] = {}
        # Sessions whose onRegistered has been called, by registration.
        self._told: dict[str, Session] = {}

    # -- which functions there are -------------------------------------------

    def is_running(self, id_: str) -> bool:
        return id_ in self._running

    def stream(self, id_: str) -> StreamRegistration | None:
        running = self._running.get(id_)
        return running.streams if isinstance(running, StreamFunction) else None

    def start(self, registration: FunctionRegistration, session: Session) -> None:
        id_ = registration.id
        running = RUNNING[registration.reader](
            registration, session, self._threads, self.answers, self._executions
        )
        with self.lock:
            idle = self._idle.pop(id_, None)
            self._running[id_] = running
            if registration.trigger:
                self._triggers[_bytes(registration.trigger)] = running
            for request in idle.held if idle is not None else ():
                running.take(request)
        if self._told.get(id_) is not session:
            self._told[id_] = session
            running.tell_registered()

    def refuse(self, stored: StoredFunction, reason: str, soon: bool = False) -> None:
        """It is registered, but does not run here now; ``soon`` it will."""
        with self.lock:
            idle = self._idle.get(stored.id)
            if idle is None:
                self._idle[stored.id] = idle = _Idle(stored)
            elif idle.reason == reason:
                return
            # Clients wait for sync ones, and streams are there later, too.
            idle.reason = reason
            idle.holds = soon and stored.reader == "KeysReader"
            idle.holds = idle.holds and stored.mode != "sync"
            if not idle.holds:
                for request in idle.held:
                    self._lose(request, idle)
                idle.held.clear()
        self.answers.report(stored.id, error=reason)

    def stop(self, id_: str, abort: bool = True) -> None:
        """``abort``: those of its jobs that wait do not run."""
        with self.lock:
            self._told.pop(id_, None)
            idle = self._idle.pop(id_, None)
            for request in idle.held if idle is not None else ():
                self.answers.ok(request)
            running = self._running.pop(id_, None)
            if running is None:
                return
            trigger = _bytes(running.registration.trigger)
            if self._triggers.get(trigger) is running:
                del self._triggers[trigger]
        running.stop(abort)

    def keep(self, ids: set[str]) -> None:
        """Stop those that are not among ``ids``."""
        for id_ in {*self._running, *self._idle} - ids:
            self.stop(id_, abort=False)

    def lease_ended(self) -> None:
        """Another host, or this one later, gets what is not finished."""
        self.answers.forget()
        with self.lock:
            for running in self._running.values():
                running.stop(abort=True)
            self._running.clear()
            self._triggers.clear()
            self._idle.clear()

    def close(self) -> None:
        self.answers.stop(_STOP_SECONDS)
        self.lease_ended()

    # -- jobs ----------------------------------------------------------------

    def take(self, job: Job) -> None:
        """Returns at once."""
        request = self.answers.request(job)
        if request.kind == "COMMAND":
            self._command_threads.submit(lambda: self._command(request))
            return
        with self.lock:
            if request.kind == "EVENT":
                self._event(request)
            else:
                self._trigger(request)

    def _event(self, request: Request) -> None:
        id_ = request.arguments[0].decode()
        running, idle = self._running.get(id_), self._idle.get(id_)
        if running is not None:
            running.take(request)
        elif idle is None:
            self.answers.ok(request)  # it was unregistered
        elif idle.holds:
            idle.held.append(request)
        else:
            self._lose(request, idle)

    def _lose(self, request: Request, idle: _Idle) -> None:
        self.answers.report(idle.stored.id, triggered=1, failures=1, error=idle.reason)
        self.answers.ok(request)

    def _trigger(self, request: Request) -> None:
        trigger = request.arguments[0]
        running = self._triggers.get(trigger)
        if running is not None:
            running.take(request)
            return
        text = "ERR subcommand not found"
        for idle in self._idle.values():
            if _bytes(idle.stored.trigger) == trigger:
                text = idle.reason
        self.answers.error(request, text)

    def _command(self, request: Request) -> None:
        name, *arguments = request.arguments
        try:
            handler = self.commands.get(name)
            if handler is None:
                raise CommandError(f"ERR unknown command '{name.decode()}'")
            handler(arguments, lambda resp: self.answers.reply(request, resp))
        except RegearError as error:
            self.answers.error(request, str(error))
        except Exception as error:
            logger.exception("%s", name.decode())
            self.answers.error(request, f"ERR {type(error).__name__}: {error}")


def _bytes(trigger: str) -> bytes:
    return trigger.encode(errors="surrogateescape")
