"""Functions as people type them into redis-cli."""

from __future__ import annotations

import ast

import pytest
import redis as redis_py


@pytest.fixture
def client(redis_with_module, host):
    client = redis_with_module.connect(decode_responses=True)
    for number in range(3):
        client.hset(f"person:{number}", mapping={"name": f"n{number}", "age": number})
    client.set("text", "value")
    client.rpush("list", "a", "b")
    client.sadd("set", "a")
    return client


def run(client, source):
    return client.execute_command("RG.PYEXECUTE", source)


def test_keys_are_listed_as_records(client):
    results, errors = run(client, "GearsBuilder().run('person:*')")
    records = [ast.literal_eval(record) for record in results]
    assert errors == []
    assert sorted(records, key=lambda record: record["key"]) == [
        {
            "key": f"person:{number}",
            "value": {"name": f"n{number}", "age": str(number)},
            "type": "hash",
            "event": None,
        }
        for number in range(3)
    ]


@pytest.mark.parametrize(
    ("source", "results"),
    [
        ("GB().count().run('person:*')", ["3"]),
        ("GB().count().run('person:*', convertToStr=False)", [3]),
        ("GB().count().run('nothing:*')", []),
        (
            "GB().filter(lambda r: int(r['value']['age']) > 0)"
            ".map(lambda r: r['value']['name']).sort().run('person:*')",
            ["n1", "n2"],
        ),
        ("GB().map(lambda r: r['value']).run('text')", ["value"]),
        (
            "GB().map(lambda r: r['value']).run('list', convertToStr=False)",
            [["a", "b"]],
        ),
        ("GB().map(lambda r: [r['type'], r['value']]).run('set')", ["['set', None]"]),
        ("GB().run('gone', noScan=True, convertToStr=False)", ["PY RECORD"]),
        ("GB('KeysOnlyReader').sort().run('person:*')", [f"person:{n}" for n in "012"]),
        ("GB('ShardsIDReader').run()", ["1"]),
        ("def f():\n    yield 1\n    yield 2\nGB('PythonReader').run(f)", ["1", "2"]),
        (
            "execute('SET', 'x', 'y')\nGB().foreach(lambda r: execute('DEL', r['key']))"
            ".map(lambda r: r['key']).run('x')",
            ["x"],
        ),
    ],
)
def test_run(client, source, results):
    assert run(client, source) == [results, []]


def test_records_of_a_stream(client):
    client.xadd("stream", {"a": "1"}, id="1-1")
    client.xadd("stream", {"a": "2"}, id="1-2")
    results, _ = run(client, "GB('StreamReader').run('stream')")
    assert list(map(ast.literal_eval, results)) == [
        {"key": "stream", "id": f"1-{n}", "value": {"a": str(n)}} for n in (1, 2)
    ]
    assert len(run(client, "GB('StreamReader').run('stream', fromId='1-1')")[0]) == 1


def test_an_error_in_a_step_is_data(client):
    results, errors = run(client, "GB().map(lambda r: r['no']).run('person:*')")
    assert results == []
    assert len(errors) == 1
    assert ast.literal_eval(errors[0])[-1] == "KeyError: 'no'\n"


def test_only_one_run_in_a_script(client):
    with pytest.raises(redis_py.ResponseError, match="more then 1 executions"):
        run(client, "GB().run('a')\nGB().run('b')")


def test_many_keys_are_read_in_batches(client):
    with client.pipeline(transaction=False) as pipeline:
        for number in range(5000):
            pipeline.hset(f"many:{number}", "n", number)
        pipeline.execute()
    source = (
        "GB().map(lambda r: int(r['value']['n']))"
        ".aggregate(0, lambda a, r: a + r, lambda a, r: a + r).run('many:*')"
    )
    assert run(client, source) == [[str(sum(range(5000)))], []]


def test_a_command_that_takes_long_is_sent_once(client):
    # redis-py's own patience is 5 s.
    waits = "execute('RPUSH', 'asked', 1), execute('BLPOP', 'nothing', 6)"
    script = f"GB('ShardsIDReader').foreach(lambda _: [{waits}]).run()"
    assert run(client, script) == [["1"], []]
    assert client.llen("asked") == 1
