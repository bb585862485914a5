"""Private servers for benchmarks, on the loopback interface."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path
from types import TracebackType

import redis

from regear import module_path

_POSTGRES_BIN = Path("/usr/lib/postgresql/15/bin")
_START_SECONDS = 30.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Server:
    """A process that ends with its context."""

    stop_signal = signal.SIGTERM

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    def command(self) -> list[str]:
        raise NotImplementedError

    def answers(self) -> bool:
        raise NotImplementedError

    def __enter__(self):  # type: ignore[no-untyped-def]
        with (self.folder / "server.log").open("wb") as log:
            self._process = subprocess.Popen(
                self.command(), stdout=log, stderr=subprocess.STDOUT
            )
        deadline = time.monotonic() + _START_SECONDS
        while not self.answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError((self.folder / "server.log").read_text())
            time.sleep(0.02)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        frames: TracebackType | None,
    ) -> None:
        if self._process is not None:
            self._process.send_signal(self.stop_signal)
            self._process.wait()


class PlainRedis(Server):
    """redis-server without persistence, or with an AOF, fsync each second."""

    def __init__(self, folder: Path, *, module: bool, aof: bool = False) -> None:
        super().__init__(folder)
        self._module = module
        self._aof = aof
        self.client = redis.Redis(port=self.port)
        self.socket = folder / "redis.sock"

    def command(self) -> list[str]:
        command = [os.environ.get("REGEAR_REDIS_SERVER", "redis-server")]
        command += ["--bind", "127.0.0.1", "--port", str(self.port)]
        command += ["--unixsocket", str(self.socket), "--save", ""]
        command += ["--dir", str(self.folder)]
        if self._aof:
            command += ["--appendonly", "yes", "--appendfsync", "everysec"]
        if self._module:
            command += ["--loadmodule", module_path()]
        return command

    def answers(self) -> bool:
        try:
            return bool(self.client.ping())
        except redis.RedisError:
            return False


class Postgres(Server):
    """PostgreSQL with its default settings (fsync and synchronous commit).

    It refuses to run as root: then it runs as the user ``nobody``.
    """

    stop_signal = signal.SIGINT  # fast shutdown: does not wait for clients

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._as_user: list[str] = []
        if os.geteuid() == 0:
            self._as_user = ["setpriv", "--reuid=nobody", "--regid=nogroup"]
            self._as_user += ["--clear-groups"]
            shutil.chown(folder, "nobody", "nogroup")
        data = folder / "data"
        subprocess.run(
            [
                *self._as_user,
                str(_POSTGRES_BIN / "initdb"),
                *("-D", str(data), "-U", "bench", "-A", "trust", "-E", "UTF8"),
            ],
            check=True,
            stdout=subprocess.DEVNULL,
        )

    @property
    def parameters(self) -> dict[str, str]:
        """By libpq's keywords."""
        return {
            "host": str(self.folder),
            "port": str(self.port),
            "user": "bench",
            "dbname": "postgres",
        }

    @property
    def conninfo(self) -> str:
        return " ".join(f"{name}={value}" for name, value in self.parameters.items())

    def command(self) -> list[str]:
        return [
            *self._as_user,
            str(_POSTGRES_BIN / "postgres"),
            *("-D", str(self.folder / "data"), "-p", str(self.port)),
            *("-k", str(self.folder), "-c", "listen_addresses="),
        ]

    def answers(self) -> bool:
        ready = [str(_POSTGRES_BIN / "pg_isready"), "-q", "-h", str(self.folder)]
        return subprocess.run([*ready, "-p", str(self.port)]).returncode == 0

    def sql(self, statement: str) -> str:
        command = ["psql", "-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1"]
        output = subprocess.run(
            [*command, "-d", self.conninfo, "-c", statement],
            check=True,
            capture_output=True,
            text=True,
        )
        return output.stdout.strip()
