"""Keys of several columns, from HSET to the table."""

from __future__ import annotations

import json

import pytest

from tests.integration._servers import wait_for

SQLITE = """
from rgsync import RGWriteBehind
from rgsync.Connectors import SQLiteConnection, SQLiteConnector
RGWriteBehind(GB, 'order:{{region}}:{{id}}', {{'item': 'item', 'count': 'count'}},
              SQLiteConnector(SQLiteConnection({path!r}), 'orders', 'region, id'),
              'Orders')
"""

CUSTOM = """
import json
from rgsync import RGWriteBehind

class Lines:
    def TableName(self): return 'orders'
    def PrimaryKey(self): return 'id'
    def WriteData(self, data):
        with open({path!r}, 'a') as file:
            for record in data:
                file.write(json.dumps(record['value']) + '\\n')

RGWriteBehind(GB, 'order:{{region}}:{{id}}', {{'item': 'item'}}, Lines(), 'Orders')
"""


@pytest.fixture
def redis(redis_with_module, host):
    return redis_with_module


def test_key_fills_all_columns_of_the_primary_key(redis, sqlite_db):
    sqlite_db.execute(
        "CREATE TABLE orders (region TEXT, id INTEGER, item TEXT, count INTEGER,"
        " PRIMARY KEY (region, id))"
    )
    redis.execute(SQLITE.format(path=str(sqlite_db.path)))

    def orders():
        return sqlite_db.execute("SELECT * FROM orders ORDER BY region, id")

    redis.client.hset("order:eu:1", mapping={"item": "pen", "count": "2"})
    redis.client.hset("order:us:1", mapping={"item": "ink", "count": "3"})
    redis.client.hset("order:eu:1", "count", "4")
    wait_for(lambda: orders() == [("eu", 1, "pen", 4), ("us", 1, "ink", 3)])
    redis.client.delete("order:eu:1")
    wait_for(lambda: orders() == [("us", 1, "ink", 3)])


def test_records_hold_all_key_columns(redis, folder):
    path = folder / "lines"
    redis.execute(CUSTOM.format(path=str(path)))
    redis.client.hset("order:eu:1:2", "item", "pen")
    redis.client.delete("order:eu:1:2")
    wait_for(lambda: path.exists() and len(path.read_text().splitlines()) == 2)
    assert [json.loads(line) for line in path.read_text().splitlines()] == [
        {"region": "eu", "id": "1:2", "item": "pen", "#": "="},
        {"region": "eu", "id": "1:2", "#": "~"},
    ]
