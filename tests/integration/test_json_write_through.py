"""Documents that are in the target before the client is answered."""

from __future__ import annotations

import json
import os
import random
import threading

import pytest
import redis as redis_py

from tests.integration._documents import DocumentTable, any_command
from tests.integration._servers import wait_for

COMMANDS = int(os.environ.get("REGEAR_COMMANDS", 600))
KEYS = ["todos:1", "todos:two:zwei", "todos:ключ", "todos:7"]


@pytest.fixture
def table(folder):
    return DocumentTable(folder)


@pytest.fixture
def server(new_redis, new_host, table):
    server = new_redis(json=True)
    server.host = new_host(server)
    recipe = table.recipe("RGJSONWriteThrough", "todos")
    assert server.execute(recipe) == "OK"
    wait_for(lambda: server.state("Documents") == "running")
    return server


def outcome(client, command):
    try:
        return client.execute_command(*command)
    except redis_py.ResponseError as error:
        return f"error: {error}"


def documents(client, keys=KEYS):
    texts = {key: client.execute_command("JSON.GET", key) for key in keys}
    return {
        key.partition(":")[2]: json.loads(text) for key, text in texts.items() if text
    }


@pytest.mark.parametrize("protocol", [2, 3])
def test_clients_see_what_redis_without_us_shows_and_rows_equal_keys(
    server, new_redis, table, protocol
):
    seed = int(os.environ.get("REGEAR_SEED", random.randrange(2**32)))
    print(f"REGEAR_SEED={seed}")
    chooser = random.Random(seed)
    plain = new_redis(json=True, module=False).connect(
        decode_responses=True, protocol=protocol
    )
    client = server.connect(decode_responses=True, protocol=protocol)
    for _ in range(COMMANDS):
        command = any_command(chooser, KEYS)
        assert outcome(client, command) == outcome(plain, command), command
        assert table.documents() == documents(client), command
    assert documents(client) == documents(plain)
    assert set(client.keys("*")) == {"_regear:registry", *plain.keys("*")}


def test_the_key_in_braces_is_the_real_one(server, table):
    client = server.client
    assert client.execute_command("JSON.SET", "todos{list:7}", "$", '{"a":1}') == "OK"
    assert table.documents() == {"7": {"a": 1}}
    assert sorted(client.keys("*")) == ["_regear:registry", "list:7"]
    client.execute_command("JSON.NUMINCRBY", "todos{list:7}", "$.a", 2)
    assert client.execute_command("JSON.GET", "list:7") == '{"a":3}'
    assert table.documents() == {"7": {"a": 3}}


def test_a_refused_document_changes_neither_side(server, table):
    client = server.client
    client.execute_command("JSON.SET", KEYS[0], "$", '{"a":1}')
    with pytest.raises(redis_py.ResponseError, match=r"^WRITETHROUGH .*not want it"):
        client.execute_command("JSON.SET", KEYS[0], "$.a", '"refuse me"')
    assert client.execute_command("JSON.GET", KEYS[0]) == '{"a":1}'
    assert table.documents() == {"1": {"a": 1}}


@pytest.mark.parametrize(
    "command",
    [
        ["HSET", KEYS[0], "a", "1"],
        ["SET", KEYS[0], "1"],
        ["EXPIRE", KEYS[0], "100"],
        ["RENAME", "other", KEYS[0]],
    ],
)
def test_other_commands_on_such_a_key_are_refused_by_name(server, command):
    server.client.set("other", "1")
    with pytest.raises(redis_py.ResponseError, match=f"{command[0]} cannot be .*JSON"):
        server.client.execute_command(*command)


def test_inside_multi_the_error_names_the_remedy(server, table):
    pipeline = server.client.pipeline()
    pipeline.execute_command("JSON.SET", KEYS[0], "$", "1")
    with pytest.raises(redis_py.ResponseError, match="transaction=False"):
        pipeline.execute()
    assert table.documents() == {}


def test_without_a_host_nothing_happens(server):
    server.host.stop()
    with pytest.raises(redis_py.ResponseError, match=r"^NOHOST"):
        server.client.execute_command("JSON.SET", KEYS[0], "$", "1")
    assert not server.client.exists(KEYS[0])


def test_what_is_committed_is_applied_over_a_plain_write_meanwhile(server, table):
    client, told = server.client, []
    client.execute_command("JSON.SET", "todos{doc:1}", "$", '{"n":1}')
    table.hold()
    other = server.connect()
    writer = threading.Thread(
        target=lambda: told.append(
            other.execute_command("JSON.NUMINCRBY", "todos{doc:1}", "$.n", 5)
        )
    )
    writer.start()
    wait_for(table.busy.exists)
    client.execute_command("JSON.SET", "doc:1", "$", '{"n":100,"x":1}')
    table.release()
    writer.join(20)
    assert json.loads(told[0]) == [6]
    assert client.execute_command("JSON.GET", "doc:1") == '{"n":6}'
    assert table.documents() == {"1": {"n": 6}}


def test_a_killed_host_leaves_both_sides_equal(server, new_host, table):
    client, told = server.client, []
    client.execute_command("JSON.SET", KEYS[0], "$", '{"n":1}')
    table.hold()

    def increment():
        with pytest.raises(redis_py.ResponseError, match=r"^INDOUBT") as error:
            server.connect().execute_command("JSON.NUMINCRBY", KEYS[0], "$.n", 5)
        told.append(error)

    writer = threading.Thread(target=increment)
    writer.start()
    wait_for(table.busy.exists)
    server.host.kill()
    writer.join(20)
    assert told
    table.release()
    new_host(server)
    wait_for(lambda: table.documents() == {"1": {"n": 6}})
    wait_for(lambda: client.execute_command("JSON.GET", KEYS[0]) == '{"n":6}')


def test_documents_of_a_megabyte(server, table):
    text = json.dumps({"text": "x" * 1_000_000, "n": 1})
    client = server.client
    assert client.execute_command("JSON.SET", KEYS[0], "$", text) == "OK"
    client.execute_command("JSON.NUMINCRBY", KEYS[0], "$.n", 1)
    assert table.documents() == {"1": {"text": "x" * 1_000_000, "n": 2}}
    assert documents(client) == table.documents()
