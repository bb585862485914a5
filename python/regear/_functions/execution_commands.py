"""Commands about executions, by their ids."""

from __future__ import annotations

from typing import Any

from regear._functions import replies
from regear._functions.answers import Handler, Reply
from regear._functions.arity import check_arity
from regear._functions.execution import Execution
from regear._functions.executions import SHARD_ID, Executions
from regear._functions.plan import Plan
from regear._functions.profiling import READER
from regear.errors import CommandError

_UNKNOWN = "execution plan does not exist"


class ExecutionCommands:
    def __init__(self, executions: Executions) -> None:
        self._executions = executions
        self.handlers: dict[bytes, Handler] = {
            b"rg.dumpexecutions": self._dump,
            b"rg.getexecution": self._get,
            b"rg.getresults": self._results,
            b"rg.getresultsblocking": self._results_blocking,
            b"rg.dropexecution": self._drop,
            b"rg.abortexecution": self._abort,
        }

    def _dump(self, arguments: list[bytes], answer: Reply) -> None:
        check_arity("rg.dumpexecutions", not arguments)
        answer(
            replies.value(
                [
                    [
                        *("executionId", one.id),
                        *("status", one.status),
                        *("registered", int(one.registration is not None)),
                    ]
                    for one in self._executions.list()
                ]
            )
        )

    def _get(self, arguments: list[bytes], answer: Reply) -> None:
        check_arity("rg.getexecution", len(arguments) in (1, 2))
        scope = arguments[1].upper() if len(arguments) == 2 else b"SHARD"
        if scope == b"CLUSTER":
            raise CommandError(
                "no cluster detected - use `RG.GETEXECUTION <id> [SHARD]` instead"
            )
        if scope != b"SHARD":
            raise CommandError("unknown subcommand")
        execution = self._find(arguments[0])
        shard = ["shard_id", SHARD_ID, "execution_plan", _described(execution)]
        answer(replies.value([shard]))

    def _results(self, arguments: list[bytes], answer: Reply) -> None:
        check_arity("rg.getresults", len(arguments) == 1)
        execution = self._find(arguments[0])
        if not execution.over:
            raise CommandError("execution is still running")
        answer(replies.results(execution.results, execution.errors))

    def _results_blocking(self, arguments: list[bytes], answer: Reply) -> None:
        check_arity("rg.getresultsblocking", len(arguments) == 1)
        execution = self._find(arguments[0])
        execution.when_over(
            lambda: answer(replies.results(execution.results, execution.errors))
        )

    def _drop(self, arguments: list[bytes], answer: Reply) -> None:
        check_arity("rg.dropexecution", len(arguments) == 1)
        execution = self._find(arguments[0])
        if not execution.over:
            raise CommandError(
                "can not drop a not yet finished execution, abort it first."
            )
        self._executions.drop(execution)
        answer(replies.OK)

    def _abort(self, arguments: list[bytes], answer: Reply) -> None:
        check_arity("rg.abortexecution", len(arguments) == 1)
        self._find(arguments[0], "execution does not exist").abort()
        answer(replies.OK)

    def _find(self, id_: bytes, unknown: str = _UNKNOWN) -> Execution:
        execution = self._executions.get(id_.decode(errors="surrogateescape"))
        if execution is None:
            raise CommandError(unknown)
        return execution


def _described(execution: Execution) -> list[Any]:
    return [
        *("status", execution.status),
        *("shards_received", 0),
        *("shards_completed", 0),
        *("results", len(execution.results) if execution.over else -1),
        *("errors", execution.errors),
        *("total_duration", _milliseconds(execution.duration)),
        *("read_duration", _milliseconds(execution.durations[READER])),
        *("steps", _steps(execution.plan, execution.durations)),
    ]


def _steps(plan: Plan, durations: list[float]) -> list[Any]:
    """The last one first."""
    source = getattr(plan.argument, "__name__", str(plan.argument))
    described = [("reader", plan.reader, source)]
    described += [(step.name, step.function, step.argument) for step in plan.steps]
    return [
        [
            *("type", type_),
            *("duration", _milliseconds(duration)),
            *("name", name),
            *("arg", argument),
        ]
        for (type_, name, argument), duration in reversed(
            list(zip(described, durations))
        )
    ]


def _milliseconds(seconds: float) -> int:
    return round(seconds * 1000)
