"""The engine's drain workers: the ones that run follow the registry."""

from __future__ import annotations

import json
import logging
import time
from typing import TYPE_CHECKING, Any

from regear._registry import Rule
from regear.errors import LeaseLost, RegearError

if TYPE_CHECKING:
    from regear._engine import Engine

logger = logging.getLogger("regear")


class Workers:
    """Used under the lock of the ``Serving`` that owns it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._rules: dict[str, Rule] = {}  # running, by name
        self._reported: set[str] = set()

    def forget(self) -> None:
        """The lease is gone, and every worker with it."""
        self._rules.clear()

    def stop_others(self, wanted: dict[str, Rule]) -> None:
        """Stop the workers whose registration went away or was replaced."""
        for name, rule in list(self._rules.items()):
            if wanted.get(name) != rule:
                del self._rules[name]
                self._engine.stop_worker(name, drain=False, timeout=10.0)
        for name in self._reported - set(wanted):
            self._report(name, None)
        self._reported &= set(wanted)

    def is_running(self, rule: Rule) -> bool:
        return self._rules.get(rule.name) == rule

    def start(self, rule: Rule, worker: dict[str, Any]) -> None:
        self._engine.start_worker(worker)
        self._reported.discard(rule.name)
        self._rules[rule.name] = rule

    def hurry(self, name: str) -> None:
        if name in self._rules:
            self._engine.drain_worker(name)

    def hurry_all(self) -> None:
        """Those that wait before they connect again do it now."""
        for name in self._rules:
            self._engine.drain_worker(name)

    def report_idle(self, rule: Rule, state: str, message: str, hint: str) -> None:
        """Show why nothing drains the stream of ``rule``."""
        status = {
            "state": state,
            "applied": 0,
            "batches": 0,
            "retries": 0,
            "rate": 0,
            "last_error": message or None,
            "hint": hint or None,
        }
        if rule.name not in self._reported:
            level = logging.WARNING if message else logging.INFO
            logger.log(level, "%s is %s: %s", rule.name, state, message or hint)
        self._report(rule.name, json.dumps(status))
        self._reported.add(rule.name)

    def _report(self, name: str, status: str | None) -> None:
        # An engine that is older than these sources shows it in the log only.
        report = getattr(self._engine, "report", None)
        if report is not None:
            report(name, status)

    def stop_all(self, drain: bool, timeout: float) -> bool:
        """Whether every backlog was empty in time, if that was asked for."""
        deadline = time.monotonic() + timeout
        complete = True
        for name in list(self._rules):
            left = max(0.0, deadline - time.monotonic())
            try:
                complete &= self._engine.stop_worker(name, drain, left)
            except LeaseLost:
                complete = False
            except RegearError as error:
                logger.warning("stopping %s: %s", name, error)
                complete = False
        self._rules.clear()
        return complete
