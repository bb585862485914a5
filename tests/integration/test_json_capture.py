"""Documents that the target follows."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys

import pytest

from tests.integration._documents import DocumentTable, any_command
from tests.integration._host_link import IdleHost, entries
from tests.integration._servers import wait_for

COMMANDS = int(os.environ.get("REGEAR_COMMANDS", 2000))
KEYS = ["doc:1", "doc:two:zwei", "doc:ключ", "doc:7", "doc:with space"]
SET = ["JSON.SET", "doc:1", "$", '{"n":1,"s":"x","l":[1,2],"t":true}']


@pytest.fixture
def client(new_redis):
    client = new_redis(json=True).connect(decode_responses=True)
    IdleHost(client).register(
        "doc", prefix="doc:", documents="doc", delete_missing=True
    )
    return client


def whole(event, document):
    return ("doc:1", event, "!", ["doc", document])


# What a command appends once SET has run.
CASES = {
    "JSON.SET": ([*SET[:2], "$", "[]"], [whole("json.set", "[]")]),
    "JSON.SET of a path": (
        ["JSON.SET", "doc:1", "$.n", "2"],
        [whole("json.set", '{"n":2,"s":"x","l":[1,2],"t":true}')],
    ),
    "JSON.SET that NX forbids": ([*SET, "NX"], []),
    "JSON.MERGE": (
        ["JSON.MERGE", "doc:1", "$", '{"s":null,"l":null,"t":null}'],
        [whole("json.merge", '{"n":1}')],
    ),
    "JSON.NUMINCRBY": (
        ["JSON.NUMINCRBY", "doc:1", "$.n", "2"],
        [whole("json.numincrby", '{"n":3,"s":"x","l":[1,2],"t":true}')],
    ),
    "JSON.DEL of a path": (
        ["JSON.DEL", "doc:1", "$.l"],
        [whole("json.del", '{"n":1,"s":"x","t":true}')],
    ),
    "JSON.DEL": (["JSON.DEL", "doc:1"], [("doc:1", "json.del", "~", [])]),
    "JSON.FORGET": (["JSON.FORGET", "doc:1", "$"], [("doc:1", "json.del", "~", [])]),
    "DEL": (["DEL", "doc:1"], [("doc:1", "del", "~", [])]),
    "EXPIRE": (["EXPIRE", "doc:1", "100"], []),
    "SET over it": (["SET", "doc:1", "x"], [("doc:1", "set", "~", [])]),
    "JSON.DEL of a missing key": (
        ["JSON.DEL", "doc:gone"],
        [("doc:gone", "del", "~", [])],
    ),
    "JSON.DEL . of a missing key": (
        ["JSON.DEL", "doc:gone", "."],
        [("doc:gone", "del", "~", [])],
    ),
    "a member named #": (
        ["JSON.SET", "doc:1", "$", '{"#":"-x"}'],
        [whole("json.set", '{"#":"-x"}')],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_one_command_appends_one_state(client, name):
    client.execute_command(*SET)
    before = len(entries(client))
    command, expected = CASES[name]
    client.execute_command(*command)
    assert entries(client)[before:] == expected


def test_whole_values_arrive_and_go(client):
    client.execute_command(*SET)
    client.rename("doc:1", "doc:2")
    client.copy("doc:2", "doc:3")
    assert [(key, event, op) for key, event, op, _ in entries(client)] == [
        ("doc:1", "json.set", "!"),
        ("doc:1", "rename_from", "~"),
        ("doc:2", "rename_to", "!+"),
        ("doc:3", "copy_to", "!"),
    ]


def test_the_keys_of_one_mset_are_one_unit(client):
    client.execute_command("JSON.MSET", "doc:1", "$", "1", "doc:2", "$", "2")
    assert [(key, event, op) for key, event, op, _ in entries(client)] == [
        ("doc:1", "json.mset", "!"),
        ("doc:2", "json.mset", "!+"),
    ]


def test_hashes_and_documents_keep_to_their_own_rules(new_redis):
    client = new_redis(json=True).connect(decode_responses=True)
    IdleHost(client).register("a", prefix="doc:")
    client.execute_command("JSON.SET", "doc:1", "$", "{}")
    client.hset("doc:2", "a", "1")
    assert [(key, op) for key, _, op, _ in entries(client)][-1] == ("doc:2", "=")
    assert "!" not in [op for _, _, op, _ in entries(client)]


@pytest.mark.parametrize("server_options", [[], ["--appendonly", "yes"]])
def test_the_target_equals_the_keys(new_redis, new_host, folder, server_options):
    seed = int(os.environ.get("REGEAR_SEED", random.randrange(2**32)))
    print(f"REGEAR_SEED={seed}")
    chooser = random.Random(seed)
    table = DocumentTable(folder)
    server = new_redis(*server_options, json=True)
    new_host(server)
    assert server.execute(table.recipe("RGJSONWriteBehind", "doc")) == "OK"
    client = server.connect(decode_responses=True)
    for _ in range(COMMANDS // 50):
        pipeline = client.pipeline(transaction=chooser.random() < 0.3)
        for _ in range(50):
            pipeline.execute_command(*any_command(chooser, KEYS))
        pipeline.execute(raise_on_error=False)
    texts = {key: client.execute_command("JSON.GET", key) for key in KEYS}
    expected = {
        key.partition(":")[2]: json.loads(text) for key, text in texts.items() if text
    }
    server.wait_drained()
    assert table.documents() == expected
    assert server.registration("Documents")["dead_letters"] == 0


def test_documents_that_were_there_before_are_told_and_synced(
    new_redis, new_host, folder
):
    table = DocumentTable(folder)
    server = new_redis(json=True)
    for number in range(1200):
        server.client.execute_command("JSON.SET", f"doc:{number}", "$", str(number))
    server.client.hset("doc:hash", "a", "1")
    new_host(server)
    server.execute(table.recipe("RGJSONWriteBehind", "doc"))
    notes = wait_for(lambda: server.registration("Documents").get("notes"))
    assert notes["uncaptured"].startswith("1200 keys of doc:*")
    done = subprocess.run(
        [sys.executable, "-m", "regear", "sync", "Documents", "--redis", server.url],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert "1200 keys captured" in done.stdout
    wait_for(lambda: len(table.documents()) == 1200)
    assert table.documents()["7"] == 7


def test_documents_of_a_megabyte(new_redis, new_host, folder):
    table = DocumentTable(folder)
    server = new_redis(json=True)
    new_host(server)
    server.execute(table.recipe("RGJSONWriteBehind", "doc"))
    documents = {str(n): {"text": "é" * 500_000, "n": n} for n in range(20)}
    for name, document in documents.items():
        server.client.execute_command(
            "JSON.SET", f"doc:{name}", "$", json.dumps(document)
        )
    wait_for(lambda: table.documents() == documents)
