"""All executions of this host: those that run, and the last that are over."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from regear._functions.coroutines import GearsFuture
from regear._functions.execution import DEFAULT_MAX_BYTES, Execution
from regear._functions.plan import Plan
from regear._functions.pool import Pool
from regear._runner import describe
from regear._session import Session
from regear.errors import RecipeError

#: What RedisGears calls the one shard of a server.
SHARD_ID = "0" * 40

Limit = Callable[[str, int], int]


class Executions:
    """``keep``: an execution stays when it is over until newer ones need its
    place. Clients that wait for theirs get the results, and it is gone."""

    def __init__(self, limit: Limit = lambda _, default: default) -> None:
        """``limit``: the configured value of a key, or a default."""
        self._limit = limit
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self._all: dict[str, Execution] = {}
        # Of those that are over, the oldest first; by their registrations.
        self._kept: dict[str, Execution] = {}
        self._kept_by: dict[str | None, dict[str, Execution]] = {}
        self._kept_bytes = 0
        self._pool = Pool("regear-execution")
        self._waiting = 0  # that were started, and are not over

    def create(
        self,
        session: Session,
        plan: Plan,
        registration: str | None = None,
        keep: bool = False,
    ) -> Execution:
        execution = Execution(
            f"{SHARD_ID}-{next(self._numbers)}",
            plan,
            registration,
            self._limit("MaxResultBytes", DEFAULT_MAX_BYTES),
            profiled=self._limit("ProfileExecutions", 0) != 0,
        )
        self._all[execution.id] = execution
        if keep:
            execution.when_over(lambda: self._keep(execution))
        else:
            execution.when_over(lambda: self._forget(execution))
        return execution

    def run(
        self,
        session: Session,
        execution: Execution,
        records: Iterable[Any] | None = None,
    ) -> None:
        """In this thread, on behalf of the session; ``records`` instead of those
        of the plan's reader."""
        with session.active():
            execution.run(
                session.services.execute_all,
                lambda error: describe(session, error),
                records,
            )

    def start(self, session: Session, plan: Plan, keep: bool = False) -> Execution:
        """Run it in another thread."""
        execution = self.create(session, plan, keep=keep)
        with self._lock:
            if self._waiting >= self._limit("MaxExecutions", 1000):
                self._all.pop(execution.id)
                raise RecipeError(
                    f"{self._waiting} executions are not done yet",
                    "RG.DUMPEXECUTIONS, RG.ABORTEXECUTION",
                )
            self._waiting += 1
        execution.when_over(self._one_less)
        self._pool.submit(lambda: self.run(session, execution))
        return execution

    def future(self, session: Session, plan: Plan) -> GearsFuture:
        """Of ``[results, errors]``, for a function that runs a plan."""
        future = GearsFuture()
        execution = self.start(session, plan)
        execution.when_over(
            lambda: future.set_result([execution.results, execution.errors])
        )
        return future

    def get(self, id_: str) -> Execution | None:
        return self._all.get(id_)

    def list(self) -> Sequence[Execution]:
        return list(self._all.copy().values())

    def drop(self, execution: Execution) -> None:
        with self._lock:
            self._drop(execution)

    def abort_all(self) -> None:
        for execution in self.list():
            execution.abort()

    def _forget(self, execution: Execution) -> None:
        self._all.pop(execution.id, None)

    def _one_less(self) -> None:
        with self._lock:
            self._waiting -= 1

    def _keep(self, execution: Execution) -> None:
        """Make room for it, and for what it takes."""
        most_of_all = self._limit("MaxExecutions", 1000)
        most_of_one = self._limit("MaxExecutionsPerRegistration", 100)
        most_bytes = self._limit("MaxResultBytes", DEFAULT_MAX_BYTES)
        with self._lock:
            siblings = self._kept_by.setdefault(execution.registration, {})
            siblings[execution.id] = self._kept[execution.id] = execution
            self._kept_bytes += execution.result_bytes
            if execution.registration is not None and len(siblings) > most_of_one:
                self._drop(next(iter(siblings.values())))
            while self._kept and (
                len(self._kept) > most_of_all or self._kept_bytes > most_bytes
            ):
                self._drop(next(iter(self._kept.values())))

    def _drop(self, execution: Execution) -> None:
        self._all.pop(execution.id, None)
        if self._kept.pop(execution.id, None) is None:
            return
        self._kept_bytes -= execution.result_bytes
        siblings: dict[str, Any] = self._kept_by[execution.registration]
        del siblings[execution.id]
        if not siblings:
            del self._kept_by[execution.registration]
