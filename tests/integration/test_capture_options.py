"""What a recipe's options make of expiry, eviction, flushes and filters."""

from __future__ import annotations

import pytest

from tests.integration._host_link import STREAM, IdleHost, entries
from tests.integration._servers import wait_for

HSET = ("person:1", "hset", "=", ["a", "1"])


@pytest.fixture
def registered(new_redis):
    """A client of a server with a rule: ``registered(delete_on=["del"])``."""

    def register(*fields: str, **members):
        client = new_redis().connect(decode_responses=True)
        IdleHost(client).register(*(fields or ("a", "b")), **members)
        return client

    return register


def in_database(client, number):
    return type(client)(
        port=client.connection_pool.connection_kwargs["port"],
        db=number,
        decode_responses=True,
        protocol=2,
    )


@pytest.mark.parametrize(
    ("delete_on", "expected"),
    [
        (["del"], [HSET]),
        (["del", "evicted"], [HSET, ("person:1", "evicted", "~", [])]),
    ],
)
def test_eviction_deletes_if_asked_to(registered, delete_on, expected):
    client = registered(delete_on=delete_on)
    client.config_set("maxmemory-policy", "volatile-ttl")
    client.hset("person:1", "a", "1")
    client.expire("person:1", 1000)
    client.config_set("maxmemory", 1)
    # Memory is freed before a command runs, more and more of it in time.
    wait_for(lambda: client.ping() and not client.exists("person:1"))
    client.config_set("maxmemory", 0)
    assert entries(client) == expected


@pytest.mark.parametrize("delete_on", [["del"], ["del", "expired"]])
def test_expiry_counts_as_del_for_the_events_of_a_recipe(registered, delete_on):
    client = registered(events=["hset"], delete_on=delete_on)
    client.hset("person:1", "a", "1")
    client.pexpire("person:1", 1)
    wait_for(lambda: not client.exists("person:1"))
    assert entries(client) == [HSET]


FLUSHES = ["FLUSHALL"], ["FLUSHALL", "ASYNC"], ["FLUSHDB"]


@pytest.mark.parametrize("command", FLUSHES, ids=" ".join)
def test_flush_deletes_every_row_if_asked_to(registered, command):
    client = registered(on_flush="delete")
    client.hset("person:1", "a", "1")
    client.set("person:2", "no hash")
    client.hset("other:3", "a", "1")
    client.execute_command(*command)
    assert entries(client)[-1] == ("person:1", "flush", "~", [])
    assert [e for e in entries(client) if e[1] == "flush"] == entries(client)[-1:]


@pytest.mark.parametrize("command", FLUSHES, ids=" ".join)
def test_flush_deletes_no_row_by_default(registered, command):
    client = registered()
    client.hset("person:1", "a", "1")
    client.execute_command(*command)
    client.hset("person:2", "a", "2")
    assert [entry[2] for entry in entries(client) if entry[0] == "person:1"] in (
        [],
        ["="],
    )
    assert entries(client)[-1] == ("person:2", "hset", "=", ["a", "2"])


def test_flush_of_another_database_deletes_nothing(registered):
    client = registered(on_flush="delete")
    client.hset("person:1", "a", "1")
    with in_database(client, 3) as third:
        third.hset("person:1", "a", "3")
        third.flushdb()
    assert entries(client) == [HSET]


@pytest.mark.parametrize("transaction", [True, False])
def test_write_behind_a_flush_comes_behind_its_deletes(registered, transaction):
    client = registered(on_flush="delete")
    client.hset("person:1", mapping={"a": "1", "b": "1"})
    client.hset("person:2", "a", "1")
    with client.pipeline(transaction=transaction) as pipeline:
        pipeline.flushall().hset("person:1", "b", "2").execute()
    found = entries(client)
    wrote = [i for i, e in enumerate(found) if e[0] == "person:1" and e[1] == "hset"]
    swept = [i for i, entry in enumerate(found) if entry[1] == "flush"]
    assert len(swept) == 2
    assert max(swept) < wrote[-1]
    assert found[wrote[-1]][3] == ["b", "2"]


def test_swapped_databases_change_rows_if_asked_to(registered):
    client = registered(on_flush="delete")
    with in_database(client, 1) as first:
        first.hset("person:1", "a", "new")
        first.hset("person:3", "a", "3")
        client.hset("person:1", "a", "1")
        client.hset("person:2", "a", "2")
        client.swapdb(0, 1)
    assert sorted(entries(client)[2:]) == [
        ("person:1", "flush", "!", ["a", "new"]),
        ("person:2", "flush", "~", []),
        ("person:3", "flush", "!", ["a", "3"]),
    ]


@pytest.mark.parametrize("transaction", [True, False])
def test_own_keys_stay_when_databases_are_swapped(new_redis, transaction):
    """On the replica too; capture goes on in the same stream."""
    master = new_redis().connect(decode_responses=True)
    IdleHost(master).register("a")
    replica = new_redis().connect(decode_responses=True)
    replica.replicaof("127.0.0.1", master.connection_pool.connection_kwargs["port"])
    wait_for(lambda: replica.info("replication")["master_link_status"] == "up")
    master.hset("person:1", "a", "1")
    registry = master.hgetall("_regear:registry")
    with master.pipeline(transaction=transaction) as pipeline:
        pipeline.swapdb(0, 1).hset("person:2", "a", "2").swapdb(2, 0).execute()
    master.hset("person:3", "a", "3")
    assert [entry[0] for entry in entries(master)] == [
        "person:1",
        "person:2",
        "person:3",
    ]
    assert master.hgetall("_regear:registry") == registry
    assert master.wait(1, 10_000) == 1
    assert replica.xrange(STREAM) == master.xrange(STREAM)
    assert replica.hgetall("_regear:registry") == registry
    assert sorted(replica.keys()) == sorted(master.keys())


def test_rules_with_overlapping_prefixes_get_every_change(registered):
    client = registered()
    IdleHost(client).register(
        "b", name="Europeans", prefix="person:eu:", stream="_europeans"
    )
    client.hset("person:eu:1", mapping={"a": "1", "b": "2"})
    client.hset("person:us:1", "b", "2")
    client.delete("person:eu:1")
    assert entries(client) == [
        ("person:eu:1", "hset", "=", ["a", "1", "b", "2"]),
        ("person:us:1", "hset", "=", ["b", "2"]),
        ("person:eu:1", "del", "~", []),
    ]
    assert entries(client, "_europeans") == [
        ("person:eu:1", "hset", "=", ["b", "2"]),
        ("person:eu:1", "del", "~", []),
    ]


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        (["hset", "del"], ["hset", "hset", "del"]),
        (["hmset"], ["hset", "hset"]),
        (["hincrby", "unlink"], ["hincrby", "del"]),
        (["rename_to"], []),
        (["hset", "change"], ["hset", "hset", "hincrby", "hdel", "del"]),
    ],
)
def test_events_of_a_recipe_filter(registered, events, expected):
    client = registered(events=events)
    client.hset("person:1", "a", "1")
    client.hsetnx("person:1", "b", "1")
    client.hincrby("person:1", "a", 1)
    client.hdel("person:1", "b")
    client.delete("person:1")
    assert [entry[1] for entry in entries(client)] == expected
