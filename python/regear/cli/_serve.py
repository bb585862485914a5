"""Running a host in the foreground."""

from __future__ import annotations

import logging
import os
import select
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager

import click
from rich.console import Console
from rich.logging import RichHandler

from regear._threads import start_thread
from regear.host import Host


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


_START_POLL = 0.02  # s between two looks at a host that starts
_STOP_SECONDS = 5.0
_STOPS = (signal.SIGINT, signal.SIGTERM)


class StopSignal:
    """Ctrl-C or SIGTERM, from a pipe that Python writes to whichever thread
    the signal meets; handlers would wait for the main thread to move."""

    def __init__(self) -> None:
        self._receive, self._send = os.pipe()
        os.set_blocking(self._receive, False)
        os.set_blocking(self._send, False)
        self._came = False

    @property
    def pipe(self) -> int:
        """Takes the numbers of signals."""
        return self._send

    def wait(self, timeout: float | None = None) -> bool:
        """Whether it came; waits for it up to ``timeout`` seconds."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while not self._came:
            left = None if deadline is None else deadline - time.monotonic()
            if left is not None and left < 0:
                break
            if select.select([self._receive], [], [], left)[0]:
                self._came = any(
                    number in _STOPS for number in os.read(self._receive, 1024)
                )
        return self._came

    def close(self) -> None:
        os.close(self._receive)
        os.close(self._send)


@contextmanager
def until_stopped() -> Iterator[StopSignal]:
    """Within, Ctrl-C and SIGTERM set the signal and do nothing else."""
    stopped = StopSignal()
    handlers = {number: signal.signal(number, _no_action) for number in _STOPS}
    pipe = signal.set_wakeup_fd(stopped.pipe, warn_on_full_buffer=False)
    try:
        yield stopped
    finally:
        signal.set_wakeup_fd(pipe)
        for number, handler in handlers.items():
            signal.signal(number, handler)
        stopped.close()


def _no_action(_number: int, _frame: object) -> None:
    """Python writes to the pipe for signals that have a handler."""


def start_host(host: Host, stopped: StopSignal) -> bool:
    """False if Ctrl-C came first: recipes may take minutes to be loaded."""
    errors: list[Exception] = []

    def start() -> None:
        try:
            host.start()
        except Exception as error:
            errors.append(error)

    thread = start_thread("regear-start", start)
    while thread.is_alive():
        if stopped.wait(_START_POLL):
            host.stop(drain=False)
            thread.join(_STOP_SECONDS)
            return False
    if errors:
        raise errors[0]
    return True


def serve_metrics(host: Host, place: tuple[str, int] | None) -> None:
    """The option --metrics."""
    if place is not None:
        address, port = place
        port = host.serve_metrics(port, address)
        click.echo(f"metrics: http://{address}:{port}/metrics")


def count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")
