"""A registered function at work: jobs in, executions, answers out."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

from regear._commands import quietly
from regear._functions import readers, replies
from regear._functions.answers import Answers, Request
from regear._functions.execution import Execution
from regear._functions.executions import Executions
from regear._functions.pool import Lanes, Pool
from regear._functions.readers import Send
from regear._functions.registering import FunctionRegistration
from regear._functions.stream_threads import StreamThreads
from regear._runner import describe
from regear._session import Session

logger = logging.getLogger("regear")

_ABORTED = "the execution was aborted"
_UNREGISTERED = "the function was unregistered or replaced"


class Threads:
    """Those of all functions. Clients wait for ``sync`` ones, so these have
    threads of their own."""

    def __init__(self) -> None:
        self.beside = Pool("regear-function")
        self.in_order = Lanes(self.beside)
        self.sync = Pool("regear-sync")
        self.sync_in_order = Lanes(self.sync)
        self.streams = StreamThreads()


class Running(ABC):
    """Jobs are taken in the host's thread, and run in others."""

    def __init__(
        self,
        registration: FunctionRegistration,
        session: Session,
        threads: Threads,
        answers: Answers,
        executions: Executions,
    ) -> None:
        self.registration = registration
        self.session = session
        self._threads = threads
        self._answers = answers
        self._executions = executions
        self._aborting = False

    @abstractmethod
    def take(self, request: Request) -> None: ...

    def stop(self, abort: bool) -> None:
        """No more jobs come; with ``abort`` none that waits runs."""
        self._aborting |= abort

    def tell_registered(self) -> None:
        """Call what the script gave as ``onRegistered``."""
        function = self.registration.on_registered
        if function is not None:
            self._threads.beside.submit(lambda: self._call(function))

    def _call(self, function: Callable[[], Any]) -> None:
        try:
            self.session.bind(function)()
        except (Exception, SystemExit) as error:
            logger.warning("onRegistered: %s: %s", type(error).__name__, error)

    def _is_wanted(self, request: Request) -> bool:
        return request.lease == self._answers.lease

    def _describe(self, error: BaseException) -> str:
        return describe(self.session, error)

    def _execute(self, records: list[Any], keep: bool) -> Execution:
        """Run the plan for the records and count that."""
        session, registration = self.session, self.registration
        execution = self._executions.create(
            session, registration.plan, registration.id, keep
        )
        self._executions.run(session, execution, records)
        self._count(execution)
        return execution

    def _count(self, execution: Execution) -> None:
        how, error = "success", None
        if execution.status == "aborted":
            how = "aborted"
        elif execution.errors:
            how, error = "failures", execution.errors[0]
        duration = round(execution.duration * 1000)
        self._answers.report(
            self.registration.id,
            triggered=1,
            **{how: 1},
            last_ms=duration,
            total_ms=duration,
            error=error,
        )


class CommandFunction(Running):
    """RG.TRIGGER: the arguments are the record, the results the reply."""

    def take(self, request: Request) -> None:
        if self.registration.inorder:
            self._threads.in_order.submit(
                self.registration.id, lambda: self._run(request)
            )
        elif self.registration.mode == "sync":
            self._threads.sync.submit(lambda: self._run(request))
        else:
            self._threads.beside.submit(lambda: self._run(request))

    def _run(self, request: Request) -> None:
        if not self._is_wanted(request):
            return
        if self._aborting:
            self._answers.error(request, _UNREGISTERED)
            return
        try:
            done = self._execute([list(map(_text, request.arguments))], keep=False)
            if done.errors:
                self._answers.error(request, done.errors[0])
            elif done.status == "aborted":
                self._answers.error(request, _ABORTED)
            else:
                reply = replies.array(map(replies.record, done.results))
                self._answers.reply(request, reply)
        except Exception as error:
            logger.exception("RG.TRIGGER")
            self._answers.error(request, self._describe(error))


class KeysFunction(Running):
    """Events of keys: the record is read when it is its turn."""

    _guess = readers.HASH

    def take(self, request: Request) -> None:
        id_ = self.registration.id
        if self.registration.mode == "sync":
            lane = (id_, request.arguments[2])  # clients of one key wait in line
            self._threads.sync_in_order.submit(lane, lambda: self._run(request))
        else:
            self._threads.in_order.submit(id_, lambda: self._run(request))

    def _run(self, request: Request) -> None:
        if not self._is_wanted(request):
            return
        try:
            if not self._aborting:
                record = self._record(request)
                if record is not None and self.registration.mode == "sync":
                    with quietly():
                        self._execute([record], keep=True)
                elif record is not None:
                    self._execute([record], keep=True)
        except Exception as error:
            self._answers.report(
                self.registration.id,
                triggered=1,
                failures=1,
                error=self._describe(error),
            )
        finally:
            self._answers.ok(request)

    def _record(self, request: Request) -> dict[str, Any] | None:
        """None for a key of a type that does not count."""
        registration = self.registration
        _, event, key, db = request.arguments
        key_types = registration.key_types
        if not registration.read_value and key_types is None:
            return {"key": _text(key), "event": _text(event)}
        with quietly():  # looking for a key that is gone is an event, too
            record, self._guess = readers.one_key(
                self._send_in(int(db)), _text(key), self._guess
            )
        type_ = record["type"]
        if key_types is not None and _KEY_TYPES.get(type_, type_) not in key_types:
            return None
        if not registration.read_value:
            return {"key": record["key"], "event": _text(event)}
        record["event"] = _text(event)
        return record

    def _send_in(self, db: int) -> Send:
        """The event may have been in another database."""
        send = self.session.services.execute_all
        if db == 0:
            return send
        return lambda all_: send([("SELECT", db), *all_, ("SELECT", 0)])[1:-1]


class StreamFunction(Running):
    """Whoever is told of an event reads the stream itself."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.streams = self._threads.streams.start(
            self.registration,
            self._run_batch,
            self._send,
            lambda **delta: self._answers.report(self.registration.id, **delta),
        )

    def take(self, request: Request) -> None:
        key = request.arguments[2]
        self.streams.on_event(key, lambda: self._answers.ok(request))

    def stop(self, abort: bool) -> None:
        super().stop(abort)
        self.streams.stop()

    def _send(self, commands: list[tuple[Any, ...]]) -> list[Any]:
        with quietly():  # what is done to streams here is no event
            return self.session.services.execute_all(commands)

    def _run_batch(self, records: list[dict[str, Any]]) -> str | None:
        sync = self.registration.mode == "sync"
        try:
            with quietly() if sync else nullcontext():
                execution = self._execute(records, keep=True)
        except BaseException as error:  # a step called sys.exit(), say
            text = self._describe(error)
            self._answers.report(
                self.registration.id, triggered=1, failures=1, error=text
            )
            return text
        if execution.status == "aborted":
            return _ABORTED
        return execution.errors[0] if execution.errors else None


#: What ``keyTypes`` calls a type, where a record calls it otherwise.
_KEY_TYPES = {"unknown": "stream"}

RUNNING: dict[str, type[Running]] = {
    "CommandReader": CommandFunction,
    "KeysReader": KeysFunction,
    "StreamReader": StreamFunction,
}


def _text(data: bytes) -> Any:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return bytearray(data)
