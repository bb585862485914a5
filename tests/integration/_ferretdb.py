"""FerretDB, which speaks MongoDB's protocol over SQLite: no transactions."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote

import pymongo
from pymongo.errors import PyMongoError

from tests.conftest import plain_environment
from tests.integration._servers import START_SECONDS, Server, free_port, wait_for


class FerretDbServer(Server):
    """On a free port; with ``user`` nobody else comes in. Its log has every
    message if ``log_level`` is "debug"."""

    def __init__(
        self,
        program: str,
        folder: Path,
        user: str = "",
        password: str = "",
        log_level: str = "warn",
    ) -> None:
        self.folder = folder
        self.port = free_port()
        self.user = user
        self.password = password
        self.log = folder / "ferretdb.log"
        data = folder / "data"
        data.mkdir()
        self._command = [
            program,
            *("--handler", "sqlite", "--sqlite-url", f"file:{data}/"),
            *("--listen-addr", f"127.0.0.1:{self.port}", "--debug-addr", "-"),
            *("--state-dir", str(folder), "--log-level", log_level),
            *("--telemetry", "disable"),
        ]
        if user:
            self._command += ["--test-enable-new-auth", "--setup-database", "admin"]
            self._command += ["--setup-username", user, "--setup-password", password]
        self._clients: list[pymongo.MongoClient[dict[str, Any]]] = []
        self.start()

    @property
    def url(self) -> str:
        who = f"{quote(self.user, '')}:{quote(self.password, '')}@" if self.user else ""
        return f"mongodb://{who}127.0.0.1:{self.port}/"

    @property
    def client(self) -> pymongo.MongoClient[dict[str, Any]]:
        if not self._clients:
            self._clients.append(
                pymongo.MongoClient(self.url, serverSelectionTimeoutMS=5000)
            )
        return self._clients[0]

    def start(self) -> None:
        self.spawn(self._command, self.log, env=plain_environment())
        wait_for(self._answers, START_SECONDS, "FerretDB answers")

    def _answers(self) -> bool:
        assert self.running, self.log.read_text()
        # A client of its own: one that finds nobody waits before it asks again.
        try:
            with pymongo.MongoClient(self.url, serverSelectionTimeoutMS=100) as client:
                client.list_database_names()
        except PyMongoError:
            return False
        return True

    def saw_driver(self, version: str) -> bool:
        """Whether a client has said that it is this pymongo."""
        return f'"name": "PyMongo", "version": "{version}"' in self.log.read_text()

    def close(self) -> None:
        for client in self._clients:
            client.close()
        self._clients.clear()


class FerretDbDatabase:
    """A database of its own on a server that others use too."""

    def __init__(self, server: FerretDbServer, name: str) -> None:
        self.server = server
        self.name = name

    @property
    def url(self) -> str:
        return self.server.url

    @property
    def client(self) -> pymongo.MongoClient[dict[str, Any]]:
        return self.server.client

    def __getitem__(
        self, collection: str
    ) -> pymongo.collection.Collection[dict[str, Any]]:
        return self.client[self.name][collection]

    def documents(self, collection: str) -> list[dict[str, Any]]:
        """All of them, by _id, without it."""
        found = self[collection].find({}).sort("_id")
        return [{k: v for k, v in one.items() if k != "_id"} for one in found]
