"""The steps of a plan. Records are pushed through them one after another."""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from sys import getsizeof
from typing import Any

from regear._functions.coroutines import DEFERRED, awaited, begun
from regear.errors import RegearError

Function = Callable[..., Any]


class Stage(ABC):
    """One step of an execution; hands on to ``next``."""

    next: Stage

    @abstractmethod
    def push(self, record: Any) -> None: ...

    def finish(self) -> None:
        """There are no more records."""
        self.next.finish()


@dataclass(frozen=True)
class Step:
    """A step as the builder was told it."""

    name: str
    make: Callable[[], Stage]
    #: The name of the function that it calls, and what else it was told.
    function: str = ""
    argument: str = ""


class Results(Stage):
    """Where records end up, as long as they take no more than ``max_bytes``."""

    def __init__(self, max_bytes: int) -> None:
        self.records: list[Any] = []
        self.size = 0
        self._max_bytes = max_bytes

    def push(self, record: Any) -> None:
        size = self.size + _size_of(record)
        if size > self._max_bytes:
            raise RegearError(
                f"the results take more than {self._max_bytes} bytes",
                "count(), limit(), or RG.CONFIGSET MaxResultBytes",
            )
        self.size = size
        self.records.append(record)

    def finish(self) -> None:
        pass


class Calling(Stage):
    """A function of the script, which may be a coroutine, too."""

    def __init__(self, function: Function) -> None:
        self._function = function

    def _call(self, *arguments: Any) -> Any:
        made = self._function(*arguments)
        if type(made) not in DEFERRED:
            return made
        future = begun(made)
        del made  # nobody will set a future that nobody has
        return awaited(future)


class Map(Calling):
    def push(self, record: Any) -> None:
        self.next.push(self._call(record))


class Filter(Calling):
    def push(self, record: Any) -> None:
        if self._call(record):
            self.next.push(record)


class FlatMap(Calling):
    """The elements of a list go on, the last one first."""

    def push(self, record: Any) -> None:
        made = self._call(record)
        if not isinstance(made, list):
            self.next.push(made)
            return
        for one in reversed(made):
            self.next.push(one)


class ForEach(Calling):
    def push(self, record: Any) -> None:
        self._call(record)
        self.next.push(record)


class Limit(Stage):
    def __init__(self, length: int, offset: int) -> None:
        self._skip = offset
        self._left = length

    def push(self, record: Any) -> None:
        if self._skip > 0:
            self._skip -= 1
        elif self._left > 0:
            self._left -= 1
            self.next.push(record)


class Accumulate(Calling):
    """``function(accumulator, record)``; nothing comes of no records."""

    def __init__(self, function: Function) -> None:
        super().__init__(function)
        self._value: Any = None
        self._any = False

    def push(self, record: Any) -> None:
        self._any = True
        self._value = self._call(self._value, record)

    def finish(self) -> None:
        if self._any:
            self.next.push(self._value)
        self.next.finish()


class AccumulateByKey(Calling):
    """``function(key, accumulator, record)`` for each key that ``extract``
    gives; keys that are no texts count as their repr."""

    def __init__(self, extract: Function, function: Function) -> None:
        super().__init__(function)
        self._extract = extract
        self._groups: dict[str, Any] = {}

    def push(self, record: Any) -> None:
        key = self._extract(record)
        key = key if isinstance(key, str) else repr(key)
        self._groups[key] = self._call(key, self._groups.get(key), record)

    def finish(self) -> None:
        for key, value in self._groups.items():
            self.next.push({"key": key, "value": value})
        self.next.finish()


class BatchByKey(Stage):
    """``function(key, records)`` for each key that ``extract`` gives."""

    def __init__(self, extract: Function, function: Function) -> None:
        self._extract = extract
        self._function = function
        self._groups: dict[str, list[Any]] = {}

    def push(self, record: Any) -> None:
        key = self._extract(record)
        key = key if isinstance(key, str) else repr(key)
        self._groups.setdefault(key, []).append(record)

    def finish(self) -> None:
        for key, records in self._groups.items():
            self.next.push({"key": key, "value": self._function(key, records)})
        self.next.finish()


class Repartition(Stage):
    """On one node records stay where they are; the key is asked for, though."""

    def __init__(self, extract: Function) -> None:
        self._extract = extract

    def push(self, record: Any) -> None:
        self._extract(record)
        self.next.push(record)


class Collect(Stage):
    def push(self, record: Any) -> None:
        self.next.push(record)


def _size_of(record: Any) -> int:
    """About what it takes."""
    if isinstance(record, (list, tuple, set)):
        return getsizeof(record) + sum(map(_size_of, record))
    if isinstance(record, dict):
        return getsizeof(record) + sum(
            _size_of(key) + _size_of(value) for key, value in record.items()
        )
    return getsizeof(record)


def seeded(zero: Any, function: Function) -> Function:
    """``function`` with an accumulator that begins as a copy of ``zero``."""

    def accumulate(accumulator: Any, record: Any) -> Any:
        return function(accumulator or copy.deepcopy(zero), record)

    return accumulate


def seeded_by_key(zero: Any, function: Function) -> Function:
    def accumulate(key: str, accumulator: Any, record: Any) -> Any:
        return function(key, accumulator or copy.deepcopy(zero), record)

    return accumulate
