from __future__ import annotations

from collections.abc import Callable

import pytest

from regear._registration import Keys
from regear._runner import ScriptFailed
from regear._session import Session, current_session
from regear.errors import RecipeError
from rgsync import RGWriteBehind

Run = Callable[[str], Session]
STORED = Keys("stream", "dead", "parked", "dirty")

PREAMBLE = """
from rgsync import RGWriteBehind
from rgsync.Connectors import *
sqlite = SQLiteConnector(SQLiteConnection("/tmp/x.db"), "persons", "person_id")
mapping = {"first_name": "first", "age": "age"}
"""


def option(text: str) -> str:
    return f"RGWriteBehind(GB, 'p', mapping, sqlite, 'N', {text})"


def template(keys: str) -> str:
    return f"RGWriteBehind(GB, {keys!r}, mapping, sqlite, 'N')"


def test_registration_document_of_the_defaults(run: Run, recipe) -> None:
    (registration,) = run(recipe("1.2.0")).registrations
    assert registration.document("06S") == {
        "name": "Persons",
        "version": "1.2.0",
        "kind": "write-behind",
        "prefix": "person:",
        "db": 0,
        "events": ["hset", "hmset", "del", "change"],
        "fields": ["first_name", "age"],
        "operations": True,
        "delete_on": ["del"],
        "on_flush": "ignore",
        "delete_missing": True,
        "max_backlog": 0,
        "allow_eviction": False,
        "stream": "_persons-stream-Persons-{06S}",
        "dead": "_persons-dead-Persons-{06S}",
        "parked": "_persons-parked-Persons-{06S}",
        "dirty": "_persons-dirty-Persons-{06S}",
        "table": "persons",
        "target": "sqlite",
        "batch": 100,
        "duration": 100,
        "retry_interval": 5,
    }


def test_worker_of_a_native_connector(run: Run, recipe) -> None:
    session = run(recipe())
    worker = session.registrations[0].worker(STORED, session.bind)
    assert worker.pop("connect")() == {"path": "/tmp/x.db"}
    assert worker == {
        "name": "Persons",
        "registration": "",
        "stream": "stream",
        "dead": "dead",
        "parked": "parked",
        "db": 0,
        "prefix": "person:",
        "key_template": None,
        "columns": [("first_name", "first"), ("age", "age")],
        "field_history": [],
        "target": "sqlite",
        "table": "persons",
        "primary_key": "person_id",
        "checkpoint_table": "regear_checkpoint",
        "transform": None,
        "fold": True,
        "commit_after": "received",
        "batch": 100,
        "duration": 100,
        "retry_interval": 5,
    }


def test_every_argument_by_position(run: Run) -> None:
    session = run(
        PREAMBLE + "RGWriteBehind(GB, 'p', mapping, sqlite, 'N', '1', 7, 10, 20,"
        " lambda r: r, ['HSET'])"
    )
    (registration,) = session.registrations
    assert registration.retry_interval == 7
    assert (registration.batch, registration.duration) == (10, 20)
    assert registration.events == ("hset",)
    assert registration.transform is not None
    assert registration.document("06S")["fields"] is None


def test_every_option(run: Run) -> None:
    session = run(
        PREAMBLE + "RGWriteBehind(GB, 'p', mapping, sqlite, 'N',"
        " deleteOn=['evicted', 'del'], onFlush='delete', deleteMissing=False, db=3,"
        " fold=False, maxBacklog=10, allowEviction=True, commitAfter='fsync',"
        " maxBatch=200, maxBatchBytes=1000)"
    )
    (registration,) = session.registrations
    document = registration.document("06S")
    assert document["delete_on"] == ["del", "evicted"]
    assert (document["on_flush"], document["delete_missing"]) == ("delete", False)
    assert (document["db"], document["max_backlog"]) == (3, 10)
    assert document["allow_eviction"] is True
    worker = registration.worker(STORED, session.bind, "0-1", [["1-1", ["a"]]])
    assert (worker["registration"], worker["field_history"]) == (
        "0-1",
        [["1-1", ["a"]]],
    )
    assert (worker["fold"], worker["commit_after"]) == (False, "fsync")
    assert (worker["max_batch"], worker["max_batch_bytes"]) == (200, 1000)


def test_key_template_names_the_key_columns(run: Run) -> None:
    session = run(
        PREAMBLE + "orders = SQLiteConnector(SQLiteConnection('/tmp/x.db'), 'orders',"
        " 'region, id')\n"
        "RGWriteBehind(GB, 'order:{region}:{id}', mapping, orders, 'N')"
    )
    (registration,) = session.registrations
    assert registration.document("06S")["prefix"] == "order:"
    worker = registration.worker(STORED, session.bind)
    assert (worker["prefix"], worker["key_template"]) == (
        "order:",
        "order:{region}:{id}",
    )


def test_transform_runs_in_the_session_of_the_recipe(run: Run, services) -> None:
    session = run(
        PREAMBLE + "from redisgears import log as note\n"
        "def upper(record):\n"
        "    note(record['key'])\n"
        "    record['value'] = {k: v.upper() for k, v in record['value'].items()}\n"
        "    return record\n"
        "RGWriteBehind(GB, 'p', mapping, sqlite, 'N', transform=upper)"
    )
    worker = session.registrations[0].worker(STORED, session.bind)
    record = {"key": "p:1", "value": {"age": "x"}, "type": "hash", "event": "hset"}
    assert worker["transform"](record)["value"] == {"age": "X"}
    assert services.lines == [("notice", "GEARS: p:1")]


def test_custom_connector_is_called_back(run: Run) -> None:
    session = run(
        PREAMBLE + "class Mine:\n"
        "    def TableName(self): return 'things'\n"
        "    def PrimaryKey(self): return 'id'\n"
        "    def PrepereQueries(self, mappings): self.mappings = mappings\n"
        "    def WriteData(self, data): self.seen = (data, self.mappings)\n"
        "mine = Mine()\n"
        "RGWriteBehind(GB, 'p', mapping, mine, 'N')"
    )
    (registration,) = session.registrations
    worker = registration.worker(STORED, session.bind)
    assert worker["target"] == "callback"
    assert worker["fold"] is False
    assert registration.document("06S")["fields"] is None
    worker["write"]([{"id": "1-0"}])
    mine = registration.target.write.__self__
    assert mine.seen == (
        [{"id": "1-0"}],
        {"first_name": "first", "age": "age"},
    )


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("class C(SQLiteConnector): pass", "sqlite"),
        (
            "class C(SQLiteConnector):\n    def TableName(self): return 'upper'",
            "sqlite",
        ),
        ("class C(SQLiteConnector):\n    def WriteData(self, data): pass", "callback"),
        (
            "class C(SQLiteConnector):\n    def PrepereQueries(self, m): pass",
            "callback",
        ),
    ],
)
def test_subclass_is_native_unless_it_writes_by_itself(
    run: Run, body: str, kind: str
) -> None:
    session = run(
        PREAMBLE + body + "\nRGWriteBehind(GB, 'p', mapping,"
        " C(SQLiteConnection('/tmp/x.db'), 't', 'k'), 'N')"
    )
    assert session.registrations[0].target.kind == kind


def test_mysql_is_native(run: Run) -> None:
    session = run(
        "from rgsync import RGWriteBehind\n"
        "from rgsync.Connectors import MySqlConnection, MySqlConnector\n"
        "connector = MySqlConnector(MySqlConnection('u', 'p', 'h/d'), 't', 'k')\n"
        "RGWriteBehind(GB, 'person', {'a': 'a'}, connector, 'n')\n"
    )
    assert session.registrations[0].target.kind == "mysql"


def test_postgres_is_native(run: Run) -> None:
    session = run(
        PREAMBLE + "RGWriteBehind(GB, 'p', mapping, PostgresConnector("
        "PostgresConnection('u', 'p', 'h/d'), 't', 'k'), 'N')"
    )
    assert session.registrations[0].target.kind == "postgres"


def test_connection_that_connects_by_itself_is_not_native(run: Run) -> None:
    session = run(
        PREAMBLE + "class C(PostgresConnection):\n"
        "    def Connect(self): return None\n"
        "RGWriteBehind(GB, 'p', mapping,"
        " PostgresConnector(C('u', 'p', 'h/d'), 't', 'k'), 'N')"
    )
    assert session.registrations[0].target.kind == "callback"


def test_exactly_once_table_is_the_checkpoint_table(run: Run) -> None:
    session = run(
        PREAMBLE + "RGWriteBehind(GB, 'p', mapping, SQLiteConnector("
        "SQLiteConnection('/tmp/x.db'), 't', 'k', 'once'), 'N')"
    )
    assert session.registrations[0].target.checkpoint_table == "once"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("RGWriteBehind(GB, '', mapping, sqlite, 'N')", "keysPrefix must be a text"),
        ("RGWriteBehind(GB, 'p', mapping, sqlite, None)", "name must be a text"),
        ("RGWriteBehind(GB, 'p', {}, sqlite, 'N')", "mappings names no field"),
        ("RGWriteBehind(GB, 'p', {'_a': 'a'}, sqlite, 'N')", "mappings names no"),
        ("RGWriteBehind(GB, 'p', [1], sqlite, 'N')", "mappings must be a dict"),
        (
            "RGWriteBehind(GB, 'p', {'a': 'c', 'b': 'c'}, sqlite, 'N')",
            "two fields are mapped to the column 'c'",
        ),
        ("RGWriteBehind(GB, 'p', mapping, sqlite, 'N', 'x')", "is not a version"),
        ("RGWriteBehind(GB, 'p', mapping, sqlite, 'N', batch=0)", "batch must be"),
        (
            "RGWriteBehind(GB, 'p', mapping, sqlite, 'N', duration='1')",
            "duration must be",
        ),
        (
            "RGWriteBehind(GB, 'p', mapping, sqlite, 'N', transform=1)",
            "transform must be a function",
        ),
        (
            "RGWriteBehind(GB, 'p', mapping, sqlite, 'N', eventTypes='hset')",
            "eventTypes must be a list",
        ),
        ("RGWriteBehind(GB, 'p', mapping, 5, 'N')", "has no method TableName"),
        (option("deleteOn='del'"), "deleteOn must be a list of some of"),
        (option("deleteOn=['del', 'hset']"), "deleteOn must be a list of some of"),
        (option("deleteOn=['expired']"), 'deleteOn must have "del"'),
        (option("onFlush='keep'"), 'onFlush must be one of "ignore", "delete"'),
        (option("deleteMissing=1"), "deleteMissing must be True or False"),
        (option("db=-1"), "db must be a whole number, 0 or more"),
        (option("fold='no'"), "fold must be True or False"),
        (option("maxBacklog=1.5"), "maxBacklog must be a whole number"),
        (option("allowEviction=None"), "allowEviction must be True or False"),
        (option("commitAfter='disk'"), "commitAfter must be one of"),
        (option("maxBatch=99"), "maxBatch must be 100 or more"),
        (option("maxBatchBytes=0"), "maxBatchBytes must be a whole number, 1 or"),
        (option("evenTypes=[]"), "unexpected keyword argument"),
        (template("order:{region"), "the braces do not pair"),
        (template("{person_id}"), "a text in front of the first placeholder"),
        (template("o:{person_id}{b}"), "nothing separates two placeholders"),
        (template("o:{}:{person_id}"), "a placeholder names no column"),
        (template("o:{person_id}:{person_id}"), "a column is named twice"),
        (template("o:{region}:{id}"), "has no placeholder {person_id}"),
        (template("o:{person_id}:{age}"), "the column 'age' comes from the key"),
        (
            "for _ in 1, 2: RGWriteBehind(GB, 'p', mapping, sqlite, 'N')",
            "two registrations are named 'N'",
        ),
    ],
)
def test_wrong_call_is_named(run: Run, call: str, message: str) -> None:
    with pytest.raises(ScriptFailed, match=message):
        run(PREAMBLE + call)


def test_outside_of_a_recipe_there_is_no_session() -> None:
    with pytest.raises(RecipeError, match="no recipe is running"):
        RGWriteBehind(None, "p", {}, None, "N")
    with pytest.raises(RecipeError, match="no recipe is running"):
        current_session()
