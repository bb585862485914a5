"""The recipes that keep JSON documents in MongoDB, with the driver they ask for."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from redis import ResponseError

from tests.integration._servers import wait_for

RECIPES = Path(__file__).resolve().parents[2] / "recipes"
BEHIND = "mongo_json_write_behind.py"
THROUGH = "mongo_json_write_through.py"
DOCUMENTS = {BEHIND, THROUGH}
MOVIE = {
    "title": 'O\'Brien said "hi" · Сталкер',
    "released": 1979,
    "rating": 8.0,
    "votes": 2**53 + 1,
    "seen": False,
    "genres": [],
    "more": {"studio": None, "cast": [{"name": "Ada"}, 1, None]},
}


@pytest.fixture
def gears_cli():
    """``gears_cli(server, recipe)``, with both requirements that users name."""

    def run(server, recipe: str) -> None:
        command = [str(Path(sys.executable).with_name("gears-cli")), "run"]
        command += ["--host", "127.0.0.1", "--port", str(server.port)]
        command += [str(RECIPES / recipe), "REQUIREMENTS", "rgsync", "pymongo==3.12.0"]
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=100, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert done.stdout == "OK\n"

    return run


@pytest.mark.parametrize("loaded_by", ["host", "gears-cli"])
def test_movies(loaded_by, new_ferretdb, new_redis, new_host, gears_cli):
    server, mongo = new_redis(json=True), new_ferretdb(log_level="debug")
    if loaded_by == "host":
        new_host(server, RECIPES / BEHIND, MongoUrl=mongo.url)
    else:
        new_host(server, MongoUrl=mongo.url)
        gears_cli(server, BEHIND)

    def movies():
        return list(mongo.client["app"]["movies"].find({}, {"_id": False}))

    json = server.client.json()
    json.set("MovieEntity:1", "$", MOVIE)
    wait_for(lambda: movies() == [{"movieId": "1", **MOVIE}], what=f"{movies()}")
    json.set("MovieEntity:1", "$.more.studio", "Мосфильм")
    json.arrappend("MovieEntity:1", "$.genres", "drama", 7)
    json.delete("MovieEntity:1", "$.rating")
    movie = {"movieId": "1", **json.get("MovieEntity:1")}
    assert "rating" not in movie
    wait_for(lambda: movies() == [movie], what=f"{movie}")
    server.client.delete("MovieEntity:1")
    wait_for(lambda: movies() == [])
    assert mongo.saw_driver("3.12.0") == (loaded_by == "gears-cli")


@pytest.mark.parametrize("loaded_by", ["host", "gears-cli"])
def test_todos(loaded_by, new_ferretdb, new_redis, new_host, gears_cli, monkeypatch):
    server, mongo = new_redis(json=True), new_ferretdb(log_level="debug")
    monkeypatch.setenv("MONGO_URI", mongo.url)
    if loaded_by == "host":
        new_host(server, RECIPES / THROUGH)
    else:
        new_host(server)
        gears_cli(server, THROUGH)
    todos = mongo.client["app"]["todos"]

    def todo():
        return todos.find_one({"todo_id": "test_id"}, {"_id": False})

    json = server.client.json()
    document = {"text": "feed the cat", "done": False, "n": 1, "tags": []}
    assert json.set("todos:test_id", "$", document)
    assert todo() == {"todo_id": "test_id", **document}
    assert json.set("todos:test_id", "$.done", True)
    assert todo()["done"] is True
    assert json.get("todos:test_id") == {**document, "done": True}
    assert server.client.delete("todos:test_id") == 1
    assert todos.count_documents({}) == 0
    assert mongo.saw_driver("3.12.0") == (loaded_by == "gears-cli")
    mongo.kill()
    patient = server.connect(decode_responses=True, socket_timeout=60).json()
    with pytest.raises(ResponseError, match=r"^(WRITETHROUGH|INDOUBT) "):
        patient.set("todos:test_id", "$", document)
    assert not server.client.exists("todos:test_id")
    mongo.start()
    wait_for(lambda: written(patient, document), 60, "MongoDB is back")
    assert todo() == {"todo_id": "test_id", **document}


def written(json, document) -> bool:
    try:
        return json.set("todos:test_id", "$", document)
    except ResponseError:
        return False
