"""The hosts of a soak run."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from tests.integration._servers import HostProcess


class SoakHost(HostProcess):
    """``regear host`` that may be stopped and continued by signals."""

    def __init__(self, url: str, folder: Path, recipe: Path, number: int) -> None:
        home = folder / f"host-{number}"
        home.mkdir()
        super().__init__(url, home, [recipe], {}, folder / "host.key")

    def launch(self, **environment: str) -> None:
        """Start, and wait for nothing."""
        options = {"env": {**os.environ, "PYTHONUNBUFFERED": "1", **environment}}
        self.spawn(self._command, self.log, **options)

    def suspend(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGCONT)
