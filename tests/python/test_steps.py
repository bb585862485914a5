"""Steps of GearsBuilder, by the rules of RedisGears."""

from __future__ import annotations

from typing import Any

import pytest

from regear._builder import GearsBuilder
from regear._functions import replies
from regear._functions.execution import Execution
from regear._session import Session, new_session_id

#: Recipes are not typed.
Builder: Any = GearsBuilder


def run(build: Any, *records: Any) -> tuple[list[Any], list[str]]:
    """Results and errors of the steps that ``build`` adds, over ``records``."""

    def source() -> Any:
        yield from records

    session = Session(new_session_id(), "", services=None)  # type: ignore[arg-type]
    with session.active():
        builder = GearsBuilder("PythonReader")
        build(builder)
        builder.run(source, convertToStr=False, collect=False)
    assert session.plan is not None
    execution = Execution("1", session.plan)
    execution.run(lambda commands: [], lambda error: f"{type(error).__name__}")
    assert execution.status == "done"
    return execution.results, execution.errors


def key_of(record: Any) -> Any:
    return record["key"]


CASES: dict[str, tuple[Any, list[Any], list[Any]]] = {
    "map": (lambda b: b.map(lambda r: r + 1), [1, 2], [2, 3]),
    "filter": (lambda b: b.filter(lambda r: r > 1), [1, 2, 3], [2, 3]),
    "flatmap, the last one first": (
        lambda b: b.flatmap(lambda r: [r, r * 10]),
        [1, 2],
        [10, 1, 20, 2],
    ),
    "flatmap of what is no list": (lambda b: b.flatmap(lambda r: r), ["ab"], ["ab"]),
    "flatmap of an empty list": (lambda b: b.flatmap(lambda r: []), [1], []),
    "foreach": (lambda b: b.foreach(lambda r: None), [1, 2], [1, 2]),
    "limit": (lambda b: b.limit(2), [1, 2, 3], [1, 2]),
    "limit with an offset": (lambda b: b.limit(1, 1), [1, 2, 3], [2]),
    "accumulate": (
        lambda b: b.accumulate(lambda a, r: (a or 0) + r),
        [1, 2, 3],
        [6],
    ),
    "accumulate of nothing": (lambda b: b.accumulate(lambda a, r: r), [], []),
    "aggregate": (
        lambda b: b.aggregate([], lambda a, r: [*a, r], lambda a, r: a + r),
        [1, 2],
        [[1, 2]],
    ),
    "groupby": (
        lambda b: b.groupby(lambda r: r % 2, lambda k, a, r: (a or 0) + r),
        [1, 2, 3],
        [{"key": "1", "value": 4}, {"key": "0", "value": 2}],
    ),
    "batchgroupby": (
        lambda b: b.batchgroupby(lambda r: r[0], lambda k, rs: len(rs)),
        ["ab", "ac", "b"],
        [{"key": "a", "value": 2}, {"key": "b", "value": 1}],
    ),
    "aggregateby": (
        lambda b: b.aggregateby(
            lambda r: r[0], 0, lambda k, a, r: a + 1, lambda k, a, r: a + r
        ),
        ["ab", "ac", "b"],
        [{"key": "a", "value": 2}, {"key": "b", "value": 1}],
    ),
    "count": (lambda b: b.count(), ["a", "b", "c"], [3]),
    "count of nothing": (lambda b: b.count(), [], []),
    "countby": (
        lambda b: b.countby(),
        ["a", "b", "a"],
        [{"key": "a", "value": 2}, {"key": "b", "value": 1}],
    ),
    "avg": (lambda b: b.avg(), ["1", "2", "6"], [3.0]),
    "sort, ascending unless told otherwise": (
        lambda b: b.sort(),
        [2, 1, 3],
        [1, 2, 3],
    ),
    "sort(reverse=False)": (lambda b: b.sort(reverse=False), [2, 1, 3], [3, 2, 1]),
    "repartition": (lambda b: b.repartition(lambda r: r), [1, 2], [1, 2]),
}


@pytest.mark.parametrize("name", CASES)
def test_step(name: str) -> None:
    build, records, expected = CASES[name]
    assert run(build, *records) == (expected, [])


def test_distinct() -> None:
    results, _ = run(lambda b: b.distinct(), 1, 2, 1)
    assert sorted(results) == [1, 2]


def test_an_error_ends_the_reading_and_what_came_before_counts() -> None:
    assert run(lambda b: b.map(lambda r: 1 / r).count(), 1, 2, 0, 3) == (
        [2],
        ["ZeroDivisionError"],
    )


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: Builder().map(1), "map argument must be a function"),
        (lambda: Builder().limit("x"), "limit argument must be a number"),
        (lambda: Builder().run(mode="x"), "unknown execution mode"),
        (lambda: Builder().run(mode=1), "execution mode must be a string"),
        (lambda: Builder("CommandReader").run(), "Given reader do not support run"),
        (lambda: Builder("PythonReader").run(), "pyreader argument must be a function"),
        (lambda: Builder().run(7), "regex argument must be a string"),
        (lambda: Builder().run(noScan=1), "exactMatch value is not boolean"),
        (lambda: Builder().run(readValue=1), "readValue value is not boolean"),
    ],
)
def test_wrong_arguments(build: Any, message: str) -> None:
    with pytest.raises(Exception, match=message):
        build()


@pytest.mark.parametrize(
    ("value", "resp"),
    [
        (3, b":3\r\n"),
        (2**70, b"$22\r\n1180591620717411303424\r\n"),
        (0.5, b"$8\r\n0.500000\r\n"),
        ("text", b"$4\r\ntext\r\n"),
        ("+OK", b"+OK\r\n"),
        ("-ERR\r\nx", b"-ERR  x\r\n"),
        ("+", b"$1\r\n+\r\n"),
        (b"\0\xff", b"$2\r\n\0\xff\r\n"),
        ([1, ["a"]], b"*2\r\n:1\r\n*1\r\n$1\r\na\r\n"),
        (None, b"$9\r\nPY RECORD\r\n"),
        ({}, b"$9\r\nPY RECORD\r\n"),
    ],
)
def test_records_as_replies(value: Any, resp: bytes) -> None:
    assert replies.record(value) == resp
