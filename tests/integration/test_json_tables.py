"""JSON documents in tables: columns by path, child tables by array."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest
import redis as redis_py

from tests.integration._servers import wait_for
from tests.integration.test_refusals import (  # noqa: F401 (a fixture)
    DATABASES,
    Database,
    database,
    on,
)

COMMANDS = int(os.environ.get("REGEAR_COMMANDS", 1500))
SAYS = 'O\'Brien said "hi"\\ Zoë 漢字 😀'

_MAPPINGS = """{
    '$.total': 'total',
    '$.visits': 'visits',
    '$.paid': 'paid',
    '$.address.city': 'city',
    "$['the note']": 'the note',
    '$': 'document',
    '$.items[*]': ChildTable(
        'order_items', parent='id',
        mappings={'$.sku': 'sku', '$.quantity': 'quantity'}, position='line'),
    '$.tags[*]': ChildTable('order_tags', parent='id', mappings={'$': 'tag'}),
}"""


class Orders:
    """The tables of a test, on one of the databases."""

    def __init__(self, database: Database) -> None:  # noqa: F811
        self.database = database
        quote = "`" if database.kind == "mariadb" else '"'
        json_type = "jsonb" if database.kind == "postgres" else "json"
        database.create(
            "orders",
            "id TEXT PRIMARY KEY, total numeric(30,2), visits bigint, paid boolean,"
            f" city TEXT DEFAULT 'Oslo', {quote}the note{quote} TEXT,"
            f" document {json_type}",
        )
        database.create(
            "order_items",
            "id TEXT NOT NULL REFERENCES orders (id), line int, sku TEXT,"
            " quantity int DEFAULT 1",
        )
        database.create("order_tags", "id TEXT NOT NULL, tag TEXT")

    def recipe(self, builder: str, prefix: str) -> str:
        word = {"postgres": "Postgres", "sqlite": "SQLite", "mariadb": "MySql"}[
            self.database.kind
        ]
        return (
            f"from rgsync import ChildTable, {builder}\n"
            f"from rgsync.Connectors import {word}Connection, {word}Connector\n"
            f"{builder}(GB, {prefix!r}, {word}Connector({self.database.connection},"
            f" 'orders', 'id'), 'Orders', mappings={_MAPPINGS})\n"
        )

    def rows(self, columns: str) -> dict[str, tuple[Any, ...]]:
        rows = self.database.execute(f"SELECT id, {columns} FROM orders")
        return {row[0]: row[1:] for row in rows}

    def documents(self) -> dict[str, Any]:
        rows = self.rows("document").items()
        return {
            name: json.loads(value) if isinstance(value, str) else value
            for name, (value,) in rows
        }

    def items(self) -> list[tuple[Any, ...]]:
        return self.database.execute(
            "SELECT id, line, sku, quantity FROM order_items ORDER BY id, line"
        )

    def tags(self) -> list[tuple[Any, ...]]:
        return sorted(self.database.execute("SELECT id, tag FROM order_tags"))


@pytest.fixture
def server(new_redis, new_host):
    server = new_redis(json=True)
    server.host = new_host(server)
    return server


@pytest.fixture
def orders(database):  # noqa: F811
    return Orders(database)


@pytest.fixture
def behind(server, orders):
    assert server.execute(orders.recipe("RGJSONWriteBehind", "order")) == "OK"
    wait_for(lambda: server.state("Orders") == "running")
    return server


def regear(server, *words: str) -> Any:
    done = subprocess.run(
        [*(sys.executable, "-m", "regear"), *words, "--json", "--redis", server.url],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr + done.stdout
    return json.loads(done.stdout)


def set_document(client, key: str, document: Any, path: str = "$") -> None:
    client.execute_command("JSON.SET", key, path, json.dumps(document))


@on(*DATABASES)
def test_documents_become_rows_of_a_table_and_its_child_tables(behind, orders):
    client = behind.client
    order = {
        "total": 12.5,
        "visits": 2**53 + 1,
        "paid": True,
        "address": {"city": SAYS},
        "the note": None,
        "items": [{"sku": SAYS, "quantity": 2}, {"sku": None}, {}],
        "tags": ["new", 'a"b'],
        "#": "=",
    }
    set_document(client, "order:1", order)
    set_document(client, "order:über:2", {"items": [], "paid": False})
    behind.wait_drained()
    assert orders.rows("visits, city") == {
        "1": (2**53 + 1, SAYS),
        "über:2": (None, "Oslo"),
    }
    total = orders.rows("total")["1"][0]
    assert Decimal(str(total)) == Decimal("12.5")
    assert {name: bool(paid) for name, (paid,) in orders.rows("paid").items()} == {
        "1": True,
        "über:2": False,
    }
    assert orders.documents() == {"1": order, "über:2": {"items": [], "paid": False}}
    assert orders.items() == [("1", 0, SAYS, 2), ("1", 1, None, 1), ("1", 2, None, 1)]
    assert orders.tags() == [("1", 'a"b'), ("1", "new")]

    client.execute_command("JSON.ARRPOP", "order:1", "$.items", "0")
    client.execute_command("JSON.ARRTRIM", "order:1", "$.tags", 5, 6)
    client.execute_command("JSON.DEL", "order:1", "$.address")
    set_document(client, "order:über:2", [{"sku": "x", "quantity": 7}], "$.items")
    behind.wait_drained()
    assert orders.rows("city") == {"1": ("Oslo",), "über:2": ("Oslo",)}
    assert orders.items() == [
        ("1", 0, None, 1),
        ("1", 1, None, 1),
        ("über:2", 0, "x", 7),
    ]
    assert orders.tags() == []

    client.delete("order:1")
    behind.wait_drained()
    assert list(orders.rows("city")) == ["über:2"]
    assert orders.items() == [("über:2", 0, "x", 7)]


@on(*DATABASES)
def test_one_bad_document_among_hundreds_is_a_dead_letter(behind, orders):
    client = behind.client
    bad = {"visits": 1, "items": [{"quantity": 1}, {"quantity": "many"}]}
    with client.pipeline(transaction=False) as pipeline:
        for number in range(500):
            order = bad if number == 250 else {"visits": number, "items": [{}, {}]}
            set_document(pipeline, f"order:{number}", order)
        pipeline.execute()
    behind.wait_drained()
    assert len(orders.rows("visits")) == 499
    assert len(orders.items()) == 998
    (letter,) = regear(behind, "dead-letters")
    assert letter["key"] == "order:250"
    assert json.loads(letter["fields"]["redisgears"]) == bad
    assert "order_items" in letter["error"]
    assert "quantity" in letter["error"]

    orders.database.widen(
        "order_items", "id TEXT NOT NULL, line int, sku TEXT, quantity TEXT", "quantity"
    )
    regear(behind, "replay", "Orders")
    wait_for(lambda: "250" in orders.rows("visits"))
    behind.wait_drained()
    rows = [row for row in orders.items() if row[0] == "250"]
    assert [(line, str(quantity)) for _, line, _, quantity in rows] == [
        (0, "1"),
        (1, "many"),
    ]
    wait_for(lambda: regear(behind, "dead-letters") == [])


@on(*DATABASES)
def test_what_stands_in_the_stream_and_is_no_json_is_a_dead_letter(behind, orders):
    client = behind.client
    set_document(client, "order:1", {"visits": 1})
    behind.wait_drained()
    (stream,) = client.keys("_orders-stream-Orders-*")
    behind.host.stop()
    client.execute_command("JSON.SET", "order:2", "$", '{"visits":2,"items":[{}]}')
    entry = client.xrange(stream)[-1][1]
    damaged = {
        name: value.replace('"visits"', '"visits') for name, value in entry.items()
    }
    assert damaged != entry
    client.xadd(stream, damaged)
    client.execute_command("JSON.SET", "order:3", "$", '{"visits":3}')
    behind.host.start()
    behind.wait_drained()
    assert orders.rows("visits") == {"1": (1,), "3": (3,)}
    (letter,) = regear(behind, "dead-letters")
    assert letter["key"] == "order:2"
    assert "no JSON at byte" in letter["error"]


@on(*DATABASES)
def test_written_through_the_rows_are_there_before_the_reply(server, orders):
    assert server.execute(orders.recipe("RGJSONWriteThrough", "order:")) == "OK"
    wait_for(lambda: server.state("Orders") == "running")
    client = server.client
    set_document(client, "order:1", {"visits": 1, "items": [{"sku": "a"}], "tags": [1]})
    assert orders.rows("visits") == {"1": (1,)}
    assert orders.items() == [("1", 0, "a", 1)]
    client.execute_command("JSON.ARRAPPEND", "order:1", "$.items", '{"quantity":5}')
    assert orders.items() == [("1", 0, "a", 1), ("1", 1, None, 5)]
    client.execute_command("JSON.NUMINCRBY", "order:1", "$.visits", 2**53)
    assert orders.rows("visits") == {"1": (2**53 + 1,)}

    kept = client.execute_command("JSON.GET", "order:1")
    with pytest.raises(redis_py.ResponseError, match="quantity"):
        client.execute_command(
            "JSON.ARRAPPEND", "order:1", "$.items", '{"quantity":"many"}'
        )
    assert client.execute_command("JSON.GET", "order:1") == kept
    assert orders.items() == [("1", 0, "a", 1), ("1", 1, None, 5)]
    assert orders.documents() == {"1": json.loads(kept)}

    client.execute_command("JSON.DEL", "order:1")
    assert (orders.rows("visits"), orders.items(), orders.tags()) == ({}, [], [])
    assert not client.exists("order:1")


# -- random commands -----------------------------------------------------------

KEYS = [f"order:{name}" for name in ("1", "two:zwei", "ключ", "7", "with space")]


def item(chooser: random.Random) -> dict[str, Any]:
    members = {
        "sku": chooser.choice([None, SAYS, "", "a", "42"]),
        "quantity": chooser.choice([None, 0, -3, 2**31 - 1]),
        "more": [1, {"x": None}],
    }
    return {name: members[name] for name in members if chooser.random() < 0.8}


def order(chooser: random.Random) -> dict[str, Any]:
    members: dict[str, Any] = {
        "total": chooser.choice([None, 0.25, 12345678.5, 7]),
        "visits": chooser.randrange(2**53, 2**54),
        "paid": chooser.choice([True, False, None]),
        "address": chooser.choice([None, {}, {"city": SAYS}, [1]]),
        "the note": chooser.choice([SAYS, "", "null", "}{", "\\"]),
        "items": [item(chooser) for _ in range(chooser.randrange(5))],
        "tags": chooser.choice([None, [], ["x", 1.5, True, None, {"a": []}], "y"]),
    }
    return {name: members[name] for name in members if chooser.random() < 0.85}


def order_command(chooser: random.Random) -> list[Any]:
    key = chooser.choice(KEYS)
    one = json.dumps(item(chooser))
    commands: list[list[Any]] = [
        *([["JSON.SET", key, "$", json.dumps(order(chooser))]] * 4),
        ["JSON.SET", key, "$.items", json.dumps([item(chooser)])],
        ["JSON.SET", key, "$.address", json.dumps({"city": "Rome"})],
        ["JSON.SET", key, "$.total", "99.75"],
        ["JSON.MERGE", key, "$", json.dumps({"paid": None, "tags": ["m"]})],
        ["JSON.ARRAPPEND", key, "$.items", one, one],
        ["JSON.ARRINSERT", key, "$.items", "0", one],
        ["JSON.ARRPOP", key, "$.items"],
        ["JSON.ARRTRIM", key, "$.items", "0", "1"],
        ["JSON.CLEAR", key, "$.items"],
        ["JSON.DEL", key, "$.items"],
        ["JSON.DEL", key, "$.items[0].sku"],
        ["JSON.NUMINCRBY", key, "$.visits", "1"],
        ["JSON.TOGGLE", key, "$.paid"],
        ["JSON.STRAPPEND", key, "$['the note']", json.dumps(SAYS)],
        ["JSON.DEL", key],
        ["DEL", key],
        ["RENAME", key, chooser.choice(KEYS)],
        ["COPY", key, chooser.choice(KEYS), "REPLACE"],
    ]
    return chooser.choice(commands)


def as_text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, separators=(",", ":"))


def expected(documents: dict[str, Any]) -> tuple[dict, list, list]:
    """Orders, items and tags that the documents stand for."""
    rows, items, tags = {}, [], []
    for name, document in documents.items():
        address = document.get("address")
        city = address.get("city") if isinstance(address, dict) else None
        total = document.get("total")
        rows[name] = (
            None if total is None else Decimal(str(total)),
            document.get("visits"),
            document.get("paid"),
            "Oslo" if city is None else city,
            document.get("the note"),
            document,
        )
        for line, element in enumerate(document.get("items") or []):
            quantity = element.get("quantity")
            amount = 1 if quantity is None else quantity
            items.append((name, line, element.get("sku"), amount))
        listed = document.get("tags")
        if isinstance(listed, list):
            tags += [(name, as_text(tag)) for tag in listed]
    return rows, sorted(items, key=lambda row: row[:2]), tags


def ordered(rows: list[tuple]) -> list[tuple]:
    return sorted(rows, key=repr)


@on("postgres")
def test_random_documents_equal_their_rows_in_the_end(behind, orders):
    seed = int(os.environ.get("REGEAR_SEED", random.randrange(2**32)))
    print(f"REGEAR_SEED={seed}")
    chooser = random.Random(seed)
    client = behind.connect(decode_responses=True)
    for number in range(COMMANDS):
        # The path or the key may not be there.
        with suppress(redis_py.ResponseError):
            client.execute_command(*order_command(chooser))
        if number == COMMANDS // 2:
            behind.host.kill()
            behind.host.restart()
    behind.wait_drained()
    texts = {key: client.execute_command("JSON.GET", key) for key in KEYS}
    documents = {
        key.removeprefix("order:"): json.loads(text)
        for key, text in texts.items()
        if text is not None
    }
    rows, items, tags = expected(documents)
    found = orders.rows('total, visits, paid, city, "the note", document')
    assert found == rows
    assert ordered(orders.items()) == ordered(items)
    assert ordered(orders.database.execute("SELECT * FROM order_tags")) == ordered(tags)
    assert regear(behind, "dead-letters") == []
