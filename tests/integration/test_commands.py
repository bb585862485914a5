"""The command line, as a person uses it."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
import redis as redis_py

import regear
from tests.conftest import missing, redis_program
from tests.integration._servers import Server, free_port, wait_for

ROOT = Path(__file__).resolve().parents[2]
RECIPE = ROOT / "recipes" / "sqlite_quickstart.py"


def regear_command(*words: object, **environment: str):
    return subprocess.run(
        [sys.executable, "-m", "regear", *map(str, words)],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, **environment},
        check=False,
    )


class Up(Server):
    """``regear up``; its output."""

    def __init__(self, folder: Path, *words: object) -> None:
        program = redis_program() or missing("redis-server")
        self._output = Path(tempfile.mkstemp(dir=folder, prefix="up-")[1])
        command = [sys.executable, "-m", "regear", "up", *map(str, words)]
        command += ["--redis-server", program, "--state-key", str(folder / "key")]
        self.spawn(command, self._output)
        wait_for(
            lambda: self.text() or not self.running, 30, "regear up says something"
        )

    def text(self) -> str:
        return self._output.read_text()

    @property
    def url(self) -> str:
        return self.text().partition("ready: ")[2].partition(",")[0]

    def client(self) -> redis_py.Redis:
        return redis_py.Redis.from_url(self.url, decode_responses=True)

    def server_pid(self) -> int:
        with self.client() as client:
            return client.info("server")["process_id"]


@pytest.fixture
def up(folder):
    processes = []

    def start(*words):
        processes.append(Up(folder, *words))
        return processes[-1]

    yield start
    for process in processes:
        if process.running:
            process.stop()


def rows(path: Path) -> list[tuple]:
    connection = sqlite3.connect(path)
    try:
        return connection.execute("SELECT * FROM persons").fetchall()
    finally:
        connection.close()


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_up_says_one_line_and_leaves_nothing_behind(up, folder, number):
    path = folder / "q.db"
    process = up(RECIPE, "--set", f"SqlitePath={path}")
    assert process.text() == f"regear ready: {process.url}, 1 recipe, Ctrl-C stops\n"
    server = process.server_pid()
    with process.client() as client:
        client.hset("person:1", mapping={"first_name": "Ada", "age": 36})
        client.hset("car:1", "brand", "Fiat")
    process.process.send_signal(number)
    assert process.process.wait(20) == 0
    assert rows(path) == [("1", "Ada", None, 36)]
    assert not is_alive(server)
    assert process.text().count("\n") == 1


def test_up_keeps_its_data(up, folder):
    port = free_port()
    words = ["--data", folder / "data", "--port", port]
    recipe = [RECIPE, "--set", f"SqlitePath={folder / 'q.db'}"]
    process = up(*recipe, *words)
    assert process.url == f"redis://127.0.0.1:{port}"
    with process.client() as client:
        client.hset("person:1", "first_name", "Ada")
        assert client.config_get("append*")["appendonly"] == "yes"
    process.stop()
    process = up(*words, "--set", f"SqlitePath={folder / 'q.db'}")
    with process.client() as client:
        assert client.hgetall("person:1") == {"first_name": "Ada"}
        client.hset("person:2", "first_name", "Grace")
    wait_for(lambda: len(rows(folder / "q.db")) == 2)


def test_up_ends_with_its_server(up):
    process = up()
    os.kill(process.server_pid(), signal.SIGKILL)
    assert process.process.wait(20) == 1
    last = process.text().splitlines()[-1]
    assert last.startswith("regear: the Redis server ended: ")


def test_killed_up_leaves_no_server(up):
    process = up()
    server = process.server_pid()
    process.kill()
    wait_for(lambda: not is_alive(server))


def test_up_says_what_is_wrong_with_a_recipe(up, folder):
    broken = folder / "broken.py"
    broken.write_text("import no_such_module\n")
    process = up(broken)
    assert process.process.wait(20) == 1
    assert process.text().splitlines()[-1] == (
        "regear: broken.py line 1: ModuleNotFoundError:"
        " No module named 'no_such_module'"
    )


def test_up_on_a_port_in_use(up, redis_with_module):
    process = up("--port", redis_with_module.port)
    assert process.process.wait(20) == 1
    assert "Address already in use" in process.text()


def test_up_without_a_server(monkeypatch):
    monkeypatch.delenv("REGEAR_REDIS_SERVER", raising=False)
    done = regear_command("up", PATH="/nowhere")
    assert done.returncode == 1
    assert done.stderr == (
        "regear: no redis-server or valkey-server in PATH"
        " (try: apt-get install redis-server, or --redis-server FILE)\n"
    )


def test_status_of_a_served_recipe(redis_with_module, host, sqlite_recipe):
    redis_with_module.execute(sqlite_recipe(version="1.0.0"))
    wait_for(lambda: redis_with_module.state("Persons") == "running")
    shown = regear_command("status", REGEAR_REDIS=redis_with_module.url).stdout
    assert "host attached" in shown
    assert "Persons" in shown
    assert "running" in shown
    as_json = regear_command("status", "--json", "--redis", redis_with_module.url)
    (registration,) = json.loads(as_json.stdout)["registrations"]
    assert registration["name"] == "Persons"
    assert registration["backlog"] == 0


def test_status_of_a_server_without_the_module(new_redis):
    plain = new_redis(module=False)
    done = regear_command("status", "--redis", plain.url)
    assert done.returncode == 1
    assert "has not loaded the module (try: redis-server --loadmodule" in done.stderr


def test_run_sends_a_recipe(redis_with_module, host, folder, sqlite_recipe):
    file = folder / "recipe.py"
    file.write_text(sqlite_recipe())
    done = regear_command("run", "--port", redis_with_module.port, file)
    assert (done.returncode, done.stdout) == (0, "OK\n"), done.stderr


def test_module_path():
    done = regear_command("module-path")
    assert done.stdout == regear.module_path() + "\n"
    assert Path(regear.module_path()).exists()
