"""``with atomic():``: nothing comes between the commands of a block."""

from __future__ import annotations

import threading

import pytest
import redis as redis_py

from tests.integration._servers import wait_for


@pytest.fixture
def client(redis_with_module, host):
    return redis_with_module.connect(decode_responses=True)


def trigger(client, body, *options, name="t"):
    """Register the body of a function of a record ``r``, and run it."""
    lines = "\n".join(f"    {line}" for line in body.splitlines())
    script = (
        f"def run(r):\n{lines}\nGB('CommandReader').map(run).register(trigger={name!r})"
    )
    assert client.execute_command("RG.PYEXECUTE", script, *options) == "OK"
    return client.execute_command("RG.TRIGGER", name)


INCREMENT = """
for _ in range(50):
    with atomic():
        execute('SET', 'n', int(execute('GET', 'n') or 0) + 1)
return isInAtomicBlock()
"""


def test_nothing_comes_between(client, redis_with_module):
    replies = []
    assert trigger(client, "pass") == ["None"]

    def increment():
        for _ in range(50):
            redis_with_module.client.incr("n")

    others = [threading.Thread(target=increment) for _ in range(3)]
    for other in others:
        other.start()
    replies = trigger(client, INCREMENT, name="increment")
    for other in others:
        other.join()
    assert replies == ["False"]
    assert client.get("n") == "200"


def test_values_of_all_sorts(client):
    body = """
with atomic():
    assert isInAtomicBlock()
    assert execute('HSET', 'h', 'a', 'x y', 'b', b'\\xff') == 2
    read = execute('HGETALL', 'h')
    missing = execute('GET', 'none')
    try:
        execute('LPUSH', 'h', 1)
    except Exception as error:
        wrong = str(error)
    log('in a block')
    execute('SET', 'big', 'x' * 3000000)
    long = len(execute('GET', 'big'))
    try:
        execute('INCRBY', 'n', 'x')
    except Exception as error:
        number = str(error)
return [read, missing, wrong.split()[0], number, long]
"""
    (reply,) = trigger(client, body)
    assert reply == (
        "[['a', 'x y', 'b', bytearray(b'\\xff')], None, 'WRONGTYPE',"
        " 'ERR value is not an integer or out of range', 3000000]"
    )


def test_a_block_within_a_block_is_an_error(client):
    body = "with atomic():\n    with atomic():\n        pass"
    with pytest.raises(redis_py.ResponseError, match="Already inside an atomic block"):
        trigger(client, body)
    assert client.ping()


def test_an_exception_ends_the_block(client):
    body = "with atomic():\n    execute('SET', 'a', 1)\n    raise ValueError('no')"
    with pytest.raises(redis_py.ResponseError, match="no"):
        trigger(client, body)
    assert client.get("a") == "1"
    assert trigger(client, "return execute('GET', 'a')", name="u") == ["1"]


def test_a_block_that_takes_too_long(client, redis_with_module):
    body = """
with atomic():
    execute('SET', 'a', 1)
    import time
    time.sleep(1)
    execute('SET', 'a', 2)
"""
    with pytest.raises(redis_py.ResponseError, match="longer than AtomicTimeout"):
        trigger(client, body)
    assert client.get("a") == "1"
    assert trigger(client, "return 3", name="u") == ["3"]


def test_blocks_may_be_switched_off(client):
    client.execute_command("RG.CONFIGSET", "AtomicTimeout", "0")

    def refused():
        try:
            trigger(client, "with atomic():\n    pass", "ID", "a", "UPGRADE")
        except redis_py.ResponseError as error:
            return "AtomicTimeout is 0" in str(error)

    wait_for(refused)


def test_a_block_is_one_transaction(new_redis, new_host):
    master = new_redis()
    new_host(master)
    replica = new_redis("--replicaof", f"127.0.0.1 {master.port}", module=False)
    wait_for(lambda: replica.client.info("replication")["master_link_status"] == "up")
    client = master.connect(decode_responses=True)
    watcher = replica.connect(decode_responses=True)
    with watcher.monitor() as monitor:
        trigger(
            client,
            "with atomic():\n    execute('SET', 'a', 1)\n    execute('SET', 'b', 2)",
        )
        seen = []
        for command in monitor.listen():
            seen.append(command["command"])
            if command["command"] == "EXEC":
                if "SET a 1" in seen:
                    break
                seen.clear()
    assert seen[-4:] == ["MULTI", "SET a 1", "SET b 2", "EXEC"]


def test_the_block_of_a_sync_function_triggers_no_other(client):
    script = """
def level(record):
    with atomic():
        execute('HINCRBY', record['key'], 'runs', 1)
GB().foreach(level).register('player:*', mode='sync', readValue=False)
"""
    assert client.execute_command("RG.PYEXECUTE", script) == "OK"
    client.hset("player:1", "score", 1)
    assert client.hget("player:1", "runs") == "1"
