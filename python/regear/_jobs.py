"""RG.PYEXECUTE, as the module hands it over."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from regear._functions import replies
from regear._functions.execution import Execution
from regear._functions.plan import Plan
from regear._options import ExecuteOptions, parse_options
from regear._registry import Snapshot
from regear._runner import ScriptFailed, error_reply, run_recipe
from regear._serving import STRANGER, Serving
from regear._session import Session
from regear.errors import OptionError, RegearError, RequirementError

if TYPE_CHECKING:
    from regear._engine import Engine, Job

logger = logging.getLogger("regear")


class Executor:
    """Runs scripts of clients; each job is answered exactly once."""

    def __init__(self, engine: Engine, serving: Serving) -> None:
        self._engine = engine
        self._serving = serving

    def refuse(self, job: Job) -> None:
        self._engine.finish_job(job.id, False, STRANGER)

    def run(self, job: Job) -> None:
        try:
            answered = self._execute(job)
        except ScriptFailed as failure:
            logger.warning(
                "RG.PYEXECUTE: the script raised %s", type(failure.cause).__name__
            )
            self._engine.finish_job(job.id, False, failure.reply)
        except RequirementError as error:
            logger.warning("RG.PYEXECUTE: %s", error)
            self._engine.finish_job(job.id, False, str(error))
        except OptionError as error:
            self._engine.finish_job(job.id, False, str(error))
        except RegearError as error:
            self._engine.finish_job(job.id, False, error_reply(error))
        else:
            if not answered:
                self._engine.finish_job(job.id, True, "OK")

    def _execute(self, job: Job) -> bool:
        """Whether registering has answered the job already."""
        options = parse_options(job.arguments)
        replaced = _replaced_by_session(options, self._serving.snapshot())
        if options.requirements:  # which may take minutes
            self._serving.requirements.provide(options.requirements, options.reinstall)
            replaced = _replaced_by_session(options, self._serving.snapshot())
        session = self._serving.new_session(
            options.source,
            options.session_id,
            options.description,
            options.requirements,
            replaced,
        )
        run_recipe(session)
        for timer in session.timers:
            self._serving.services.start_timer(timer)
        plan = session.plan
        if session.registrations or session.functions or replaced:
            self._serving.commit(session, job.id, replaced)
            if plan is not None:
                self._run(session, plan)  # whose results nobody is told
            return True
        if plan is None:
            return False
        if options.unblocking:
            started = self._serving.executions.start(session, plan, keep=True)
            _tell_when_over(session, started)
            self._reply(job, replies.bulk(started.id))
            return True
        done = self._run(session, plan)
        self._reply(job, replies.results(done.results, done.errors))
        return True

    def _reply(self, job: Job, resp: bytes) -> None:
        self._engine.settle_jobs([], [(job.id, "RESP", resp)])

    def _run(self, session: Session, plan: Plan) -> Execution:
        execution = self._serving.executions.create(session, plan)
        _tell_when_over(session, execution)
        self._serving.executions.run(session, execution)
        return execution


def _tell_when_over(session: Session, execution: Execution) -> None:
    """Coroutines of the script may wait for what it runs."""
    execution.when_over(
        lambda: session.ran.set_result([execution.results, execution.errors])
    )


def _replaced_by_session(
    options: ExecuteOptions, snapshot: Snapshot
) -> tuple[str, ...]:
    """Ids of the registrations that go with the session replaced."""
    old = options.replace_with
    if options.session_id in snapshot.sessions:
        if not options.upgrade:
            raise OptionError(f"Session {options.session_id} already exists")
        if old is not None and old != options.session_id:
            raise OptionError(
                f"Can not replace an existing session {options.session_id} with {old}"
            )
        old = options.session_id
    if old is None:
        return ()
    if old not in snapshot.sessions:
        raise OptionError(f"Can not replace with {old}, session does not exists.")
    return tuple(snapshot.ids_of(old))
