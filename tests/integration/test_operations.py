"""The hash field '#' and its ack streams, as clients see them."""

from __future__ import annotations

import pytest

from tests.integration._host_link import IdleHost, entries
from tests.integration._servers import wait_for

OPTIONS = {"operations": True, "delete_on": ["del"]}


@pytest.fixture
def client(new_redis):
    client = new_redis().connect(decode_responses=True)
    IdleHost(client).register("a", "b", **OPTIONS)
    return client


@pytest.mark.parametrize(
    ("sign", "hash_after", "ack"),
    [
        ("=", {"a": "1"}, None),
        ("+", {"a": "1"}, {"status": "done"}),
        ("~", {}, None),
        ("-", {}, {"status": "done"}),
        ("?", {"a": "1"}, {"status": "failed", "error": "unknown operation ?"}),
    ],
)
def test_operation(client, sign, hash_after, ack):
    """The host acks what reaches the table; the module the rest."""
    client.hset("person:1", mapping={"a": "1", "#": sign + "job"})
    assert client.hgetall("person:1") == hash_after
    acks = [fields for _, fields in client.xrange("{person:1}job")]
    assert acks == ([ack] if ack else [])
    if ack:
        assert 0 < client.ttl("{person:1}job") <= 3600


def test_value_without_a_field_to_write_is_acked_at_once(client):
    client.hset("person:1", mapping={"x": "1", "#": "=job"})
    assert client.hgetall("person:1") == {"x": "1"}
    assert client.xrange("{person:1}job")[0][1] == {"status": "done"}
    assert entries(client) == []


def test_unknown_operation_is_shown(client):
    client.hset("person:1", mapping={"a": "1", "#": "?"})
    status = client.execute_command("RG.STATUS")
    assert "the field # of person:1 asks for an unknown operation: ?" in status


def test_each_value_of_a_transaction_is_obeyed_once(client):
    with client.pipeline() as transaction:
        transaction.hset("person:1", mapping={"a": "1", "#": "=one"})
        transaction.hset("person:1", "b", "2")
        transaction.hset("person:1", mapping={"b": "3", "#": "=two"})
        transaction.execute()
    assert client.hgetall("person:1") == {"a": "1", "b": "3"}
    assert entries(client) == [
        ("person:1", "hset", "=", ["_uuid", "one", "a", "1"]),
        ("person:1", "hset", "=+", ["a", "1", "b", "2"]),
        ("person:1", "hset", "=+", ["_uuid", "two", "a", "1", "b", "3"]),
    ]


def test_two_rules_obey_the_same_value(client):
    IdleHost(client).register("a", name="Second", stream="_second", **OPTIONS)
    client.hset("person:1", "a", "1")
    client.hset("person:1", mapping={"a": "2", "#": "~job"})
    for stream in "_persons-stream-Persons-{06S}", "_second":
        assert entries(client, stream) == [
            ("person:1", "hset", "=", ["a", "1"]),
            ("person:1", "del", "~", ["_uuid", "job"]),
        ]


def test_a_pipelined_command_finds_the_operation_done(client):
    with client.pipeline(transaction=False) as pipeline:
        pipeline.hset("person:1", mapping={"a": "1", "#": "+"})
        pipeline.hgetall("person:1")
        pipeline.hset("person:1", "#", "-")
        pipeline.hset("person:1", "b", "2")
        assert pipeline.execute() == [2, {"a": "1"}, 1, 1]
    assert client.hgetall("person:1") == {"b": "2"}
    assert entries(client) == [("person:1", "hset", "=", ["b", "2"])]


def test_without_operations_the_field_is_one_like_others(new_redis):
    client = new_redis().connect(decode_responses=True)
    IdleHost(client).register("a")
    client.hset("person:1", mapping={"a": "1", "#": "+"})
    assert client.hgetall("person:1") == {"a": "1", "#": "+"}
    assert entries(client) == [("person:1", "hset", "=", ["a", "1"])]


def test_field_stays_neither_on_a_replica_nor_in_the_file(new_redis):
    server = new_redis("--appendonly", "yes", "--appendfsync", "always")
    master = server.connect(decode_responses=True)
    IdleHost(master).register("a", **OPTIONS)
    replica = new_redis().connect(decode_responses=True)
    replica.replicaof("127.0.0.1", server.port)
    wait_for(lambda: replica.info("replication")["master_link_status"] == "up")
    with master.pipeline() as transaction:
        transaction.hset("person:1", mapping={"a": "1", "#": "+"})
        transaction.hset("person:2", mapping={"a": "1", "#": "~"})
        transaction.execute()
    master.eval("redis.call('HSET', KEYS[1], 'a', '1', '#', '=')", 1, "person:3")
    assert master.wait(1, 10_000) == 1
    server.close()
    server.kill()
    server.start()
    for client in replica, server.connect(decode_responses=True):
        assert client.hgetall("person:1") == {"a": "1"}
        assert client.hgetall("person:3") == {"a": "1"}
        assert not client.exists("person:2")
