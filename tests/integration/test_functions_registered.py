"""Registered functions: RG.TRIGGER, and events of keys."""

from __future__ import annotations

import ast

import pytest
import redis as redis_py

from tests.integration._servers import wait_for


@pytest.fixture
def client(redis_with_module, host):
    return redis_with_module.connect(decode_responses=True)


def execute(client, source, *options):
    assert client.execute_command("RG.PYEXECUTE", source, *options) == "OK"


def trigger(client, *words):
    return client.execute_command("RG.TRIGGER", *words)


def registrations(client):
    return client.execute_command("RG.DUMPREGISTRATIONS")


def statistics(client, place=0):
    """Those of one registration, by their names."""
    data = registrations(client)[place][7]
    return dict(zip(data[::2], data[1::2]))


def settled(client, runs, place=0):
    """The statistics once so many runs are over."""

    def over():
        found = statistics(client, place)
        return found if found["numTriggered"] == runs else None

    return wait_for(over, what=f"{runs} runs")


ECHO = "GB('CommandReader').map(lambda r: r[1:]).register(trigger='echo')"


@pytest.mark.parametrize(
    ("function", "reply"),
    [
        ("lambda r: 3", ["3"]),
        ("lambda r: r", ["['t', 'a', 'b']"]),
        ("lambda r: {'key': 1}", ["{'key': 1}"]),
        ("lambda r: '+OK'", ["OK"]),
        ("lambda r: None", ["None"]),
    ],
)
def test_results_are_texts(client, function, reply):
    execute(client, f"GB('CommandReader').map({function}).register(trigger='t')")
    assert trigger(client, "t", "a", "b") == reply
    assert client.execute_command("RG.TRIGGERONKEY", "t", "a", "b") == reply


@pytest.mark.parametrize(
    ("steps", "reply"),
    [
        ("map(lambda r: 3)", [3]),
        ("map(lambda r: 1.5)", ["1.500000"]),
        ("map(lambda r: [1, ['x']])", [[1, ["x"]]]),
        ("map(lambda r: None)", ["PY RECORD"]),
        ("map(lambda r: {})", ["PY RECORD"]),
        ("filter(lambda r: False)", []),
        ("flatmap(lambda r: r)", ["b", "a", "t"]),
        ("flatmap(lambda r: r).count()", [3]),
    ],
)
def test_results_as_they_are(client, steps, reply):
    execute(
        client,
        f"GB('CommandReader').{steps}.register(trigger='t', convertToStr=False)",
    )
    assert trigger(client, "t", "a", "b") == reply


@pytest.mark.parametrize("mode", ["async", "async_local", "sync"])
def test_every_mode_answers(client, mode):
    execute(client, ECHO.replace("'echo'", f"'echo', mode='{mode}'"))
    assert trigger(client, "echo", "a") == ["['a']"]


def test_error_of_a_function_is_the_reply(client):
    execute(client, "GB('CommandReader').map(int).register(trigger='t')")
    with pytest.raises(redis_py.ResponseError, match="TypeError"):
        trigger(client, "t")
    found = statistics(client)
    assert found["numTriggered"] == found["numFailures"] == 1
    assert "TypeError" in found["lastError"]


def test_unknown_trigger(client):
    with pytest.raises(redis_py.ResponseError, match="subcommand not found"):
        trigger(client, "nobody")


def test_trigger_in_a_transaction(client):
    execute(client, ECHO)
    pipeline = client.pipeline()
    pipeline.execute_command("RG.TRIGGER", "echo")
    with pytest.raises(redis_py.ResponseError, match="blocking is not allowed"):
        pipeline.execute()


def test_inorder_runs_one_after_another(client, redis_with_module):
    execute(
        client,
        "import time\n"
        "def slow(r):\n"
        "    execute('RPUSH', 'log', 'in')\n"
        "    time.sleep(0.01)\n"
        "    execute('RPUSH', 'log', 'out')\n"
        "GB('CommandReader').foreach(slow)"
        ".register(trigger='t', mode='async_local', inorder=True)",
    )
    others = [redis_with_module.connect() for _ in range(5)]
    for other in others:
        other.connection_pool.get_connection().send_command("RG.TRIGGER", "t")
    settled(client, 5)
    assert client.lrange("log", 0, -1) == ["in", "out"] * 5


def test_deleted_keys_are_logged(client, folder):
    path = folder / "deleted.log"
    execute(
        client,
        f"def note(r):\n    open({str(path)!r}, 'a').write(r['key'] + chr(10))\n"
        "GB('KeysReader').foreach(note).register("
        "'I-AM-IMPORTANT:*', eventTypes=['del'], mode='async')",
    )
    client.mset({"I-AM-IMPORTANT:1": 1, "I-AM-IMPORTANT:2": 2, "other": 3})
    client.delete("I-AM-IMPORTANT:1", "other", "I-AM-IMPORTANT:2")
    settled(client, 2)
    assert path.read_text() == "I-AM-IMPORTANT:1\nI-AM-IMPORTANT:2\n"


LEVEL = """
def level(record):
    if int(record["value"]["score"]) >= 1000:
        execute("HINCRBY", record["key"], "level", 1)
        execute("HSET", record["key"], "score", 0)
GB().foreach(level).register("player:*", mode="sync", eventTypes=["hset", "hincrby"])
"""


def test_sync_function_is_over_before_the_reply(client):
    execute(client, LEVEL)
    for round_ in range(1, 51):
        client.hset("player:1", "score", 1000)
        assert client.hgetall("player:1") == {"score": "0", "level": str(round_)}
    # What it wrote itself triggered nothing.
    assert statistics(client)["numTriggered"] == 50


def test_failing_sync_function_does_not_fail_the_write(client):
    execute(client, "GB().map(lambda r: 1 / 0).register('x', mode='sync')")
    assert client.set("x", 1) is True
    found = statistics(client)
    assert found["numFailures"] == 1
    assert "ZeroDivisionError" in found["lastError"]


def test_async_function_triggers_others(client):
    execute(
        client,
        "GB().foreach(lambda r: execute('SET', 'b', r['value'])).register('a')\n"
        "GB().foreach(lambda r: execute('SET', 'c', r['value'])).register('b')",
    )
    client.set("a", "x")
    wait_for(lambda: client.get("c") == "x")


NOTE = "GB().foreach(lambda r: execute('RPUSH', 'log', repr(r)))"


def records(client, count):
    wait_for(lambda: client.llen("log") == count)
    return list(map(ast.literal_eval, client.lrange("log", 0, -1)))


def test_records_of_events(client):
    execute(client, f"{NOTE}.register('x', eventTypes=['SET', 'hset', 'lpush'])")
    client.set("x", "value")
    assert records(client, 1)[0] == {
        "key": "x",
        "value": "value",
        "type": "string",
        "event": "set",
    }
    client.delete("x")
    client.hset("x", "f", "v")
    assert records(client, 2)[1]["value"] == {"f": "v"}


def test_deleted_key_has_no_value(client):
    execute(client, f"{NOTE}.register('x', eventTypes=['del'])")
    client.set("x", "value")
    client.delete("x")
    assert records(client, 1) == [
        {"key": "x", "value": None, "type": "empty", "event": "del"}
    ]


def test_looking_at_a_key_that_is_gone_is_no_event(client):
    execute(client, f"{NOTE}.register('x')")
    client.set("x", 1)
    client.delete("x")
    client.set("x", 2)
    assert [one["event"] for one in records(client, 3)] == ["set", "del", "set"]


def test_record_without_value(client):
    execute(client, f"{NOTE}.register('x', readValue=False)")
    client.set("x", 1)
    assert records(client, 1) == [{"key": "x", "event": "set"}]


def test_key_types(client):
    execute(client, f"{NOTE}.register('x:*', keyTypes=['hash', 'empty'])")
    client.set("x:1", 1)
    client.hset("x:2", "f", "v")
    assert [(one["key"], one["type"]) for one in records(client, 1)] == [
        ("x:2", "hash")
    ]
    client.delete("x:1")
    assert records(client, 2)[1]["type"] == "empty"
    assert statistics(client)["numTriggered"] == 2


def test_prefix_is_exact_without_a_star(client):
    execute(client, f"{NOTE}.register('a*b')")
    client.set("axb", 1)
    client.set("a*b", 2)
    assert [one["key"] for one in records(client, 1)] == ["a*b"]


def test_events_keep_their_order(client):
    execute(
        client,
        "GB().foreach(lambda r: execute('RPUSH', 'log', r['key'])).register('x:*')",
    )
    pipeline = client.pipeline(transaction=False)
    keys = [f"x:{number}" for number in range(500)]
    for key in keys:
        pipeline.set(key, 1)
    pipeline.execute()
    wait_for(lambda: client.llen("log") == 500)
    assert client.lrange("log", 0, -1) == keys


def test_restart_of_the_host_keeps_functions(client, host):
    execute(
        client,
        "def told(): execute('INCR', 'told')\n"
        "GB('CommandReader').map(lambda r: 'here').register("
        "trigger='t', onRegistered=told)",
    )
    (before,) = registrations(client)
    wait_for(lambda: client.get("told") == "1")
    host.restart()
    assert trigger(client, "t") == ["here"]
    (after,) = registrations(client)
    assert after[1] == before[1]
    wait_for(lambda: client.get("told") == "2")


def test_restored_script_waits_for_no_function(client, host):
    execute(
        client,
        "GB().foreach(lambda r: execute('INCR', 'runs')).register('x', mode='sync')\n"
        "GB('CommandReader').register(trigger='t')\n"
        "execute('SET', 'x', 1)\n"
        "try:\n    execute('RG.TRIGGER', 't')\nexcept Exception: pass",
    )
    assert not client.exists("runs")
    host.restart()
    assert trigger(client, "t") == ["['t']"]
    assert not client.exists("runs")
    client.set("x", 2)
    assert client.get("runs") == "1"


def test_script_that_fails_registers_nothing(client):
    with pytest.raises(redis_py.ResponseError, match="NameError"):
        client.execute_command("RG.PYEXECUTE", ECHO + "\nboom")
    assert registrations(client) == []


def test_upgrade_replaces_at_once(client):
    execute(client, ECHO, "ID", "one")
    execute(client, ECHO.replace("r[1:]", "'new'"), "ID", "one", "UPGRADE")
    assert trigger(client, "echo") == ["new"]
    assert len(registrations(client)) == 1


def test_trigger_that_is_taken(client):
    execute(client, ECHO)
    with pytest.raises(redis_py.ResponseError, match="trigger already registered"):
        client.execute_command("RG.PYEXECUTE", ECHO)


def test_unregister(client):
    execute(client, f"{NOTE}.register('x', readValue=False)")
    execute(client, ECHO)
    for one in registrations(client):
        assert client.execute_command("RG.UNREGISTER", one[1]) == "OK"
    assert client.set("x", 1)
    with pytest.raises(redis_py.ResponseError, match="subcommand not found"):
        trigger(client, "echo")
    assert not client.exists("log")


def test_globals_are_shared_within_a_session(client):
    execute(
        client,
        "n = 0\n"
        "def count(r):\n    global n\n    n += 1\n    return n\n"
        "GB('CommandReader').map(count).register(trigger='count')\n"
        "GB('CommandReader').map(lambda r: n).register(trigger='get')",
    )
    trigger(client, "count")
    trigger(client, "count")
    assert trigger(client, "get") == ["2"]


def test_sessions_are_dumped(client):
    execute(client, ECHO, "ID", "one", "DESCRIPTION", "what for")
    ((dumped),) = client.execute_command("RG.PYDUMPSESSIONS")
    (registration,) = registrations(client)
    assert dumped == [
        *("ID", "one"),
        *("sessionDescription", "what for"),
        *("refCount", 1),
        *("linked", "primary"),
        *("dead", "false"),
        *("requirementInstallationNeeded", 0),
        *("requirements", []),
        *("registrations", [registration[1]]),
    ]
    ((verbose),) = client.execute_command("RG.PYDUMPSESSIONS", "VERBOSE")
    assert len(verbose[15][0]) == 10
    assert client.execute_command("RG.PYDUMPSESSIONS", "SESSIONS", "x") == [
        "Session x does not exists"
    ]
    assert client.execute_command("RG.PYDUMPSESSIONS", "SESSIONS") == []
    assert client.execute_command("RG.PYDUMPSESSIONS", "DEAD") == []
    with pytest.raises(redis_py.ResponseError, match="Unknown option X"):
        client.execute_command("RG.PYDUMPSESSIONS", "X")


def test_memory_is_told(client):
    words = client.execute_command("RG.PYSTATS")
    assert words[::2] == ["TotalAllocated", "PeakAllocated", "CurrAllocated"]
    assert all(number > 1_000_000 for number in words[1::2])


def test_profile_says_that_it_is_not_available(client):
    with pytest.raises(redis_py.ResponseError, match=r"RG\.PYPROFILE is not available"):
        client.execute_command("RG.PYPROFILE", "STATS", "x")


def test_nobody_waits_for_a_function_that_exits(client):
    script = "def f(record):\n    raise SystemExit\n"
    execute(client, script + "GB('CommandReader').map(f).register(trigger='t')")
    with pytest.raises(redis_py.ResponseError, match="SystemExit"):
        trigger(client, "t")
    script += "GB('ShardsIDReader').map(f).run()"
    results, errors = client.execute_command("RG.PYEXECUTE", script)
    assert results == []
    assert "SystemExit" in errors[0]
