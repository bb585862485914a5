"""Steps that are done later: coroutines, and futures that threads set."""

from __future__ import annotations

import ast
from types import SimpleNamespace
from typing import Any

import pytest

from regear._functions.coroutines import GearsFuture
from regear._functions.executions import Executions
from regear._runner import run_recipe
from regear._session import Session, new_session_id


def run(source: str) -> tuple[list[Any], list[str]]:
    """What the script's ``run`` gives, its errors by their last lines."""
    executions = Executions()
    services: Any = SimpleNamespace(
        execute_all=None,
        config=lambda key, stored: None,
        run_plan=executions.future,
        log=print,
    )
    session = Session(new_session_id(), source, services=services)
    run_recipe(session)
    assert session.plan is not None
    execution = executions.create(session, session.plan)
    executions.run(session, execution)
    return execution.results, [_last_line(text) for text in execution.errors]


def _last_line(text: str) -> str:
    if not text.startswith("["):
        return text
    lines: list[str] = ast.literal_eval(text)
    return lines[-1].strip()


def over(records: str, steps: str, before: str = "") -> str:
    """A script that runs ``steps`` over ``records``."""
    return f"""
{before}
def source():
    yield from {records}

async def later(r):
    await asyncio.sleep(0)
    return r * 10

async def odd(r):
    return r % 2

async def many(r):
    return [r, r]

async def add(a, r):
    return (a or 0) + r

async def fails(r):
    raise ValueError(r)

def in_thread(r):
    f = gearsFuture()
    Thread(target=lambda: f.continueRun(r * 10)).start()
    return f

def fails_in_thread(r):
    f = gearsFuture()
    Thread(target=lambda: f.continueFailed('no ' + str(r))).start()
    return f

GB('PythonReader').{steps}.run(source, convertToStr=False, collect=False)
"""


@pytest.mark.parametrize(
    ("steps", "results"),
    [
        ("map(later)", [10, 20, 30]),
        ("map(lambda r: later(r))", [10, 20, 30]),
        ("filter(odd)", [1, 3]),
        ("flatmap(many)", [1, 1, 2, 2, 3, 3]),
        ("foreach(later)", [1, 2, 3]),
        ("accumulate(add)", [6]),
        ("aggregate(0, add, add)", [6]),
        ("map(in_thread)", [10, 20, 30]),
        ("filter(in_thread)", [1, 2, 3]),
        ("foreach(in_thread)", [1, 2, 3]),
        ("map(in_thread).map(later)", [100, 200, 300]),
    ],
)
def test_steps(steps: str, results: list[Any]) -> None:
    assert run(over("[1, 2, 3]", steps)) == (results, [])


@pytest.mark.parametrize(
    ("steps", "error"),
    [
        ("map(fails)", "ValueError: 1"),
        ("map(fails_in_thread)", "regear.errors.RegearError: no 1"),
        (
            "map(lambda r: gearsFuture())",
            "regear.errors.RegearError: Async record did not called continue",
        ),
        (
            "map(lambda r: [gearsFuture() for _ in range(2)])",
            "regear.errors.RecipeError:"
            " Can not create async record twice on the same step",
        ),
        (
            "map(lambda r: gearsFuture().continueRun(1))",
            "regear.errors.RecipeError:"
            " Can not handle future untill it returned from the callback",
        ),
        ("map(lambda r: flat_error('short'))", "short"),
    ],
)
def test_failures(steps: str, error: str) -> None:
    assert run(over("[1, 2]", steps)) == ([], [error])


@pytest.mark.parametrize(
    ("script", "error"),
    [
        (
            "gearsFuture()",
            "Future object can only be created inside certain execution steps",
        ),
        *(
            (script, "coroutine are not allow on extractor/reduce")
            for script in (
                "async def f(r): return r\nGB().groupby(f, lambda k, a, r: r)",
                "async def f(k, a, r): return r\nGB().groupby(lambda r: r, f)",
                "async def f(r): return r\nGB().repartition(f)",
                "async def f(k, r): return r\nGB().batchgroupby(lambda r: r, f)",
            )
        ),
        ("GB().map(lambda: 1)", "wrong number of args to map function"),
        ("GB().accumulate(lambda r: 1)", "wrong number of args to accumulate function"),
        ("registerTE('x', print)", "time argument must be a long"),
        ("registerTE(1, 'x')", "callback must be a function"),
        ("runCoroutine(1)", "runCoroutine takes a coroutine"),
        ("GB().run('a')\nGB().run('b')", "more then 1 executions in a single script"),
    ],
)
def test_what_a_script_cannot_do(script: str, error: str) -> None:
    session = Session(new_session_id(), script, services=SimpleNamespace())  # type: ignore[arg-type]
    session.services.config = lambda key, stored: None  # type: ignore[method-assign]
    with pytest.raises(Exception, match=error):
        run_recipe(session)


def test_futures_of_scripts() -> None:
    source = over(
        "[0]",
        "map(lambda r: waits())",
        """
f = createFuture()
failed = createFuture()
setFutureResults(f, 7)
setFutureException(failed, ValueError('bad'))

async def coroutine():
    return getGearsSession()

ran = createFuture()
runCoroutine(coroutine(), ran, delay=0.01)

async def waits():
    try:
        await failed
    except ValueError as e:
        return [await f, str(e), (await ran) is getGearsSession()]
""",
    )
    assert run(source) == ([[7, "bad", True]], [])


def test_executions_of_functions() -> None:
    source = over(
        "[0]",
        "map(counted)",
        """
def three():
    yield from 'abc'

async def counted(r):
    return await GB('PythonReader').count().run(three)
""",
    )
    assert run(source) == ([[["3"], []]], [])


def test_sessions_in_threads_of_a_script() -> None:
    source = over(
        "[0]",
        "map(in_a_thread)",
        """
session = getGearsSession()

def in_a_thread(r):
    found = []
    def run():
        registerGearsThread()
        setGearsSession(None)
        with GearsSession(session):
            found.append(getGearsSession() is session)
    thread = Thread(target=run)
    thread.start()
    thread.join()
    return found
""",
    )
    assert run(source) == ([[True]], [])


def test_readers_of_scripts() -> None:
    source = "GB('PythonReader').run(shardReaderCallback)"
    assert run(source) == (["1"], [])
    names = run(
        "r = createKeysOnlyReader(pattern='x', noScan=True)\nGB('PythonReader').run(r)"
    )
    assert names == (["x"], [])


GLOBALS = (
    "GearsBuilder GB execute atomic configGet gearsConfigGet hashtag log registerTE"
    " gearsCtx gearsFuture setGearsSession getGearsSession registerGearsThread"
    " isInAtomicBlock isAsyncAllow call_next get_command override_reply flat_error"
    " PyFlatExecution redisgears rg GearsSession GearsFuture createFuture"
    " setFutureResults setFutureException runCoroutine shardReaderCallback"
    " createKeysOnlyReader asyncio copy cProfile pstats io Thread Future Log"
    " ConfigGet GearsConfigGet registerTimeEvent"
)
EXPORTS = (
    "gearsCtx registerGearsThread getGearsSession setGearsSession isInAtomicBlock"
    " gearsFutureCtx atomicCtx _saveGlobals executeCommand log config_get"
    " getMyHashTag registerTimeEvent callNext getCommand overrideReply"
    " isAsyncAllowed flatError PyExecutionSession PyFlatExecution PyAtomic PyFuture"
    " GearsError GearsForceStopped GearsFlatError"
)


def test_names_that_scripts_find() -> None:
    session = Session(new_session_id(), "", services=SimpleNamespace())  # type: ignore[arg-type]
    session.source = (
        f"for name in {GLOBALS.split()}:\n    globals()[name]\n"
        f"for name in {EXPORTS.split()}:\n    getattr(rg, name)\n"
        "assert __name__ == 'not_main'\n"
        "assert (isInAtomicBlock(), isAsyncAllow()) == (False, True)\n"
    )
    run_recipe(session)


def test_a_future_is_awaited_more_than_once() -> None:
    import asyncio

    future = GearsFuture()
    future.set_result(1)

    async def twice() -> list[Any]:
        return [await future, await future]

    assert asyncio.run(twice()) == [1, 1]
