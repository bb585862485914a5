"""The Redis server that has started this host."""

from __future__ import annotations

import ctypes
import json
import logging
import os
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from regear._threads import start_thread
from regear.errors import RegearError

_STOP_SECONDS = 5.0
_PR_SET_PDEATHSIG = 1  # <linux/prctl.h>
#: What the module makes of it in the server's log, as systemd would.
_PRIORITIES = {logging.DEBUG: 7, logging.INFO: 5}


@dataclass(frozen=True)
class Starter:
    """At the other end of a socket, which was standard input.

    The server writes one line of JSON to it (docs/operations.md), and closes
    it when the host is to stop.
    """

    url: str
    folder: Path
    socket: int

    @classmethod
    def at_standard_input(cls) -> Starter:
        # Of no descendants: the end of the stream is for us alone.
        socket = os.dup(sys.stdin.fileno())
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.close(nothing)
        try:
            greeting = json.loads(_line(socket))
            return cls(greeting["url"], Path(greeting["folder"]), socket)
        except (OSError, ValueError, KeyError):
            raise RegearError(
                "--spawned is for the host that a Redis server starts by itself",
                "regear host --redis URL",
            ) from None

    def check_folder(self) -> None:
        """Raise if nothing can be kept there."""
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            writable = os.access(self.folder, os.W_OK)
        except OSError:
            writable = False
        if not writable:
            raise RegearError(
                f"nothing can be kept in {self.folder}",
                "loadmodule …/regear.so HostData DIR",
            )

    def follow(self) -> None:
        """End with the server: at once if it dies, else by SIGTERM."""
        prctl = getattr(ctypes.CDLL(None), "prctl", None)
        if prctl is not None:  # Linux
            prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        start_thread("regear-starter", self._wait)

    def _wait(self) -> None:
        while os.read(self.socket, 1024):
            pass
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(_STOP_SECONDS)
        os._exit(1)


def log_to_starter() -> None:
    """Standard error is the server's log."""
    handler = logging.StreamHandler()
    handler.setFormatter(_Lines("%(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])


class _Lines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        priority = _PRIORITIES.get(record.levelno, 4)
        return f"<{priority}>{super().format(record)}"


def _line(socket: int) -> bytes:
    line = b""
    while not line.endswith(b"\n"):
        piece = os.read(socket, 1)
        if not piece:
            break
        line += piece
    return line
