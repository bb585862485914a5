"""Hashes of another Redis, and of a cluster, as a target."""

from __future__ import annotations

import pytest
import redis

from regear.errors import LeaseLost, Reject, Retry, TargetError, TargetUnavailable
from rgsync.Connectors import (
    RedisClusterConnection,
    RedisConnection,
    RedisConnector,
)
from tests.integration._redis_target import CHECKPOINTS, HashWriter, redis_cluster

LUA_STACK = 8000  # values that a script can pass on at once


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    with redis_cluster(tmp_path_factory.mktemp("cluster")) as nodes:
        yield nodes


class Server:
    """One server, and what it holds."""

    def __init__(self, new_redis) -> None:
        self.process = new_redis(module=False, password="secret")
        self.client = self.process.connect()

    def connection(self, password="secret"):
        return RedisConnection("127.0.0.1", self.process.port, password)


class Cluster:
    def __init__(self, nodes) -> None:
        self.nodes = nodes
        self.client = self.connection().Connect()
        self.client.flushall(target_nodes=self.client.ALL_NODES)

    def connection(self):
        nodes = [{"host": "127.0.0.1", "port": node.port} for node in self.nodes]
        return RedisClusterConnection(cluster_nodes=nodes)


@pytest.fixture(params=["server", "cluster"])
def target(request, new_redis):
    if request.param == "server":
        yield Server(new_redis)
        return
    made = Cluster(request.getfixturevalue("cluster"))
    yield made
    made.client.close()


@pytest.fixture
def connector(target):
    return RedisConnector(target.connection(), "copy")


@pytest.fixture
def new_writer(connector):
    writers = []

    def make(checkpoint_id="s"):
        writers.append(HashWriter(connector, checkpoint_id))
        return writers[-1]

    yield make
    for writer in writers:
        writer.hashes.close()


@pytest.fixture
def writer(new_writer):
    return new_writer()


def test_rows_become_hashes(writer, target):
    writer.must_write(
        ("1", {"name": "Ada", "age": "36"}),
        ("2", {"name": "Charles", "age": None}),
        ("gone", None),
    )
    writer.must_write(("1", {"age": None}), ("2", {"name": ""}), ("3", {"name": "x"}))
    writer.must_write(("3", None))
    assert target.client.hgetall("copy:1") == {b"name": b"Ada"}
    assert target.client.hgetall("copy:2") == {b"name": b""}
    assert not target.client.exists("copy:3")
    assert not target.client.exists("copy:gone")


def test_fields_of_others_stay(writer, target):
    target.client.hset("copy:1", mapping={"mine": "1", "name": "old"})
    writer.must_write(("1", {"name": None, "age": "1"}))
    assert target.client.hgetall("copy:1") == {b"mine": b"1", b"age": b"1"}


def test_bytes_are_kept(writer, target):
    junk = bytes(range(256))
    text = junk.decode(errors="surrogateescape")
    writer.must_write((text, {text: text, "#": "1"}))
    assert target.client.hgetall(b"copy:" + junk) == {junk: junk, b"#": b"1"}


def test_changes_of_one_row_stay_in_order(writer, target):
    writer.must_write(
        *(("1", {"n": str(n)}) for n in range(50)),
        ("1", None),
        ("1", {"last": "1"}),
        in_order=True,
    )
    assert target.client.hgetall("copy:1") == {b"last": b"1"}


def test_rows_may_be_large_and_many(writer, target):
    wide = {f"f{n}": "x" * 100 for n in range(LUA_STACK + 1)}
    writer.must_write(("wide", wide), *((str(n), {"n": str(n)}) for n in range(2000)))
    assert target.client.hlen("copy:wide") == len(wide)
    assert target.client.hget("copy:1999", "n") == b"1999"
    writer.must_write(("wide", {**dict.fromkeys(wide), "left": "1"}))
    assert target.client.hgetall("copy:wide") == {b"left": b"1"}


def test_what_is_no_hash_over_there_is_refused_and_nothing_written(writer, target):
    target.client.set("copy:2", "a string of somebody")
    target.client.rpush("copy:4", "a list")
    rows = [("1", {"n": "1"}), ("2", {"n": "2"}), ("3", {"n": "3"}), ("4", None)]
    assert writer.write(*rows) == [
        (1, "copy:2 is a string over there, not a hash", "reject"),
        (3, "copy:4 is a list over there, not a hash", "reject"),
    ]
    assert not target.client.exists("copy:1")
    assert not target.client.exists("copy:3")
    writer.must_write(rows[0], rows[2])
    assert target.client.get("copy:2") == b"a string of somebody"
    assert target.client.hget("copy:3", "n") == b"3"


def test_the_checkpoint_is_kept_over_there(new_writer, target):
    first = new_writer()
    assert first.hashes.load_checkpoint() is None
    first.must_write(("1", {"n": "1"}), journal=b"\x00\xff journal")
    assert new_writer().hashes.load_checkpoint() == ("1", b"\x00\xff journal")
    assert new_writer("another").hashes.load_checkpoint() is None
    assert target.client.hget(CHECKPOINTS, "s") == b"1"


def test_a_host_whose_checkpoint_moved_writes_nothing(new_writer, target):
    old, new = new_writer(), new_writer()
    new.must_write(("1", {"n": "new"}))
    with pytest.raises(LeaseLost, match=r"'s'.*another host has moved it"):
        old.write(("1", {"n": "old"}), ("2", {"n": "old"}))
    assert target.client.hgetall("copy:1") == {b"n": b"new"}
    assert not target.client.exists("copy:2")
    old.open()
    old.must_write(("2", {"n": "in turn"}))


def test_write_data_of_connectors_that_build_on_it(connector, target):
    target.client.hset("copy:1", mapping={"a": "1", "b": "2"})
    target.client.set("copy:3", "a string")
    data = [
        {"id": "1-1", "value": {"_id": "1", "#": "=", "a": None, "b": 3}},
        {"id": "1-2", "value": {"_id": "2", "#": "=", "a": "4"}},
        {"id": "1-3", "value": {"_id": "2", "#": "~"}},
    ]
    bad = {"id": "1-4", "value": {"_id": "3", "#": "=", "a": "5"}}
    with pytest.raises(Reject, match="copy:3 is a string") as raised:
        connector.WriteData([*data, bad])
    assert raised.value.rows == [bad]
    connector.WriteData(data)
    assert target.client.hgetall("copy:1") == {b"b": b"3"}
    assert not target.client.exists("copy:2")


def test_a_target_that_may_forget_is_named(writer, target):
    every = {}
    if isinstance(target, Cluster):
        every["target_nodes"] = target.client.PRIMARIES
    assert [hint for _, hint in writer.warnings] == ["CONFIG SET appendonly yes"]
    target.client.config_set("maxmemory-policy", "allkeys-lru", **every)
    target.client.config_set("appendonly", "yes", **every)
    writer.open()
    (warning,) = writer.warnings
    assert warning[1] == "CONFIG SET maxmemory-policy noeviction"
    target.client.config_set("maxmemory-policy", "noeviction", **every)
    writer.open()
    assert writer.warnings == []
    target.client.config_set("appendonly", "no", **every)


# -- what servers say ---------------------------------------------------------


@pytest.fixture
def server(new_redis):
    return Server(new_redis)


def writer_for(connection) -> HashWriter:
    return HashWriter(RedisConnector(connection, "copy"))


@pytest.mark.parametrize("password", ["wrong", None, ""])
def test_a_wrong_password_needs_an_operator(server, password):
    with pytest.raises(TargetError, match="password of the connection is wrong"):
        writer_for(server.connection(password))


def test_rights_that_suffice(server):
    rights = ["+@read", "+@write", "+@scripting"]
    server.client.execute_command("ACL SETUSER", "default", "-@all", *rights)
    writer = writer_for(server.connection())
    assert writer.warnings == []  # INFO is not ours to ask
    writer.must_write(("1", {"a": "1"}))
    with server.process.connect() as client:
        assert client.hgetall("copy:1") == {b"a": b"1"}


def test_a_missing_right_needs_an_operator(server):
    rights = ["+@read", "+@scripting"]
    server.client.execute_command("ACL SETUSER", "default", "-@all", *rights)
    writer = writer_for(server.connection())
    with pytest.raises(TargetError, match="ACL SETUSER"):
        writer.write(("1", {"a": "1"}))


def test_a_server_that_is_away_is_asked_again(server):
    writer = writer_for(server.connection())
    server.process.kill()
    with pytest.raises(TargetUnavailable):
        writer.write(("1", {"a": "1"}))
    with pytest.raises(TargetUnavailable):
        writer.open()
    server.process.start()
    writer.open()
    writer.must_write(("1", {"a": "1"}))


def test_a_full_server_is_asked_again(server):
    writer = writer_for(server.connection())
    server.client.config_set("maxmemory", "1")
    with pytest.raises(Retry, match="maxmemory"):
        writer.write(("1", {"a": "1"}))
    server.client.config_set("maxmemory", "0")
    writer.must_write(("1", {"a": "1"}))


def test_a_replica_is_asked_again(server):
    writer = writer_for(server.connection())
    server.client.replicaof("127.0.0.1", 1)
    with pytest.raises(TargetUnavailable, match=r"(?i)read ?only"):
        writer.write(("1", {"a": "1"}))


def test_checkpoints_in_a_key_of_others_need_an_operator(server):
    server.client.set(CHECKPOINTS, "x")
    with pytest.raises(TargetError, match="exactlyOnceTableName"):
        writer_for(server.connection())


def test_a_node_of_a_cluster_needs_the_other_connection(cluster):
    connector = RedisConnector(RedisConnection("127.0.0.1", cluster[0].port), "copy")
    hashes = connector.hashes()

    def write_everywhere():
        for number in range(20):  # some belong to other nodes
            hashes.open("stream", f"s{number}")
            hashes.load_checkpoint()
            hashes.write([(str(number), {"a": "1"})], False, ("1", b""))

    with pytest.raises(TargetError, match="RedisClusterConnection"):
        write_everywhere()
    hashes.close()


def test_a_server_alone_needs_the_other_connection(server):
    server.client.config_set("requirepass", "")
    with pytest.raises(TargetError, match="RedisConnection"):
        writer_for(RedisClusterConnection("127.0.0.1", server.process.port))


@pytest.mark.parametrize("place", [("", 1), ("h", None), ("h", "x"), ("h", 70000)])
def test_a_place_that_is_none_needs_an_operator(place):
    for kind in (RedisConnection, RedisClusterConnection):
        with pytest.raises(TargetError, match="no host and port"):
            kind(*place).Connect()


def test_credentials_are_asked_at_every_connect(server):
    asked = []

    def password():
        asked.append(1)
        return "secret"

    port = server.process.port
    connection = RedisConnection(lambda: "127.0.0.1", lambda: port, password)
    for _ in range(2):
        assert connection.Connect().ping()
    assert len(asked) == 2


def test_nodes_are_given_in_any_form(cluster):
    port = cluster[1].port
    for nodes in (
        [{"host": "127.0.0.1", "port": port}],
        [{"host": "127.0.0.1", "port": str(port)}],
        [("127.0.0.1", port)],
        [f"127.0.0.1:{port}"],
    ):
        with RedisClusterConnection(cluster_nodes=nodes).Connect() as client:
            assert client.ping()
            assert isinstance(client, redis.RedisCluster)
