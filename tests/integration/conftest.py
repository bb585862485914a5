"""Real servers, in the words of the tests."""

from __future__ import annotations

import itertools
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import (
    ferretdb_program,
    mariadb_program,
    missing,
    postgres_programs,
    redis_program,
    rejson_path,
)
from tests.integration._ferretdb import FerretDbDatabase, FerretDbServer
from tests.integration._mariadb import MariaDbDatabase, MariaDbServer
from tests.integration._servers import HostProcess, PostgresServer, RedisServer
from tests.integration._users import KINDS, Users


@pytest.fixture(scope="session", autouse=True)
def data_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Hosts install requirements there, and nothing in the user's home."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_DATA_HOME", str(tmp_path_factory.mktemp("data")))
        yield


@pytest.fixture
def folder() -> Iterator[Path]:
    """Short, and open to the user that PostgreSQL runs as."""
    with tempfile.TemporaryDirectory(prefix="regear-test-") as name:
        os.chmod(name, 0o755)
        yield Path(name)


@pytest.fixture(scope="session")
def redis_json() -> str:
    """The path of RedisJSON."""
    path = rejson_path()
    if path is None:
        missing("RedisJSON")
    return path


@pytest.fixture
def new_redis(
    folder: Path, request: pytest.FixtureRequest
) -> Iterator[Callable[..., RedisServer]]:
    """Start a server: ``new_redis("--appendonly", "yes", json=True)``."""
    program = redis_program()
    if program is None:
        missing("redis-server")
    servers: list[RedisServer] = []

    def start(
        *options: str,
        json: bool = False,
        **more: Any,
    ) -> RedisServer:
        home = folder / f"redis-{len(servers)}"
        home.mkdir()
        path = request.getfixturevalue("redis_json") if json else None
        server = RedisServer(program, home, *options, json=path, **more)
        servers.append(server)
        return server

    yield start
    for server in servers:
        server.close()
        server.stop()


@pytest.fixture
def redis_with_module(new_redis: Callable[..., RedisServer]) -> RedisServer:
    return new_redis()


@pytest.fixture
def new_host(folder: Path) -> Iterator[Callable[..., HostProcess]]:
    """Start `regear host`: ``new_host(server, recipe, Key="value")``."""
    hosts: list[HostProcess] = []
    numbers = itertools.count()

    def start(
        server: RedisServer,
        *recipes: Path,
        key: Path | None = None,
        url: str = "",
        **config: str,
    ) -> HostProcess:
        home = folder / f"host-{next(numbers)}"
        home.mkdir()
        host = HostProcess(
            url or server.url, home, recipes, config, key or folder / "shared.key"
        )
        hosts.append(host)
        return host.start()

    yield start
    for host in hosts:
        if host.running:
            host.stop()


@pytest.fixture
def host(
    redis_with_module: RedisServer, new_host: Callable[..., HostProcess]
) -> HostProcess:
    """A host without recipes, for ``redis_with_module``."""
    return new_host(redis_with_module)


class SqliteDatabase:
    """A database file with persons and cars."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.execute(
            "CREATE TABLE persons (person_id TEXT PRIMARY KEY, first TEXT, last TEXT,"
            " age INTEGER, photo BLOB)"
        )
        self.execute("CREATE TABLE cars (car_id TEXT PRIMARY KEY, brand TEXT)")

    def execute(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        connection = sqlite3.connect(self.path, timeout=20)
        try:
            with connection:
                return connection.execute(sql, values).fetchall()
        finally:
            connection.close()

    def persons(self) -> dict[str, tuple[Any, ...]]:
        """(first, last, age) by id."""
        rows = self.execute("SELECT person_id, first, last, age FROM persons")
        return {row[0]: row[1:] for row in rows}


@pytest.fixture
def sqlite_db(folder: Path) -> SqliteDatabase:
    return SqliteDatabase(folder / "target.db")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    programs = postgres_programs()
    if programs is None:
        missing("PostgreSQL")
    home = Path(tempfile.mkdtemp(prefix="regear-postgres-"))
    home.chmod(0o755)
    server = PostgresServer(programs, home)
    yield server
    server.stop()
    shutil.rmtree(home)


class PostgresDatabase:
    """A database with persons, and a user who may write them."""

    user = "writer"
    password = "s3cret%'w/rd"

    def __init__(self, server: PostgresServer, name: str) -> None:
        self.server = server
        self.name = name
        server.query(f"CREATE DATABASE {name}")
        server.query(
            "DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'writer')"
            " THEN CREATE ROLE writer LOGIN; END IF; END $$"
        )
        server.query(f"ALTER ROLE {self.user} PASSWORD %s", self.password)
        self.execute("GRANT ALL ON SCHEMA public TO writer")
        self.execute(
            "CREATE TABLE persons (person_id text PRIMARY KEY, first text, last text,"
            " age int); GRANT ALL ON persons TO writer"
        )

    @property
    def address(self) -> str:
        return self.server.address(self.name)

    def execute(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        return self.server.query(sql, *values, database=self.name)

    def persons(self) -> dict[str, tuple[Any, ...]]:
        rows = self.execute("SELECT person_id, first, last, age FROM persons")
        return {row[0]: row[1:] for row in rows}


_databases = itertools.count()


@pytest.fixture
def postgres(postgres_server: PostgresServer) -> Iterator[PostgresDatabase]:
    database = PostgresDatabase(postgres_server, f"test_{next(_databases)}")
    yield database
    if not postgres_server.running:
        postgres_server.start()
    postgres_server.query(f"DROP DATABASE {database.name} WITH (FORCE)")


@pytest.fixture(scope="session")
def mariadb_server() -> Iterator[MariaDbServer]:
    program = mariadb_program()
    if program is None:
        missing("MariaDB")
    home = Path(tempfile.mkdtemp(prefix="regear-mariadb-"))
    home.chmod(0o755)
    server = MariaDbServer(program, home)
    yield server
    server.stop()
    shutil.rmtree(home)


@pytest.fixture
def mariadb(mariadb_server: MariaDbServer) -> Iterator[MariaDbDatabase]:
    if not mariadb_server.running:
        mariadb_server.start()
    database = MariaDbDatabase(mariadb_server, f"test_{next(_databases)}")
    yield database
    if not mariadb_server.running:
        mariadb_server.start()
    mariadb_server.query(f"DROP DATABASE {database.name}")


@pytest.fixture
def new_ferretdb(folder: Path) -> Iterator[Callable[..., FerretDbServer]]:
    """Start a server of one's own: ``new_ferretdb(user="app", password="p@ss")``."""
    program = ferretdb_program()
    if program is None:
        missing("FerretDB")
    servers: list[FerretDbServer] = []

    def start(**options: str) -> FerretDbServer:
        home = folder / f"ferretdb-{len(servers)}"
        home.mkdir()
        server = FerretDbServer(program, home, **options)
        servers.append(server)
        return server

    yield start
    for server in servers:
        server.close()
        server.kill()  # at the end of stop() it waits for its clients to leave


@pytest.fixture(scope="session")
def ferretdb_server() -> Iterator[FerretDbServer]:
    program = ferretdb_program()
    if program is None:
        missing("FerretDB")
    home = Path(tempfile.mkdtemp(prefix="regear-ferretdb-"))
    server = FerretDbServer(program, home)
    yield server
    server.close()
    server.stop()
    shutil.rmtree(home)


@pytest.fixture
def ferretdb(ferretdb_server: FerretDbServer) -> Iterator[FerretDbDatabase]:
    if not ferretdb_server.running:
        ferretdb_server.start()
    database = FerretDbDatabase(ferretdb_server, f"test_{next(_databases)}")
    yield database
    if not ferretdb_server.running:
        ferretdb_server.start()
    database.client.drop_database(database.name)


@pytest.fixture(params=["postgres"])
def users(request: pytest.FixtureRequest) -> Users:
    """The table users; other databases by indirect parameters."""
    fixture, kind = KINDS[request.param]
    return kind(request.getfixturevalue(fixture))


@pytest.fixture
def users_server(
    redis_with_module: RedisServer, host: HostProcess, users: Users
) -> RedisServer:
    """A server that writes __{users:*} through to ``users``."""
    assert redis_with_module.execute(users.recipe()) == "OK"
    return redis_with_module


@pytest.fixture
def sqlite_recipe(sqlite_db: SqliteDatabase) -> Callable[..., str]:
    """A recipe that keeps ``sqlite_db`` equal to person:*."""

    def source(
        name: str = "Persons",
        version: str | None = None,
        mapping: dict[str, str] | None = None,
        table: str = "persons",
        arguments: str = "",
    ) -> str:
        return (
            "from rgsync import RGWriteBehind\n"
            "from rgsync.Connectors import SQLiteConnection, SQLiteConnector\n"
            f"connection = SQLiteConnection({str(sqlite_db.path)!r})\n"
            f"connector = SQLiteConnector(connection, {table!r}, 'person_id')\n"
            f"RGWriteBehind(GB, 'person', {mapping or MAPPING!r}, connector,"
            f" {name!r}, {version!r}, {arguments})\n"
        )

    return source


@pytest.fixture
def postgres_recipe(postgres: PostgresDatabase) -> Callable[..., str]:
    """A recipe that keeps ``postgres`` equal to person:*."""

    def source(
        user: str = postgres.user,
        password: str = repr(postgres.password),
        table: str = "persons",
        arguments: str = "",
    ) -> str:
        return (
            "from rgsync import RGWriteBehind\n"
            "from rgsync.Connectors import PostgresConnection, PostgresConnector\n"
            f"connection = PostgresConnection({user!r}, {password},"
            f" {postgres.address!r})\n"
            f"connector = PostgresConnector(connection, {table!r}, 'person_id')\n"
            f"RGWriteBehind(GB, 'person', {MAPPING!r}, connector, 'Persons',"
            f" {arguments})\n"
        )

    return source


MAPPING = {"first_name": "first", "last_name": "last", "age": "age"}


@pytest.fixture(scope="session")
def pymongo_is_there(tmp_path_factory) -> None:
    """Somewhere on the package index; pip keeps it in its cache."""
    place = tmp_path_factory.mktemp("pymongo")
    pip = [sys.executable, "-m", "pip", "download", "--no-deps", "--quiet"]
    done = subprocess.run(
        [*pip, "--dest", str(place), "pymongo==3.12.0"],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        missing(f"pymongo 3.12.0 of PyPI ({done.stderr.strip()[-200:]})")
