"""Mappings of JSON documents: which are taken, and what is said of others."""

from __future__ import annotations

from typing import Any

import pytest

from regear import ChildTable, RecipeError
from regear._documents import document_mapping

ITEMS = ChildTable(
    "order_items",
    parent="order_id",
    mappings={"$.sku": "sku", "$.quantity": "quantity"},
    position="line",
)


def test_a_mapping_names_columns_and_child_tables() -> None:
    columns, children = document_mapping(
        {
            "$.address.city": "city",
            "$['a b'][0]": "first",
            "$": "document",
            "$.items[*]": ITEMS,
        }
    )
    assert columns == (
        ("$.address.city", "city"),
        ("$['a b'][0]", "first"),
        ("$", "document"),
    )
    assert children == (
        {
            "path": "$.items",
            "table": "order_items",
            "parent": ["order_id"],
            "columns": [["$.sku", "sku"], ["$.quantity", "quantity"]],
            "position": "line",
        },
    )


@pytest.mark.parametrize(
    "path",
    [
        "$",
        "$.a",
        "$.a.b",
        "$.größe",
        "$.a-b",
        "$['a b']",
        '$["it\'s"]',
        r"$['it\'s']",
        r"$['\\']",
        "$['a.b']['[*]']",
        "$.a[0]",
        "$[12][0].x",
    ],
)
def test_paths_that_are_taken(path: str) -> None:
    assert document_mapping({path: "x"})[0] == ((path, "x"),)


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("city", "'$.city'"),
        (".city", "'$.city'"),
        ("", "does not begin with"),
        ("$..city", "many values"),
        ("$.items[*]", "ChildTable"),
        ("$.items[*].sku", "ChildTable"),
        ("$.items[-1]", "from the front"),
        ("$.items[0:2]", "one value"),
        ("$.items[0,1]", "one value"),
        ("$.items[?(@.a>1)]", "one value"),
        ("$.*", "one value"),
        ("$.a.", "paths look like"),
        ("$.a b", "paths look like"),
        ("$.a[01]", "paths look like"),
        ("$.a[9999999999]", "paths look like"),
        ("$['a", "paths look like"),
        ("$a", "paths look like"),
        (7, "not a text"),
    ],
)
def test_a_path_that_is_not_taken_says_what_to_do(path: Any, says: str) -> None:
    with pytest.raises(RecipeError) as caught:
        document_mapping({path: "x"})
    assert says in str(caught.value)
    assert not isinstance(path, str) or repr(path) in str(caught.value)


@pytest.mark.parametrize(
    ("mappings", "says"),
    [
        (None, "dict of path to column"),
        ({}, "dict of path to column"),
        ({"$.a": 7}, "name of a column"),
        ({"$.a": ""}, "name of a column"),
        ({"$.a": "x", "$.b": "x"}, "two paths"),
        ({"$.items": ITEMS}, "must end with [*]"),
        ({"$.a[*].b[*]": ITEMS}, "more than one [*]"),
        ({"$.a[*]": ITEMS, "$.b[*]": ITEMS}, "two arrays"),
        ({"items[*]": ITEMS}, "does not begin with"),
    ],
)
def test_a_mapping_that_is_wrong(mappings: Any, says: str) -> None:
    with pytest.raises(RecipeError) as caught:
        document_mapping(mappings)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"table": ""}, "name of its table"),
        ({"parent": ""}, "parent"),
        ({"parent": []}, "parent"),
        ({"position": ""}, "position"),
        ({"mappings": {}}, "no path"),
        ({"mappings": {"$.a": 1}}, "dict of path"),
        ({"mappings": {"sku": "sku"}}, "'$.sku'"),
        ({"mappings": {"$.a[*]": "a"}}, "ChildTable"),
        ({"mappings": {"$": "id"}}, "'id' is named twice"),
        ({"position": "v"}, "'v' is named twice"),
    ],
)
def test_a_child_table_that_is_wrong(arguments: dict[str, Any], says: str) -> None:
    right: dict[str, Any] = {"table": "t", "parent": "id", "mappings": {"$": "v"}}
    with pytest.raises(RecipeError) as caught:
        ChildTable(**{**right, **arguments})
    assert says in str(caught.value)


def test_the_key_of_a_child_table_may_have_parts() -> None:
    child = ChildTable("t", parent=("region", "id"), mappings={}, position="at")
    assert document_mapping({"$[*]": child})[1][0] == {
        "path": "$",
        "table": "t",
        "parent": ["region", "id"],
        "columns": [],
        "position": "at",
    }
