"""What a registration leaves to the next one of its name."""

from __future__ import annotations

import json

import pytest

from tests.integration._host_link import DEAD, STREAM, IdleHost
from tests.integration._servers import wait_for

OTHER = "_people-stream-Persons-{06S}"


@pytest.fixture
def server(new_redis):
    return new_redis()


@pytest.fixture
def host(server):
    return IdleHost(server.client)


def unregister(server, registration_id):
    server.client.execute_command("RG.UNREGISTER", registration_id)


def test_a_new_version_goes_on_with_the_streams_of_the_old_one(server, host):
    (old,) = host.register("a", paused=True, revision=3)
    host.register("a", stream=OTHER, replaces=[old])
    server.client.hset("person:1", "a", "1")
    now = server.registration("Persons")
    assert (now["stream"], now["dead"]) == (STREAM, DEAD)
    assert (now["paused"], now["revision"]) == (True, 3)
    assert server.client.xlen(STREAM) == 1
    assert not server.client.exists(OTHER)


def test_the_history_of_fields_grows_where_they_differ(server, host):
    (first,) = host.register("a", "b")
    server.client.hset("person:1", "a", "1")
    end = server.client.xinfo_stream(STREAM)["last-generated-id"]
    (second,) = host.register("b", "a", replaces=[first])
    assert server.registration("Persons")["field_history"] == []
    (third,) = host.register("a", replaces=[second])
    assert server.registration("Persons")["field_history"] == [[end, ["a", "b"]]] or (
        server.registration("Persons")["field_history"] == [[end, ["b", "a"]]]
    )
    host.register(replaces=[third])
    history = server.registration("Persons")["field_history"]
    assert [fields for _, fields in history[1:]] == [["a"]]


def test_a_backlog_without_a_registration_is_an_orphan_until_it_is_taken_up(
    server, host
):
    (old,) = host.register("a")
    server.client.hset("person:1", "a", "1")
    unregister(server, old)
    (orphan,) = server.status()["orphans"]
    assert (orphan["name"], orphan["stream"]) == ("Persons", STREAM)
    assert (orphan["backlog"], orphan["dead_letters"]) == (1, 0)
    assert server.client.info("regear")["regear_orphans"] == 1
    host.register("a", "b", stream=OTHER)
    assert server.status()["orphans"] == []
    taken = server.registration("Persons")
    assert (taken["stream"], taken["backlog"]) == (STREAM, 1)
    assert [fields for _, fields in taken["field_history"]] == [["a"]]


def test_a_replacement_by_another_name_leaves_an_orphan(server, host):
    (old,) = host.register("a")
    server.client.hset("person:1", "a", "1")
    host.register("a", name="People", stream=OTHER, replaces=[old])
    assert [orphan["name"] for orphan in server.status()["orphans"]] == ["Persons"]


def test_an_orphan_survives_a_restart_and_goes_when_it_is_empty(new_redis):
    server = new_redis("--appendonly", "yes", "--appendfsync", "always")
    host = IdleHost(server.client)
    (old,) = host.register("a")
    server.client.hset("person:1", "a", "1")
    host.command("DEAD", "Persons", "dead", "1-1", "_original_key", "person:1")
    unregister(server, old)
    server.kill()
    server.start()
    (orphan,) = server.status()["orphans"]
    assert (orphan["backlog"], orphan["dead_letters"]) == (1, 1)
    server.client.delete(STREAM)
    assert len(server.status()["orphans"]) == 1
    server.client.delete(DEAD)
    wait_for(lambda: not server.status()["orphans"])
    assert "orphan:" not in json.dumps(server.client.hgetall("_regear:registry"))


def test_a_registration_without_a_backlog_leaves_nothing(server, host):
    (old,) = host.register("a")
    server.client.hset("person:1", "a", "1")
    host.trim(server.client.xinfo_stream(STREAM)["last-generated-id"])
    unregister(server, old)
    assert server.status()["orphans"] == []


def test_no_rule_captures_the_keys_of_a_backlog(server, host):
    host.register("a")
    host.register(prefix="_", name="All", stream="_all-stream-All-{06S}")
    for key in (DEAD, "_persons-parked-Persons-{06S}", "_persons-dirty-Persons-{06S}"):
        server.client.hset(key, "a", "1")
    server.client.hset("_other", "a", "1")
    assert server.registration("All")["backlog"] == 1


def test_an_orphan_can_be_purged(server, host):
    (old,) = host.register("a")
    server.client.hset("person:1", "a", "1")
    unregister(server, old)
    assert server.client.execute_command("RG.WRITEBEHIND", "PURGE", "Persons") == 1
    assert server.status()["orphans"] == []
    assert server.status()["captured_lost"] == 0
