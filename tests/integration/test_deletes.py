"""Deletes that the server does not announce, and departures that are none."""

from __future__ import annotations

import shutil
import subprocess

import pytest
import redis

from tests.conftest import missing
from tests.integration._host_link import IdleHost, entries

OPTIONS = {"delete_missing": True}
DELETED = ("person:1", "del", "~", [])


@pytest.fixture
def server(new_redis):
    server = new_redis()
    IdleHost(server.client).register("a", **OPTIONS)
    return server


def user(server, *rules):
    server.client.execute_command("ACL", "SETUSER", "tester", *rules)
    return server.connect(username="tester", password="secret", decode_responses=True)


def knows_users(server):
    """Redis 7.0 does not say whose command it is."""
    return server.client.info("server")["redis_version"] >= "7.2"


@pytest.mark.parametrize(
    ("rules", "captured", "captured_on_7_0"),
    [
        (["~*", "+@all"], True, True),
        (["~person:*", "+@all"], True, True),
        (["%W~*", "+@all"], True, True),
        (["~*", "-@all", "+@write"], True, False),
        (["~*", "-@all", "+del", "+rg.del"], True, False),
        (["~*", "-@all", "+del"], False, False),
        (["~*", "+@all", "-rg.del"], False, False),
        (["~other", "-@all", "(~person:* +@all)"], True, False),
    ],
    ids=str,
)
def test_del_of_a_missing_key_takes_no_right(server, rules, captured, captured_on_7_0):
    client = user(server, "on", ">secret", "resetkeys", *rules)
    assert client.delete("person:1") == 0
    with client.pipeline(transaction=False) as pipeline:
        assert pipeline.delete("person:1").execute() == [0]
    captured = captured if knows_users(server) else captured_on_7_0
    assert entries(server.client) == ([DELETED, DELETED] if captured else [])


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        (["~*", "+@all", "-del"], "'del' command"),
        (["~other", "+@all"], "key"),
        (["%R~*", "+@all"], "key"),
    ],
    ids=str,
)
@pytest.mark.parametrize("command", ["DEL", "rg.del DEL"])
def test_who_may_not_delete_captures_nothing(server, rules, message, command):
    client = user(server, "on", ">secret", "resetkeys", *rules)
    with pytest.raises(redis.exceptions.NoPermissionError, match=message):
        client.execute_command(*command.split(), "person:1")
    assert entries(server.client) == []


def test_a_stranger_captures_nothing(server):
    server.client.config_set("requirepass", "secret")
    stranger = server.connect(decode_responses=True)
    with pytest.raises(redis.AuthenticationError):
        stranger.delete("person:1")
    known = server.connect(password="secret", decode_responses=True)
    assert known.delete("person:1") == 0
    assert entries(known) == [DELETED]


def test_right_taken_from_a_queued_command(server):
    client = user(server, "on", ">secret", "~*", "+@all")
    with client.pipeline() as transaction:
        transaction.delete("person:1")
        server.client.execute_command("ACL", "SETUSER", "tester", "-del")
        # redis-py sends the transaction only now.
        with pytest.raises(redis.ResponseError, match="'del' command"):
            transaction.execute()
    assert entries(server.client) == []


def test_the_log_of_commands_shows_the_plain_command(new_redis):
    server = new_redis("--appendonly", "yes", "--appendfsync", "always")
    IdleHost(server.client).register("a", **OPTIONS)
    server.client.config_set("slowlog-log-slower-than", 0)
    server.client.hset("person:1", "a", "1")
    assert server.client.delete("person:1", "person:2") == 1
    text = b"".join(
        path.read_bytes() for path in (server.folder / "appendonlydir").iterdir()
    )
    assert b"rg.del" not in text
    assert b"DEL\r\n$8\r\nperson:1" in text
    names = {entry["command"].split()[0] for entry in server.client.slowlog_get()}
    assert b"rg.del" not in names


def test_arguments_of_rg_del(server):
    for arguments in ("GET", "person:1"), ("DEL",), ():
        with pytest.raises(redis.ResponseError):
            server.client.execute_command("rg.del", *arguments)
    assert entries(server.client) == []


MIGRATIONS = {
    "one key": (["person:1", 0, 5000], False),
    "a list of keys": (["", 0, 5000, "KEYS", "person:1", "person:2"], False),
    "one key, copied": (["person:1", 0, 5000, "COPY"], True),
}


@pytest.mark.parametrize("in_multi", [False, True])
@pytest.mark.parametrize("name", MIGRATIONS)
def test_migrated_key_keeps_its_row(server, new_redis, name, in_multi):
    arguments, stays = MIGRATIONS[name]
    target = new_redis()
    client = server.client
    client.hset("person:1", "a", "1")
    written = entries(client)
    with client.pipeline(transaction=in_multi) as pipeline:
        pipeline.execute_command("MIGRATE", "127.0.0.1", target.port, *arguments)
        pipeline.execute()
    assert target.client.hgetall("person:1") == {"a": "1"}
    assert client.exists("person:1") == stays
    assert entries(client) == written
    client.hset("person:1", "a", "2")
    with client.pipeline(transaction=in_multi) as pipeline:
        pipeline.delete("person:1").execute()
    assert [entry[1] for entry in entries(client)] == ["hset", "hset", "del"]


MODULE = r"""
#include <stddef.h>
typedef struct RedisModuleCtx Ctx; typedef struct RedisModuleString String;
static void *(*Call)(Ctx *, const char *, const char *, ...);
static void (*FreeCallReply)(void *);
static int (*ReplyWithSimpleString)(Ctx *, const char *);

/* put.both key: two writes, as RedisGears functions do them. */
static int Put(Ctx *ctx, String **argv, int argc) {
  FreeCallReply(Call(ctx, "HSET", "!scc", argv[1], "a", "1"));
  FreeCallReply(Call(ctx, "DEL", "!s", argv[1]));
  FreeCallReply(Call(ctx, "HSET", "!scc", argv[1], "a", "2"));
  return ReplyWithSimpleString(ctx, argc == 2 ? "OK" : "?");
}

int RedisModule_OnLoad(Ctx *ctx, String **argv, int argc) {
  int (*get)(const char *, void *) = *(int (**)(const char *, void *))ctx;
  void (*attribs)(Ctx *, const char *, int, int);
  int (*create)(Ctx *, const char *, int (*)(Ctx *, String **, int), const char *,
                int, int, int);
  get("RedisModule_SetModuleAttribs", &attribs);
  get("RedisModule_CreateCommand", &create);
  get("RedisModule_Call", &Call);
  get("RedisModule_FreeCallReply", &FreeCallReply);
  get("RedisModule_ReplyWithSimpleString", &ReplyWithSimpleString);
  (void)argv, (void)argc;
  attribs(ctx, "put", 1, 1);
  return create(ctx, "put.both", Put, "write", 1, 1, 1);
}
"""


def test_writes_of_another_module(new_redis, folder):
    compiler = shutil.which("cc") or missing("cc")
    source = folder / "put.c"
    source.write_text(MODULE)
    command = [compiler, "-shared", "-fPIC", "-o", folder / "put.so", source]
    subprocess.run(command, check=True)
    client = new_redis("--loadmodule", str(folder / "put.so")).client
    IdleHost(client).register("a", **OPTIONS)
    client.execute_command("put.both", "person:1")
    # One unit or three, as the server tells; the changes are the same.
    assert [(event, op[0], rest) for _, event, op, rest in entries(client)] == [
        ("hset", "=", ["a", "1"]),
        ("del", "~", []),
        ("hset", "=", ["a", "2"]),
    ]
