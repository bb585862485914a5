"""The checks of writes through see what they are for."""

from __future__ import annotations

import pytest

from tests.soak.through_checks import check, explained
from tests.soak.through_orders import Order, Outcome
from tests.soak.through_table import MAPPING, OWN, through

KEY = "users:s0"
DONE, NOTHING, DOUBT = Outcome.DONE, Outcome.NOTHING, Outcome.DOUBT


def hset(value, start, end, outcome=DONE, name="own0", key=KEY):
    words = ("HSET", through(key), name, value)
    return Order(key, words, {name: value}, start=start, end=end, outcome=outcome)


def delete(start, end, outcome=DONE):
    words = ("DEL", through(KEY))
    return Order(KEY, words, {}, True, start=start, end=end, outcome=outcome)


def hdel(reply):
    words = ("HDEL", through(KEY), "own0")
    order = Order(KEY, words, {"own0": None}, start=4, end=5, outcome=DONE)
    order.reply = reply
    return order


def increment(amount, outcome, reply):
    words = ("HINCRBY", through(KEY), "visits", amount)
    return Order(KEY, words, amount=amount, outcome=outcome, reply=reply)


@pytest.mark.parametrize(
    ("value", "orders", "expected"),
    [
        (None, [], True),
        ("0-1", [], False),
        ("0-1", [hset("0-1", 0, 1)], True),
        (None, [hset("0-1", 0, 1)], False),
        (None, [hset("0-1", 0, 1, NOTHING)], True),
        (None, [hset("0-1", 0, 1, DOUBT)], True),
        ("0-1", [hset("0-1", 0, 1, DOUBT)], True),
        ("0-1", [hset("0-1", 0, 1, NOTHING)], False),
        ("0-1", [hset("0-1", 0, 1), hset("0-2", 2, 3)], False),  # lost
        ("0-1", [hset("0-1", 0, 1), hset("0-2", 2, 3, DOUBT)], True),
        ("0-1", [hset("0-1", 0, 3), hset("0-2", 2, 4)], True),  # at once
        ("0-1", [hset("0-1", 0, 1, DOUBT), hset("0-2", 2, 3)], False),  # late
        (None, [hset("0-1", 0, 1), delete(2, 3)], True),
        ("0-1", [hset("0-1", 0, 1), delete(2, 3)], False),
        ("0-1", [hset("0-1", 0, 1), delete(2, 3, DOUBT)], True),
        (None, [hset("0-1", 0, 1), hdel(1)], True),
        (None, [hset("0-1", 0, 1), hdel(0)], False),
        ("0-1", [hset("0-1", 0, 1), hdel(0)], True),
    ],
)
def test_a_value_is_that_of_a_write_that_may_have_been_last(value, orders, expected):
    assert explained("own0", value, orders) is expected


def row(**fields):
    return {**dict.fromkeys(MAPPING), "username": "x", **fields}


def audit(*tokens, key=KEY):
    return [(key, {**dict.fromkeys(["token", *OWN]), "own0": one}) for one in tokens]


def counts(history, fields, rows, audit=()):
    hashes = {KEY: {"username": "x", **fields}} if fields is not None else {}
    found = check(history, hashes, {KEY: rows} if rows else {}, audit)
    return len(found.lost), len(found.stale), len(found.backward)


def test_what_is_equal_and_explained_is_good():
    history = [hset("0-1", 0, 1), increment(2, DONE, 2), increment(3, DOUBT, None)]
    for visits in (2, 5):
        fields = {"own0": "0-1", "visits": str(visits)}
        state = row(own0="0-1", visits=visits)
        assert counts(history, fields, state, audit("0-1")) == (0, 0, 0)


@pytest.mark.parametrize(
    ("history", "fields", "rows", "states", "found"),
    [
        ([hset("0-1", 0, 1)], {"own0": "0-1"}, None, ["0-1"], (1, 1, 0)),
        ([hset("0-1", 0, 1)], None, row(own0="0-1"), ["0-1"], (0, 2, 0)),
        ([hset("0-1", 0, 1)], {}, row(own0="0-1"), ["0-1"], (0, 2, 0)),
        ([hset("0-1", 0, 1)], {"own0": "0-1"}, row(own0="0-1"), [], (1, 0, 0)),
        ([hset("0-1", 0, 1, NOTHING)], {}, row(), ["0-1"], (0, 1, 0)),
        ([hset("0-1", 0, 1, DOUBT)], {}, row(), ["0-1", None], (0, 0, 0)),
        ([delete(0, 1)], {}, row(), ["0-2", None, "0-1"], (0, 0, 1)),
        ([increment(2, DONE, 2)], {"visits": "1"}, row(visits=1), [], (1, 0, 0)),
        ([increment(2, DONE, 2)], {"visits": "4"}, row(visits=4), [], (0, 1, 0)),
        ([increment(2, DOUBT, 2)], {"visits": "4"}, row(visits=4), [], (0, 1, 0)),
        ([delete(0, 1)], {"token": "1"}, row(token="1"), [], (0, 4, 0)),
    ],
)
def test_what_is_wrong_is_found(history, fields, rows, states, found):
    assert counts(history, fields, rows, audit(*states)) == found


def test_two_that_were_told_the_same_sum():
    history = [increment(2, DONE, 2), increment(2, DONE, 2)]
    assert counts(history, {"visits": "4"}, row(visits=4)) == (0, 1, 0)


def test_the_row_of_an_expired_key_stays():
    key = "users:m0"
    history = [hset("0-1", 0, 1, key=key)]
    lines = audit("0-1", key=key)
    rows = {key: row(own0="0-1")}
    assert check(history, {}, rows, lines).good
    assert check(history, {key: {"own0": "0-1"}}, rows, lines).good
    assert not check(history, {key: {"own0": "0-2"}}, rows, lines).good
    assert not check(history, {}, {key: row()}, lines).good
