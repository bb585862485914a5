"""``GearsBuilder``: a reader, steps, and ``run``."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

from regear._functions.coroutines import GearsFuture
from regear._functions.plan import Plan
from regear._functions.registering import function_registration
from regear._functions.steps import (
    Accumulate,
    AccumulateByKey,
    BatchByKey,
    Collect,
    Filter,
    FlatMap,
    ForEach,
    Limit,
    Map,
    Repartition,
    Stage,
    Step,
    seeded,
    seeded_by_key,
)
from regear._session import current_session
from regear.errors import RecipeError

Function = Callable[..., Any]

_READERS = frozenset(
    {
        "KeysReader",
        "KeysOnlyReader",
        "StreamReader",
        "CommandReader",
        "PythonReader",
        "ShardsIDReader",
    }
)
_MODES = ("async", "async_local")


class GearsBuilder:
    """Each step changes the builder and returns it.

    ``reader`` names where records come from, ``defaultArg`` what it reads
    unless ``run`` says otherwise. RGWriteBehind takes a builder, too.
    """

    def __init__(
        self,
        reader: str = "KeysReader",
        defaultArg: Any = "*",  # noqa: N803
        desc: str | None = None,
    ) -> None:
        if not isinstance(reader, str):
            raise RecipeError("reader argument must be a string")
        if reader not in _READERS:
            raise RecipeError("The given reader does not exists")
        if desc is not None and not isinstance(desc, str):
            raise RecipeError("desc argument must be a string")
        self.reader = reader
        self.default_argument = defaultArg
        self.description = desc
        self._steps: list[Step] = []

    # -- one record ----------------------------------------------------------

    def map(self, function: Function, /) -> GearsBuilder:
        """``function(record)`` in place of each record."""
        return self._add("map", Map, _checked("map", function))

    def filter(self, function: Function, /) -> GearsBuilder:
        """Only records for which ``function`` is true."""
        return self._add("filter", Filter, _checked("filter", function))

    def flatmap(self, function: Function, /) -> GearsBuilder:
        """The elements of the list that ``function`` returns, last one first."""
        return self._add("flatmap", FlatMap, _checked("flatmap", function))

    def foreach(self, function: Function, /) -> GearsBuilder:
        """Call ``function`` with each record, which goes on."""
        return self._add("foreach", ForEach, _checked("foreach", function))

    def limit(self, length: int, offset: int = 0, /) -> GearsBuilder:
        """``length`` records behind the first ``offset``."""
        if not _is_whole(length) or not _is_whole(offset):
            raise RecipeError("limit argument must be a number")
        return self._add("limit", Limit, length, offset)

    def collect(self) -> GearsBuilder:
        """Bring the records of all shards to this one."""
        return self._add("collect", Collect)

    def repartition(self, extractor: Function, /) -> GearsBuilder:
        """Bring records with the same ``extractor(record)`` to one shard."""
        return self._add(
            "repartition", Repartition, _checked("repartition", extractor, 1, False)
        )

    # -- many records --------------------------------------------------------

    def accumulate(self, function: Function, /) -> GearsBuilder:
        """``function(accumulator, record)``; the accumulator begins as None."""
        return self._add("accumulate", Accumulate, _checked("accumulate", function, 2))

    def groupby(self, extractor: Function, reducer: Function, /) -> GearsBuilder:
        """``{"key", "value"}`` for each ``extractor(record)``, the value by
        ``reducer(key, accumulator, record)``."""
        return self.localgroupby(extractor, reducer)

    def localgroupby(self, extractor: Function, reducer: Function, /) -> GearsBuilder:
        """``groupby`` in each shard by itself."""
        return self._add(
            "group",
            AccumulateByKey,
            _checked("groupby", extractor, 1, False),
            _checked("groupby", reducer, 3, False),
        )

    def batchgroupby(self, extractor: Function, reducer: Function, /) -> GearsBuilder:
        """``groupby`` with ``reducer(key, [record, …])``."""
        return self._add(
            "group",
            BatchByKey,
            _checked("batchgroupby", extractor, 1, False),
            _checked("batchgroupby", reducer, 2, False),
        )

    def aggregate(self, zero: Any, seqOp: Function, combOp: Function) -> GearsBuilder:  # noqa: N803
        """``seqOp(accumulator, record)`` from a copy of ``zero`` in each shard,
        then ``combOp(accumulator, accumulator)``."""
        self.accumulate(seeded(zero, _checked("aggregate", seqOp, 2))).collect()
        return self.accumulate(seeded(zero, _checked("aggregate", combOp, 2)))

    def aggregateby(
        self,
        extractor: Function,
        zero: Any,
        seqOp: Function,  # noqa: N803
        combOp: Function,  # noqa: N803
    ) -> GearsBuilder:
        """``aggregate`` for each ``extractor(record)``: ``{"key", "value"}``."""
        _checked("aggregateby", seqOp, 3)
        combine = _checked("aggregateby", combOp, 3)
        self.localgroupby(extractor, seeded_by_key(zero, seqOp))
        return self.groupby(
            lambda record: record["key"],
            seeded_by_key(
                zero, lambda key, one, record: combine(key, one, record["value"])
            ),
        )

    def count(self) -> GearsBuilder:
        """How many records there are; nothing if there are none."""
        return self.aggregate(0, lambda n, _: n + 1, lambda a, b: a + b)

    def countby(self, extractor: Function = lambda record: record) -> GearsBuilder:
        """``{"key", "value": how many}`` for each ``extractor(record)``."""
        return self.aggregateby(
            extractor, 0, lambda _, n, __: n + 1, lambda _, a, b: a + b
        )

    def avg(self, extractor: Function = float) -> GearsBuilder:
        """The mean of ``extractor(record)``."""
        take = _checked("avg", extractor)
        self.map(lambda record: take(record))
        self.aggregate(
            (0, 0),
            lambda pair, number: (pair[0] + number, pair[1] + 1),
            lambda a, b: (a[0] + b[0], a[1] + b[1]),
        )
        return self.map(lambda pair: pair[0] / pair[1])

    def distinct(self) -> GearsBuilder:
        """Each record once."""
        self.aggregate(set(), _with, lambda a, b: a | b)
        return self.flatmap(lambda records: list(records))

    def sort(self, reverse: bool = True) -> GearsBuilder:
        """Records in order; ascending unless ``reverse`` is False."""
        self.aggregate([], _appended, lambda a, b: a + b)
        return self.flatmap(lambda records: sorted(records, reverse=reverse))

    # -- what becomes of it --------------------------------------------------

    def run(
        self,
        arg: Any = None,
        convertToStr: bool = True,  # noqa: N803
        collect: bool = True,
        **options: Any,
    ) -> GearsFuture:
        """Run once the script has ended; its reply has results and errors, and
        coroutines may await them as ``[results, errors]``."""
        argument = arg or self.default_argument
        known = _reader_options(self.reader, argument, options)
        plan = self._plan(argument, convertToStr, collect, known)
        return current_session().run_plan(plan)

    def register(
        self,
        prefix: Any = "*",
        convertToStr: bool = True,  # noqa: N803
        collect: bool = True,
        *,
        regex: Any = None,
        **options: Any,
    ) -> str:
        """Run for each event, or command, from the end of the script on; the
        id of the registration. ``regex`` is the old name of ``prefix``."""
        prefix = prefix if regex is None else regex
        plan = self._plan(prefix, convertToStr, collect, {})
        return current_session().add_function(
            function_registration(self.reader, plan, self.description, prefix, options)
        )

    def _plan(
        self, argument: Any, as_text: bool, collect: bool, options: dict[str, Any]
    ) -> Plan:
        if as_text:
            self.map(lambda record: str(record))
        if collect:
            self.collect()
        return Plan(self.reader, argument, list(self._steps), options)

    def _add(
        self, name: str, stage: Callable[..., Stage], *arguments: Any
    ) -> GearsBuilder:
        names = [_name_of(one) for one in arguments if callable(one)]
        texts = [str(one) for one in arguments if not callable(one)]
        make = functools.partial(stage, *arguments)
        self._steps.append(Step(name, make, "".join(names[-1:]), ", ".join(texts)))
        return self


def _checked(
    step: str, function: Any, count: int = 1, may_wait: bool = True
) -> Function:
    """A function of ``count`` arguments; with ``may_wait`` it may be async."""
    if not callable(function):
        raise RecipeError(f"{step} argument must be a function")
    if not may_wait and inspect.iscoroutinefunction(function):
        raise RecipeError("coroutine are not allow on extractor/reduce")
    try:
        inspect.signature(function).bind(*[None] * count)
    except ValueError:
        pass  # a builtin does not say
    except TypeError:
        raise RecipeError(f"wrong number of args to {step} function") from None
    taken: Function = function
    return taken


def _name_of(function: Any) -> str:
    return getattr(function, "__name__", type(function).__name__)


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _with(records: set[Any], record: Any) -> set[Any]:
    records.add(record)
    return records


def _appended(records: list[Any], record: Any) -> list[Any]:
    records.append(record)
    return records


def _reader_options(
    reader: str, argument: Any, given: dict[str, Any]
) -> dict[str, Any]:
    mode = given.get("mode", "async")
    if not isinstance(mode, str):
        raise RecipeError("execution mode must be a string")
    if mode not in _MODES:
        raise RecipeError("unknown execution mode")
    if reader == "CommandReader":
        raise RecipeError("Given reader do not support run or not exists")
    if reader == "PythonReader":
        if not callable(argument):
            raise RecipeError("pyreader argument must be a function")
        return {}
    if not isinstance(argument, str):
        raise RecipeError("regex argument must be a string")
    options = {
        "noScan": given.get("noScan", False),
        "readValue": given.get("readValue", True),
        "count": given.get("count", 1000),
        "patternGenerator": given.get("patternGenerator"),
        "fromId": given.get("fromId", "0-0"),
    }
    if not isinstance(options["noScan"], bool):
        raise RecipeError("exactMatch value is not boolean")
    if not isinstance(options["readValue"], bool):
        raise RecipeError("readValue value is not boolean")
    if not isinstance(options["fromId"], str):
        raise RecipeError("fromId argument must be a string")
    return options
