"""Client libraries of RedisGears' users: redgrease and gearsclient.

They run in an interpreter of their own, with the redis-py of their time.
"""

from __future__ import annotations

import json
import subprocess
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import cached, missing
from tests.integration._servers import wait_for

BEGINNING = """
import json, sys
import redgrease, redis
from gearsclient import GearsRemoteBuilder, execute
from redgrease import CommandReader, KeysReader, StreamReader
server = redgrease.RedisGears(host="127.0.0.1", port=int(sys.argv[1]))
gears = server.gears
def remote(**options):
    plain_client = redis.Redis(port=int(sys.argv[1]))
    return GearsRemoteBuilder(r=plain_client, **options)
def plain(value):
    return value.decode() if isinstance(value, bytes) else str(value)
def show(value):
    print(json.dumps(value, default=plain))
"""

#: Runs lines of Python; returns what they showed.
Client = Callable[[str], Any]


@pytest.fixture
def server(redis_with_module, new_host, folder):
    for number in range(5):
        redis_with_module.client.hset(f"person:{number}", "age", str(20 + number))
    new_host(redis_with_module, DataDir=str(folder / "data"))
    return redis_with_module


@pytest.fixture
def client(server, folder) -> Client:
    python = cached("gears-clients-1/bin/python")
    if python is None:
        missing("scripts/fetch-venv gears-clients")
    script = folder / "client.py"

    def run(lines: str) -> Any:
        script.write_text(BEGINNING + textwrap.dedent(lines))
        done = subprocess.run(
            [str(python), str(script), str(server.port)],
            cwd=Path(script).parent,
            capture_output=True,
            text=True,
            timeout=110,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        shown = [json.loads(line) for line in done.stdout.splitlines()]
        return shown[0] if len(shown) == 1 else shown

    return run


def test_redgrease_runs_text(client) -> None:
    shown = client(
        """
        run = "GB().map(lambda x: x['key']).sort().limit(2).run('person:*')"
        show(gears.pyexecute(run).value)
        identity = gears.pyexecute(run, unblocking=True).value
        show(gears.getresultsblocking(identity).value)
        show(str(gears.getexecution(identity)[next(iter(
            gears.getexecution(identity)))].status))
        show(len(gears.dumpexecutions()))
        show(gears.dropexecution(identity))
        """
    )
    keys = ["person:0", "person:1"]
    assert shown == [keys, keys, "done", 1, True]


def test_redgrease_runs_functions(client) -> None:
    shown = client(
        """
        ages = KeysReader("person:*").values(type="hash").map(lambda v: int(v["age"]))
        show(ages.avg().run(on=server).value)
        show(ages.filter(lambda age: age > 21).count().run(on=server).value)
        show(ages.sort().limit(1).run(on=server).value)
        """
    )
    assert shown == [22.0, 3, 20]


def test_redgrease_has_commands_where_functions_run(client, server) -> None:
    shown = client(
        """
        def older(record):
            age = int(redgrease.cmd.hgetall(record["key"])["age"])
            redgrease.cmd.set("older:" + record["key"], age + 1)
            return redgrease.cmd.exists("older:" + record["key"])
        show(KeysReader("person:*").map(older).aggregate(
            0, lambda a, r: a + r, lambda a, r: a + r).run(on=server).value)
        """
    )
    assert shown == 5
    assert server.client.get("older:person:4") == "25"


def test_redgrease_decorates_commands(client, server) -> None:
    shown = client(
        """
        @redgrease.command(on=server)
        def add(a, b):
            return int(a) + int(b)
        show(int(add(3, 4)))
        CommandReader().map(lambda words: "hello " + words[1]).register(
            trigger="greet", on=server)
        show(gears.trigger("greet", "bob").value)
        """
    )
    assert shown == [7, "hello bob"]
    assert len(server.client.execute_command("RG.DUMPREGISTRATIONS")) == 2


def test_redgrease_registers_on_streams(client, server) -> None:
    client(
        """
        StreamReader().foreach(
            lambda entry: redgrease.cmd.rpush("seen", entry["value"]["name"])
        ).register("orders", batch=1, on=server)
        """
    )
    for name in ("a", "b", "c"):
        server.client.xadd("orders", {"name": name})
    wait_for(lambda: server.client.llen("seen") == 3)
    assert server.client.lrange("seen", 0, -1) == ["a", "b", "c"]


def test_gearsclient_runs_functions(client, server) -> None:
    shown = client(
        """
        show(remote().map(lambda x: x["key"]).sort().run("person:*"))
        show(remote().countby(lambda x: int(x["value"]["age"]) % 2).run("person:*"))
        remote().foreach(lambda x: execute("SET", "seen", x["key"])).register("new:*")
        """
    )
    keys = [f"person:{number}" for number in range(5)]
    assert shown[0] == [keys, []]
    counts = {record["key"]: record["value"] for record in shown[1][0]}
    assert counts == {"0": 3, "1": 2} or counts == {0: 3, 1: 2}
    server.client.set("new:1", "x")
    wait_for(lambda: server.client.get("seen") == "new:1")


def test_gearsclient_in_the_version_that_pins_redis(client, server) -> None:
    shown = client(
        """
        exactly = remote(
            requirements=["gearsclient==1.0.2"], addClientToRequirements=False)
        show(exactly.count().run("person:*"))
        """
    )
    assert shown == [[5], []]
