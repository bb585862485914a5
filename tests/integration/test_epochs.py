"""Each life of the data set is an epoch, and is told apart by its id."""

from __future__ import annotations

import json

import pytest
import redis

import regear
from tests.integration._host_link import STREAM, IdleHost
from tests.integration._servers import wait_for

LOAD_MODULE = ("MODULE", "LOAD", regear.module_path(), "Host", "none")


def last_id(client):
    return client.xinfo_stream(STREAM)["last-generated-id"]


@pytest.fixture
def server(new_redis):
    """With a registration and a change; its data survive a restart."""
    server = new_redis("--appendonly", "yes", "--appendfsync", "always")
    IdleHost(server.client).register("a")
    server.client.hset("person:1", "a", "1")
    return server


def test_the_first_epoch_begins_with_the_first_host(server):
    ((number, epoch_id, start),) = IdleHost(server.client).epochs()
    attached = IdleHost(server.client).attach()
    assert (number, epoch_id) == (attached["epoch"], attached["epoch_id"])
    assert len(epoch_id) == 32
    assert start == "0-0"


@pytest.mark.parametrize("how", ["restart", "kill", "reload", "loadaof"])
def test_a_load_begins_an_epoch_where_the_stream_ended(server, how):
    before = IdleHost(server.client).epochs()
    end = last_id(server.client)
    if how in ("restart", "kill"):
        server.kill() if how == "kill" else server.stop()
        server.start()
    else:
        server.client.execute_command("DEBUG", how)
    server.client.hset("person:1", "a", "2")
    after = IdleHost(server.client, "b" * 32).epochs()
    assert after[:-1] == before
    assert after[-1][0] == before[-1][0] + 1
    assert after[-1][1] != before[-1][1]
    assert after[-1][2] == end


def test_an_epoch_is_as_durable_as_the_first_change_in_it(server):
    server.client.execute_command("DEBUG", "RELOAD")
    server.client.hset("person:1", "a", "2")
    stored = json.loads(server.client.hget("_regear:registry", "meta"))["epochs"]
    server.kill()
    server.start()
    assert [e[:2] for e in stored] == [
        list(e[:2]) for e in IdleHost(server.client).epochs()[:-1]
    ]


def test_a_host_attaches_anew_when_an_epoch_begins(server):
    host = IdleHost(server.client)
    fence = host.attach()["fence"]
    server.client.execute_command("DEBUG", "RELOAD")
    with pytest.raises(redis.ResponseError, match="FENCED"):
        server.client.execute_command("RG.HOST", "RENEW", fence)
    assert host.attach()["fence"] == fence + 1


def test_a_promotion_begins_an_epoch(new_redis, server):
    master = server.client
    replica = new_redis().client
    before = IdleHost(master).epochs()
    replica.replicaof("127.0.0.1", server.port)
    wait_for(lambda: replica.info("replication")["master_link_status"] == "up")
    end = last_id(replica)
    replica.replicaof("NO", "ONE")
    replica.hset("person:1", "a", "2")
    after = IdleHost(replica).epochs()
    assert after[:-1] == before
    assert after[-1][2] == end


def test_a_module_loaded_over_a_registry_begins_an_epoch(new_redis, server):
    before = IdleHost(server.client).epochs()
    server.client.config_set("appendonly", "no")
    server.client.save()
    dump = server.folder / "dump.rdb"
    bare = new_redis("--enable-module-command", "yes", module=False, rdb=dump)
    bare.client.execute_command(*LOAD_MODULE)
    bare.client.hset("person:1", "a", "2")
    after = IdleHost(bare.client).epochs()
    assert after[:-1] == before
    assert len(after) == len(before) + 1
    assert bare.client.xlen(STREAM) == 2


def test_epochs_are_bounded(server):
    for _ in range(70):
        server.client.execute_command("DEBUG", "RELOAD")
    epochs = IdleHost(server.client).epochs()
    assert len(epochs) == 64
    assert epochs[-1][0] == 71


def test_a_registry_that_knew_one_epoch_only_is_understood(new_redis, server):
    meta = json.loads(server.client.hget("_regear:registry", "meta"))
    del meta["epochs"]
    bare = new_redis("--enable-module-command", "yes", module=False)
    for field, value in server.client.hgetall("_regear:registry").items():
        bare.client.hset("_regear:registry", field, value)
    bare.client.hset("_regear:registry", "meta", json.dumps(meta))
    bare.client.execute_command(*LOAD_MODULE)
    epochs = IdleHost(bare.client).epochs()
    assert [epoch[:2] for epoch in epochs] == [
        (1, meta["epoch_id"]),
        (2, epochs[-1][1]),
    ]
