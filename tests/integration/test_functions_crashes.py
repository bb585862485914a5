"""Functions when the host dies, or Redis comes back."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import redis as redis_py

from tests.integration._servers import wait_for

HANG = """
import time
def hang(r):
    execute("RPUSH", "log", "in")
    while execute("EXISTS", "gate"):
        time.sleep(0.01)
    execute("RPUSH", "log", "out")
"""


@pytest.fixture
def client(redis_with_module, host):
    return redis_with_module.connect(decode_responses=True)


@pytest.fixture
def aside():
    with ThreadPoolExecutor(1) as pool:
        yield pool


def execute(client, source):
    assert client.execute_command("RG.PYEXECUTE", source) == "OK"


def failure(future):
    with pytest.raises(redis_py.ResponseError) as caught:
        future.result(timeout=10)
    return str(caught.value)


@pytest.mark.parametrize(
    ("words", "entered"),
    [
        (("RG.TRIGGER", "hang"), 1),
        (("RG.PYEXECUTE", HANG + "hang(0)"), 1),
        (("RG.PYEXECUTE", HANG + "GB('ShardsIDReader').foreach(hang).run()"), 1),
    ],
)
def test_clients_of_a_killed_host_are_told(client, host, aside, words, entered):
    execute(client, HANG + "GB('CommandReader').foreach(hang).register(trigger='hang')")
    client.set("gate", 1)
    waiting = aside.submit(client.execute_command, *words)
    wait_for(lambda: client.llen("log") == entered)
    killed = time.monotonic()
    host.kill()
    assert failure(waiting).startswith("NOHOST")
    assert time.monotonic() - killed < 1
    client.delete("gate")
    host.start()
    assert client.execute_command("RG.TRIGGER", "hang") == ["['hang']"]


@pytest.mark.parametrize("mode", ["async", "async_local"])
def test_unfinished_events_are_given_to_the_next_host(client, host, mode):
    execute(client, HANG + f"GB().foreach(hang).register('x:*', mode='{mode}')")
    client.set("gate", 1)
    for number in range(10):
        client.set(f"x:{number}", 1)
    wait_for(lambda: client.llen("log") == 1)
    host.kill()
    client.delete("gate")
    client.set("x:10", 1)  # while there is no host
    host.start()
    wait_for(lambda: client.lrange("log", 0, -1).count("out") == 11)


def test_writes_wait_for_no_host_that_is_gone(client, host, aside):
    execute(client, HANG + "GB().foreach(hang).register('x', mode='sync')")
    client.set("gate", 1)
    waiting = aside.submit(client.set, "x", 1)
    wait_for(lambda: client.llen("log") == 1)
    host.kill()
    assert waiting.result(timeout=1) is True
    assert client.set("x", 2) is True
    client.delete("gate")


def test_transaction_is_followed_by_its_sync_functions(client):
    execute(
        client,
        "GB().foreach(lambda r: execute('RPUSH', 'log', r['value']))"
        ".register('x', mode='sync', eventTypes=['set'])",
    )
    pipeline = client.pipeline()
    pipeline.set("x", 1)
    pipeline.set("other", 2)
    assert pipeline.execute() == [True, True]
    wait_for(lambda: client.lrange("log", 0, -1) == ["1"])
    client.eval("redis.call('SET', 'x', 3)", 0)
    wait_for(lambda: client.lrange("log", 0, -1) == ["1", "3"])


def test_functions_survive_a_restart_of_redis(redis_with_module, client, host):
    execute(client, "GB('CommandReader').map(len).register(trigger='len')")
    (before,) = client.execute_command("RG.DUMPREGISTRATIONS")
    client.save()
    redis_with_module.stop()
    redis_with_module.start()

    def answer():
        try:
            return client.execute_command("RG.TRIGGER", "len", "a")
        except redis_py.RedisError:
            return None

    assert wait_for(answer) == ["2"]
    (after,) = client.execute_command("RG.DUMPREGISTRATIONS")
    assert after[1] == before[1]
    client.execute_command("DEBUG", "RELOAD")
    assert wait_for(answer) == ["2"]


def test_flush_keeps_functions(client):
    execute(client, "GB('CommandReader').map(len).register(trigger='len')")
    client.flushall()
    assert client.execute_command("RG.TRIGGER", "len") == ["1"]
