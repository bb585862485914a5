"""The programs in examples/, with the clients that they are written for."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import missing, plain_environment
from tests.integration._servers import START_SECONDS, Server, free_port, wait_for

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
MOVIE = {
    "title": 'O\'Brien said "hi" · Сталкер',
    "released": 1979,
    "rating": 8.5,
    "seen": False,
    "genres": ["drama", "science fiction"],
    "premiere": "1979-05-25T00:00:00.000Z",
    "studio": {"name": "Мосфильм", "founded": 1920, "closed": None},
}
# Redis OM keeps a date as seconds.
STORED = {**MOVIE, "premiere": 296438400}


@pytest.fixture(scope="session")
def node_modules() -> Path:
    found = subprocess.run(
        [ROOT / "scripts" / "fetch-node-modules", EXAMPLES / "node-movies"],
        capture_output=True,
        text=True,
        check=False,
    )
    if found.returncode != 0 or shutil.which("node") is None:
        missing("Node with the packages of examples/node-movies")
    return Path(found.stdout.strip())


@pytest.fixture
def movies_js(folder: Path, node_modules: Path) -> Callable[..., str]:
    """``movies_js(environment, "add", "{…}")`` prints what it returns."""
    home = folder / "node-movies"
    shutil.copytree(EXAMPLES / "node-movies", home)
    (home / "node_modules").symlink_to(node_modules)

    def run(environment: dict[str, str], *arguments: str) -> str:
        done = subprocess.run(
            ["node", "movies.js", *arguments],
            cwd=home,
            env={**plain_environment(), **environment},
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.rstrip("\n")

    return run


def test_movies_by_node_redis_and_redis_om(
    new_ferretdb, new_redis, new_host, movies_js
):
    server, mongo = new_redis(json=True), new_ferretdb(log_level="debug")
    new_host(server)
    environment = {
        "REDIS_URL": server.url,
        "MONGO_URL": mongo.url,
        "RECIPE": str(ROOT / "recipes" / "mongo_json_write_behind.py"),
    }

    def mirrored() -> list[dict[str, Any]]:
        found = mongo.client["app"]["movies"].find({}, {"_id": False})
        return sorted(found, key=lambda movie: movie["movieId"])

    assert movies_js(environment, "load") == "OK"
    first = movies_js(environment, "add", json.dumps(MOVIE))
    second = movies_js(environment, "add", '{"title": "Alien", "released": 1979}')
    alien = {"movieId": second, "title": "Alien", "released": 1979}
    both = sorted([{"movieId": first, **STORED}, alien], key=lambda m: m["movieId"])
    wait_for(lambda: mirrored() == both, what=f"{both}")
    stored = next(movie for movie in mirrored() if movie["movieId"] == first)
    assert {k: type(v) for k, v in stored.items() if k != "movieId"} == {
        k: type(v) for k, v in STORED.items()
    }
    assert json.loads(movies_js(environment, "show", first)) == MOVIE
    movies_js(environment, "update", first, '{"seen": true, "genres": []}')
    movies_js(environment, "remove", second)
    updated = {"movieId": first, **STORED, "seen": True, "genres": []}
    wait_for(lambda: mirrored() == [updated], what=f"{updated}")
    assert mongo.saw_driver("3.12.0")  # which the recipe asked for
    assert movies_js(environment, "load") == "OK"  # 99.99.99 may come again


class Todos(Server):
    """examples/fastapi-todos, served by uvicorn."""

    def __init__(self, folder: Path, redis_url: str, mongo_url: str) -> None:
        self.port = free_port()
        self.log = folder / "uvicorn.log"
        command = [sys.executable, "-m", "uvicorn", "todos:app"]
        self.spawn(
            [*command, "--port", str(self.port), "--no-access-log"],
            self.log,
            cwd=EXAMPLES / "fastapi-todos",
            env={**plain_environment(), "REDIS_URL": redis_url, "MONGO_URI": mongo_url},
        )
        wait_for(self._answers, START_SECONDS, "uvicorn answers")

    def _answers(self) -> bool:
        assert self.running, self.log.read_text()
        try:
            return self.call("GET", "/openapi.json")[0] == 200
        except urllib.error.URLError:
            return False

    def call(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, json.loads(answer.read() or "null")
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.loads(error.read() or "null")


@pytest.fixture
def new_todos(folder: Path) -> Iterator[Callable[..., Todos]]:
    servers: list[Todos] = []

    def start(redis_url: str, mongo_url: str) -> Todos:
        servers.append(Todos(folder, redis_url, mongo_url))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


def test_todos_by_fastapi(new_ferretdb, new_redis, new_host, new_todos, monkeypatch):
    server, mongo = new_redis(json=True), new_ferretdb()
    monkeypatch.setenv("MONGO_URI", mongo.url)
    host = new_host(server, ROOT / "recipes" / "mongo_json_write_through.py")
    todos = new_todos(server.url, mongo.url)

    def documents() -> list[dict[str, Any]]:
        return list(mongo.client["app"]["todos"].find({}, {"_id": False}))

    # No waiting: what a request wrote is there when it returns.
    for number in range(20):
        status, todo = todos.call(
            "POST", "/todos", {"text": "O'Brien's cat 🐈", "priority": number}
        )
        assert status == 201
        path = f"/todos/{todo['todo_id']}"
        assert todo == {
            "todo_id": todo["todo_id"],
            "text": "O'Brien's cat 🐈",
            "done": False,
            "priority": number,
            "tags": [],
        }
        assert documents() == [todo]
        changed = {**todo, "done": True, "tags": ["a", "b"]}
        change = {"done": True, "tags": ["a", "b"]}
        assert todos.call("PATCH", path, change) == (200, changed)
        assert documents() == [changed]
        assert todos.call("GET", "/todos") == (200, [changed])
        assert todos.call("DELETE", path) == (204, None)
        assert documents() == []
    assert todos.call("GET", path)[0] == 404
    host.stop()
    assert todos.call("POST", "/todos", {"text": "alone"})[0] == 503
    assert documents() == []
    assert not server.client.keys("todos:*")
