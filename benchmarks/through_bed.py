"""What the write-through benchmark runs on, and its loads."""

from __future__ import annotations

import json
import math
import os
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import plain_environment
from tests.integration._servers import (
    HostProcess,
    PostgresServer,
    RedisServer,
    wait_for,
)

from benchmarks.private import private_postgres, private_redis

WARM_UP = 0.5  # s of each load, as in through_load.cc
CONNECTING = 2.0  # s that pgbench's clients may take for it, of its time
IDS = 1000  # of each client, as there
COLUMNS = ("username", "email", "country")
TIMEOUT = 60  # s that a client of write-through waits at most


@dataclass(frozen=True)
class Load:
    """How a load went; times in ms."""

    rate: float
    p50: float
    p99: float
    errors: int = 0
    error: str = ""


def upsert(table: str, user_id: str, n: str) -> str:
    """What through_load writes with the same two numbers."""
    name = f"'user' || {n}"
    columns = ", ".join(COLUMNS)
    updates = ", ".join(f"{column} = excluded.{column}" for column in COLUMNS)
    return (
        f"INSERT INTO {table} (user_id, {columns}) VALUES ({user_id}, {name},"
        f" {name} || '@example.org', 'UK')"
        f" ON CONFLICT (user_id) DO UPDATE SET {updates}"
    )


class Bed:
    """A database, a Redis that writes ``users`` through to it, and a bare one
    for the application that writes both by itself."""

    def __init__(
        self,
        database: PostgresServer,
        server: RedisServer,
        bare: RedisServer,
        program: str,
        folder: Path,
    ) -> None:
        self._database = database
        self._server = server
        self._bare = bare
        self._program = program
        self._folder = folder

    def create(self, clients: int) -> None:
        """Each load has a table of its own, with all the rows it may write."""
        for table in ("users", "users_direct", "users_both"):
            self._database.query(
                f"CREATE TABLE {table} (user_id bigint PRIMARY KEY, username text"
                " NOT NULL, email text NOT NULL, country text NOT NULL)"
            )
            ids = f"generate_series(1, {clients * IDS})"
            self._database.query(
                f"INSERT INTO {table} SELECT i, 'user', 'user@example.org', 'UK'"
                f" FROM {ids} AS i"
            )
            self._database.query(f"VACUUM ANALYZE {table}")
        self._server.client.set("greeting", "hello")

    def recipe(self) -> str:
        database = self._database
        connection = (database.superuser, database.password)
        mapping = {column: column for column in COLUMNS}
        return (
            "from rgsync import RGWriteThrough\n"
            "from rgsync.Connectors import PostgresConnection, PostgresConnector\n"
            f"connection = PostgresConnection(*{connection!r},"
            f" {database.address('postgres')!r})\n"
            "connector = PostgresConnector(connection, 'users', 'user_id')\n"
            f"RGWriteThrough(GB, '__', {mapping!r}, connector, 'Users',"
            f" timeout={TIMEOUT})\n"
        )

    def commit_delay(self, microseconds: int) -> None:
        """Each flush of the WAL waits so long, however few transactions run."""
        self._database.query("ALTER SYSTEM SET commit_siblings = 0")
        self._database.query(f"ALTER SYSTEM SET commit_delay = {microseconds}")
        self._database.query("SELECT pg_reload_conf()")
        wait_for(
            lambda: self._database.query("SHOW commit_delay") == [(str(microseconds),)]
        )

    # -- loads ---------------------------------------------------------------

    def through(self, clients: int, seconds: float) -> Load:
        return finished(self.start_through(clients, seconds))

    def start_through(self, clients: int, seconds: float) -> subprocess.Popen[str]:
        return self._start("through", seconds, self._server, clients)

    def both(self, clients: int, seconds: float) -> Load:
        """PostgreSQL, then Redis, from one and the same client."""
        database = self._database
        conninfo = (
            f"host=127.0.0.1 port={database.port} user={database.superuser}"
            f" password={database.password} dbname=postgres"
        )
        statement = upsert("users_both", "$1", "$2")
        return finished(
            self._start("both", seconds, self._bare, clients, conninfo, statement)
        )

    def start_gets(self, rate: int, seconds: float) -> subprocess.Popen[str]:
        return self._start("gets", seconds, self._server, rate)

    def _start(
        self, load: str, seconds: float, server: RedisServer, *arguments: object
    ) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [self._program, load, str(seconds), str(server.port), *map(str, arguments)],
            stdout=subprocess.PIPE,
            text=True,
        )

    def pgbench(
        self,
        clients: int,
        seconds: float,
        rate: float = 0,
        meanwhile: Callable[[], None] = lambda: None,
    ) -> Load:
        """The same upsert by pgbench; with ``rate``, so many a second."""
        script = self._folder / "upsert.sql"
        script.write_text(
            f"\\set id :client_id * {IDS} + random(1, {IDS})\n"
            "\\set n random(0, 999999999)\n"
            + upsert("users_direct", ":id", ":n")
            + ";\n"
        )
        with tempfile.TemporaryDirectory(dir=self._folder) as logs:
            command = ["pgbench", "-h", "127.0.0.1", "-p", str(self._database.port)]
            command += ["-U", self._database.superuser, "-n", "-M", "prepared"]
            command += ["-j", "2"] if clients > 1 else []
            lasts = math.ceil(CONNECTING + WARM_UP + seconds)
            command += ["-c", str(clients), "-T", str(lasts)]
            command += ["-f", str(script), "-l", f"--log-prefix={logs}/log"]
            if rate:
                command += ["-R", str(rate)]
            process = subprocess.Popen(
                [*command, "postgres"],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
                env={**plain_environment(), "PGPASSWORD": self._database.password},
            )
            meanwhile()
            _, complaints = process.communicate()
            if process.returncode != 0:
                raise RuntimeError(f"pgbench: {complaints}")
            return logged(Path(logs), seconds)

    # -- what is wrong -------------------------------------------------------

    @contextmanager
    def hung(self) -> Iterator[None]:
        """Nobody in PostgreSQL does anything, and no connection ends."""
        assert self._database.process is not None
        postmaster = self._database.process.pid
        children = Path(f"/proc/{postmaster}/task/{postmaster}/children")
        processes = [postmaster, *map(int, children.read_text().split())]
        for process in processes:
            os.kill(process, signal.SIGSTOP)
        try:
            yield
        finally:
            for process in processes:
                os.kill(process, signal.SIGCONT)

    def differences(self) -> list[str]:
        """Rows that are not like their hashes."""
        columns = ", ".join(COLUMNS)
        rows = {
            row[0]: list(row[1:])
            for row in self._database.query(f"SELECT user_id, {columns} FROM users")
        }
        keys = list(self._server.client.scan_iter("users:*", count=1000))
        pipeline = self._server.client.pipeline(transaction=False)
        for key in keys:
            pipeline.hmget(key, *COLUMNS)
        return [
            f"{key}: hash {found}, row {rows[int(key[6:])]}"
            for key, found in zip(keys, pipeline.execute())
            if found != rows[int(key[6:])]
        ]


def finished(load: subprocess.Popen[str]) -> Load:
    output, _ = load.communicate()
    if load.returncode != 0:
        raise RuntimeError(f"the load failed with {load.returncode}")
    result = Load(**json.loads(output))
    if result.errors:
        raise RuntimeError(f"{result.errors} errors: {result.error}")
    return result


def logged(logs: Path, seconds: float) -> Load:
    """Of pgbench's log, what through_load would count."""
    lines = [line.split() for log in logs.iterdir() for line in log.open()]
    # When it was committed, in s, and how long it took, in ms.
    done = [(int(f[4]) + int(f[5]) / 1e6, int(f[2]) / 1000) for f in lines]
    begin = min(at - ms / 1000 for at, ms in done) + WARM_UP
    end = begin + seconds
    if max(at for at, _ in done) < end:
        raise RuntimeError("pgbench has connected too late")
    took = sorted(ms for at, ms in done if begin <= at - ms / 1000 < end)
    return Load(
        rate=sum(begin <= at < end for at, _ in done) / seconds,
        p50=took[len(took) // 2],
        p99=took[len(took) * 99 // 100],
    )


@contextmanager
def bed(clients: int, program: str) -> Iterator[Bed]:
    with ExitStack() as stack:
        database = stack.enter_context(private_postgres())
        server = stack.enter_context(private_redis(module=True))
        bare = stack.enter_context(private_redis(module=False))
        folder = Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix="regear-bench-"))
        )
        made = Bed(database, server, bare, program, folder)
        made.create(clients)
        recipe = folder / "recipe.py"
        recipe.write_text(made.recipe())
        host = HostProcess(server.url, folder, [recipe], {}).start()
        stack.callback(host.stop)
        wait_for(lambda: server.state("Users") == "running", what="the host")
        yield made
