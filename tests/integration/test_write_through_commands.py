"""Which commands are written through, and what the others are told."""

from __future__ import annotations

import sqlite3
import threading
import time

import pytest
import redis as redis_py

from tests.integration._raw import Raw
from tests.integration._servers import wait_for

KEY = "__{person:1}"

# The command's name and its arguments; plain is a string, list a list …
REFUSED = [
    ("SET", KEY, "x"),
    ("set", KEY, "x"),
    ("SETEX", KEY, "10", "x"),
    ("GETSET", KEY, "x"),
    ("GETDEL", KEY),
    ("MSET", "other", "1", KEY, "2"),
    ("APPEND", KEY, "x"),
    ("INCR", KEY),
    ("SETBIT", KEY, "1", "1"),
    ("BITOP", "NOT", KEY, "plain"),
    ("PFADD", KEY, "x"),
    ("LPUSH", KEY, "x"),
    ("LMPOP", "2", "other", KEY, "LEFT"),
    ("BLPOP", KEY, "0"),
    ("BLMOVE", "list", KEY, "LEFT", "LEFT", "0"),
    ("SADD", KEY, "x"),
    ("SMOVE", "set", KEY, "x"),
    ("SUNIONSTORE", KEY, "set"),
    ("ZADD", KEY, "1", "x"),
    ("ZUNIONSTORE", KEY, "1", "zset"),
    ("ZUNIONSTORE", "other", "2", "zset", KEY),
    ("SORT", "list", "STORE", KEY),
    ("GEOADD", KEY, "1", "1", "x"),
    ("XADD", KEY, "*", "a", "b"),
    ("XGROUP", "CREATE", KEY, "group", "$", "MKSTREAM"),
    ("RENAME", "plain", KEY),
    ("RENAME", KEY, "plain"),
    ("RENAMENX", "plain", KEY),
    ("COPY", "plain", KEY),
    ("COPY", KEY, "other"),
    ("MOVE", KEY, "1"),
    ("EXPIRE", KEY, "10"),
    ("PERSIST", KEY),
    ("RESTORE", KEY, "0", "nonsense"),
    ("MIGRATE", "127.0.0.1", "1", "", "0", "10", "KEYS", "plain", KEY),
    ("HEXPIRE", KEY, "10", "FIELDS", "1", "a"),
    ("HGETEX", KEY, "EX", "10", "FIELDS", "1", "a"),
]
NEWER = ("HEXPIRE", "HGETEX")  # than Redis 7.0 and Valkey 8

READS = [
    ("HGETALL", KEY),
    ("HGET", KEY, "first_name"),
    ("GET", KEY),
    ("EXISTS", KEY, "plain"),
    ("TYPE", KEY),
    ("TTL", KEY),
    ("DUMP", KEY),
    ("STRLEN", KEY),
    ("OBJECT", "ENCODING", KEY),
    ("LRANGE", KEY, "0", "-1"),
    ("SCAN", "0", "MATCH", KEY),
    ("WATCH", KEY),
    ("XRANGE", KEY, "-", "+"),
]


def recipe(database, arguments=""):
    mapping = {"first_name": "first", "last_name": "last", "age": "age"}
    return (
        "from rgsync import RGWriteThrough\n"
        "from rgsync.Connectors import SQLiteConnection, SQLiteConnector\n"
        f"connection = SQLiteConnection({str(database.path)!r})\n"
        "connector = SQLiteConnector(connection, 'persons', 'person_id')\n"
        f"RGWriteThrough(GB, '__', {mapping!r}, connector, 'Persons', {arguments})\n"
    )


@pytest.fixture
def server(redis_with_module, host, sqlite_db):
    """A server that writes __{person:*} through, with a key of each type."""
    assert redis_with_module.execute(recipe(sqlite_db)) == "OK"
    client = redis_with_module.client
    client.set("plain", "x")
    client.rpush("list", "1")
    client.sadd("set", "x")
    client.zadd("zset", {"x": 1})
    return redis_with_module


def contents(client):
    """Each key that is no own one of regear, with its value."""
    return {key: client.dump(key) for key in client.scan_iter() if key[0] != "_"}


@pytest.fixture
def raw(server):
    with Raw(server.port) as client:
        yield client


def test_other_writes_are_refused_by_name(server, raw):
    before = contents(server.client)
    for command in REFUSED:
        reply = raw(*command)
        if command[0] in NEWER and "unknown command" in reply:
            continue
        assert reply.startswith(
            f"-WRITETHROUGH {command[0].upper()} cannot be written through,"
            " nothing was written: use HSET, "
        ), command
    assert contents(server.client) == before
    assert not server.client.exists(KEY)


def test_reads_never_wait_nor_are_refused(raw, host):
    host.stop()
    for command in READS:
        assert "WRITETHROUGH" not in str(raw(*command)), command


def test_only_keys_count(server):
    client = server.client
    assert client.set("plain", KEY)
    assert client.rpush("list", KEY) == 2
    assert client.hset("hash", KEY, KEY) == 1
    assert client.publish(KEY, KEY) == 0
    assert client.eval("return redis.call('GET', KEYS[2])", 2, KEY, "plain") == KEY
    assert client.sort("list", by="nosort", get=KEY) == [None, None]


def test_errors_of_the_server_are_its_own(raw):
    for command, error in (
        (("SET", KEY), "wrong number of arguments for 'set' command"),
        (("HSET", KEY, "a"), "wrong number of arguments for 'hset' command"),
        (("HSET", KEY, "a", "b", "c"), "wrong number of arguments for 'hset' command"),
        (("NOSUCHCOMMAND", KEY), "unknown command 'NOSUCHCOMMAND'"),
        (("XGROUP", "NOSUCH", KEY), "unknown subcommand"),
    ):
        assert error in raw(*command)


def test_a_delete_of_other_keys_too_is_refused(server, raw, sqlite_db):
    assert raw("HSET", KEY, "first_name", "Ada") == 1
    assert raw("DEL", "plain", KEY).startswith("-WRITETHROUGH")
    assert raw("UNLINK", KEY, "plain").startswith("-WRITETHROUGH")
    assert server.client.exists("plain", "person:1") == 2
    assert list(sqlite_db.persons()) == ["1"]


def test_numbers_are_those_that_redis_takes(raw, sqlite_db):
    raw("HSET", "person:1", "age", "007", "first_name", "x")
    for command, arguments in (
        ("HINCRBY", ("age", "1")),
        ("HINCRBY", ("last_name", "+1")),
        ("HINCRBY", ("last_name", "01")),
        ("HINCRBY", ("last_name", "-0")),
        ("HINCRBY", ("last_name", "9223372036854775808")),
        ("HINCRBYFLOAT", ("first_name", "1")),
        ("HINCRBYFLOAT", ("age", " 1")),
        ("HINCRBYFLOAT", ("age", "nan")),
        ("HINCRBYFLOAT", ("age", "inf")),
        ("HINCRBYFLOAT", ("age", "1e9999")),
    ):
        reply = raw(command, KEY, *arguments)
        assert reply.startswith("-ERR ")
        assert reply == raw(command, "person:1", *arguments)
    assert sqlite_db.persons() == {}
    assert raw("HINCRBYFLOAT", KEY, "age", "+1.5") == "8.5"
    assert raw("HINCRBYFLOAT", KEY, "age", "0x10") == "24.5"
    assert sqlite_db.persons()["1"][2] == 24.5


def test_a_full_memory_is_told_before_the_database_is_asked(server, raw, sqlite_db):
    raw("HSET", KEY, "first_name", "Ada")
    server.client.config_set("maxmemory", 1)
    assert raw("HSET", KEY, "first_name", "Bob").startswith("-OOM ")
    assert sqlite_db.persons()["1"][0] == "Ada"
    assert raw("DEL", KEY) == 1  # frees some
    assert sqlite_db.persons() == {}


def test_where_writes_are_not_allowed_the_database_is_not_asked(server, raw, sqlite_db):
    server.client.config_set("min-replicas-to-write", 1)
    assert raw("HSET", KEY, "first_name", "Ada").startswith("-NOREPLICAS")
    assert raw("DEL", KEY).startswith("-NOREPLICAS")
    assert sqlite_db.persons() == {}


def test_in_other_databases_such_keys_are_as_any(raw, sqlite_db):
    assert raw("SELECT", "1") == "OK"
    assert raw("HSET", KEY, "first_name", "Ada") == 1
    assert raw("RENAME", KEY, "other") == "OK"
    assert raw("SET", KEY, "x") == "OK"
    assert raw("HSET", KEY, "a", "b").startswith("-WRONGTYPE")
    assert raw("EVAL", "return redis.call('APPEND', KEYS[1], 'y')", "1", KEY) == 2
    assert raw("MULTI") == "OK"
    assert raw("APPEND", KEY, "z") == "QUEUED"
    assert raw("EXEC") == [3]
    assert raw("DEL", KEY, "other") == 2
    assert raw("BLPOP", KEY, "0.05") is None
    assert sqlite_db.persons() == {}


def test_the_database_counts_in_which_a_transaction_runs_the_command(server, raw):
    raw("SELECT", "1")
    for command in (
        ("MULTI",),
        ("SELECT", "0"),
        ("SET", KEY, "x"),
        ("SELECT", "1"),
        ("SET", KEY, "y"),
    ):
        raw(*command)
    replies = raw("EXEC")
    assert replies[1].startswith("-WRITETHROUGH SET cannot")
    assert replies[3] == "OK"
    assert not server.client.exists(KEY)


def test_a_transaction_goes_on_without_such_writes(server, sqlite_db):
    pipeline = server.client.pipeline()
    pipeline.set("before", "1")
    pipeline.hset(KEY, "first_name", "Ada")
    pipeline.lpush(KEY, "x")
    pipeline.delete(KEY)
    pipeline.incr("before")
    replies = pipeline.execute(raise_on_error=False)
    assert replies[0] is True
    assert "pipeline(transaction=False)" in str(replies[1])
    assert str(replies[2]).startswith("WRITETHROUGH LPUSH cannot")
    assert "pipeline(transaction=False)" in str(replies[3])
    assert replies[4] == 2
    assert sqlite_db.persons() == {}
    assert not server.client.exists(KEY, "person:1")
    with pytest.raises(redis_py.ResponseError, match=r"Command # 1 .*WRITETHROUGH"):
        server.client.pipeline().hset(KEY, "first_name", "Ada").execute()


def test_a_script_gets_the_error_and_decides(raw, sqlite_db):
    script = "redis.call('SET', 'before', 1) return redis.call('HSET', KEYS[1], 'a', 1)"
    assert "pipeline(transaction=False)" in raw("EVAL", script, "1", KEY)
    assert raw("GET", "before") == "1"  # what a script wrote stays
    caught = "local reply = redis.pcall('DEL', KEYS[1]) return {reply.err, 'on'}"
    error, after = raw("EVAL", caught, "1", KEY)
    assert "WRITETHROUGH" in error
    assert after == "on"
    refused = raw("EVAL", "return redis.call('SET', KEYS[1], 1)", "1", KEY)
    assert "WRITETHROUGH SET cannot" in refused
    assert sqlite_db.persons() == {}


def test_a_paused_write_runs_once(server, raw, sqlite_db):
    server.client.client_pause(300, all=False)
    began = time.monotonic()
    assert raw("HSET", KEY, "first_name", "Ada") == 1
    assert time.monotonic() - began > 0.2
    server.client.client_pause(100, all=False)
    assert raw("SET", KEY, "x").startswith("-WRITETHROUGH SET")
    assert sqlite_db.persons()["1"][0] == "Ada"


def test_own_commands_run_nothing_else(raw):
    raw("SET", "secret", "x")
    for name in ("RG.WT", "rg.wtn"):
        for command in (
            ("GET", "secret"),
            ("SET", "plain", "y"),
            ("FLUSHALL", "SYNC"),
            ("CONFIG", "SET", "maxmemory", "1"),
            ("SUBSCRIBE", KEY),
            ("EVAL", "return 1", "1", KEY),
            ("RG.WT", "SET", KEY, "y"),
        ):
            assert raw(name, *command) == "-ERR rg.wt does not run this command"
        assert raw(name, "SET", KEY, "y").startswith("-WRITETHROUGH SET")
        assert raw(name, "SET").startswith("-ERR wrong number")


def test_a_replica_gets_what_was_applied_and_intercepts_nothing(
    server, raw, new_redis, sqlite_db
):
    replica = new_redis("--replicaof", f"127.0.0.1 {server.port}")
    wait_for(lambda: replica.client.info("replication")["master_link_status"] == "up")
    raw("HSET", KEY, "first_name", "Ada", "age", "3")
    raw("HINCRBY", KEY, "age", "4")
    wait_for(lambda: replica.client.hget("person:1", "age") == "7")
    with Raw(replica.port) as client:
        assert client("SET", KEY, "x").startswith("-READONLY")
        assert client("HSET", KEY, "a", "x").startswith("-READONLY")
        client("CONFIG", "SET", "replica-read-only", "no")
        assert client("SET", KEY, "x") == "OK"
    assert sqlite_db.persons()["1"] == ("Ada", None, 7)


def test_keys_of_a_word_prefix_are_told_so(redis_with_module, host, sqlite_db):
    source = recipe(sqlite_db).replace("'__'", "'todos'")
    assert redis_with_module.execute(source) == "OK"
    with Raw(redis_with_module.port) as raw:
        assert raw("HSET", "todos:7", "first_name", "Ada") == 1
        error = raw("EXPIRE", "todos:7", "10")
        assert error.startswith("-WRITETHROUGH EXPIRE cannot")
        assert "braces" not in error
        assert "braces" in raw("EXPIRE", "todos{todo:7}", "10")
        assert raw("EXPIRE", "todos", "10") == 0
        assert raw("TTL", "todos:7") == -1
    assert list(sqlite_db.persons()) == ["7"]


def test_unregistered_keys_are_plain_again(server, raw):
    pair = server.client.execute_command("RG.DUMPREGISTRATIONS")
    assert raw("RG.UNREGISTER", pair[0][1]) == "OK"
    assert raw("SET", KEY, "x") == "OK"


def test_refusals_wait_for_nobody(server):
    """Each client gets its own replies, in order, whoever else waits."""
    failures = []

    def client():
        with Raw(server.port) as raw:
            for _ in range(100):
                raw.send("HINCRBY", KEY, "age", "1")
                raw.send("SET", KEY, "x")
                if not isinstance(raw.reply(), int):
                    failures.append("HINCRBY")
                if not raw.reply().startswith("-WRITETHROUGH SET"):
                    failures.append("SET")

    threads = [threading.Thread(target=client) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert failures == []
    assert not server.client.exists(KEY)
    assert server.client.hget("person:1", "age") == "400"


@pytest.fixture
def newer(raw):
    """Where the server has HSETEX and HGETDEL."""
    if "unknown command" in str(raw("HGETDEL", "none", "FIELDS", "1", "a")):
        pytest.skip("this server has neither HSETEX nor HGETDEL")
    return raw


def row(database):
    return database.persons().get("1")


def test_hsetex_is_written_through(newer, sqlite_db):
    raw = newer
    words = ("FIELDS", "2", "first_name", "Ada", "age", "3")
    assert raw("HSETEX", KEY, "EX", "100", *words) == 1
    assert row(sqlite_db) == ("Ada", None, 3)
    assert raw("HTTL", "person:1", "FIELDS", "1", "age") == [100]
    assert raw("HSETEX", KEY, "keepttl", "fields", "1", "age", "4") == 1
    assert raw("HTTL", "person:1", "FIELDS", "1", "age") == [100]
    assert raw("HSETEX", KEY, "FIELDS", "1", "age", "5") == 1
    assert raw("HTTL", "person:1", "FIELDS", "1", "age") == [-1]
    assert row(sqlite_db) == ("Ada", None, 5)
    # Conditions count all fields.
    both = ("FIELDS", "2", "age", "6", "last_name", "x")
    assert raw("HSETEX", KEY, "FNX", *both) == 0
    assert raw("HSETEX", KEY, "FXX", *both) == 0
    assert row(sqlite_db) == ("Ada", None, 5)
    assert raw("HSETEX", KEY, "FXX", "FIELDS", "1", "age", "6") == 1
    assert raw("HSETEX", KEY, "FNX", "FIELDS", "1", "last_name", "x") == 1
    assert row(sqlite_db) == ("Ada", "x", 6)


def test_fields_that_are_set_to_the_past_are_removed(newer, sqlite_db):
    raw = newer
    raw("HSET", KEY, "first_name", "Ada", "age", "3")
    assert raw("HSETEX", KEY, "EXAT", "1", "FIELDS", "1", "age", "4") == 1
    assert raw("HGETALL", "person:1") == ["first_name", "Ada"]
    assert row(sqlite_db) == ("Ada", None, None)
    assert raw("HSETEX", KEY, "PX", "0", "FIELDS", "1", "last_name", "x") == 1
    assert row(sqlite_db) == ("Ada", None, None)
    assert raw("HSETEX", KEY, "PXAT", "1", "FIELDS", "1", "first_name", "x") == 1
    assert raw("EXISTS", "person:1") == 0
    assert row(sqlite_db) is None


def test_hgetdel_is_written_through(newer, sqlite_db):
    raw = newer
    raw("HSET", KEY, "first_name", "Ada", "age", "3", "plain", "x")
    reply = raw("HGETDEL", KEY, "FIELDS", "4", "age", "none", "age", "plain")
    assert reply == ["3", None, None, "x"]
    assert row(sqlite_db) == ("Ada", None, None)
    assert raw("HGETDEL", KEY, "FIELDS", "1", "age") == [None]
    assert raw("HGETDEL", KEY, "fields", "1", "first_name") == ["Ada"]
    assert raw("EXISTS", "person:1") == 0
    assert row(sqlite_db) is None
    assert raw("HGETDEL", KEY, "FIELDS", "1", "age") == [None]


def test_what_is_wrong_with_them_is_said_as_redis_does(newer, sqlite_db):
    raw = newer
    latest = 70368744177663
    raw("SET", "person:2", "a string")
    for words in (
        ("HSETEX", "EX", "10", "a", "b"),
        ("HSETEX", "FIELDS", "2", "age", "1"),
        ("HSETEX", "FIELDS", "1", "age", "1", "last_name", "x"),
        ("HSETEX", "FIELDS", "1", "age", "1", "EX", "10"),
        ("HSETEX", "FIELDS", "0", "age", "1"),
        ("HSETEX", "FIELDS", "x", "age", "1"),
        ("HSETEX", "FIELDS", "2147483648", "age", "1"),
        ("HSETEX", "FIELDS", "1", "age"),
        ("HSETEX", "FXX", "FNX", "FIELDS", "1", "age", "1"),
        ("HSETEX", "FNX", "FNX", "FIELDS", "1", "age", "1"),
        ("HSETEX", "EX", "1", "PX", "1", "FIELDS", "1", "age", "1"),
        ("HSETEX", "KEEPTTL", "EX", "1", "FIELDS", "1", "age", "1"),
        ("HSETEX", "EX", "-1", "FIELDS", "1", "age", "1"),
        ("HSETEX", "EX", "01", "FIELDS", "1", "age", "1"),
        ("HSETEX", "EX", "FIELDS", "1", "age", "1"),
        ("HSETEX", "PXAT", latest + 1, "FIELDS", "1", "age", "1"),
        ("HSETEX", "EXAT", latest // 1000 + 1, "FIELDS", "1", "age", "1"),
        ("HSETEX", "PX", latest, "FIELDS", "1", "age", "1"),
        ("HSETEX", "nonsense", "5", "FIELDS", "1", "age", "1"),
        ("HGETDEL", "FIELDS", "2", "age"),
        ("HGETDEL", "FIELDS", "1", "age", "last_name"),
        ("HGETDEL", "FIELDS", "0", "age"),
        ("HGETDEL", "FIELDS", "x", "age"),
        ("HGETDEL", "NOPE", "1", "age"),
        ("HGETDEL", "1", "age", "FIELDS"),
        ("HGETDEL", "FIELDS", "0"),
    ):
        name, *rest = words
        reply = raw(name, KEY, *rest)
        assert reply == raw(name, "person:1", *rest), words
        assert reply.startswith("-ERR "), words
    for words in (
        ("HSETEX", "__{person:2}", "FIELDS", "1", "age", "1"),
        ("HGETDEL", "__{person:2}", "FIELDS", "1", "age"),
    ):
        assert raw(*words).startswith("-WRONGTYPE")
    assert sqlite_db.persons() == {}
    assert raw("HSETEX", KEY, "PXAT", latest, "FIELDS", "1", "age", "1") == 1


def test_the_operation_field_is_one_of_hset_only(raw, sqlite_db):
    for words in (
        ("HSETNX", KEY, "#", "~"),
        ("HINCRBY", KEY, "#", "1"),
        ("HSETEX", KEY, "FIELDS", "1", "#", "+"),
    ):
        reply = raw(*words)
        assert "unknown command" in reply or "'#' is an operation of HSET" in reply
    assert raw("EXISTS", "person:1", KEY) == 0
    assert sqlite_db.persons() == {}


class HeldDatabase:
    """While one lives, nobody else writes."""

    def __init__(self, database):
        self._connection = sqlite3.connect(database.path, isolation_level=None)

    def __enter__(self):
        self._connection.execute("BEGIN IMMEDIATE")
        return self

    def __exit__(self, *_):
        self._connection.rollback()
        self._connection.close()


def written_meanwhile(server, raw, database, command, *meanwhile):
    """The reply to ``command``, while whose commit others write the key."""

    def in_flight():
        return server.registration("Persons")["through"]["in_flight"]

    assert raw("HSET", "__{person:9}", "age", "9") == 1  # the host is ready
    with HeldDatabase(database):
        raw.send(*command)
        wait_for(in_flight)
        server.client.execute_command(*meanwhile)
    return raw.reply()


def test_hsetex_keeps_its_time_to_live_where_others_wrote(server, newer, sqlite_db):
    raw = newer
    reply = written_meanwhile(
        server,
        raw,
        sqlite_db,
        ("HSETEX", KEY, "FNX", "EX", "100", "FIELDS", "1", "age", "1"),
        *("HSET", "person:1", "age", "2", "plain", "x"),
    )
    assert reply == 1
    assert row(sqlite_db) == (None, None, 1)
    assert raw("HMGET", "person:1", "age", "plain") == ["1", "x"]
    assert raw("HTTL", "person:1", "FIELDS", "2", "age", "plain") == [100, -1]


def test_hgetdel_replies_what_the_row_lost_where_others_wrote(server, newer, sqlite_db):
    raw = newer
    raw("HSET", KEY, "age", "1", "first_name", "Ada")
    reply = written_meanwhile(
        server,
        raw,
        sqlite_db,
        ("HGETDEL", KEY, "FIELDS", "2", "age", "none"),
        *("HSET", "person:1", "age", "2", "plain", "x"),
    )
    assert reply == ["1", None]
    assert row(sqlite_db) == ("Ada", None, None)
    assert raw("HMGET", "person:1", "age", "first_name", "plain") == [None, "Ada", "x"]
