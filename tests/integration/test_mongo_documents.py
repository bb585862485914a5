"""Documents from JSON keys to MongoDB: what arrives when things go wrong."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pytest
import redis as redis_py

from tests.integration._documents import any_command
from tests.integration._servers import wait_for

COMMANDS = int(os.environ.get("REGEAR_COMMANDS", 1000))
KEYS = ["doc:1", "doc:two:zwei", "doc:ключ", "doc:7", "doc:007"]

_RECIPE = """
from rgsync import RGJSONWriteBehind, RGJSONWriteThrough
from rgsync.Connectors import MongoConnection, MongoConnector

connection = MongoConnection({user!r}, {password}, {address!r})
connector = MongoConnector(connection, {database!r}, "docs", "id")
{builder}(GB, "doc", connector, "Docs"{arguments})
"""


def recipe(
    mongo: Any,
    database: str = "app",
    builder: str = "RGJSONWriteBehind",
    arguments: str = "",
    password: str = "''",
) -> str:
    return _RECIPE.format(
        user=mongo.user,
        password=password,
        address=f"127.0.0.1:{mongo.port}/?serverSelectionTimeoutMS=500",
        database=database,
        builder=builder,
        arguments=arguments,
    )


@pytest.fixture
def server(new_redis):
    return new_redis(json=True)


@pytest.fixture
def host(server, new_host):
    return new_host(server)


def documents(mongo: Any, database: str = "app") -> dict[str, Any]:
    found = mongo.client[database]["docs"].find({}, {"_id": 0})
    return {str(one.pop("id")): one for one in found}


def letters(server: Any) -> list[dict[str, Any]]:
    done = subprocess.run(
        [
            *(sys.executable, "-m", "regear", "dead-letters"),
            *("--json", "--redis", server.url),
        ],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return json.loads(done.stdout)


def is_fit(document: Any) -> bool:
    """Whether FerretDB takes it: it has no arrays in arrays."""
    if isinstance(document, list):
        return all(not isinstance(one, list) and is_fit(one) for one in document)
    if isinstance(document, dict):
        return all(is_fit(one) for one in document.values())
    return True


@pytest.mark.parametrize("mode", ["set", "replace"])
def test_random_commands_end_equal(mode, server, host, ferretdb_server):
    seed = int(os.environ.get("REGEAR_SEED", random.randrange(2**32)))
    print(f"REGEAR_SEED={seed}")
    chooser = random.Random(seed)
    database = f"random_{mode}"
    source = recipe(ferretdb_server, database)
    source = source.replace('"id")', f'"id", writeMode={mode!r})')
    assert server.execute(source) == "OK"
    client = server.connect(decode_responses=True)
    for number in range(COMMANDS):
        with suppress(redis_py.ResponseError):  # a path that is not there, say
            client.execute_command(*any_command(chooser, KEYS))
        if number % 100 == 99:
            server.wait_drained()
    expected = {}
    for key in KEYS:
        text = client.execute_command("JSON.GET", key) if client.exists(key) else None
        document = json.loads(text) if text else None
        if text and not (isinstance(document, dict) and is_fit(document)):
            document = {"n": 2**53 + 1, "nothing": None}
            client.execute_command("JSON.SET", key, "$", json.dumps(document))
        if document is not None:
            document.pop("id", None)
            expected[key.partition(":")[2]] = document
    server.wait_drained()
    found = documents(ferretdb_server, database)
    assert found == expected
    assert json.dumps(found, sort_keys=True) == json.dumps(expected, sort_keys=True)
    for letter in letters(server):
        assert "nested arrays" in letter["error"] or "no JSON object" in letter["error"]


def test_one_bad_document_is_one_dead_letter(server, host, ferretdb_server):
    assert server.execute(recipe(ferretdb_server, "bad")) == "OK"
    with server.client.pipeline(transaction=False) as pipeline:
        for number in range(60):
            document = {"v": [[1]] if number == 30 else number}
            pipeline.json().set(f"doc:{number}", "$", document)
        pipeline.execute()
    server.wait_drained()
    good = {str(n): {"v": n} for n in range(60) if n != 30}
    assert documents(ferretdb_server, "bad") == good
    (letter,) = letters(server)
    assert (letter["registration"], letter["key"]) == ("Docs", "doc:30")
    assert "nested arrays are not supported" in letter["error"]
    assert letter["code"] == "2"
    server.client.json().set("doc:30", "$", {"v": 30})
    server.wait_drained()
    wait_for(lambda: letters(server) == [])
    assert documents(ferretdb_server, "bad") == {**good, "30": {"v": 30}}


def test_the_server_is_away_for_a_while(server, host, new_ferretdb):
    mongo = new_ferretdb()
    retry = ", onFailedRetryInterval=0.2"
    assert server.execute(recipe(mongo, arguments=retry)) == "OK"
    json_ = server.client.json()
    json_.set("doc:1", "$", {"v": 0, "gone": 1})
    server.wait_drained()
    mongo.stop()
    for number in range(20):
        json_.set(f"doc:{number}", "$", {"v": number})
    server.client.delete("doc:3")

    def told() -> str:
        return (server.registration("Docs")["status"] or {}).get("last_error") or ""

    wait_for(lambda: "refused" in told(), what=told())
    assert len(told()) < 300
    assert server.backlog() == 21
    mongo.start()
    server.wait_drained()
    wait_for(lambda: server.state("Docs") == "running")
    assert documents(mongo) == {str(n): {"v": n} for n in range(20) if n != 3}


def test_hosts_that_die_leave_every_document(server, new_host, ferretdb_server):
    host = new_host(server)
    assert server.execute(recipe(ferretdb_server, "dying")) == "OK"
    json_ = server.client.json()
    for round_ in range(3):
        for number in range(60):
            json_.set(f"doc:{number}", "$", {"v": number, f"round{round_}": 1})
            if number == 20 + 10 * round_:
                host.kill()
        host.start()
    server.wait_drained()
    expected = {str(n): {"v": n, "round2": 1} for n in range(60)}
    assert documents(ferretdb_server, "dying") == expected


def test_a_password_that_is_changed(server, host, new_ferretdb):
    mongo = new_ferretdb(user="an@app", password="p@ss/word")
    server.client.execute_command("RG.CONFIGSET", "Password", "wrong-secret")
    source = recipe(
        mongo,
        password="lambda: configGet('Password')",
        arguments=", onFailedRetryInterval=0.2",
    )
    with pytest.raises(redis_py.ResponseError, match="uthentication") as raised:
        server.execute(source)
    assert "wrong-secret" not in str(raised.value)
    server.client.execute_command("RG.CONFIGSET", "Password", "p@ss/word")
    assert server.execute(source) == "OK"
    server.client.json().set("doc:1", "$", {"v": 1})
    server.wait_drained()
    assert documents(mongo) == {"1": {"v": 1}}
    assert "p@ss/word" not in host.text()


@pytest.fixture
def through(server, host, new_ferretdb):
    mongo = new_ferretdb()
    assert server.execute(recipe(mongo, builder="RGJSONWriteThrough")) == "OK"
    wait_for(lambda: server.state("Docs") == "running")
    return mongo


def test_what_is_refused_is_in_neither(server, through):
    json_ = server.client.json()
    for number in range(8):  # in each lane
        key = f"doc:{number}"
        assert json_.set(key, "$", {"v": 1, "w": 2})
        assert documents(through)[str(number)] == {"v": 1, "w": 2}
        with pytest.raises(redis_py.ResponseError, match=r"^WRITETHROUGH .*nested arr"):
            json_.set(key, "$.v", [[1]])
        assert json_.get(key) == {"v": 1, "w": 2}
        assert json_.delete(key, "$.w") == 1
        assert documents(through)[str(number)] == {"v": 1}
        assert server.client.delete(key) == 1
        assert documents(through) == {}


def test_many_clients_write_through(server, through):
    def write(number: int) -> None:
        with server.connect() as client:
            for round_ in range(5):
                client.json().set(f"doc:{number}", "$", {"round": round_, "n": number})

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(write, range(32)))
    assert documents(through) == {str(n): {"round": 4, "n": n} for n in range(32)}
    server.wait_drained()


def test_random_commands_are_equal_at_each_reply(server, through):
    seed = int(os.environ.get("REGEAR_SEED", random.randrange(2**32)))
    print(f"REGEAR_SEED={seed}")
    chooser = random.Random(seed)
    client = server.connect(decode_responses=True)
    for _ in range(COMMANDS // 5):
        command = any_command(chooser, KEYS[:3], for_ferretdb=True)
        told = outcome(client, command)
        assert not told.startswith(("WRITETHROUGH", "INDOUBT")), command
        texts = {key: client.execute_command("JSON.GET", key) for key in KEYS[:3]}
        expected = {
            key.partition(":")[2]: json.loads(text)
            for key, text in texts.items()
            if text
        }
        found = documents(through)
        assert json.dumps(found, sort_keys=True) == json.dumps(
            expected, sort_keys=True
        ), command


def outcome(client: Any, command: list[str]) -> str:
    """What the client was told."""
    try:
        return str(client.execute_command(*command))
    except redis_py.ResponseError as error:
        return str(error)
