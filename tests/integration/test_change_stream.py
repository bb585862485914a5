"""Change streams as a whole; each event alone: test_event_matrix.py."""

from __future__ import annotations

import pytest

from tests.integration._host_link import STREAM, IdleHost, entries


@pytest.fixture
def client(new_redis):
    client = new_redis().connect(decode_responses=True)
    IdleHost(client).register("a", "b")
    return client


def test_every_field_is_captured_without_a_mapping(new_redis):
    client = new_redis().connect(decode_responses=True)
    IdleHost(client).register()
    client.hset("person:1", mapping={"a": "1", "_private": "2", "x": "3"})
    client.hdel("person:1", "x")
    assert entries(client) == [
        ("person:1", "hset", "=", ["a", "1", "x", "3"]),
        ("person:1", "hdel", "=", ["_clear", "x", "a", "1"]),
    ]


def test_a_replica_holds_the_same_stream_and_goes_on_when_promoted(new_redis):
    """Writes go on while the replica synchronises, from when the master does
    not replicate its changes yet, because nobody could receive them."""
    master = new_redis().connect(decode_responses=True)
    host = IdleHost(master)
    host.register("a", "b")
    server = new_redis()
    replica = server.connect(decode_responses=True)
    number = 0

    def synchronised():
        return replica.info("replication")["master_link_status"] == "up"

    replica.replicaof("127.0.0.1", master.connection_pool.connection_kwargs["port"])
    while number < 100 or not synchronised():
        master.hset(f"person:{number}", "a", number)
        number += 1
        assert number < 1_000_000, "the replica does not synchronise"
    with master.pipeline() as transaction:
        transaction.hset("person:1", "b", "2").hdel("person:1", "a").execute()
    host.trim(master.xrange(STREAM, count=10)[-1][0])
    fence = host.attach()["fence"]
    assert master.wait(1, 10_000) == 1
    assert replica.xrange(STREAM) == master.xrange(STREAM)
    assert replica.execute_command("INFO", "regear")["regear_captured"] == 0

    replica.replicaof("NO", "ONE")
    before = replica.xlen(STREAM)
    replica.hset("person:1", "a", "new")
    assert replica.xlen(STREAM) == before + 1
    assert IdleHost(replica, "b" * 32).attach()["fence"] == fence + 1


def test_a_planted_registry_is_undone(client):
    stored = client.hgetall("_regear:registry")
    client.hset("_regear:registry", "session:planted", "blob")
    # A command of the client comes after the timer that undoes it.
    assert client.ping()
    assert client.hgetall("_regear:registry") == stored
