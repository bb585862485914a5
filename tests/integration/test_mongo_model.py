"""Whatever is done to documents in Redis, MongoDB has the same."""

from __future__ import annotations

import json
import os
import random

import pytest
import redis as redis_py

from tests.integration._documents import any_command
from tests.integration._servers import wait_for

COMMANDS = int(os.environ.get("REGEAR_COMMANDS", 600))
KEYS = ["film:1", "film:two:zwei", "film:ключ", "film:7", "film:with space"]
RECIPE = """
from rgsync import {builder}
from rgsync.Connectors import MongoConnection, MongoConnector
connection = MongoConnection("", "", "", "", {url!r})
connector = MongoConnector(connection, {db!r}, "films", "id")
{builder}(GB, "film", connector, "Films"{more})
"""


@pytest.fixture
def chooser():
    seed = int(os.environ.get("REGEAR_SEED", random.randrange(2**32)))
    print(f"REGEAR_SEED={seed}")
    return random.Random(seed)


@pytest.fixture
def redis(new_redis, new_host):
    server = new_redis(json=True)
    new_host(server)
    return server


@pytest.fixture
def load(redis):
    def load(builder, database, more=""):
        url = database.server.url
        recipe = RECIPE.format(builder=builder, url=url, db=database.name, more=more)
        assert redis.execute(recipe) == "OK"
        wait_for(lambda: redis.state("Films") == "running")

    return load


def in_redis(client):
    texts = {key: client.execute_command("JSON.GET", key) for key in KEYS}
    return {
        key.partition(":")[2]: json.loads(text) for key, text in texts.items() if text
    }


def in_mongo(database):
    found = {}
    for document in database["films"].find():
        del document["_id"]
        found[document.pop("id")] = document
    return found


def outcome(client, command):
    """What the client was told, as text."""
    try:
        return str(client.execute_command(*command))
    except redis_py.ResponseError as error:
        return str(error)


def same_types(one, other):
    """Equal, and a number is of the same kind."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def test_documents_written_behind_end_equal(redis, load, ferretdb, chooser):
    load("RGJSONWriteBehind", ferretdb)
    client = redis.connect(decode_responses=True)
    for _ in range(COMMANDS // 50):
        pipeline = client.pipeline(transaction=chooser.random() < 0.3)
        for _ in range(50):
            pipeline.execute_command(*any_command(chooser, KEYS, for_ferretdb=True))
        pipeline.execute(raise_on_error=False)
    expected = in_redis(client)
    redis.wait_drained()
    assert same_types(in_mongo(ferretdb), expected)
    assert redis.registration("Films")["dead_letters"] == 0


def test_documents_written_through_are_equal_at_each_reply(
    redis, load, ferretdb, chooser
):
    load("RGJSONWriteThrough", ferretdb)
    client = redis.connect(decode_responses=True)
    for _ in range(COMMANDS // 4):
        command = any_command(chooser, KEYS, for_ferretdb=True)
        told = outcome(client, command)
        assert not told.startswith(("WRITETHROUGH", "INDOUBT")), command
        assert same_types(in_mongo(ferretdb), in_redis(client)), command


def test_one_bad_document_is_one_dead_letter(redis, load, ferretdb):
    load("RGJSONWriteBehind", ferretdb, ", batch=1000, duration=200")
    client = redis.connect()
    for number in range(50):
        document = 2**64 - 1 if number == 25 else number
        client.execute_command(
            "JSON.SET", f"film:{number}", "$", json.dumps({"n": document})
        )
    wait_for(lambda: len(in_mongo(ferretdb)) == 49)
    wait_for(lambda: redis.registration("Films")["dead_letters"] == 1)
    assert in_mongo(ferretdb)["49"] == {"n": 49}
    client.execute_command("JSON.SET", "film:25", "$", '{"n":25}')
    wait_for(lambda: in_mongo(ferretdb).get("25") == {"n": 25})


def test_nothing_is_lost_while_mongodb_is_away(redis, load, new_ferretdb):
    server = new_ferretdb()
    database = server.client["films"]
    url = RECIPE.format(
        builder="RGJSONWriteBehind", url=server.url, db="films", more=""
    )
    assert redis.execute(url) == "OK"
    client = redis.connect()
    client.execute_command("JSON.SET", "film:1", "$", '{"n":1}')
    wait_for(lambda: in_mongo(database) == {"1": {"n": 1}})
    server.stop()
    for number in range(100):
        client.execute_command(
            "JSON.SET", f"film:{number % 10}", "$", json.dumps({"n": number})
        )
    wait_for(lambda: redis.state("Films") == "retrying")
    server.start()
    expected = {str(number): {"n": 90 + number} for number in range(10)}
    wait_for(lambda: in_mongo(database) == expected, 30)
    assert redis.registration("Films")["dead_letters"] == 0
