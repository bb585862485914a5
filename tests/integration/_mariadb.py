"""A MariaDB server of its own, and a database with persons and cars in it."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from tests.conftest import plain_environment
from tests.integration._servers import START_SECONDS, Server, free_port, wait_for

SHARE = Path("/usr/share/mysql")


class MariaDbServer(Server):
    """On a free port, durable as it is by default; root runs it as nobody."""

    superuser = "regear_admin"
    password = "adminpassword"

    def __init__(self, program: str, folder: Path, *options: str) -> None:
        self.folder = folder
        self.port = free_port()
        self.log = folder / "mariadb.log"
        self._environment = plain_environment()
        data = folder / "data"
        data.mkdir()
        self._command = [
            program,
            "--no-defaults",
            f"--datadir={data}",
            # Not shared: a server that starts removes the temporary tables that
            # it finds there, and another one crashes when it misses them.
            f"--tmpdir={folder}",
            "--character-set-server=utf8mb4",
            *options,
        ]
        if os.geteuid() == 0:
            self._command.append("--user=nobody")
            shutil.chown(folder, "nobody")
            shutil.chown(data, "nobody")
        self._initialise()
        self.start()

    def _initialise(self) -> None:
        """What mariadb-install-db does, which Debian ships apart."""
        statements = [
            "create database mysql;",
            "use mysql;",
            "set @auth_root_socket=NULL;",
            "set @skip_auth_anonymous=1;",
            (SHARE / "mysql_system_tables.sql").read_text(),
            (SHARE / "mysql_system_tables_data.sql").read_text(),
            "flush privileges;",
            f"create user {self.superuser} identified by '{self.password}';",
            f"grant all on *.* to {self.superuser} with grant option;",
        ]
        with self.log.open("ab") as log:
            subprocess.run(
                [*self._command, "--bootstrap", "--skip-innodb-doublewrite"],
                input="\n".join(statements).encode(),
                check=True,
                stdout=log,
                stderr=log,
                env=self._environment,
            )

    def start(self) -> None:
        self.spawn(
            [
                *self._command,
                "--bind-address=127.0.0.1",
                f"--port={self.port}",
                f"--socket={self.folder / 'socket'}",
                f"--pid-file={self.folder / 'pid'}",
            ],
            self.log,
            env=self._environment,
        )
        wait_for(self._answers, START_SECONDS, "MariaDB answers")

    def _answers(self) -> bool:
        import pymysql

        assert self.running, self.log.read_text()
        try:
            self.query("SELECT 1")
        except pymysql.err.OperationalError:
            return False
        return True

    def connect(self, database: str | None = None) -> Any:
        """A connection as superuser, which the caller closes."""
        import pymysql

        return pymysql.connect(
            host="127.0.0.1",
            port=self.port,
            user=self.superuser,
            password=self.password,
            database=database,
            autocommit=True,
        )

    def query(self, sql: str, *values: Any, database: str | None = None) -> list[tuple]:
        connection = self.connect(database)
        try:
            with connection.cursor() as cursor:
                cursor.execute(sql, values or None)
                return list(cursor.fetchall())
        finally:
            connection.close()

    def address(self, database: str) -> str:
        return f"127.0.0.1:{self.port}/{database}"


class MariaDbDatabase:
    """With persons and cars, and a user who may write them."""

    user = "writer"
    password = "s3cret%'w/rd"

    def __init__(self, server: MariaDbServer, name: str) -> None:
        self.server = server
        self.name = name
        server.query(f"CREATE DATABASE {name}")
        server.query("CREATE OR REPLACE USER writer IDENTIFIED BY %s", self.password)
        server.query(f"GRANT ALL ON {name}.* TO writer")
        self.execute(
            "CREATE TABLE persons (person_id varchar(64) PRIMARY KEY,"
            " first varchar(200), last varchar(200), age int)"
        )
        self.execute(
            "CREATE TABLE cars (car_id varchar(64) PRIMARY KEY,"
            " brand varchar(200), color varchar(200), mileage int)"
        )

    @property
    def address(self) -> str:
        return self.server.address(self.name)

    def execute(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        return self.server.query(sql, *values, database=self.name)

    def persons(self) -> dict[str, tuple[Any, ...]]:
        rows = self.execute("SELECT person_id, first, last, age FROM persons")
        return {row[0]: row[1:] for row in rows}

    def config(self) -> dict[str, str]:
        """What the recipe mysql_write_behind.py asks for."""
        return {
            "MySqlUser": self.user,
            "MySqlPassword": self.password,
            "MySqlDB": self.address,
        }
