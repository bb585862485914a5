"""Recipes that keep hashes of another Redis equal to those of this one."""

from __future__ import annotations

import os
import random
import re
import threading

import pytest
import redis as redis_py

from tests.integration._redis_target import redis_cluster
from tests.integration._servers import wait_for

CONNECTION = "RedisConnection('127.0.0.1', {port}, lambda: configGet('TargetPassword'))"
RECIPE = """
from rgsync import {builder}
from rgsync.Connectors import RedisClusterConnection, RedisConnection, RedisConnector

connector = RedisConnector({connection}, 'copy')
mapping = {{'first_name': 'first', 'v': 'v'}}
{builder}(GB, '{prefix}', mapping, connector, 'Copy', '1.0'{more})
"""


def recipe(folder, connection, through=False, more=""):
    path = folder / "recipe.py"
    path.write_text(
        RECIPE.format(
            builder="RGWriteThrough" if through else "RGWriteBehind",
            prefix="__" if through else "person",
            connection=connection,
            more=more,
        )
    )
    return path


@pytest.fixture
def target(new_redis):
    options = ("--appendonly", "yes", "--appendfsync", "always")
    return new_redis(*options, module=False, password="secret")


@pytest.fixture
def server(new_redis):
    return new_redis("--appendonly", "yes", "--appendfsync", "always")


def start(server, new_host, path):
    host = new_host(server, path, TargetPassword="secret")
    assert host.running, host.log.read_text()
    wait_for(lambda: server.state("Copy") == "running", what="the worker runs")
    return host


def copies(client) -> dict[str, dict[str, str]]:
    keys = list(client.scan_iter("copy:*", count=1000))
    return {key.partition(":")[2]: client.hgetall(key) for key in keys}


def test_write_behind(server, target, new_host, folder):
    start(server, new_host, recipe(folder, CONNECTION.format(port=target.port)))
    client = server.client
    client.hset("person:1", mapping={"first_name": "Ada", "v": 1, "other": "x"})
    client.hset("person:2", mapping={"first_name": "Bob"})
    client.hset("person:3", "v", 3)
    client.rename("person:2", "person:4")
    client.hdel("person:1", "v")
    client.delete("person:3")
    server.wait_drained()
    assert copies(target.client) == {"1": {"first": "Ada"}, "4": {"first": "Bob"}}


def test_a_refused_row_becomes_a_dead_letter(server, target, new_host, folder):
    start(server, new_host, recipe(folder, CONNECTION.format(port=target.port)))
    target.client.set("copy:2", "a string")
    with server.client.pipeline() as pipeline:
        for number in range(1, 4):
            pipeline.hset(f"person:{number}", "v", number)
        pipeline.execute()
    server.wait_drained()
    assert server.registration("Copy")["dead_letters"] == 1
    assert target.client.get("copy:2") == "a string"
    assert target.client.hget("copy:1", "v") == "1"
    assert target.client.hget("copy:3", "v") == "3"


def test_a_target_that_is_away_gets_all_of_it_later(server, target, new_host, folder):
    more = ", onFailedRetryInterval=1"
    path = recipe(folder, CONNECTION.format(port=target.port), more=more)
    start(server, new_host, path)
    target.kill()
    server.client.hset("person:1", "v", 1)
    wait_for(lambda: server.state("Copy") != "running", what="it retries")
    server.client.hset("person:1", "v", 2)
    target.start()
    server.wait_drained()
    assert copies(target.client) == {"1": {"v": "2"}}


def test_a_target_that_came_back_empty_is_filled_again(
    server, new_redis, new_host, folder
):
    target = new_redis(module=False, password="secret")  # in memory alone
    more = ", onFailedRetryInterval=1"
    start(
        server, new_host, recipe(folder, CONNECTION.format(port=target.port), more=more)
    )
    for number in range(1, 4):
        server.client.hset(f"person:{number}", "v", number)
    server.wait_drained()
    target.kill()
    target.start()
    server.client.hset("person:4", "v", 4)
    everything = {str(number): {"v": str(number)} for number in range(1, 5)}
    wait_for(lambda: copies(target.client) == everything, 30, "all is there again")


def test_a_cluster(server, new_host, folder):
    with redis_cluster(folder) as nodes:
        connection = f"RedisClusterConnection('127.0.0.1', {nodes[0].port})"
        start(server, new_host, recipe(folder, connection))
        with server.client.pipeline() as pipeline:
            for number in range(300):
                pipeline.hset(f"person:{number}", "v", number)
            pipeline.execute()
        server.wait_drained()
        found = [copies(node.client) for node in nodes]
    assert all(found)  # each node has some
    together = {key: hash_ for node in found for key, hash_ in node.items()}
    assert together == {str(number): {"v": str(number)} for number in range(300)}


# -- write-through ------------------------------------------------------------


@pytest.fixture
def through(server, target, new_host, folder):
    path = recipe(folder, CONNECTION.format(port=target.port), through=True)
    start(server, new_host, path)
    return server


def test_write_through(through, target):
    client = through.client
    assert client.hset("__{person:1}", mapping={"first_name": "Ada", "v": 1}) == 2
    assert target.client.hgetall("copy:1") == {"first": "Ada", "v": "1"}
    assert client.hincrby("__{person:1}", "v", 5) == 6
    assert target.client.hget("copy:1", "v") == "6"
    assert client.hgetall("person:1") == {"first_name": "Ada", "v": "6"}
    assert client.delete("__{person:1}") == 1
    assert not target.client.exists("copy:1")
    assert not client.exists("person:1")


def test_a_refused_write_through_changes_neither_side(through, target):
    target.client.set("copy:1", "a string")
    with pytest.raises(redis_py.ResponseError, match="is a string over there"):
        through.client.hset("__{person:1}", "v", 1)
    assert not through.client.exists("person:1")
    assert through.client.hset("__{person:2}", "v", 1) == 1


# -- kill -9 ------------------------------------------------------------------


class Clients:
    """Count up `v` of some keys in a thread, and delete some."""

    def __init__(self, server, seed: int) -> None:
        self._server = server
        self._random = random.Random(seed)
        self._halt = threading.Event()
        self.written = 0
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        while not self._halt.is_set():
            try:
                with redis_py.Redis(port=self._server.port) as client:
                    while not self._halt.is_set():
                        self._write(client)
            except redis_py.RedisError:
                self._halt.wait(0.02)

    def _write(self, client) -> None:
        with client.pipeline(transaction=False) as pipeline:
            for _ in range(20):
                self.written += 1
                key = f"person:{self._random.randrange(50)}"
                if self._random.random() < 0.05:
                    pipeline.delete(key)
                else:
                    # Never the same twice, and never less.
                    pipeline.hset(key, "v", self.written)
            pipeline.execute()

    def write_on(self) -> None:
        enough = self.written + 2000
        wait_for(lambda: self.written > enough, 60, "it is written on")

    def stop(self) -> None:
        self._halt.set()
        self._thread.join()


class Monitor:
    """What the target's keys become, in its order."""

    def __init__(self, target) -> None:
        self.backward: list[str] = []
        self.seen = 0
        self._newest: dict[str, int] = {}
        self._client = target.connect(decode_responses=True)
        self._monitor = self._client.monitor().__enter__()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            for entry in self._monitor.listen():
                self._take(entry["command"])
        except (redis_py.RedisError, OSError, ValueError):
            return  # the connection was closed

    def _take(self, command: str) -> None:
        found = re.fullmatch(r"HSET copy:(\d+) v (\d+)", command)
        if found is None:
            return
        self.seen += 1
        key, v = found[1], int(found[2])
        if v < self._newest.get(key, 0):
            self.backward.append(command)
        self._newest[key] = v

    def close(self) -> None:
        self._client.connection_pool.disconnect()
        self._monitor.connection.disconnect()
        self._thread.join(10)


@pytest.mark.slow
def test_nothing_is_lost_or_goes_backward(server, target, new_host, folder):
    seed = int(os.environ.get("REGEAR_SEED", random.randrange(2**32)))
    print(f"REGEAR_SEED={seed}")
    more = ", onFailedRetryInterval=1"
    path = recipe(folder, CONNECTION.format(port=target.port), more=more)
    host = start(server, new_host, path)
    monitor = Monitor(target)
    clients = Clients(server, seed)
    try:
        for killed in (host, server, host):
            clients.write_on()
            killed.kill()
            killed.start()
        clients.write_on()
        monitor.close()
        target.kill()
        clients.write_on()
        target.start()
    finally:
        clients.stop()
    server.wait_drained()
    expected = {
        key.partition(":")[2]: server.client.hgetall(key)
        for key in server.client.scan_iter("person:*", count=1000)
    }
    assert copies(target.client) == expected
    assert monitor.seen > 0
    assert monitor.backward == []
