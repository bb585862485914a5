"""Runs a plan: records are read and pushed through its steps."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from regear._functions import readers
from regear._functions.plan import Plan
from regear._functions.readers import Send
from regear._functions.steps import Results, Stage

#: A record, and the text of an error, by which an execution ends.
Describe = Callable[[BaseException], str]


@dataclass
class Execution:
    """``results`` and ``errors`` are complete once it is ``done``."""

    id: str
    plan: Plan
    registered: bool = False
    status: str = "created"
    results: list[Any] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    duration: float = 0.0  # s

    def run(
        self,
        send: Send,
        describe: Describe,
        records: Iterable[Any] | None = None,
    ) -> None:
        """Never raises: an error is one of ``errors``, and ends the reading.
        What was read before it counts."""
        began = time.monotonic()
        self.status = "running"
        end = Results()
        first = self._stages(end)
        try:
            if records is None:
                records = _records(self.plan, send)
            for record in records:
                first.push(record)
        except Exception as error:
            self.errors.append(describe(error))
        try:
            first.finish()
        except Exception as error:
            self.errors.append(describe(error))
        self.results = end.records
        self.duration = time.monotonic() - began
        self.status = "done"

    def _stages(self, end: Stage) -> Stage:
        first = end
        for step in reversed(self.plan.steps):
            stage = step.make()
            stage.next = first
            first = stage
        return first


def _records(plan: Plan, send: Send) -> Iterator[Any]:
    options = plan.options
    if plan.reader == "KeysReader":
        return readers.keys_reader(
            send, plan.argument, options["noScan"], options["readValue"]
        )
    if plan.reader == "KeysOnlyReader":
        pattern, no_scan = plan.argument, options["noScan"]
        if options["patternGenerator"] is not None:
            pattern, no_scan = options["patternGenerator"]()
        return readers.keys_only_reader(send, pattern, no_scan, options["count"])
    if plan.reader == "StreamReader":
        return readers.stream_reader(send, plan.argument, options["fromId"])
    if plan.reader == "PythonReader":
        return readers.python_reader(plan.argument)
    return readers.shards_reader()
