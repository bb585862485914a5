"""Documents into tables: what a recipe says, and what the engine is told."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from regear._registration import Keys
from regear._runner import ScriptFailed
from regear._session import Session

Run = Callable[[str], Session]
STORED = Keys("stream", "dead", "parked", "dirty")

PREAMBLE = """
from rgsync import ChildTable, RGJSONWriteBehind, RGJSONWriteThrough
from rgsync.Connectors import *
orders = SQLiteConnector(SQLiteConnection("/tmp/x.db"), "orders", "order_id")
items = ChildTable("order_items", parent="order_id", mappings={"$.sku": "sku"})
mappings = {"$.total": "total", "$": "document", "$.items[*]": items}
class Mine:
    def TableName(self): return "things"
    def PrimaryKey(self): return "id"
    def WriteData(self, data, dataKey): pass
"""


@pytest.mark.parametrize(
    ("call", "prefix", "through"),
    [
        ("RGJSONWriteBehind(GB, 'order', orders, 'N', mappings=mappings)", "order:", 0),
        ("RGJSONWriteThrough(GB, 'order:', orders, 'N', mappings=mappings)", "", 1),
    ],
)
def test_the_engine_is_told_of_paths_and_child_tables(
    run: Run, call: str, prefix: str, through: int
) -> None:
    session = run(PREAMBLE + call)
    (registration,) = session.registrations
    document = registration.document("06S")
    assert (document["documents"], document["operations"]) == ("redisgears", False)
    worker = registration.worker(STORED, session.bind, "0-1", [["1-1", ["a"]]])
    assert (worker["prefix"], worker.get("through", False)) == (prefix, bool(through))
    assert worker["target"] == "sqlite"
    assert worker["documents"] == "redisgears"
    assert worker["columns"] == [("$.total", "total"), ("$", "document")]
    assert worker["children"] == [
        {
            "path": "$.items",
            "table": "order_items",
            "parent": ["order_id"],
            "columns": [["$.sku", "sku"]],
            "position": None,
        }
    ]
    assert worker["field_history"] == []  # every document tells all of a row


@pytest.mark.parametrize(
    ("call", "says"),
    [
        ("RGJSONWriteBehind(GB, 'o', orders, 'N')", "mappings={"),
        ("RGJSONWriteThrough(GB, 'o', orders, 'N')", "mappings={"),
        ("RGJSONWriteBehind(GB, 'o', Mine(), 'N', mappings=mappings)", "leave the"),
        ("RGJSONWriteBehind(GB, 'o', orders, 'N', mappings={})", "dict of path"),
        ("RGJSONWriteBehind(GB, 'o', orders, 'N', mappings={'a': 'a'})", "'$.a'"),
        (
            "RGJSONWriteBehind(GB, 'o:{order_id}', orders, 'N',"
            " mappings={'$.id': 'order_id'})",
            "comes from the key",
        ),
    ],
)
def test_what_is_wrong_is_said_when_the_recipe_is_loaded(
    run: Run, call: str, says: str
) -> None:
    with pytest.raises(ScriptFailed) as caught:
        run(PREAMBLE + call)
    assert says in str(caught.value)
