"""``python -m tests.soak --minutes 40``: see ``make soak``."""

from __future__ import annotations

import argparse
import itertools
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.conftest import mariadb_program, postgres_programs
from tests.integration._mariadb import MariaDbServer
from tests.integration._servers import PostgresServer
from tests.soak import through_round
from tests.soak.audit import Findings
from tests.soak.behind_round import BehindRound
from tests.soak.redis_modes import MODES, RedisMode
from tests.soak.round import Round
from tests.soak.targets import MariaDbTarget, NewTarget, PostgresTarget, SqliteTarget

#: Between two crashes; a third of the time passes until all is up again.
INTERVAL = (1.0, 6.5)
CRASHES_PER_ROUND = 12
TARGETS = ["sqlite", "postgres", "mariadb"]
ROUND_SECONDS = 120.0


class Soak:
    """The rounds of one run, and what they add up to."""

    def __init__(self, options: argparse.Namespace, work: Path) -> None:
        self._options = options
        self._work = work
        self._end = time.monotonic() + options.minutes * 60
        self._findings = Findings()
        self._crashes = self._faults = self._commands = 0
        self.failed: list[int] = []

    def run(self, targets: dict[str, NewTarget]) -> None:
        modes: dict[str, type[RedisMode]] = MODES
        kind: type[Round] = BehindRound
        if self._options.through:
            modes, kind = through_round.MODES, through_round.ThroughRound
        names = self._options.modes or list(modes)
        plan = itertools.product(names, self._options.redis, targets)
        for number, (mode, program, target) in enumerate(itertools.cycle(plan)):
            if time.monotonic() >= self._end:
                break
            if self._crashes >= self._options.crashes:
                break
            folder = self._work / f"round-{number}"
            folder.mkdir()
            folder.chmod(0o755)
            say(f"round {number}: {mode}, {Path(program).name}, {target}")
            seed = self._options.seed + number
            redis_mode = modes[mode](program, folder, seed)
            one = kind(redis_mode, targets[target](folder), folder, seed, say=say)
            if self._play(one):
                shutil.rmtree(folder)
            else:
                self.failed.append(number)
                say(f"  FAILED: {folder}, round {number} of SEED={self._options.seed}")

    def summary(self) -> str:
        found = self._findings
        return (
            f"crashes={self._crashes} lost={len(found.lost)} stale={len(found.stale)}"
            f" backward={len(found.backward)} orphans={found.orphans}"
            f" faults={self._faults} commands={self._commands}"
            f" SEED={self._options.seed}"
        )

    def _play(self, one: Round) -> bool:
        end = min(self._end, time.monotonic() + ROUND_SECONDS)
        findings = Findings()
        try:
            while one.crashes < CRASHES_PER_ROUND and time.monotonic() < end:
                time.sleep(one.random.uniform(*INTERVAL))
                one.mode.tick()
                one.disturb()
            findings += one.finish()
        except AssertionError as error:  # what was waited for did not come
            findings.lost.append(str(error))
        finally:
            one.close()
        for line in findings.lines():
            say(line)
        self._findings += findings
        self._crashes += one.crashes
        self._faults += one.faults
        self._commands += one.workload.commands
        return findings.good


def main() -> int:
    options = _arguments()
    say(f"SEED={options.seed}")
    work = Path(tempfile.mkdtemp(prefix="regear-soak-"))
    work.chmod(0o755)  # PostgreSQL runs as another user
    soak = Soak(options, work)
    with ExitStack() as stack:
        soak.run({name: _target(name, work, stack) for name in options.targets})
    say(soak.summary())
    if soak.failed:
        return 1
    shutil.rmtree(work)
    return 0


def _target(name: str, work: Path, stack: ExitStack) -> NewTarget:
    if name == "sqlite":
        return SqliteTarget
    if name == "postgres":
        server = stack.enter_context(_postgres(work))
        return lambda folder: PostgresTarget(server)
    if name == "mariadb":
        mariadb = stack.enter_context(_mariadb(work))
        return lambda folder: MariaDbTarget(mariadb)
    raise SystemExit(f"no such target: {name}")


@contextmanager
def _postgres(work: Path) -> Iterator[PostgresServer]:
    programs = postgres_programs()
    assert programs is not None, "PostgreSQL is missing: scripts/bootstrap test"
    home = work / "postgres"
    home.mkdir(mode=0o755)
    server = PostgresServer(programs, home)
    try:
        yield server
    finally:
        server.kill()


@contextmanager
def _mariadb(work: Path) -> Iterator[MariaDbServer]:
    program = mariadb_program()
    assert program is not None, "MariaDB is missing: scripts/bootstrap test"
    home = work / "mariadb"
    home.mkdir(mode=0o755)
    server = MariaDbServer(program, home)
    try:
        yield server
    finally:
        server.kill()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--crashes", type=int, default=sys.maxsize, help="at most")
    parser.add_argument("--seed", type=int, default=random.randrange(2**32))
    parser.add_argument("--through", action="store_true", help="write-through")
    parser.add_argument("--modes", type=_names, help="by default all")
    parser.add_argument("--targets", type=_names, default=TARGETS)
    parser.add_argument("--redis", type=_names, default=["redis-server"])
    return parser.parse_args()


def _names(text: str) -> list[str]:
    return text.split(",")


def say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
