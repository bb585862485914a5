"""A round of write-behind."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

from tests.integration._servers import wait_for
from tests.soak import tables
from tests.soak.audit import Findings, check_order
from tests.soak.model import check_kept, check_rows, rows_without_key
from tests.soak.redis_modes import RedisMode
from tests.soak.round import SETTLE_SECONDS, Round
from tests.soak.targets import Target
from tests.soak.workload import Workload


class BehindRound(Round):
    """Rows follow hashes, also when Redis comes back older than they are."""

    registrations = len(tables.TABLES)

    def __init__(
        self, mode: RedisMode, target: Target, folder: Path, seed: int, **options: Any
    ) -> None:
        self._losses: list[int] = []
        self._lost_keys: set[tuple[str, str]] = set()
        super().__init__(mode, target, folder, seed, **options)

    def _prepare_target(self) -> str:
        self.target.create_tables()
        return tables.recipe(self.target.connection(), self.target.connector)

    def _new_workload(self, seed: int, rate: float) -> Workload:
        return Workload(lambda: self.mode.port, seed, rate=rate)

    def _redis_dies(self) -> None:
        if self.mode.lossy:
            self.workload.hold()
        super()._redis_dies()
        if self.mode.lossy:
            self._losses.append(self.target.audit_end())

    def _redis_returns(self) -> None:
        super()._redis_returns()
        if self.mode.lossy:
            self._lost_keys |= rows_without_key(self._client, self.target)
            self.workload.go_on()

    def _settle(self) -> None:
        wait_for(self._settled, SETTLE_SECONDS, "all is written")

    def _settled(self) -> bool:
        status = self._status()
        return self._attached() and all(
            one["backlog"] == 0 and (one["status"] or {}).get("state") == "running"
            for one in status["registrations"]
        )

    def _audit_end(self) -> int:
        return self.target.audit_end()

    def _check(self) -> Findings:
        kept = {} if self.mode.lossy else self.workload.acknowledged
        findings = check_kept(self._client, kept)
        findings += check_order(self.target.audit(), self._losses)
        findings += self._compared()
        return findings

    def _compared(self) -> Findings:
        """A Redis that came back older may still be reconciled: wait."""
        found = Findings()

        def equal() -> bool:
            nonlocal found
            found = check_rows(
                self._client, self.target, bool(self._losses), lost=self._lost_keys
            )
            return found.good

        with contextlib.suppress(AssertionError):
            wait_for(equal, 20 if self.mode.lossy else 0, "rows equal hashes")
        return found
