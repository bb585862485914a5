"""Executions without a server: how they end, who keeps them, what is told."""

from __future__ import annotations

import asyncio
import dataclasses
import re
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from regear._builder import GearsBuilder
from regear._functions.execution import Execution
from regear._functions.execution_commands import ExecutionCommands
from regear._functions.executions import SHARD_ID, Executions
from regear._functions.plan import Plan
from regear._session import Session, new_session_id
from regear.errors import CommandError, GearsForceStopped, RecipeError

#: Recipes are not typed.
Builder: Any = GearsBuilder

DEADLINE = 10.0  # s


class Services:
    """Of a session; ``executions`` are its host's."""

    def __init__(self, executions: Executions) -> None:
        self.executions = executions

    def execute_all(self, commands: Any) -> list[Any]:
        raise AssertionError("no server is there")

    def config(self, key: str, stored: Any) -> str | None:
        return None

    def run_plan(self, session: Session, plan: Plan) -> Any:
        return self.executions.future(session, plan)


class Bed:
    """Executions with limits, and their commands."""

    def __init__(self, **limits: int) -> None:
        self.executions = Executions(lambda key, default: limits.get(key, default))
        services: Any = Services(self.executions)
        self.session = Session(new_session_id(), "", services=services)
        self.handlers = ExecutionCommands(self.executions).handlers

    def plan(self, build: Callable[[Any], Any], *records: Any) -> Plan:
        """The steps that ``build`` adds, over ``records``."""

        def source() -> Iterator[Any]:
            yield from records

        with self.session.active():
            builder = Builder("PythonReader")
            build(builder)
            builder.run(source, convertToStr=False, collect=False)
        plan, self.session.plan = self.session.plan, None
        assert plan is not None
        return plan

    def run(self, build: Callable[[Any], Any], *records: Any, **how: Any) -> Execution:
        execution = self.executions.create(
            self.session, self.plan(build, *records), **how
        )
        self.executions.run(self.session, execution)
        assert execution.over
        return execution

    def start(self, build: Callable[[Any], Any], *records: Any) -> Execution:
        return self.executions.start(
            self.session, self.plan(build, *records), keep=True
        )

    def ids(self) -> list[int]:
        return [int(one.id.split("-")[1]) for one in self.executions.list()]

    def command(self, name: str, *arguments: str) -> str:
        """Its reply, which comes at once."""
        replies: list[bytes] = []
        words = [word.encode() for word in arguments]
        self.handlers[f"rg.{name}".encode()](words, replies.append)
        (reply,) = replies
        return reply.decode().replace("\r\n", " ")


@pytest.fixture
def bed() -> Bed:
    return Bed()


def ended(execution: Execution) -> Execution:
    over = threading.Event()
    execution.when_over(over.set)
    assert over.wait(DEADLINE), execution.status
    return execution


def wait_for(condition: Callable[[], Any]) -> None:
    deadline = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


# -- who keeps them -----------------------------------------------------------


def test_ids_count_from_one(bed: Bed) -> None:
    assert [bed.run(lambda b: b, 1).id for _ in range(3)] == [
        f"{SHARD_ID}-{number}" for number in (1, 2, 3)
    ]


def test_one_that_a_client_waited_for_is_gone(bed: Bed) -> None:
    bed.run(lambda b: b, 1)
    bed.run(lambda b: b, 1, keep=True)
    assert bed.ids() == [2]


def test_the_oldest_go_beyond_the_limits() -> None:
    bed = Bed(MaxExecutions=4, MaxExecutionsPerRegistration=2)
    for registration in ("a", "a", "a", "b", None, None):
        bed.run(lambda b: b, 1, keep=True, registration=registration)
    assert bed.ids() == [3, 4, 5, 6]


def test_results_take_no_more_than_their_limit() -> None:
    bed = Bed(MaxResultBytes=3000)
    first = bed.run(lambda b: b, "x" * 2000, keep=True)
    second = bed.run(lambda b: b, "x" * 2000, keep=True)
    assert bed.executions.get(first.id) is None
    assert bed.executions.get(second.id) is second
    third = bed.run(lambda b: b, "small", "x" * 4000)
    assert third.results == ["small"]
    assert "the results take more than 3000 bytes" in third.errors[0]


def test_those_that_wait_are_bounded() -> None:
    bed = Bed(MaxExecutions=1)
    go = threading.Event()
    first = bed.start(lambda b: b.map(lambda r: go.wait(DEADLINE)), 1)
    with pytest.raises(RecipeError, match="1 executions are not done yet"):
        bed.start(lambda b: b, 1)
    go.set()
    ended(first)
    assert ended(bed.start(lambda b: b, 1)).results == [1]


# -- aborting -----------------------------------------------------------------


def spin(record: Any) -> Any:
    while True:
        pass


def spin_in_spite_of_errors(record: Any) -> Any:
    while True:
        try:
            while True:
                pass
        except Exception:
            pass


def sleep_for_long(record: Any) -> Any:
    time.sleep(3)


async def wait_in_a_coroutine(record: Any) -> Any:
    while True:
        await asyncio.sleep(1)


async def spin_in_a_coroutine(record: Any) -> Any:
    while True:
        pass


async def identity(record: Any) -> Any:
    return record


@pytest.mark.parametrize(
    ("function", "error"),
    [
        (spin, GearsForceStopped.__name__),
        (spin_in_spite_of_errors, GearsForceStopped.__name__),
        (wait_in_a_coroutine, GearsForceStopped.__name__),
        (spin_in_a_coroutine, GearsForceStopped.__name__),
        (sleep_for_long, "does not stop"),
    ],
)
def test_a_function_that_never_ends_is_aborted(
    bed: Bed, function: Any, error: str
) -> None:
    execution = bed.start(lambda b: b.map(function), 1, 2)
    wait_for(lambda: execution.status == "running")
    assert bed.command("abortexecution", execution.id) == "+OK "
    assert bed.command("abortexecution", execution.id) == "+OK "
    ended(execution)
    assert execution.status == "done"
    assert execution.results == []
    assert len(execution.errors) == 1
    assert error in execution.errors[0]
    # Neither are other functions kept waiting.
    assert ended(bed.start(lambda b: b.map(identity), 1)).results == [1]


def test_one_that_has_not_begun_is_aborted(bed: Bed) -> None:
    execution = bed.executions.create(bed.session, bed.plan(lambda b: b, 1), keep=True)
    bed.command("abortexecution", execution.id)
    bed.executions.run(bed.session, execution)
    assert (execution.status, execution.results) == ("aborted", [])


def test_the_thread_goes_on_after_an_abort(bed: Bed) -> None:
    """Whenever the abort comes, nothing of it is raised behind the execution."""
    for _ in range(200):
        execution = bed.executions.create(bed.session, bed.plan(lambda b: b, *"abc"))
        aborter = threading.Thread(target=execution.abort)
        aborter.start()
        bed.executions.run(bed.session, execution)
        sum(range(1000))
        aborter.join()
        assert execution.over


# -- commands -----------------------------------------------------------------


def test_dump(bed: Bed) -> None:
    bed.run(lambda b: b, 1, keep=True, registration="r")
    assert bed.command("dumpexecutions") == (
        f"*1 *6 $11 executionId $42 {SHARD_ID}-1 $6 status $4 done $10 registered :1 "
    )


def test_get_execution(bed: Bed) -> None:
    execution = bed.run(lambda b: b.map(str).limit(1), 1, 2, keep=True)
    for scope in ([], ["SHARD"], ["shard"]):
        reply = bed.command("getexecution", execution.id, *scope)
        assert reply.startswith(
            f"*1 *4 $8 shard_id $40 {SHARD_ID} $14 execution_plan *16"
            " $6 status $4 done $15 shards_received :0 $16 shards_completed :0"
            " $7 results :1 $6 errors *0 $14 total_duration :"
        ), reply
        steps = reply[reply.index("steps ") :]
        assert steps.startswith(
            "steps *3 *8 $4 type $5 limit $8 duration :0 $4 name $0  $3 arg $4 1, 0"
            " *8 $4 type $3 map $8 duration :0 $4 name $3 str $3 arg $0  *8 $4 type"
            " $6 reader $8 duration :0 $4 name $12 PythonReader $3 arg"
        ), steps


def test_durations_of_a_profiled_execution(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0

    def takes(seconds: float) -> Callable[[Any], Any]:
        def work(record: Any) -> Any:
            nonlocal now
            now += seconds
            return record

        return work

    def source() -> Iterator[int]:
        for number in range(3):
            yield takes(0.007)(number)

    monkeypatch.setattr("regear._functions.profiling.perf_counter", lambda: now)
    bed = Bed(ProfileExecutions=1)
    plan = bed.plan(lambda b: b.map(takes(1)).filter(takes(0.02)).foreach(takes(5)))
    plan = dataclasses.replace(plan, argument=source)
    execution = bed.executions.create(bed.session, plan, keep=True)
    bed.executions.run(bed.session, execution)
    reply = bed.command("getexecution", execution.id)
    assert execution.errors == []
    assert " $13 read_duration :21 " in reply
    # Record 0 does not pass the filter.
    taken = [":10000", ":60", ":3000", ":21"]
    assert re.findall(r"\$8 duration (:\d+)", reply) == taken


def test_results(bed: Bed) -> None:
    done = bed.run(lambda b: b.map(lambda r: 1 / r), 1, 0, keep=True)
    for command in ("getresults", "getresultsblocking"):
        reply = bed.command(command, done.id)
        assert reply.startswith("*2 *1 $8 1.000000 *1 $")
        assert "ZeroDivisionError" in reply
    assert bed.command("dropexecution", done.id) == "+OK "
    assert bed.ids() == []


def test_who_waits_for_results_gets_them_when_they_are_there(bed: Bed) -> None:
    go = threading.Event()
    execution = bed.start(lambda b: b.map(lambda r: go.wait(DEADLINE)), 1)
    replies: list[bytes] = []
    bed.handlers[b"rg.getresultsblocking"]([execution.id.encode()], replies.append)
    with pytest.raises(CommandError, match="execution is still running"):
        bed.command("getresults", execution.id)
    with pytest.raises(CommandError, match="can not drop a not yet finished execution"):
        bed.command("dropexecution", execution.id)
    assert replies == []
    go.set()
    wait_for(lambda: replies == [b"*2\r\n*1\r\n:1\r\n*0\r\n"])


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ("getexecution no", "execution plan does not exist"),
        ("getresults no", "execution plan does not exist"),
        ("getresultsblocking no", "execution plan does not exist"),
        ("dropexecution no", "execution plan does not exist"),
        ("abortexecution no", "execution does not exist"),
        ("getexecution no what", "unknown subcommand"),
        (
            "getexecution no CLUSTER",
            r"no cluster detected - use `RG.GETEXECUTION <id> \[SHARD\]` instead",
        ),
        ("getresults", "ERR wrong number of arguments for 'rg.getresults' command"),
        ("dumpexecutions x", "ERR wrong number of arguments for 'rg.dumpexecutions'"),
    ],
)
def test_what_cannot_be(bed: Bed, words: str, text: str) -> None:
    with pytest.raises(CommandError, match=text):
        bed.command(*words.split())


# -- run within functions -----------------------------------------------------


def test_a_coroutine_awaits_what_it_runs(bed: Bed) -> None:
    def numbers() -> Iterator[int]:
        yield from range(3)

    async def counted(record: Any) -> Any:
        results, errors = await Builder("PythonReader").count().run(numbers)
        return [record, results, errors]

    assert bed.run(lambda b: b.map(counted), "x").results == [["x", ["3"], []]]
