"""The servers that integration tests run on: private, on free ports."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Event
from typing import Any

import redis

import regear
from tests.conftest import plain_environment

START_SECONDS = 30.0

# Linux gives a connection its own port from 32768 on, so that none can take
# the port of a server that is about to start, or to come back after a crash.
_PORTS = range(10_000, 32_000)
_ports = itertools.cycle(random.sample(_PORTS, len(_PORTS)))


def wait_for(
    condition: Callable[[], Any], deadline: float = 10.0, what: str = ""
) -> Any:
    """Ask until the answer is true; the one place where tests wait."""
    end = time.monotonic() + deadline
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > end:
            raise AssertionError(f"not within {deadline} s: {what or condition}")
        Event().wait(0.02)


def free_port() -> int:
    """One that nobody listens on; this process is not given it again soon."""
    for port in itertools.islice(_ports, 1000):
        with socket.socket() as probe, contextlib.suppress(OSError):
            # As servers do, which take a port whose last connection has ended.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError(f"no free port from {_PORTS.start} to {_PORTS.stop}")


class Server:
    """A process of ours; only its own id is ever signalled."""

    process: subprocess.Popen[bytes] | None = None

    def spawn(self, command: Sequence[str], log: Path, **options: Any) -> None:
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                **options,
            )

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def kill(self) -> None:
        """kill -9, and wait until it is gone."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.kill()
                raise


class RedisServer(Server):
    """With the module unless ``module`` is false, after RedisJSON if ``json`` is
    its path; keeps its data folder. It starts no host of its own unless
    ``own_host`` is true. ``arguments`` go to the module."""

    def __init__(
        self,
        program: str,
        folder: Path,
        *options: str,
        module: bool = True,
        json: str | None = None,
        own_host: bool = False,
        arguments: Sequence[str] = (),
        rdb: Path | None = None,
        password: str = "",
    ) -> None:
        self.folder = folder
        self.port = free_port()
        self.password = password
        self.log = folder / "redis.log"
        self._command = [
            program,
            *("--bind", "127.0.0.1", "--port", str(self.port)),
            *("--dir", str(folder), "--save", ""),
            *("--enable-debug-command", "yes"),
            # A master waits 5 s for more replicas otherwise.
            *("--repl-diskless-sync-delay", "0"),
            *options,
        ]
        if password:
            self._command += ["--requirepass", password]
        if json is not None:
            self._command += ["--loadmodule", json]
        if module:
            self._command += ["--loadmodule", regear.module_path()]
            self._command += [] if own_host else ["Host", "none"]
            self._command += arguments
        if rdb is not None:
            shutil.copy(rdb, folder / "dump.rdb")
        self._clients: list[redis.Redis] = []
        self.start()

    @property
    def url(self) -> str:
        return self.url_of("", self.password)

    def url_of(self, user: str, password: str) -> str:
        who = f"{user}:{password}@" if password else ""
        return f"redis://{who}127.0.0.1:{self.port}"

    def start(self, *options: str) -> None:
        """``options``: of this one start only."""
        self.spawn([*self._command, *options], self.log)
        wait_for(self._answers, START_SECONDS, "Redis answers")

    def _answers(self) -> bool:
        assert self.running, self.log.read_text()
        try:
            return bool(self.client.ping())
        except redis.RedisError:
            return False

    @property
    def client(self) -> redis.Redis:
        """Replies as str; bytes that are no text come back with escapes."""
        if not self._clients:
            self._clients.append(self.connect(decode_responses=True))
        return self._clients[0]

    def connect(self, **options: Any) -> redis.Redis:
        options.setdefault("encoding_errors", "surrogateescape")
        options.setdefault("password", self.password or None)
        options.setdefault("socket_timeout", 60)  # then redis-py sends again
        client = redis.Redis(port=self.port, **{"protocol": 2, **options})
        self._clients.append(client)
        return client

    def execute(self, source: str, *options: str) -> str:
        """RG.PYEXECUTE."""
        return self.client.execute_command("RG.PYEXECUTE", source, *options)

    def status(self) -> dict[str, Any]:
        return json.loads(self.client.execute_command("RG.STATUS"))

    def registration(self, name: str) -> dict[str, Any]:
        found = [r for r in self.status()["registrations"] if r["name"] == name]
        assert found, f"{name} is not registered"
        return found[0]

    def state(self, name: str) -> str:
        return (self.registration(name)["status"] or {}).get("state", "")

    def backlog(self) -> int:
        return sum(r["backlog"] for r in self.status()["registrations"])

    def wait_drained(self, deadline: float = 30.0) -> None:
        wait_for(lambda: self.backlog() == 0, deadline, f"drained: {self.status()}")

    def close(self) -> None:
        for client in self._clients:
            client.close()
        self._clients.clear()


class HostProcess(Server):
    """``regear host`` in a process of its own."""

    def __init__(
        self,
        url: str,
        folder: Path,
        recipes: Sequence[Path],
        config: dict[str, str],
        key: Path | None = None,
    ) -> None:
        self.log = folder / "host.log"
        self.key = key or folder / "host.key"
        self._command = [sys.executable, "-m", "regear", "host", "--redis", url]
        self._command += ["--state-key", str(self.key)]
        for name, value in config.items():
            self._command += ["--set", f"{name}={value}"]
        self._command += map(str, recipes)

    def start(self) -> HostProcess:
        """Start, and wait until it serves (or has failed)."""
        before = self._ready_lines()
        self.begin()
        wait_for(
            lambda: self._ready_lines() > before or not self.running,
            START_SECONDS,
            "the host is ready",
        )
        return self

    def begin(self) -> None:
        """Start, and wait for nothing."""
        self.spawn(self._command, self.log, env={**os.environ, "PYTHONUNBUFFERED": "1"})

    def restart(self) -> HostProcess:
        if self.running:
            self.stop()
        return self.start()

    def _ready_lines(self) -> int:
        return self.text().count("Ctrl-C stops")

    def text(self) -> str:
        return self.log.read_text() if self.log.exists() else ""


class PostgresServer(Server):
    """A cluster of its own; as an unprivileged user, because it wants that."""

    superuser = "regear_admin"
    password = "adminpassword"

    def __init__(self, programs: str, folder: Path) -> None:
        self._programs = programs
        self.folder = folder
        self.port = free_port()
        self.log = folder / "postgres.log"
        self._options: dict[str, Any] = {"env": plain_environment()}
        if os.geteuid() == 0:
            self._options["user"] = "postgres"
            shutil.chown(folder, "postgres")
        secret = folder / "password"
        secret.write_text(self.password)
        secret.chmod(0o644)
        subprocess.run(
            [
                os.path.join(programs, "initdb"),
                *("-D", str(folder / "data"), "-U", self.superuser),
                *("-A", "scram-sha-256", "--pwfile", str(secret)),
                *("-E", "UTF8", "--no-locale", "--no-sync"),
            ],
            check=True,
            stdout=subprocess.DEVNULL,
            **self._options,
        )
        self.start()

    def start(self) -> None:
        self._spawn()
        wait_for(self._answers, START_SECONDS, "PostgreSQL answers")

    def _spawn(self) -> None:
        self.spawn(
            [
                os.path.join(self._programs, "postgres"),
                *("-D", str(self.folder / "data"), "-p", str(self.port)),
                *("-h", "127.0.0.1", "-k", ""),
            ],
            self.log,
            **self._options,
        )

    def stop(self) -> None:
        """A fast shutdown: connections are closed."""
        if self.process is not None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(20)

    def _answers(self) -> bool:
        import psycopg2

        if not self.running:  # children of a killed one had the memory still
            self._spawn()
        try:
            self.query("SELECT 1")
        except psycopg2.OperationalError:
            return False
        return True

    def connect(self, database: str = "postgres") -> Any:
        """A connection as superuser, which the caller closes."""
        import psycopg2

        return psycopg2.connect(
            host="127.0.0.1",
            port=self.port,
            user=self.superuser,
            password=self.password,
            dbname=database,
        )

    def query(self, sql: str, *values: Any, database: str = "postgres") -> list[tuple]:
        connection = self.connect(database)
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(sql, values or None)
                return cursor.fetchall() if cursor.description else []
        finally:
            connection.close()

    def address(self, database: str) -> str:
        return f"127.0.0.1:{self.port}/{database}"
