"""Executions as clients see them, and what functions ask of the host."""

from __future__ import annotations

import threading

import cloudpickle
import pytest
import redis as redis_py

from tests.integration._servers import wait_for


@pytest.fixture
def client(redis_with_module, host):
    return redis_with_module.connect(decode_responses=True)


def execute(client, source, *options):
    return client.execute_command("RG.PYEXECUTE", source, *options)


def executions(client):
    """Status and whether it was registered, by id."""
    return {
        row[1]: (row[3], row[5]) for row in client.execute_command("RG.DUMPEXECUTIONS")
    }


def results(client, id_):
    """Once they are there."""
    return client.execute_command("RG.GETRESULTSBLOCKING", id_)


NODE = "0" * 40
SPIN = "def spin(r):\n    while True: pass\n"


def numbers(steps):
    return f"def source():\n    yield from range(3)\nGB('PythonReader'){steps}"


def test_unblocking_gives_the_id_of_an_execution_that_stays(client):
    id_ = execute(client, numbers(".run(source)"), "UNBLOCKING")
    assert id_ == f"{NODE}-1"
    assert results(client, id_) == [["0", "1", "2"], []]
    assert executions(client) == {id_: ("done", 0)}
    plan = client.execute_command("RG.GETEXECUTION", id_)
    assert plan[0][:3] == ["shard_id", NODE, "execution_plan"]
    described = dict(zip(plan[0][3][::2], plan[0][3][1::2]))
    assert (described["status"], described["results"]) == ("done", 3)
    assert [step[1] for step in described["steps"]] == ["collect", "map", "reader"]
    assert client.execute_command("RG.DROPEXECUTION", id_) == "OK"
    assert executions(client) == {}


def test_unblocking_without_a_run_is_ok(client):
    assert execute(client, "pass", "UNBLOCKING") == "OK"


def test_one_that_a_client_waited_for_is_gone(client):
    assert execute(client, numbers(".count().run(source)")) == [["3"], []]
    assert executions(client) == {}


def test_executions_of_events_stay(client):
    execute(client, "GB().register('person:*', mode='sync')")
    client.hset("person:1", "name", "n")
    assert wait_for(lambda: executions(client), what="the execution") == {
        f"{NODE}-1": ("done", 1)
    }


def test_the_oldest_executions_go(client):
    client.execute_command("RG.CONFIGSET", "MaxExecutions", "2")

    def run():
        """To its end: it bounds those that are not done yet, too."""
        id_ = execute(client, numbers(".run(source)"), "UNBLOCKING")
        results(client, id_)
        return id_

    def two_last():
        ids = [run() for _ in range(3)]
        return list(executions(client)) == ids[-2:]

    wait_for(two_last, what="the two last ones alone")


def test_a_function_that_never_ends_is_aborted(client):
    id_ = execute(client, SPIN + numbers(".map(spin).run(source)"), "UNBLOCKING")
    wait_for(
        lambda: executions(client)[id_][0] == "running", what="the function to run"
    )
    with pytest.raises(redis_py.ResponseError, match="execution is still running"):
        client.execute_command("RG.GETRESULTS", id_)
    assert client.ping()
    assert client.execute_command("RG.ABORTEXECUTION", id_) == "OK"
    records, errors = results(client, id_)
    assert (records, len(errors)) == ([], 1)
    assert "GearsForceStopped" in errors[0]
    assert executions(client)[id_][0] == "done"


def test_a_client_that_waits_hears_of_the_abort(client, redis_with_module):
    other = redis_with_module.connect(decode_responses=True)
    execute(client, SPIN + "GB('CommandReader').map(spin).register(trigger='spin')")
    errors = []

    def call():
        try:
            other.execute_command("RG.TRIGGER", "spin")
        except redis_py.ResponseError as error:
            errors.append(str(error))

    thread = threading.Thread(target=call)
    thread.start()
    (id_,) = wait_for(lambda: executions(client), what="the execution")
    client.execute_command("RG.ABORTEXECUTION", id_)
    thread.join(10)
    assert len(errors) == 1
    assert "GearsForceStopped" in errors[0]


def test_errors_without_tracebacks(client):
    client.execute_command("RG.CONFIGSET", "PythonAttemptTraceback", "0")
    _, errors = execute(client, numbers(".map(lambda r: 1 / 0).run(source)"))
    assert errors == [
        "Error type: <class 'ZeroDivisionError'>, Value: division by zero"
    ]
    with pytest.raises(redis_py.ResponseError) as refused:
        execute(client, "x")
    assert str(refused.value) == (
        "Error type: <class 'NameError'>, Value: name 'x' is not defined"
    )


def test_coroutines_of_commands(client):
    source = """
async def counted(r):
    results, errors = await GB('KeysOnlyReader').count().run(r[1])
    return results
GB('CommandReader').map(counted).register(trigger='count')
"""
    assert execute(client, source) == "OK"
    client.mset({"a:1": 1, "a:2": 2, "b:1": 3})
    assert client.execute_command("RG.TRIGGER", "count", "a:*") == ["['2']"]


def test_values_of_all_types_are_read(client):
    client.hset("h", "f", "v")
    client.set("s", "v")
    client.rpush("l", "a", "b")
    client.sadd("set", "m")
    client.zadd("z", {"m": 1})
    client.xadd("stream", {"f": "v"})
    client.set("bytes", b"\xff")
    records, errors = execute(
        client, "GB().map(lambda r: [r['key'], r['type'], r['value']]).run()"
    )
    assert errors == []
    assert sorted(records) == sorted(
        str(record)
        for record in [
            ["h", "hash", {"f": "v"}],
            ["s", "string", "v"],
            ["l", "list", ["a", "b"]],
            ["set", "set", None],
            ["z", "zset", None],
            ["stream", "unknown", None],
            ["bytes", "string", bytearray(b"\xff")],
        ]
    )


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ("count='x'", "value is not an integer or out of range"),
        ("patternGenerator=1", "object is not callable"),
    ],
)
def test_what_names_of_keys_are_read_with(client, arguments, error):
    client.set("x", "y")
    records, errors = execute(client, f"GB('KeysOnlyReader').run('x', {arguments})")
    assert (records, len(errors)) == ([], 1)
    assert error in errors[0]


def test_patterns_of_generators(client):
    client.mset({"x:1": 1, "y:1": 1})
    script = "GB('KeysOnlyReader').run(patternGenerator=lambda: ('x:*', False))"
    assert execute(client, script) == [["x:1"], []]
    script = "GB('KeysOnlyReader').run(patternGenerator=lambda: ('x:*', True))"
    assert execute(client, script) == [["x:*"], []]


def test_pickled_functions_of_clients(client):
    pickled = cloudpickle.dumps(lambda builder: builder.count().run("*"))
    script = f"import cloudpickle\ncloudpickle.loads({pickled!r})(GB())"
    client.set("x", "y")
    assert execute(client, script) == [["1"], []]


def test_time_events(client):
    execute(client, "registerTE(1, lambda: execute('INCR', 'ticks'))")
    wait_for(lambda: int(client.get("ticks") or 0) >= 2, what="two ticks")


def test_a_time_event_with_a_key_outlives_the_host(client, redis_with_module, host):
    source = "n = 0\ndef tick():\n    execute('INCR', 'ticks')\n"
    execute(client, source + "registerTE(1, tick, 'timer')")
    wait_for(lambda: client.get("ticks"), what="a tick")
    assert client.hget("timer", "seconds") == "1"
    host.stop()
    client.delete("ticks")
    host.start()
    wait_for(lambda: client.get("ticks"), what="a tick of the next host")
    client.delete("timer")
    execute(client, "registerTE(1, lambda: execute('INCR', 'clock'))")
    before = int(client.get("ticks"))
    wait_for(lambda: int(client.get("clock") or 0) >= 3, what="three seconds")
    assert int(client.get("ticks")) <= before + 1
