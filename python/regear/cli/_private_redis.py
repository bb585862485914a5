"""A Redis server of our own, on the loopback interface."""

from __future__ import annotations

import ctypes
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

import redis

from regear._paths import module_path
from regear.errors import RegearError

_START_SECONDS = 30.0  # an append-only file may have to be loaded
_STOP_SECONDS = 10.0
_PR_SET_PDEATHSIG = 1  # <linux/prctl.h>
_ATTEMPTS = 3  # a free port may be taken before the server binds it


class PrivateRedis:
    """Runs while the context is entered; ``url`` is where it listens."""

    def __init__(
        self,
        folder: Path,
        *,
        port: int | None = None,
        keep: bool = False,
        modules: Sequence[Path] = (),
        program: str | None = None,
    ) -> None:
        self._folder = folder
        self._given_port = port
        self._keep = keep
        # Whoever wants this server serves it too.
        self._modules = [[module_path(), "Host", "none"]]
        self._modules += [[str(module)] for module in modules]
        self._program = _server_program(program)
        self._process: subprocess.Popen[bytes] | None = None
        self.port = 0

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}"

    def __enter__(self) -> PrivateRedis:
        self._folder.mkdir(parents=True, exist_ok=True)
        for attempt in range(1, _ATTEMPTS + 1):
            self.port = self._given_port or _free_port()
            try:
                self._start()
                break
            except RegearError:
                if self._given_port or attempt == _ATTEMPTS:
                    raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        frames: TracebackType | None,
    ) -> None:
        self._stop()

    def check(self) -> None:
        """Raise if the server has ended."""
        if self._process is not None and self._process.poll() is not None:
            raise RegearError(f"the Redis server ended: {self._last_lines()}")

    def _start(self) -> None:
        self._log.unlink(missing_ok=True)
        # A session of its own: Ctrl-C in the terminal is for us alone, and
        # what is captured can still be written.
        self._process = subprocess.Popen(
            self._command(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=_end_with_parent,
        )
        try:
            self._wait_until_ready()
        except BaseException:
            self._stop()
            raise

    @property
    def _log(self) -> Path:
        return self._folder / "redis.log"

    def _command(self) -> list[str]:
        command = [
            self._program,
            *("--bind", "127.0.0.1"),
            *("--port", str(self.port)),
            *("--dir", str(self._folder.resolve())),
            *("--logfile", str(self._log.resolve())),
        ]
        if self._keep:
            command += ["--appendonly", "yes", "--appendfsync", "everysec"]
        else:
            command += ["--save", ""]
        for module in self._modules:
            command += ["--loadmodule", *module]
        return command

    def _wait_until_ready(self) -> None:
        client = redis.Redis(port=self.port)
        deadline = time.monotonic() + _START_SECONDS
        try:
            while True:
                self.check()
                try:
                    client.ping()
                    return
                except redis.RedisError:
                    if time.monotonic() > deadline:
                        raise RegearError(
                            f"the Redis server does not answer: {self._last_lines()}"
                        ) from None
                time.sleep(0.02)
        finally:
            client.close()

    def _stop(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()  # it saves what is to be kept
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _last_lines(self) -> str:
        try:
            lines = self._log.read_text(errors="replace").splitlines()
        except OSError:
            return f"it wrote no log; {self._program} could not start"
        return " | ".join(line.strip() for line in lines[-5:])


def _server_program(given: str | None) -> str:
    for name in [given] if given else ["redis-server", "valkey-server"]:
        found = shutil.which(name)
        if found:
            return found
    if given:
        raise RegearError(f"{given} is not a program", "--redis-server FILE")
    raise RegearError(
        "no redis-server or valkey-server in PATH",
        "apt-get install redis-server, or --redis-server FILE",
    )


def _end_with_parent() -> None:
    """In the child: a server whose `regear up` was killed ends too."""
    prctl = getattr(ctypes.CDLL(None), "prctl", None)
    if prctl is not None:  # Linux
        prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
