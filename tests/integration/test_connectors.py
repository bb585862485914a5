"""Recipes that write or transform by themselves."""

from __future__ import annotations

import json

import pytest

from tests.integration._servers import wait_for


@pytest.fixture
def redis(redis_with_module, host):
    return redis_with_module


CUSTOM = """
import json
from rgsync import RGWriteBehind
from rgsync.common import *

class Lines:
    def TableName(self): return 'things'
    def PrimaryKey(self): return 'id'
    def PrepereQueries(self, mappings): self.mappings = mappings
    def WriteData(self, data):
        FAIL
        with open(FILE, 'a') as file:
            for record in data:
                file.write(json.dumps([self.mappings, record]) + '\\n')
        WriteBehindLog('wrote %d' % len(data))

RGWriteBehind(GB, 'thing', {'name': 'title', 'size': 'size'}, Lines(), 'Things',
              onFailedRetryInterval=0.5)
"""


def test_custom_connector_gets_every_change(redis, folder):
    file = folder / "lines"
    redis.execute(CUSTOM.replace("FILE", repr(str(file))).replace("FAIL", ""))
    redis.client.hset("thing:a:1", mapping={"name": "x", "size": 1, "other": "o"})
    redis.client.hset("thing:a:1", "size", 2)
    redis.client.delete("thing:a:1")
    wait_for(lambda: file.exists() and len(file.read_text().splitlines()) == 3)
    written = [json.loads(line) for line in file.read_text().splitlines()]
    assert {json.dumps(mappings) for mappings, _ in written} == {
        json.dumps({"name": "title", "size": "size"})
    }
    values = [record["value"] for _, record in written]
    assert values[0] == {"title": "x", "size": "1", "id": "a:1", "#": "="}
    assert values[1]["size"] == "2"
    assert values[2]["#"] == "~"
    assert values[2]["id"] == "a:1"
    assert all("-" in record["id"] for _, record in written)
    wait_for(lambda: redis.backlog() == 0)
    assert "GEARS: wrote" in redis.log.read_text()


def test_custom_connector_that_fails_gets_the_batch_again(redis, folder):
    file = folder / "lines"
    fail = "if not execute('EXISTS', 'open'): raise RuntimeError('it is closed')"
    recipe = CUSTOM.replace("FILE", repr(str(file))).replace("FAIL", fail)
    redis.execute("from redisgears import executeCommand as execute\n" + recipe)
    redis.client.hset("thing:1", "name", "x")
    wait_for(lambda: (redis.registration("Things")["status"] or {}).get("last_error"))
    status = redis.registration("Things")["status"]
    assert "RuntimeError: it is closed" in status["last_error"]
    assert redis.backlog() == 1
    redis.client.set("open", 1)
    wait_for(lambda: redis.backlog() == 0)
    assert len(file.read_text().splitlines()) == 1
    wait_for(lambda: redis.state("Things") == "running")


def test_transform_changes_what_is_written(redis, sqlite_recipe, sqlite_db):
    recipe = (
        "def full_name(record):\n"
        "    value = record['value']\n"
        "    if value is not None:\n"
        "        value['first_name'] = value.pop('given', '') + '!'\n"
        "    record['key'] = record['key'].upper().replace('PERSON', 'person')\n"
        "    return record\n"
    ) + sqlite_recipe(arguments="transform=full_name")
    redis.execute(recipe)
    redis.client.hset("person:a", mapping={"given": "Ada", "age": 36})
    wait_for(lambda: sqlite_db.persons() == {"A": ("Ada!", None, 36)})
    redis.client.delete("person:a")
    wait_for(lambda: sqlite_db.persons() == {})


def test_subclass_that_writes_by_itself(redis, sqlite_recipe, sqlite_db):
    recipe = sqlite_recipe().replace(
        "connector = SQLiteConnector(",
        "class Shouting(SQLiteConnector):\n"
        "    def WriteData(self, data):\n"
        "        for record in data:\n"
        "            if record['value'].get('first'):\n"
        "                record['value']['first'] = record['value']['first'].upper()\n"
        "        super().WriteData(data)\n"
        "connector = Shouting(",
    )
    redis.execute(recipe)
    assert redis.registration("Persons")["target"] == "callback"
    redis.client.hset("person:1", mapping={"first_name": "Ada", "age": 36})
    wait_for(lambda: sqlite_db.persons() == {"1": ("ADA", None, 36)})
    redis.client.delete("person:1")
    wait_for(lambda: sqlite_db.persons() == {})


def test_simple_hash_connector_mirrors_hashes(redis):
    redis.execute(
        "from rgsync import RGWriteBehind\n"
        "from rgsync.Connectors import SimpleHashConnector\n"
        "RGWriteBehind(GB, 'person', {'first_name': 'first'},"
        " SimpleHashConnector('copy'), 'Copies')\n"
    )
    redis.client.hset("person:1", mapping={"first_name": "Ada", "age": 36})
    wait_for(lambda: redis.client.hgetall("copy:1") == {"first": "Ada"})
    redis.client.delete("person:1")
    wait_for(lambda: not redis.client.exists("copy:1"))
