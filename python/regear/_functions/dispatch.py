"""Jobs of the module for functions: which one takes them."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from regear._functions.answers import Answers, Handler, Request
from regear._functions.execution import Execution
from regear._functions.pool import Pool
from regear._functions.registering import FunctionRegistration
from regear._functions.running import RUNNING, Running, Threads
from regear._session import Session
from regear.errors import CommandError, RegearError

if TYPE_CHECKING:
    from regear._engine import Job

logger = logging.getLogger("regear")

KINDS = frozenset({"COMMAND", "TRIGGER", "EVENT"})
_STOP_SECONDS = 2.0


class Functions:
    """The registered functions that run here, and commands of clients.

    ``lock`` is held by whoever changes what is registered, in the server and
    here: no job finds the two apart.
    """

    def __init__(self, answers: Answers, create: Callable[..., Execution]) -> None:
        self.lock = threading.RLock()
        #: By their names in lower case, b"rg.getresults".
        self.commands: dict[bytes, Handler] = {}
        self.answers = answers
        self._create = create
        self._threads = Threads()
        # So that a function that never ends does not keep anybody from
        # aborting it.
        self._command_threads = Pool("regear-command", bound=16)
        self._running: dict[str, Running] = {}
        self._triggers: dict[bytes, Running] = {}
        # Why others do not run, by their ids and by their triggers.
        self._refused: dict[str, str] = {}
        self._refused_triggers: dict[bytes, str] = {}
        # Sessions whose onRegistered has been called, by registration.
        self._told: dict[str, Session] = {}

    # -- which functions there are -------------------------------------------

    def is_running(self, id_: str) -> bool:
        return id_ in self._running

    def start(self, registration: FunctionRegistration, session: Session) -> None:
        id_ = registration.id
        running = RUNNING[registration.reader](
            registration, session, self._threads, self.answers, self._create
        )
        with self.lock:
            self._refused.pop(id_, None)
            self._running[id_] = running
            if registration.trigger:
                self._triggers[registration.trigger.encode()] = running
        if self._told.get(id_) is not session:
            self._told[id_] = session
            running.tell_registered()

    def refuse(self, id_: str, trigger: str, reason: str) -> None:
        """It is registered, but cannot run here now."""
        with self.lock:
            if self._refused.get(id_) == reason:
                return
            self._refused[id_] = reason
            self._refused_triggers[trigger.encode()] = reason
        self.answers.report(id_, error=reason)

    def stop(self, id_: str, abort: bool = True) -> None:
        """``abort``: those of its jobs that wait do not run."""
        with self.lock:
            self._told.pop(id_, None)
            self._refused.pop(id_, None)
            running = self._running.pop(id_, None)
            if running is None:
                return
            trigger = running.registration.trigger.encode()
            if self._triggers.get(trigger) is running:
                del self._triggers[trigger]
        running.stop(abort)

    def keep(self, ids: set[str]) -> None:
        """Stop those that are not among ``ids``."""
        for id_ in {*self._running, *self._refused} - ids:
            self.stop(id_, abort=False)

    def lease_ended(self) -> None:
        """Another host, or this one later, gets what is not finished."""
        self.answers.forget()
        with self.lock:
            for running in self._running.values():
                running.stop(abort=True)
            self._running.clear()
            self._triggers.clear()
            self._refused.clear()
            self._refused_triggers.clear()

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
        first = request.arguments[0]
        is_event = request.kind == "EVENT"
        with self.lock:
            if is_event:
                running = self._running.get(first.decode())
            else:
                running = self._triggers.get(first)
        if running is not None:
            running.take(request)
        elif is_event:
            self._lose(request, first.decode())
        else:
            reason = self._refused_triggers.get(first, "ERR subcommand not found")
            self.answers.error(request, reason)

    def _lose(self, request: Request, id_: str) -> None:
        reason = self._refused.get(id_)
        if reason is not None:
            self.answers.report(id_, triggered=1, failures=1, error=reason)
        self.answers.ok(request)

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
