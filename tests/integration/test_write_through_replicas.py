"""Replicas and append-only files have what was applied, and nothing else."""

from __future__ import annotations

import threading
import time

import pytest
import redis as redis_py

from tests.integration import _aof
from tests.integration._servers import wait_for
from tests.integration._users import ADA
from tests.soak import through_table
from tests.soak.targets import SqliteTarget
from tests.soak.through_clients import ThroughWorkload, prepare, settle

KEY = "__{users:1}"
APPEND = ("--appendonly", "yes", "--appendfsync", "always")


@pytest.fixture
def master(new_redis):
    return new_redis(*APPEND)


@pytest.fixture
def replica(new_redis, master):
    server = new_redis(*APPEND, "--replicaof", f"127.0.0.1 {master.port}")
    wait_for(lambda: linked(server) and not rewrites_aof(server), 20)
    return server


@pytest.fixture
def serving(master, new_host, users):
    """The master, which writes through to ``users``."""
    master.host = new_host(master)
    assert master.execute(users.recipe()) == "OK"
    return master


def linked(server):
    return server.client.info("replication").get("master_link_status") == "up"


def rewrites_aof(server):
    """As it does once it has got everything."""
    state = server.client.info("persistence")
    return state["aof_rewrite_in_progress"] or state["aof_rewrite_scheduled"]


def wait_caught_up(master, replica):
    def offsets():
        ahead = master.client.info("replication")["master_repl_offset"]
        return ahead == replica.client.info("replication")["slave_repl_offset"]

    wait_for(offsets, 20, "the replica has all")


def digest(server):
    return server.client.execute_command("DEBUG", "DIGEST")


def write_all_sorts(client):
    """Returns what the AOF should have of it."""
    client.hset(KEY, mapping=ADA)
    client.hset("__{users:2}", mapping={**ADA, "username": "b", "email": "b"})
    client.hincrby(KEY, "visits", 3)
    client.hincrbyfloat(KEY, "visits", 2)
    client.hsetnx(KEY, "country", "UK")
    client.hsetnx(KEY, "country", "FR")
    client.hdel(KEY, "no such field")
    with pytest.raises(redis_py.ResponseError, match="WRITETHROUGH"):
        client.hset(KEY, "username", "b")
    client.hset(KEY, mapping={"#": "=done", "first_name": "Ada"})
    client.hset(KEY, "unmapped", "x")
    client.hdel(KEY, "country", "no such field")
    client.hset("__{users:3}", mapping={**ADA, "username": "c", "email": "c"})
    client.delete("__{users:2}", "__{users:3}")
    return [
        "HSET users:1 username ada password secret email ada@example.org",
        "HSET users:2 username b password secret email b",
        "HINCRBY users:1 visits 3",
        ("HSET", "HINCRBYFLOAT"),  # as what comes out of it
        "HSETNX users:1 country UK",
        "HSET users:1 first_name Ada",
        "HSET users:1 unmapped x",
        "HDEL users:1 country",
        "HSET users:3 username c password secret email c",
        "DEL users:2 users:3",
    ]


def users_only(commands):
    return [" ".join(c) for c in commands if c[1:] and c[1].startswith("users:")]


def test_the_aof_has_the_commands_on_the_real_keys(serving, replica):
    expected = write_all_sorts(serving.client)
    wait_caught_up(serving, replica)
    for server in (serving, replica):
        commands = _aof.commands(server.folder)
        found = users_only(commands)
        assert len(found) == len(expected)
        for command, like in zip(found, expected):
            if isinstance(like, tuple):
                assert command.startswith(like)
            else:
                assert command.startswith(like), found
        everything = " ".join(word for words in commands for word in words)
        assert "rg." not in everything.lower()
        assert "__{" not in everything
    assert digest(serving) == digest(replica)


def test_what_was_applied_is_noted_in_the_same_transaction(serving):
    """Or a crash in between would have it applied again."""
    write_all_sorts(serving.client)
    for unit in _aof.units(_aof.commands(serving.folder)):
        # What the database need not know of goes alone.
        if not users_only(unit) or "unmapped" in str(unit):
            continue
        notes = [words[2] for words in unit if words[1] == "_regear:registry"]
        assert [note.partition(":")[0] for note in notes] == ["applied"], unit


def test_a_group_is_never_torn(serving, replica, users):
    """One transaction has all that one commit of the database had."""
    with users.locked(serving) as table:
        clients = [serving.connect() for _ in range(20)]

        def write(number, client):
            client.hset(
                f"__{{users:{number}}}",
                mapping={**ADA, "username": f"u{number}", "email": f"e{number}"},
            )

        threads = [
            threading.Thread(target=write, args=(number, client))
            for number, client in enumerate(clients, 1)
        ]
        for thread in threads:
            thread.start()
        wait_for(table.has_waiter)
        wait_for(lambda: waiting(serving) == 20)
    for thread in threads:
        thread.join(20)
    wait_caught_up(serving, replica)
    assert digest(serving) == digest(replica)
    groups = "SELECT xmin::text, array_agg(user_id::text) FROM users GROUP BY xmin"
    committed = {frozenset(ids) for _, ids in users.execute(groups)}
    for server in (serving, replica):
        units = [users_only(unit) for unit in _aof.units(_aof.commands(server.folder))]
        applied = {
            frozenset(command.split()[1].split(":")[1] for command in unit)
            for unit in units
            if unit
        }
        assert applied == committed


def waiting(server):
    counts = server.registration("Users")["through"]
    return counts["waiting"] + counts["in_flight"]


def test_a_replica_of_random_writes_is_equal(master, replica, new_host, folder):
    target = SqliteTarget(folder)
    through_table.create_tables(target)
    new_host(master)
    assert master.execute(through_table.recipe(target)) == "OK"
    prepare(master.port)
    seed = time.time_ns() % 2**32
    print(f"SEED={seed}")
    workload = ThroughWorkload(lambda: master.port, target, seed, orders=100)
    workload.join(60)
    settle(master.port)
    for key in through_table.KEYS["m"]:  # nothing shall expire while we look
        master.client.persist(key)
    wait_caught_up(master, replica)
    assert digest(master) == digest(replica)
    assert not any("__{" in str(words) for words in _aof.commands(replica.folder))
    assert workload.findings.good, workload.findings.lines()


def test_loading_the_aof_again_changes_nothing(serving, users):
    client = serving.client
    write_all_sorts(client)
    before = client.hgetall("users:1")
    assert client.execute_command("DEBUG", "LOADAOF")
    assert client.hgetall("users:1") == before
    assert before["visits"] == str(users.row()["visits"])
    wait_for(lambda: serving.status()["host"]["attached"], 20)
    wait_for(lambda: incremented(client), 20, "the host serves again")
    assert int(client.hget("users:1", "visits")) == users.row()["visits"]


def test_a_write_under_way_when_the_aof_is_loaded(serving, users):
    client, other = serving.client, serving.connect()
    client.hset(KEY, mapping=ADA)
    told = []

    def write():
        try:
            told.append(other.hincrby(KEY, "visits", 7))
        except redis_py.RedisError as error:
            told.append(str(error))

    with users.locked(serving) as table:
        writer = threading.Thread(target=write)
        writer.start()
        wait_for(table.has_waiter)
        client.execute_command("DEBUG", "LOADAOF")
        writer.join(10)
        assert str(told[0]).startswith("INDOUBT")
    wait_for(lambda: incremented(client), 30, "the host serves again")
    visits = users.row()["visits"]
    assert visits in (1, 8)
    assert client.hget("users:1", "visits") == str(visits)


def incremented(client):
    """Whether a write through was done; errors say that nothing happened."""
    try:
        return bool(client.hincrby(KEY, "visits", 1))
    except redis_py.ResponseError as error:
        if not str(error).startswith(("NOHOST", "WRITETHROUGH")):
            raise
        return False


def test_a_replica_takes_no_writes(serving, replica):
    serving.client.hset(KEY, mapping=ADA)
    wait_caught_up(serving, replica)
    for command in (
        ("HSET", KEY, "username", "x"),
        ("HINCRBY", KEY, "visits", 1),
        ("DEL", KEY),
        ("HSET", "users:1", "username", "x"),
    ):
        with pytest.raises(redis_py.ReadOnlyError):
            replica.client.execute_command(*command)
    assert replica.client.hgetall("users:1") == ADA
    assert not replica.client.exists(KEY)


def test_a_promoted_replica_serves_on(serving, replica, new_host, users):
    serving.client.hset(KEY, mapping={**ADA, "visits": "1"})
    wait_caught_up(serving, replica)
    serving.host.stop()
    serving.kill()
    replica.client.replicaof("NO", "ONE")
    with pytest.raises(redis_py.ResponseError, match="NOHOST"):
        replica.client.hincrby(KEY, "visits", 1)
    new_host(replica)
    wait_for(lambda: incremented(replica.client), 20, "the new host serves")
    assert replica.client.hget("users:1", "visits") == "2"
    assert users.row()["visits"] == 2


def test_a_write_under_way_when_its_master_dies(serving, replica, new_host, users):
    """It is committed afterwards: the promoted replica hears of it."""
    serving.client.hset(KEY, mapping={**ADA, "visits": "1"})
    wait_caught_up(serving, replica)
    with users.locked(serving) as table:
        writer = threading.Thread(target=in_doubt, args=(serving.connect(),))
        writer.start()
        wait_for(table.has_waiter)
        serving.kill()
        writer.join(10)
    wait_for(lambda: users.row()["visits"] == 8)
    serving.host.kill()
    replica.client.replicaof("NO", "ONE")
    assert replica.client.hget("users:1", "visits") == "1"
    new_host(replica)
    wait_for(lambda: replica.client.hget("users:1", "visits") == "8", 20)
    assert replica.client.hincrby(KEY, "visits", 1) == 9
    assert users.row()["visits"] == 9


def in_doubt(client):
    with pytest.raises(redis_py.ConnectionError):
        client.hincrby(KEY, "visits", 7)


def test_a_master_that_becomes_a_replica(serving, replica, new_host, users):
    """Its clients are sent away; what they wrote is settled by the other one."""
    serving.client.hset(KEY, mapping={**ADA, "visits": "1"})
    wait_caught_up(serving, replica)
    client = serving.connect()
    told = []

    def write():
        try:
            told.append(client.hincrby(KEY, "visits", 7))
        except redis_py.RedisError as error:
            told.append(str(error))

    with users.locked(serving) as table:
        writer = threading.Thread(target=write)
        writer.start()
        wait_for(table.has_waiter)
        replica.client.replicaof("NO", "ONE")
        serving.client.replicaof("127.0.0.1", replica.port)
        writer.join(10)
        assert told
        assert not isinstance(told[0], int)
    serving.host.stop()
    new_host(replica)
    wait_for(lambda: incremented(replica.client), 20, "the new host serves")
    wait_for(lambda: linked(serving), 20)
    wait_caught_up(replica, serving)
    visits = users.row()["visits"]
    assert visits in (2, 9)
    for server in (serving, replica):
        assert server.client.hget("users:1", "visits") == str(visits)
