"""Running a host in the foreground."""

from __future__ import annotations

import logging
import os
import select
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from rich.console import Console
from rich.logging import RichHandler


def log_to_stderr(level: int) -> None:
    """Lines of the host, plain where stderr is no terminal."""
    console = Console(stderr=True)
    handler: logging.Handler
    if console.is_terminal:
        handler = RichHandler(
            console=console, show_path=False, markup=False, highlighter=None
        )
    else:
        handler = logging.StreamHandler()
        handler.setFormatter(
            logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s")
        )
    logging.basicConfig(level=level, handlers=[handler], format="%(message)s")


class StopSignal:
    """Ctrl-C or SIGTERM. A pipe, because the handler may interrupt the main
    thread anywhere, even while it holds the lock of a threading.Event."""

    def __init__(self) -> None:
        self._receive, self._send = os.pipe()
        os.set_blocking(self._send, False)

    def set(self, *_: object) -> None:
        with suppress(BlockingIOError):  # it is full of stops already
            os.write(self._send, b"x")

    def wait(self, timeout: float | None = None) -> bool:
        """Whether it came within ``timeout`` seconds."""
        return bool(select.select([self._receive], [], [], timeout)[0])

    def close(self) -> None:
        os.close(self._receive)
        os.close(self._send)


@contextmanager
def until_stopped() -> Iterator[StopSignal]:
    """Within, Ctrl-C and SIGTERM set the signal and do nothing else."""
    stopped = StopSignal()
    previous = {
        number: signal.signal(number, stopped.set)
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield stopped
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
        stopped.close()


def count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")
