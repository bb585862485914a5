"""Each line of docs/events.md: the change stream, which is the same on every
server, and the row at the end."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from tests.conftest import missing, redis_program
from tests.integration._event_cases import (
    AWAIT_GONE,
    CASES,
    FAILS,
    OPERATIONS,
    OPTIONS,
    Case,
    Rows,
)
from tests.integration._host_link import entries
from tests.integration._servers import HostProcess, RedisServer, wait_for

DOCUMENT = Path(__file__).parents[2] / "docs" / "events.md"
RECIPE = """
from rgsync import RGWriteBehind
from rgsync.Connectors import SQLiteConnection, SQLiteConnector

connection = SQLiteConnection({database!r})
# Each prefix twice: "Idle" keeps its entries, where the test reads them.
for name, duration, batch in ("Live", 1, 1), ("Idle", 1 << 30, 1 << 30):
{calls}
"""
CALL = """
    connector = SQLiteConnector(connection, {prefix!r}, "id")
    RGWriteBehind(GB, {prefix!r}, {{"a": "a", "b": "b"}}, connector,
                  name + {prefix!r}, duration=duration, batch=batch, {options})
"""


class Matrix:
    """One server and one host for all cases."""

    def __init__(self, program: str, folder: Path) -> None:
        self.database = str(folder / "target.db")
        for prefix in OPTIONS:
            self.sql(f"CREATE TABLE {prefix} (id TEXT PRIMARY KEY, a, b)")
        self.server = RedisServer(program, folder)
        self.client = self.server.connect(
            decode_responses=True, single_connection_client=True
        )
        calls = [CALL.format(prefix=p, options=o) for p, o in OPTIONS.items()]
        recipe = folder / "recipe.py"
        recipe.write_text(RECIPE.format(database=self.database, calls="".join(calls)))
        self.host = HostProcess(self.server.url, folder, [recipe], {}).start()
        assert len(self.server.status()["registrations"]) == 2 * len(OPTIONS)

    def sql(self, text: str) -> list[tuple[object, ...]]:
        connection = sqlite3.connect(self.database, timeout=20)
        try:
            with connection:
                return connection.execute(text).fetchall()
        finally:
            connection.close()

    def stream(self, prefix: str) -> str:
        return f"_{prefix}-stream-Idle{prefix}-{{06S}}"

    def forget(self) -> None:
        """As if nothing had happened yet."""
        for number in 1, 0:
            self.client.execute_command("SELECT", number)
            for key in self.client.scan_iter():
                if not key.startswith("_"):
                    self.client.delete(key)
        self.settle()
        for prefix in OPTIONS:
            self.client.xtrim(self.stream(prefix), maxlen=0, approximate=False)
            self.sql(f"DELETE FROM {prefix}")

    def settle(self) -> None:
        """Wait until the live registrations are drained."""
        wait_for(
            lambda: all(
                r["backlog"] == 0
                for r in self.server.status()["registrations"]
                if r["name"].startswith("Live")
            ),
            what=f"drained: {self.server.status()}",
        )

    def rows(self, prefix: str) -> Rows:
        return {row[0]: row[1:] for row in self.sql(f"SELECT id, a, b FROM {prefix}")}

    def run(self, command: list[str]) -> None:
        if command[0] == AWAIT_GONE:
            wait_for(lambda: not self.client.exists(command[1]))
        elif command[0] == FAILS:
            with pytest.raises(redis.ResponseError):
                self.client.execute_command(*command[1:])
        else:
            self.client.execute_command(*command)

    def has(self, command: list[str]) -> bool:
        if command[0] in (FAILS, AWAIT_GONE):
            return True
        raw = self.client.connection
        raw.send_command("COMMAND", "INFO", command[0])
        return raw.read_response() != [None]


@pytest.fixture(scope="module")
def server() -> Iterator[Matrix]:
    program = redis_program()
    if program is None:
        missing("redis-server")
    with tempfile.TemporaryDirectory(prefix="regear-test-") as name:
        os.chmod(name, 0o755)
        matrix = Matrix(program, Path(name))
        yield matrix
        matrix.host.stop()
        matrix.server.close()
        matrix.server.stop()


@pytest.fixture
def matrix(server: Matrix) -> Matrix:
    server.forget()
    return server


@pytest.mark.parametrize("name", CASES)
def test_line_of_the_matrix(matrix: Matrix, name: str) -> None:
    case: Case = CASES[name]
    for command in case.commands:
        if not matrix.has(command):
            pytest.skip(f"the server has no {command[0]}")
    for command in case.commands:
        matrix.run(command)
    found = []

    def appended() -> bool:
        found[:] = entries(matrix.client, matrix.stream(case.prefix))
        return len(found) >= len(case.entries)

    wait_for(appended, what=f"{case.entries}, not {found}")
    assert found == case.entries
    matrix.settle()
    assert matrix.rows(case.prefix) == case.rows
    if name in OPERATIONS:
        assert not matrix.client.hexists("person:1", "#")


@pytest.mark.parametrize("name", CASES)
def test_line_is_documented(name: str) -> None:
    assert f"| {name} |" in DOCUMENT.read_text()
