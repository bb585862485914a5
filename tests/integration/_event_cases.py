"""Every command that changes a hash: what it appends, and the row it leaves.

The cases of docs/events.md, under the same names. Keys ``person:*`` have a
rule with all defaults, ``cache:*`` one with deleteOn=("del", "expired"),
``keep:*`` one with deleteMissing=False, ``second:*`` one with db=1. The fields
a and b go to columns; x is not mapped.
"""

from __future__ import annotations

from typing import NamedTuple

from tests.integration._host_link import Entry

OPTIONS = {
    "person": "",
    "cache": "deleteOn=('del', 'expired')",
    "keep": "deleteMissing=False",
    "second": "db=1",
}
Rows = dict[str, tuple[object, object]]


class Case(NamedTuple):
    """A command that starts with FAILS must be refused, AWAIT_GONE waits until
    a key has expired."""

    commands: list[list[str]]
    entries: list[Entry]
    rows: Rows  # by id: (a, b)
    prefix: str = "person"


FAILS = "(fails)"
AWAIT_GONE = "(await)"
ONE = ["HSET", "person:1", "a", "1"]
BOTH = ["HSET", "person:1", "a", "1", "b", "2"]
ONE_ENTRY: Entry = ("person:1", "hset", "=", ["a", "1"])
BOTH_ENTRY: Entry = ("person:1", "hset", "=", ["a", "1", "b", "2"])
DELETED: Entry = ("person:1", "del", "~", [])
RESTORE = (
    "local value = redis.call('DUMP', KEYS[1])"
    " return redis.call('RESTORE', KEYS[2], ARGV[1], value, unpack(ARGV, 2))"
)
LIBRARY = (
    "#!lua name=matrix\n"
    "redis.register_function('put', function(keys)"
    " redis.call('HSET', keys[1], 'a', '1')"
    " redis.call('HSET', keys[1], 'b', '2') return 1 end)"
)
SCRIPT = (
    "redis.call('HSET', KEYS[1], 'a', '1', 'b', '1')"
    " redis.call('HDEL', KEYS[1], 'a')"
    " redis.call('HINCRBY', KEYS[1], 'b', 1)"
)

FIELDS = {
    "HSET": Case(
        [["HSET", "person:1", "b", "2", "a", "1"], ["HSET", "person:1", "a", "3"]],
        [BOTH_ENTRY, ("person:1", "hset", "=", ["a", "3", "b", "2"])],
        {"1": ("3", "2")},
    ),
    "HMSET": Case([["HMSET", *BOTH[1:]]], [BOTH_ENTRY], {"1": ("1", "2")}),
    "HSETNX": Case(
        [["HSETNX", "person:1", "a", "1"], ["HSETNX", "person:1", "a", "2"]],
        [ONE_ENTRY],
        {"1": ("1", None)},
    ),
    "HINCRBY": Case(
        [["HINCRBY", "person:1", "a", "5"]],
        [("person:1", "hincrby", "=", ["a", "5"])],
        {"1": ("5", None)},
    ),
    "HINCRBYFLOAT": Case(
        [["HINCRBYFLOAT", "person:1", "a", "0.5"]],
        [("person:1", "hincrbyfloat", "=", ["a", "0.5"])],
        {"1": ("0.5", None)},
    ),
    "HDEL of one field": Case(
        [BOTH, ["HDEL", "person:1", "a"]],
        [BOTH_ENTRY, ("person:1", "hdel", "=", ["_clear", "a", "b", "2"])],
        {"1": (None, "2")},
    ),
    "HDEL of several fields": Case(
        [[*BOTH, "x", "3"], ["HDEL", "person:1", "b", "a", "absent"]],
        [
            BOTH_ENTRY,
            ("person:1", "hdel", "=", ["_clear", "a", "_clear", "b"]),
        ],
        {"1": (None, None)},
    ),
    "HDEL of the last field": Case(
        [ONE, ["HDEL", "person:1", "a"]], [ONE_ENTRY, DELETED], {}
    ),
    "HDEL of a field that is not there": Case(
        [ONE, ["HDEL", "person:1", "b"]], [ONE_ENTRY], {"1": ("1", None)}
    ),
    "HGETDEL": Case(
        [BOTH, ["HGETDEL", "person:1", "FIELDS", "1", "a"]],
        [BOTH_ENTRY, ("person:1", "hdel", "=", ["_clear", "a", "b", "2"])],
        {"1": (None, "2")},
    ),
    "HSETEX": Case(
        [["HSETEX", "person:1", "EX", "100", "FIELDS", "1", "a", "1"]],
        [ONE_ENTRY],
        {"1": ("1", None)},
    ),
    "HEXPIRE with a time to come": Case(
        [ONE, ["HEXPIRE", "person:1", "100", "FIELDS", "1", "a"]],
        [ONE_ENTRY],
        {"1": ("1", None)},
    ),
    "HEXPIRE with a time gone by": Case(
        [BOTH, ["HPEXPIREAT", "person:1", "1", "FIELDS", "1", "a"]],
        [BOTH_ENTRY, ("person:1", "hdel", "!", ["b", "2"])],
        {"1": (None, "2")},
    ),
    "a field expires": Case(
        [BOTH, ["HPEXPIRE", "person:1", "1", "FIELDS", "1", "a"]],
        [BOTH_ENTRY, ("person:1", "hexpired", "!", ["b", "2"])],
        {"1": (None, "2")},
    ),
    "fields without a column": Case([["HSET", "person:1", "x", "1"]], [], {}),
}

KEYS = {
    "DEL": Case([ONE, ["DEL", "person:1"]], [ONE_ENTRY, DELETED], {}),
    "UNLINK": Case([ONE, ["UNLINK", "person:1"]], [ONE_ENTRY, DELETED], {}),
    "DEL of several keys, some gone": Case(
        [ONE, ["DEL", "person:0", "other", "person:1"]],
        [ONE_ENTRY, DELETED, ("person:0", "del", "~+", [])],
        {},
    ),
    "DEL of a key that has expired": Case(
        [
            ONE,
            ["PEXPIRE", "person:1", "1"],
            [AWAIT_GONE, "person:1"],
            ["DEL", *ONE[1:2]],
        ],
        [ONE_ENTRY, DELETED],
        {},
    ),
    "UNLINK of a key that has expired": Case(
        [
            ONE,
            ["PEXPIRE", "person:1", "1"],
            [AWAIT_GONE, "person:1"],
            ["UNLINK", *ONE[1:2]],
        ],
        [ONE_ENTRY, DELETED],
        {},
    ),
    "DEL of a missing key in MULTI": Case(
        [["MULTI"], ONE, ["DEL", "person:1"], ["DEL", "person:1"], ["EXEC"]],
        [
            ONE_ENTRY,
            ("person:1", "del", "~+", []),
            ("person:1", "del", "~+", []),
        ],
        {},
    ),
    "DEL of a missing key in a script": Case(
        [["EVAL", "return redis.call('DEL', KEYS[1])", "1", "person:1"]],
        [DELETED],
        {},
    ),
    "DEL of a key that has expired, deleteMissing=False": Case(
        [
            ["HSET", "keep:1", "a", "1"],
            ["PEXPIRE", "keep:1", "1"],
            [AWAIT_GONE, "keep:1"],
            ["DEL", "keep:1"],
        ],
        [("keep:1", "hset", "=", ["a", "1"])],
        {"1": ("1", None)},
        "keep",
    ),
    "GETDEL": Case(
        [ONE, [FAILS, "GETDEL", "person:1"]], [ONE_ENTRY], {"1": ("1", None)}
    ),
    "RENAME": Case(
        [ONE, ["RENAME", "person:1", "person:2"]],
        [
            ONE_ENTRY,
            ("person:1", "rename_from", "~", []),
            ("person:2", "rename_to", "!+", ["a", "1"]),
        ],
        {"2": ("1", None)},
    ),
    "RENAME out of the prefix": Case(
        [ONE, ["RENAME", "person:1", "other"]],
        [ONE_ENTRY, ("person:1", "rename_from", "~", [])],
        {},
    ),
    "RENAME into the prefix, onto a key": Case(
        [BOTH, ["HSET", "other", "a", "7"], ["RENAME", "other", "person:1"]],
        [BOTH_ENTRY, ("person:1", "rename_to", "!", ["a", "7"])],
        {"1": ("7", None)},
    ),
    "RENAMENX": Case(
        [
            ONE,
            ["RENAMENX", "person:1", "person:2"],
            ["HSET", "other", "a", "7"],
            ["RENAMENX", "other", "person:2"],
        ],
        [
            ONE_ENTRY,
            ("person:1", "rename_from", "~", []),
            ("person:2", "rename_to", "!+", ["a", "1"]),
        ],
        {"2": ("1", None)},
    ),
    "COPY": Case(
        [ONE, ["COPY", "person:1", "person:2"]],
        [ONE_ENTRY, ("person:2", "copy_to", "!", ["a", "1"])],
        {"1": ("1", None), "2": ("1", None)},
    ),
    "COPY REPLACE": Case(
        [BOTH, ["HSET", "other", "a", "7"], ["COPY", "other", "person:1", "REPLACE"]],
        [BOTH_ENTRY, ("person:1", "copy_to", "!", ["a", "7"])],
        {"1": ("7", None)},
    ),
    "COPY to another database": Case(
        [ONE, ["COPY", "person:1", "person:2", "DB", "1"]],
        [ONE_ENTRY],
        {"1": ("1", None)},
    ),
    "COPY into the rule's database": Case(
        [["HSET", "other", "a", "1"], ["COPY", "other", "second:1", "DB", "1"]],
        [("second:1", "copy_to", "!", ["a", "1"])],
        {"1": ("1", None)},
        "second",
    ),
    "MOVE to another database": Case(
        [ONE, ["MOVE", "person:1", "1"]],
        [ONE_ENTRY, ("person:1", "move_from", "~", [])],
        {},
    ),
    "MOVE into the rule's database": Case(
        [["HSET", "second:1", "a", "1"], ["MOVE", "second:1", "1"]],
        [("second:1", "move_to", "!", ["a", "1"])],
        {"1": ("1", None)},
        "second",
    ),
    "RESTORE": Case(
        [["HSET", "other", "a", "1"], ["EVAL", RESTORE, "2", "other", "person:1", "0"]],
        [("person:1", "restore", "!", ["a", "1"])],
        {"1": ("1", None)},
    ),
    "RESTORE REPLACE": Case(
        [
            BOTH,
            ["HSET", "other", "a", "7"],
            ["EVAL", RESTORE, "2", "other", "person:1", "0", "REPLACE"],
        ],
        [BOTH_ENTRY, ("person:1", "restore", "!", ["a", "7"])],
        {"1": ("7", None)},
    ),
    "RESTORE REPLACE with a time gone by": Case(
        [
            BOTH,
            ["HSET", "other", "a", "7"],
            ["EVAL", RESTORE, "2", "other", "person:1", "1", "REPLACE", "ABSTTL"],
        ],
        [BOTH_ENTRY, DELETED],
        {},
    ),
    "EXPIRE with a time gone by": Case(
        [ONE, ["EXPIRE", "person:1", "-1"]], [ONE_ENTRY, DELETED], {}
    ),
    "PEXPIREAT with a time gone by": Case(
        [ONE, ["PEXPIREAT", "person:1", "1"]], [ONE_ENTRY, DELETED], {}
    ),
    "EXPIRE, PERSIST": Case(
        [ONE, ["EXPIRE", "person:1", "100"], ["PERSIST", "person:1"]],
        [ONE_ENTRY],
        {"1": ("1", None)},
    ),
    "a key expires": Case(
        [ONE, ["PEXPIRE", "person:1", "1"], [AWAIT_GONE, "person:1"]],
        [ONE_ENTRY],
        {"1": ("1", None)},
    ),
    'a key expires, deleteOn has "expired"': Case(
        [
            ["HSET", "cache:1", "a", "1"],
            ["PEXPIRE", "cache:1", "1"],
            [AWAIT_GONE, "cache:1"],
        ],
        [("cache:1", "hset", "=", ["a", "1"]), ("cache:1", "expired", "~", [])],
        {},
        "cache",
    ),
    "a key of another database": Case(
        [["SELECT", "1"], ONE, ["DEL", "person:1"], ["SELECT", "0"]], [], {}
    ),
    "a key of the rule's database": Case(
        [["SELECT", "1"], ["HSET", "second:1", "a", "1"], ["SELECT", "0"]],
        [("second:1", "hset", "=", ["a", "1"])],
        {"1": ("1", None)},
        "second",
    ),
}

MEMBERS = ["SADD", "members", "1"]
SCORES = ["ZADD", "scores", "1", "one"]


def overwritten(event: str, *commands: list[str]) -> Case:
    """Another type over a hash: the row goes."""
    return Case([ONE, *commands], [ONE_ENTRY, ("person:1", event, "~", [])], {})


OTHER_TYPES = {
    "SET": overwritten("set", ["SET", "person:1", "x"], ["APPEND", "person:1", "y"]),
    "SETEX": overwritten("set", ["SETEX", "person:1", "100", "x"]),
    "MSET": overwritten("set", ["MSET", "other", "x", "person:1", "x"]),
    "BITOP": overwritten(
        "set", ["SET", "other", "x"], ["BITOP", "NOT", "person:1", "other"]
    ),
    "SUNIONSTORE, SINTERSTORE, SDIFFSTORE": overwritten(
        "sunionstore", MEMBERS, ["SUNIONSTORE", "person:1", "members"]
    ),
    "SUNIONSTORE of nothing": overwritten("del", ["SUNIONSTORE", "person:1", "none"]),
    "ZUNIONSTORE, ZINTERSTORE, ZDIFFSTORE": overwritten(
        "zunionstore", SCORES, ["ZUNIONSTORE", "person:1", "1", "scores"]
    ),
    "ZRANGESTORE": overwritten(
        "zrangestore", SCORES, ["ZRANGESTORE", "person:1", "scores", "0", "-1"]
    ),
    "GEOSEARCHSTORE": overwritten(
        "geosearchstore",
        ["GEOADD", "places", "13", "38", "here"],
        [
            "GEOSEARCHSTORE",
            "person:1",
            "places",
            "FROMMEMBER",
            "here",
            "BYRADIUS",
            "1",
            "km",
        ],
    ),
    "SORT STORE": overwritten(
        "sortstore", MEMBERS, ["SORT", "members", "STORE", "person:1"]
    ),
    "RENAME of another type onto a hash": overwritten(
        "rename_to", MEMBERS, ["RENAME", "members", "person:1"]
    ),
}

UNITS = {
    "MULTI … EXEC": Case(
        [
            *(["MULTI"], BOTH, ["HDEL", "person:1", "a"], ["HDEL", "person:1", "b"]),
            *(["HSET", "person:2", "a", "2"], ["EXEC"], ["HSET", "person:3", "a", "3"]),
        ],
        [
            BOTH_ENTRY,
            ("person:1", "hdel", "=+", ["_clear", "a", "b", "2"]),
            ("person:1", "del", "~+", []),
            ("person:2", "hset", "=+", ["a", "2"]),
            ("person:3", "hset", "=", ["a", "3"]),
        ],
        {"2": ("2", None), "3": ("3", None)},
    ),
    "MULTI … DISCARD": Case(
        [ONE, ["MULTI"], ["HDEL", "person:1", "a"], ["DEL", "person:1"], ["DISCARD"]],
        [ONE_ENTRY],
        {"1": ("1", None)},
    ),
    "EVAL": Case(
        [["EVAL", SCRIPT, "1", "person:1"], ["HSET", "person:1", "b", "9"]],
        [
            ("person:1", "hset", "=", ["a", "1", "b", "1"]),
            ("person:1", "hdel", "=+", ["_clear", "a", "b", "1"]),
            ("person:1", "hincrby", "=+", ["b", "2"]),
            ("person:1", "hset", "=", ["b", "9"]),
        ],
        {"1": (None, "9")},
    ),
    "FCALL": Case(
        [["FUNCTION", "LOAD", "REPLACE", LIBRARY], ["FCALL", "put", "1", "person:1"]],
        [ONE_ENTRY, ("person:1", "hset", "=+", ["a", "1", "b", "2"])],
        {"1": ("1", "2")},
    ),
}

OPERATIONS = {
    "# = and an ack": Case(
        [[*ONE, "#", "=ack"]],
        [("person:1", "hset", "=", ["_uuid", "ack", "a", "1"])],
        {"1": ("1", None)},
    ),
    "# +": Case([[*ONE, "#", "+"]], [], {}),
    "a write after # +": Case(
        [[*ONE, "#", "+"], ["HSET", "person:1", "b", "2"]],
        [BOTH_ENTRY],
        {"1": ("1", "2")},
    ),
    "# ~": Case(
        [ONE, ["HSET", "person:1", "b", "2", "#", "~ack"]],
        [ONE_ENTRY, ("person:1", "del", "~", ["_uuid", "ack"])],
        {},
    ),
    "# -": Case([ONE, ["HSET", "person:1", "#", "-"]], [ONE_ENTRY], {"1": ("1", None)}),
    "# ~ in MULTI": Case(
        [["MULTI"], [*ONE, "#", "~"], ["HSET", "person:1", "b", "2"], ["EXEC"]],
        [BOTH_ENTRY, ("person:1", "del", "~+", [])],
        {},
    ),
    "# + in a script": Case(
        [
            [
                "EVAL",
                "redis.call('HSET', KEYS[1], 'a', '1', '#', '+')",
                "1",
                "person:1",
            ],
            ["HSET", "person:1", "b", "2"],
        ],
        [BOTH_ENTRY],
        {"1": ("1", "2")},
    ),
    "# and no other field": Case([["HSET", "person:1", "#", "="]], [], {}),
    "# with an unknown sign": Case(
        [[*ONE, "#", "?ack"]], [ONE_ENTRY], {"1": ("1", None)}
    ),
}

CASES = {**FIELDS, **KEYS, **OTHER_TYPES, **UNITS, **OPERATIONS}
