"""What the module writes into a change stream; alike on every server."""

from __future__ import annotations

import pytest

from tests.integration._host_link import STREAM, IdleHost, entries

# Each: commands, and the entries that they append: key, event, op, the rest.
COMMANDS = {
    "a state, not a difference": (
        [["HSET", "person:1", "b", "2", "a", "1"], ["HSET", "person:1", "a", "3"]],
        [
            ("person:1", "hset", "=", ["a", "1", "b", "2"]),
            ("person:1", "hset", "=", ["a", "3", "b", "2"]),
        ],
    ),
    "increments": (
        [["HINCRBY", "person:1", "a", "5"], ["HINCRBYFLOAT", "person:1", "a", "0.5"]],
        [
            ("person:1", "hincrby", "=", ["a", "5"]),
            ("person:1", "hincrbyfloat", "=", ["a", "5.5"]),
        ],
    ),
    "removed fields are named": (
        [
            ["HSET", "person:1", "a", "1", "b", "2", "x", "3"],
            ["HDEL", "person:1", "b", "x", "absent"],
        ],
        [
            ("person:1", "hset", "=", ["a", "1", "b", "2"]),
            ("person:1", "hdel", "=", ["_clear", "b", "a", "1"]),
        ],
    ),
    "a field that never was is not removed": (
        [["HSET", "person:1", "a", "1"], ["HDEL", "person:1", "b"]],
        [("person:1", "hset", "=", ["a", "1"])],
    ),
    "the last field takes the key with it": (
        [["HSET", "person:1", "a", "1"], ["HDEL", "person:1", "a"]],
        [
            ("person:1", "hset", "=", ["a", "1"]),
            ("person:1", "del", "~", []),
        ],
    ),
    "unmapped fields tell nothing": (
        [["HSET", "person:1", "x", "1"], ["EXPIRE", "person:1", "100"]],
        [],
    ),
    "rename is a delete and a whole value": (
        [["HSET", "person:1", "a", "1"], ["RENAME", "person:1", "person:2"]],
        [
            ("person:1", "hset", "=", ["a", "1"]),
            ("person:1", "rename_from", "~", []),
            ("person:2", "rename_to", "!+", ["a", "1"]),
        ],
    ),
    "copies arrive whole, in a unit of their own": (
        [["HSET", "person:1", "a", "1"], ["COPY", "person:1", "person:2"]],
        [
            ("person:1", "hset", "=", ["a", "1"]),
            ("person:2", "copy_to", "!", ["a", "1"]),
        ],
    ),
    "another type over a hash deletes the row": (
        [
            ["HSET", "person:1", "a", "1"],
            ["SET", "person:1", "text"],
            ["APPEND", "person:1", "more"],
        ],
        [
            ("person:1", "hset", "=", ["a", "1"]),
            ("person:1", "set", "~", []),
        ],
    ),
    "a set over a hash deletes the row": (
        [
            ["SADD", "members", "1"],
            ["HSET", "person:1", "a", "1"],
            ["SUNIONSTORE", "person:1", "members"],
        ],
        [
            ("person:1", "hset", "=", ["a", "1"]),
            ("person:1", "sunionstore", "~", []),
        ],
    ),
    "a transaction is a unit with its intermediate states": (
        [
            ["MULTI"],
            ["HSET", "person:1", "a", "1", "b", "1"],
            ["HDEL", "person:1", "a"],
            ["HDEL", "person:1", "b"],
            ["HSET", "person:2", "a", "2"],
            ["EXEC"],
            ["HSET", "person:3", "a", "3"],
        ],
        [
            ("person:1", "hset", "=", ["a", "1", "b", "1"]),
            ("person:1", "hdel", "=+", ["_clear", "a", "b", "1"]),
            ("person:1", "del", "~+", []),
            ("person:2", "hset", "=+", ["a", "2"]),
            ("person:3", "hset", "=", ["a", "3"]),
        ],
    ),
    "a script is a unit with its intermediate states": (
        [
            [
                "EVAL",
                "redis.call('HSET', KEYS[1], 'a', '1', 'b', '1')"
                " redis.call('HDEL', KEYS[1], 'a')"
                " redis.call('HINCRBY', KEYS[1], 'b', 1)",
                "1",
                "person:1",
            ],
            ["HSET", "person:1", "b", "9"],
        ],
        [
            ("person:1", "hset", "=", ["a", "1", "b", "1"]),
            ("person:1", "hdel", "=+", ["_clear", "a", "b", "1"]),
            ("person:1", "hincrby", "=+", ["b", "2"]),
            ("person:1", "hset", "=", ["b", "9"]),
        ],
    ),
    "a discarded transaction leaves nothing": (
        [
            ["HSET", "person:1", "a", "1"],
            *(["MULTI"], ["HDEL", "person:1", "a"], ["DISCARD"]),
        ],
        [("person:1", "hset", "=", ["a", "1"])],
    ),
    "a deadline in the past is a delete": (
        [["HSET", "person:1", "a", "1"], ["EXPIRE", "person:1", "-1"]],
        [("person:1", "hset", "=", ["a", "1"]), ("person:1", "del", "~", [])],
    ),
}


@pytest.fixture
def client(new_redis):
    client = new_redis().connect(decode_responses=True)
    IdleHost(client).register("a", "b")
    return client


@pytest.mark.parametrize("name", COMMANDS)
def test_entries_of(client, name):
    commands, expected = COMMANDS[name]
    for command in commands:
        client.execute_command(*command)
    assert entries(client) == expected


def test_restore_brings_a_whole_value(client):
    client.hset("person:1", mapping={"a": "1", "x": "2"})
    client.execute_command(
        "EVAL",
        "redis.call('RESTORE', KEYS[2], 0, redis.call('DUMP', KEYS[1]))",
        2,
        "person:1",
        "person:2",
    )
    assert entries(client)[-1] == ("person:2", "restore", "!", ["a", "1"])


def test_databases_are_kept_apart(client):
    other = client.connection_pool.connection_kwargs | {"db": 3}
    with type(client)(**_public(other)) as third:
        third.hset("person:1", "a", "1")
    assert entries(client) == []


def _public(options):
    return {name: options[name] for name in ("host", "port", "db", "decode_responses")}


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
    server = new_redis("--repl-diskless-sync-delay", "0")
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
