"""The backlog is no cache: what was captured stays, or is said to be lost."""

from __future__ import annotations

import itertools
import random

import pytest
import redis
from packaging.version import Version

from tests.integration._host_link import (
    DEAD,
    DIRTY,
    PARKED,
    STREAM,
    IdleHost,
    entries,
)
from tests.integration._servers import wait_for


@pytest.fixture
def server(new_redis):
    server = new_redis("--appendonly", "yes", "--appendfsync", "always")
    IdleHost(server.client).register("a", "b")
    return server


@pytest.fixture
def client(server):
    return server.client


def status(server):
    return server.registration("Persons")


FLUSHES = (
    [["FLUSHALL"]],
    [["FLUSHALL", "ASYNC"]],
    [["FLUSHDB"]],
    [["MULTI"], ["FLUSHALL"], ["HSET", "person:9", "a", "9"], ["EXEC"]],
    [["MULTI"], ["FLUSHDB"], ["FLUSHALL"], ["EXEC"]],
)


@pytest.mark.parametrize(
    "commands", FLUSHES, ids=lambda c: " ".join(itertools.chain(*c))
)
def test_a_flush_takes_no_backlog(server, client, commands):
    for number in range(1000):
        client.hset(f"person:{number}", "a", number)
    host = IdleHost(client)
    host.command("DEAD", "Persons", "dead", "1-1", "_original_key", "person:1")
    host.command("DEAD", "Persons", "parked", "1-2", "_original_key", "person:2")
    before = {key: client.xrange(key) for key in (STREAM, DEAD, PARKED)}
    for command in commands:
        client.execute_command(*command)
    client.hset("person:1", "a", "new")
    after = {key: client.xrange(key) for key in (STREAM, DEAD, PARKED)}
    assert after[STREAM][:1000] == before[STREAM]
    new = [pairs["_original_key"] for _, pairs in after[STREAM][1000:]]
    assert new == [c[1] for c in commands if c[0] == "HSET"] + ["person:1"]
    assert (after[DEAD], after[PARKED]) == (before[DEAD], before[PARKED])
    assert client.exists("_regear:registry")
    assert status(server)["captured_lost"] == 0
    server.kill()
    server.start()
    assert server.client.xrange(STREAM) == after[STREAM]


def test_a_replica_keeps_the_backlog_through_a_flush(new_redis, server, client):
    replica = new_redis().client
    replica.replicaof("127.0.0.1", server.port)
    wait_for(lambda: replica.info("replication")["master_link_status"] == "up")
    for number in range(10):
        client.hset(f"person:{number}", "a", number)
    client.flushall()
    client.hset("person:1", "a", "new")
    assert client.wait(1, 10_000) == 1
    assert replica.xlen(STREAM) == 11
    assert replica.xrange(STREAM) == client.xrange(STREAM)
    assert replica.hgetall("_regear:registry") == client.hgetall("_regear:registry")


def test_a_flush_of_another_database_does_not_matter(server, client):
    client.hset("person:1", "a", "1")
    other = server.connect(db=3)
    other.set("x", "1")
    other.flushdb()
    assert client.xlen(STREAM) == 1


def test_ids_never_go_back(server, client):
    client.hset("person:1", "a", "1")
    client.execute_command("XSETID", STREAM, "9999999999999-5")
    client.hset("person:1", "a", "2")
    client.delete(STREAM)
    client.hset("person:1", "a", "3")
    ((entry_id, _),) = client.xrange(STREAM)
    assert entry_id == "9999999999999-7"


def rename(client):
    client.rename(STREAM, "elsewhere")


TAKEN = {
    "DEL": (lambda client: client.delete(STREAM), 3),
    "XTRIM": (lambda client: client.xtrim(STREAM, maxlen=1, approximate=False), 2),
    "XDEL": (lambda client: client.xdel(STREAM, client.xrange(STREAM)[0][0]), 1),
    "RENAME_FROM": (rename, 3),
    "SET": (lambda client: client.set(STREAM, "text"), 3),
    "EXPIRED": (lambda client: client.pexpire(STREAM, 1), 3),
}


@pytest.mark.parametrize("event", TAKEN)
def test_what_others_take_away_is_reported_as_lost(server, client, event):
    take, lost = TAKEN[event]
    for number in range(3):
        client.hset("person:1", "a", number)
    take(client)
    wait_for(lambda: client.exists(STREAM) == 0 or event != "EXPIRED")
    now = status(server)
    assert now["captured_lost"] == lost
    assert f"{lost} changes were lost: {event} of {STREAM}" in now["capture_error"]
    assert server.status()["captured_lost"] == lost
    assert client.info("regear")["regear_captured_lost"] == lost
    assert "changes were lost" in server.log.read_text()


def test_what_the_host_trims_and_others_append_is_not_lost(server, client):
    for number in range(3):
        client.hset("person:1", "a", number)
    host = IdleHost(client)
    host.trim(client.xrange(STREAM)[1][0])
    host.command("DEAD", "Persons", "dead", "1-1", "_original_key", "person:1")
    host.command("CLOSE", "Persons", "dead", "1-1")
    client.xadd(STREAM, {"some": "thing"})
    assert status(server)["captured_lost"] == 0
    assert status(server)["backlog"] == 2


def test_a_change_that_cannot_be_appended_is_appended_later(server, client):
    client.set(STREAM, "in the way")
    client.hset("person:1", mapping={"a": "1", "b": "1"})
    client.hset("person:2", "a", "2")
    client.hset("person:1", "a", "3")
    client.delete("person:2")
    assert status(server)["dirty_keys"] == 2
    assert "does not hold a stream" in status(server)["capture_error"]
    client.delete(STREAM)
    wait_for(lambda: client.xlen(STREAM) == 2)
    assert sorted(entries(client)) == [
        ("person:1", "dirty", "!", ["a", "3", "b", "1"]),
        ("person:2", "dirty", "~", []),
    ]
    assert status(server)["capture_error"] is None
    assert status(server)["dirty_keys"] == 0


def test_keys_are_remembered_although_the_dirty_hash_is_in_the_way(server, client):
    client.set(STREAM, "in the way")
    client.set(DIRTY, "in the way, too")
    client.hset("person:1", "a", "1")
    client.hset("person:1", "a", "2")
    assert status(server)["dirty_keys"] == 1
    client.delete(STREAM)
    wait_for(lambda: client.exists(STREAM))
    assert entries(client) == [("person:1", "dirty", "!", ["a", "2"])]


def test_dirty_keys_survive_a_crash(server, client):
    client.set(STREAM, "in the way")
    client.hset("person:1", "a", "1")
    server.kill()
    server.start()
    assert status(server)["dirty_keys"] == 1
    server.client.delete(STREAM)
    wait_for(lambda: server.client.exists(STREAM))
    assert entries(server.client) == [("person:1", "dirty", "!", ["a", "1"])]


def test_registering_is_refused_where_the_backlog_may_be_evicted(new_redis):
    server = new_redis("--maxmemory-policy", "allkeys-lru")
    host = IdleHost(server.client)
    with pytest.raises(redis.ResponseError, match="CONFIG SET maxmemory-policy vola"):
        host.register("a")
    assert server.status()["registrations"] == []
    host.register("a", allow_eviction=True)
    assert status(server)["warnings"] == []


def test_a_policy_that_comes_later_is_shown(server, client):
    assert server.status()["warnings"] == []
    client.config_set("maxmemory-policy", "allkeys-lfu")
    (warning,) = status(server)["warnings"]
    assert "maxmemory-policy allkeys-lfu lets the server evict" in warning
    assert warning in server.log.read_text()
    assert warning in server.status()["warnings"]
    client.config_set("maxmemory-policy", "noeviction")
    assert status(server)["warnings"] == []


def test_a_server_without_aof_is_shown(new_redis):
    server = new_redis()
    assert "no AOF" in server.status()["warnings"][0]
    server.client.config_set("appendonly", "yes")
    assert server.status()["warnings"] == []
    # A server that writes its first AOF does not stop.
    wait_for(lambda: not server.client.info("persistence")["aof_rewrite_in_progress"])


@pytest.fixture
def bounded(new_redis):
    """A stream of 10 changes at most, and a host that may trim it."""
    server = new_redis("--appendonly", "yes", "--appendfsync", "always")
    host = IdleHost(server.client)
    host.register("a", "b", max_backlog=10)
    return server, host


class Target:
    """What a database holds that gets the changes as the host reads them."""

    def __init__(self, client, host):
        self._client = client
        self._host = host
        self.rows = {}

    def drain(self, count):
        """Apply the oldest changes, and trim them; how many there were."""
        read = self._client.xrange(STREAM, count=count)
        for _, pairs in read:
            self._apply(pairs)
        if read:
            self._host.trim(read[-1][0])
        return len(read)

    def _apply(self, pairs):
        key = pairs.pop("_original_key")
        op = pairs.pop("#")
        fields = {f: v for f, v in pairs.items() if not f.startswith("_")}
        if op == "~":
            self.rows.pop(key, None)
        elif op == "!":
            self.rows[key] = fields
        else:
            row = self.rows.setdefault(key, {})
            row.update(fields)
            if "_clear" in pairs:  # one at most in these tests
                row.pop(pairs["_clear"], None)


def test_a_full_stream_grows_no_more(bounded):
    server, _ = bounded
    for number in range(100):
        server.client.hset(f"person:{number % 30}", "a", number)
    assert status(server)["backlog"] == 10
    assert status(server)["dirty_keys"] == 30


def test_a_dirty_key_stays_dirty_until_there_is_room(bounded):
    server, host = bounded
    for number in range(12):
        server.client.hset("person:1", "a", number)
    host.trim(server.client.xrange(STREAM)[3][0])  # room for some, not enough
    server.client.hset("person:1", "a", "late")
    assert (status(server)["backlog"], status(server)["dirty_keys"]) == (6, 1)
    host.trim(server.client.xrange(STREAM)[0][0])
    wait_for(lambda: status(server)["dirty_keys"] == 0)
    assert entries(server.client)[-1] == ("person:1", "dirty", "!", ["a", "late"])
    server.client.hset("person:1", "a", "after")
    assert entries(server.client)[-1] == ("person:1", "hset", "=", ["a", "after"])


@pytest.mark.parametrize("seed", range(3))
def test_the_target_ends_equal_however_full_the_stream_was(bounded, seed):
    server, host = bounded
    client = server.client
    target = Target(client, host)
    chance = random.Random(seed)
    for step in range(1500):
        key = f"person:{chance.randrange(40)}"
        act = chance.randrange(20)
        if act < 12:
            client.hset(key, chance.choice("ab"), step)
        elif act < 15:
            client.hdel(key, chance.choice("ab"))
        elif act < 17:
            client.delete(key)
        elif act == 17:
            with client.pipeline() as transaction:
                transaction.hset(key, "a", step).delete(key).hset(key, "b", step)
                transaction.execute()
        elif act == 18 and step % 3 == 0:
            target.drain(chance.randrange(1, 12))
        assert client.xlen(STREAM) <= 12
        if step == 700:
            server.kill()
            server.start()
    wait_for(lambda: not target.drain(5) and not status(server)["dirty_keys"])
    assert target.rows == {key: client.hgetall(key) for key in client.keys("person:*")}
    assert status(server)["captured_lost"] == 0
    assert status(server)["dead_letters"] == 0


def test_a_replica_holds_the_same_dirty_keys(new_redis, bounded):
    server, host = bounded
    replica = new_redis().client
    replica.replicaof("127.0.0.1", server.port)
    wait_for(lambda: replica.info("replication")["master_link_status"] == "up")
    client = server.client
    for number in range(100):
        client.hset(f"person:{number % 30}", "a", number)
    host.trim(client.xrange(STREAM)[6][0])
    wait_for(lambda: client.xlen(STREAM) == 10)
    assert client.wait(1, 10_000) == 1
    assert replica.hgetall(DIRTY) == client.hgetall(DIRTY)
    assert replica.xrange(STREAM) == client.xrange(STREAM)
    replica.replicaof("NO", "ONE")
    target = Target(replica, IdleHost(replica, "b" * 32))
    wait_for(lambda: not target.drain(5) and not replica.exists(DIRTY))
    assert target.rows == {
        f"person:{number % 30}": {"a": str(number)} for number in range(70, 100)
    }


def test_a_flush_reads_the_dirty_keys_first(bounded):
    server, host = bounded
    client = server.client
    for number in range(30):
        client.hset(f"person:{number}", "a", number)
    client.flushall()
    client.hset("person:0", "a", "new")
    target = Target(client, host)
    wait_for(lambda: not target.drain(5) and not status(server)["dirty_keys"])
    assert target.rows == {
        "person:0": {"a": "new"},
        **{f"person:{number}": {"a": str(number)} for number in range(1, 30)},
    }


def test_a_dirty_key_that_is_deleted_is_a_delete(bounded):
    server, host = bounded
    client = server.client
    for number in range(12):
        client.hset(f"person:{number}", "a", number)
    client.delete("person:11")
    target = Target(client, host)
    wait_for(lambda: not target.drain(5) and not status(server)["dirty_keys"])
    assert "person:10" in target.rows
    assert "person:11" not in target.rows
    assert status(server)["dead_letters"] == 0


def test_bytes_that_are_no_text_are_dirty_too(bounded):
    server, host = bounded
    raw = server.connect()
    for number in range(11):
        raw.hset(b"person:\xff\x00%d" % number, b"a", b"\xfe")
    host.trim(server.client.xrange(STREAM)[-1][0])
    wait_for(lambda: status(server)["dirty_keys"] == 0)
    ((_, pairs),) = raw.xrange(STREAM)
    assert (pairs[b"_original_key"], pairs[b"a"]) == (b"person:\xff\x0010", b"\xfe")


def tells_before_removal(client) -> bool:
    """Whether the server tells modules of a key that is about to expire."""
    return Version(client.info("server")["redis_version"]) >= Version("7.2")


def test_a_dirty_key_that_expires_is_captured_first_or_a_dead_letter(bounded):
    server, host = bounded
    client = server.client
    for number in range(12):
        client.hset(f"person:{number}", "a", number)
    client.pexpire("person:11", 1)
    wait_for(lambda: not client.exists("person:11"))
    target = Target(client, host)
    wait_for(lambda: not target.drain(5) and not status(server)["dirty_keys"])
    assert target.rows["person:10"] == {"a": "10"}
    if tells_before_removal(client):
        assert target.rows["person:11"] == {"a": "11"}
        assert client.xlen(DEAD) == 0
        return
    assert "person:11" not in target.rows
    ((_, letter),) = client.xrange(DEAD)
    assert letter["_original_key"] == "person:11"
    assert letter["_error"] == "state gone before it was read"


def test_a_dirty_key_that_is_evicted_is_captured_first_or_a_dead_letter(bounded):
    server, host = bounded
    client = server.client
    for number in range(12):
        client.hset(f"person:{number}", mapping={"a": number, "b": "x" * 1000})
    client.expire("person:11", 1000)
    client.config_set("maxmemory-policy", "volatile-ttl")
    client.config_set("maxmemory", 1)
    wait_for(lambda: client.dbsize() and not client.exists("person:11"))
    client.config_set("maxmemory", 0)
    target = Target(client, host)
    wait_for(lambda: not target.drain(5) and not status(server)["dirty_keys"])
    there = target.rows.get("person:11", {}).get("a") == "11"
    assert there == tells_before_removal(client)
    assert client.xlen(DEAD) == (0 if there else 1)


def test_a_purge_takes_the_dirty_keys_too(bounded):
    server, _ = bounded
    client = server.client
    for number in range(15):
        client.hset(f"person:{number}", "a", number)
    assert client.execute_command("RG.WRITEBEHIND", "PURGE", "Persons") == 15
    assert (status(server)["backlog"], status(server)["dirty_keys"]) == (0, 0)
    assert status(server)["captured_lost"] == 0
    client.hset("person:1", "a", "new")
    assert entries(client) == [("person:1", "hset", "=", ["a", "new"])]
