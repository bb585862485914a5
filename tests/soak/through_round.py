"""A round of write-through."""

from __future__ import annotations

from collections import Counter

from tests.integration._servers import wait_for
from tests.soak import through_table
from tests.soak.audit import Findings
from tests.soak.redis_modes import EverysecKept, Failover, RedisMode
from tests.soak.round import SETTLE_SECONDS, Round
from tests.soak.through_checks import check, check_equal
from tests.soak.through_clients import (
    ThroughWorkload,
    prepare,
    read_hashes,
    settle,
    wait_for_writes,
)
from tests.soak.through_table import CLIENTS, KEYS, all_keys

#: Only those who lose nothing: a Redis that comes back older than its
#: database has broken what it told its clients.
MODES: dict[str, type[RedisMode]] = {
    mode.name: mode for mode in (RedisMode, EverysecKept, Failover)
}
TIMEOUT = 3.0  # s that a client waits


class ThroughRound(Round):
    """Rows and hashes are what clients were told."""

    registrations = 1
    workload: ThroughWorkload
    _held = False

    def _prepare_target(self) -> str:
        through_table.create_tables(self.target)
        return through_table.recipe(self.target, TIMEOUT)

    def _new_workload(self, seed: int, rate: float) -> ThroughWorkload:
        prepare(self.mode.port)
        return ThroughWorkload(
            lambda: self.mode.port, self.target, seed, pause=CLIENTS / rate
        )

    def disturb(self) -> None:
        super().disturb()
        if self._held or self.random.random() < 0.3:
            self.compare()

    def compare(self) -> None:
        """Now, before the clients' next writes hide what is wrong."""
        self.workload.hold()
        wait_for(lambda: self.workload.idle, 20, "clients are answered")
        wait_for(self._attached, SETTLE_SECONDS, "a host serves")
        wait_for_writes(self.mode.port)
        # What plain writes have mixed up is not to be equal yet.
        keys = [key for key in all_keys() if key not in KEYS["x"]]
        hashes, rows = read_hashes(self.mode.port), through_table.rows(self.target)
        findings = check_equal(keys, hashes, rows)
        if not findings.good:
            self._tell(f"differences: {findings.lines()}")
        self.workload.findings += findings
        self._held = False
        self.workload.go_on()

    def _redis_dies(self) -> None:
        super()._redis_dies()
        self._held = self.random.random() < 0.6
        if self._held:  # until all is compared
            self.workload.hold()

    def _settle(self) -> None:
        wait_for(self._attached, SETTLE_SECONDS, "a host serves")
        settle(self.mode.port, SETTLE_SECONDS)

    def _audit_end(self) -> int:
        return len(through_table.audit(self.target))

    def _check(self) -> Findings:
        history = self.workload.history
        told = Counter(order.outcome.value for order in history)
        self._say(f"  told: {dict(told)}")
        findings = self.workload.findings
        findings += check(
            history,
            read_hashes(self.mode.port),
            through_table.rows(self.target),
            through_table.audit(self.target),
        )
        return findings
