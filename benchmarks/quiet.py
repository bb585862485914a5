"""Waits for a moment in which nobody else uses the machine."""

from __future__ import annotations

import time
from pathlib import Path

SAMPLE = 0.5  # s
IDLE = 0.85  # of all cores


def wait_until_quiet(seconds: float) -> None:
    """For at most so long: on a machine that others use too, a run that
    compiles meanwhile says nothing."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        idle, total = _ticks()
        time.sleep(SAMPLE)
        later_idle, later_total = _ticks()
        if later_idle - idle > IDLE * (later_total - total):
            return


def _ticks() -> tuple[int, int]:
    """Idle ones and all, since the machine started."""
    ticks = [int(n) for n in Path("/proc/stat").read_text().split("\n")[0].split()[1:]]
    return ticks[3] + ticks[4], sum(ticks[:8])
