"""``python -m tests.soak --minutes 40``: see ``make soak``."""

from __future__ import annotations

import argparse
import itertools
import os
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.conftest import postgres_programs, redis_program
from tests.integration._servers import PostgresServer
from tests.soak.audit import Findings
from tests.soak.redis_modes import MODES
from tests.soak.round import Round
from tests.soak.targets import PostgresTarget, SqliteTarget, Targets

#: Between two crashes; a third of the time passes until all is up again.
INTERVAL = (1.0, 6.5)
CRASHES_PER_ROUND = 12


def main() -> int:
    options = _arguments()
    seed = options.seed if options.seed is not None else random.randrange(2**32)
    end = time.monotonic() + options.minutes * 60
    print(f"SEED={seed}", flush=True)
    total = Findings()
    crashes = faults = commands = failed = 0
    with ExitStack() as stack:
        work = Path(tempfile.mkdtemp(prefix="regear-soak-"))
        work.chmod(0o755)  # PostgreSQL runs as another user
        targets = _targets(options.targets, work, stack)
        plan = itertools.cycle(
            itertools.product(options.modes, options.redis, list(targets))
        )
        for number, (mode, program, target) in enumerate(plan):
            if time.monotonic() >= end or crashes >= options.crashes:
                break
            folder = work / f"round-{number}"
            folder.mkdir()
            folder.chmod(0o755)
            _say(f"round {number}: {mode}, {Path(program).name}, {target}")
            one = Round(
                MODES[mode](program, folder, seed + number),
                targets[target](folder),
                folder,
                seed + number,
                _say,
            )
            try:
                findings = _run(one, min(end, time.monotonic() + 120))
            finally:
                one.close()
            total += findings
            crashes += one.crashes
            faults += one.faults
            commands += one.workload.commands
            for line in findings.lines():
                _say(line)
            if findings.good:
                shutil.rmtree(folder)
            else:
                failed += 1
                _say(f"  FAILED: logs in {folder}, SEED={seed} round {number}")
        if failed == 0:
            stack.callback(shutil.rmtree, work, ignore_errors=True)
    print(
        f"crashes={crashes} lost={len(total.lost)} stale={len(total.stale)}"
        f" backward={len(total.backward)} orphans={total.orphans} faults={faults}"
        f" commands={commands} SEED={seed}"
    )
    return 1 if failed else 0


def _run(one: Round, end: float) -> Findings:
    while one.crashes < CRASHES_PER_ROUND and time.monotonic() < end:
        time.sleep(one.random.uniform(*INTERVAL))
        one.mode.tick()
        one.disturb()
    return one.finish()


def _targets(names: list[str], work: Path, stack: ExitStack) -> Targets:
    targets: Targets = {}
    for name in names:
        if name == "sqlite":
            targets[name] = SqliteTarget
        elif name == "postgres":
            server = stack.enter_context(_postgres(work))
            targets[name] = lambda folder: PostgresTarget(server)
    return targets


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


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--crashes", type=int, default=sys.maxsize, help="at most")
    parser.add_argument("--seed", type=int)
    parser.add_argument("--modes", type=_list, default=_DEFAULT_MODES)
    parser.add_argument("--targets", type=_list, default=["sqlite", "postgres"])
    parser.add_argument(
        "--redis", type=_list, default=_programs(), help="servers to run on"
    )
    return parser.parse_args()


def _list(text: str) -> list[str]:
    return text.split(",")


def _programs() -> list[str]:
    named = os.environ.get("REGEAR_SOAK_SERVERS")
    return named.split(":") if named else [program for program in [redis_program()] if program]


def _say(text: str) -> None:
    print(text, flush=True)


_DEFAULT_MODES = [name for name, mode in MODES.items() if not mode.lossy]

if __name__ == "__main__":
    sys.exit(main())
