"""Rows that a target refuses: alone, for a while, or only in that order."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from tests.integration._servers import wait_for

DATABASES = ("postgres", "sqlite", "mariadb")


@dataclass(frozen=True)
class Database:
    """One of the databases, in the words that differ."""

    kind: str
    connection: str  # the recipe's expression
    execute: Callable[..., list[tuple[Any, ...]]]

    @property
    def text(self) -> str:
        """A type for keys and short texts."""
        return "varchar(64)" if self.kind == "mariadb" else "text"

    def create(self, table: str, columns: str) -> None:
        """With TEXT in ``columns`` for the type of short texts."""
        self.execute(f"CREATE TABLE {table} ({columns.replace('TEXT', self.text)})")
        if self.kind == "postgres":
            self.execute(f"GRANT ALL ON {table} TO writer")

    def recipe(
        self, table: str, mapping: str, name: str, prefix: str, *arguments: str
    ) -> str:
        """``table``'s key is id; ``mapping``: fields called as their columns."""
        connector = {"postgres": "Postgres", "sqlite": "SQLite", "mariadb": "MySql"}
        word = connector[self.kind]
        columns = {column: column for column in mapping.split()}
        more = "".join(f", {argument}" for argument in arguments)
        return (
            "from rgsync import RGWriteBehind\n"
            f"from rgsync.Connectors import {word}Connection, {word}Connector\n"
            f"RGWriteBehind(GB, {prefix!r}, {columns!r}, {word}Connector("
            f"{self.connection}, {table!r}, 'id'), {name!r}{more})\n"
        )

    def widen(self, table: str, columns: str, narrow: str) -> None:
        """ALTER TABLE: the column ``narrow`` takes any text."""
        if self.kind == "postgres":
            self.execute(f"ALTER TABLE {table} ALTER COLUMN {narrow} TYPE text")
        elif self.kind == "mariadb":
            self.execute(f"ALTER TABLE {table} MODIFY {narrow} text")
        else:  # SQLite's way to change a type
            self.execute(f"ALTER TABLE {table} RENAME TO narrow")
            self.create(table, columns)
            self.execute(f"INSERT INTO {table} SELECT * FROM narrow")
            self.execute("DROP TABLE narrow")


@pytest.fixture
def database(request) -> Database:
    kind = request.param
    if kind == "sqlite":
        sqlite = request.getfixturevalue("sqlite_db")
        return Database(kind, f"SQLiteConnection({str(sqlite.path)!r})", sqlite.execute)
    own = request.getfixturevalue(kind)
    word = "Postgres" if kind == "postgres" else "MySql"
    connection = f"{word}Connection({own.user!r}, {own.password!r}, {own.address!r})"
    return Database(kind, connection, own.execute)


def on(*kinds: str) -> Any:
    """The databases that a test runs on."""
    return pytest.mark.parametrize("database", kinds, indirect=True)


@pytest.fixture
def redis(redis_with_module, host):
    return redis_with_module


@pytest.fixture
def regear(redis):
    """``regear("replay", "Persons")``: the document that it prints."""

    def run(command: str, *words: str) -> Any:
        done = subprocess.run(
            [
                *(sys.executable, "-m", "regear", command, *words),
                *("--json", "--redis", redis.url),
            ],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr + done.stdout
        return json.loads(done.stdout)

    return run


# -- a value that the column refuses -------------------------------------------

THINGS = "id TEXT PRIMARY KEY, name TEXT, size {}"


@on(*DATABASES)
def test_one_poison_row_among_thousands(redis, database, regear):
    database.create("things", THINGS.format("int"))
    redis.execute(database.recipe("things", "name size", "Things", "thing"))
    wait_for(lambda: redis.state("Things") == "running")
    with redis.client.pipeline(transaction=False) as pipeline:
        for number in range(5000):
            size = "huge" if number == 2500 else number
            pipeline.hset(f"thing:{number}", mapping={"name": "x", "size": size})
        pipeline.execute()
    redis.wait_drained()
    rows = dict(database.execute("SELECT id, size FROM things"))
    assert rows == {str(number): number for number in range(5000) if number != 2500}

    (letter,) = regear("dead-letters")
    assert (letter["registration"], letter["key"]) == ("Things", "thing:2500")
    assert letter["fields"] == {"name": "x", "size": "huge"}
    assert "size" in letter["error"] or "integer" in letter["error"]
    codes = {"postgres": "22P02", "mariadb": "1366", "sqlite": ""}
    assert codes[database.kind] in letter["code"]
    wait_for(lambda: redis.state("Things") == "running")

    redis.client.hset("thing:2500", "name", "newest")  # refused as well
    redis.wait_drained()
    assert "2500" not in dict(database.execute("SELECT id, size FROM things"))
    database.widen("things", THINGS.format("text"), "size")
    replayed = regear("replay", "Things")
    assert (replayed["missing"], replayed["left"]) == ([], 0)
    redis.wait_drained()
    newest = "SELECT name, size FROM things WHERE id = '2500'"
    assert database.execute(newest) == [("newest", "huge")]
    assert database.execute("SELECT count(*) FROM things") == [(5000,)]
    assert regear("dead-letters") == []


# -- rows that come in the wrong order -----------------------------------------


@on("postgres", "mariadb")
def test_children_before_their_parents(redis, database, regear):
    database.create("parents", "id TEXT PRIMARY KEY, name TEXT")
    database.create(
        "children",
        "id TEXT PRIMARY KEY, parent TEXT, name TEXT,"
        " FOREIGN KEY (parent) REFERENCES parents (id)",
    )
    # The children's changes wait 50 ms for others, the parents' 2 s.
    redis.execute(
        database.recipe("children", "parent name", "Children", "child", "duration=50")
    )
    redis.execute(
        database.recipe(
            "parents", "name", "Parents", "parent", "duration=2000", "batch=10000"
        )
    )
    wait_for(lambda: redis.state("Children") == redis.state("Parents") == "running")
    for kind, fields in (("child", ("parent", "name")), ("parent", ("name",))):
        with redis.client.pipeline(transaction=False) as pipeline:
            for number in range(300):
                values = {"parent": str(number % 100), "name": f"{kind} {number}"}
                if kind == "child" or number < 100:
                    pipeline.hset(
                        f"{kind}:{number}",
                        mapping={field: values[field] for field in fields},
                    )
            pipeline.execute()
    redis.client.hset("child:7", "name", "later")

    def parked() -> int:
        return int(redis.registration("Children")["parked_changes"])

    wait_for(lambda: parked() > 0, what="children wait")
    redis.wait_drained()
    wait_for(lambda: parked() == 0, 30, "children are written")
    assert regear("dead-letters") == []
    rows = {row[0]: row[1:] for row in database.execute("SELECT * FROM children")}
    expected = {str(n): (str(n % 100), f"child {n}") for n in range(300)}
    assert rows == {**expected, "7": ("7", "later")}
    assert database.execute("SELECT count(*) FROM parents") == [(100,)]


@on(*DATABASES)
def test_unique_values_that_swap_through_a_third(redis, database, regear):
    database.create("seats", "id TEXT PRIMARY KEY, place TEXT UNIQUE")
    redis.execute(database.recipe("seats", "place", "Seats", "seat"))
    redis.client.hset("seat:1", "place", "A")
    redis.client.hset("seat:2", "place", "B")

    def seats() -> dict[str, str]:
        return dict(database.execute("SELECT id, place FROM seats"))

    wait_for(lambda: seats() == {"1": "A", "2": "B"})
    with redis.client.pipeline(transaction=True) as pipeline:
        pipeline.hset("seat:1", "place", "nowhere")
        pipeline.hset("seat:2", "place", "A")
        pipeline.hset("seat:1", "place", "B")
        pipeline.execute()
    redis.wait_drained()
    assert seats() == {"1": "B", "2": "A"}
    assert regear("dead-letters") == []


# -- what recipes refuse -------------------------------------------------------

LINES = """
import json
import regear
from rgsync import RGWriteBehind

class Lines:
    calls = 0
    def TableName(self): return 'things'
    def PrimaryKey(self): return 'id'
    def WriteData(self, records):
        self.refuse(records)
        with open({path!r}, 'a') as file:
            for record in records:
                file.write(record['value']['id'] + '\\n')
    def refuse(self, records):
{body}

RGWriteBehind(GB, 'thing', {{'name': 'name'}}, Lines(), 'Things',
              onFailedRetryInterval=0.2)
"""


@pytest.fixture
def lines(redis, folder):
    """``lines(body of refuse)`` registers a connector of its own; the result
    gives the ids that it has written."""
    path = folder / "lines"

    def register(body: str) -> Callable[[], list[str]]:
        indented = "".join(f"        {line}\n" for line in body.splitlines())
        redis.execute(LINES.format(path=str(path), body=indented))
        wait_for(lambda: redis.state("Things") == "running")
        return lambda: path.read_text().split() if path.exists() else []

    return register


def write_things(redis, count: int = 20) -> list[str]:
    """Ids, in the order of the stream; that of 7 is called poison."""
    with redis.client.pipeline(transaction=True) as pipeline:
        for number in range(count):
            name = "poison" if number == 7 else "fine"
            pipeline.hset(f"thing:{number}", "name", name)
        pipeline.execute()
    return [str(number) for number in range(count)]


def without(ids: list[str], *gone: str) -> list[str]:
    return [own for own in ids if own not in gone]


RAISES = """\
for record in records:
    if record['value']['name'] == 'poison':
        raise ValueError('no poison here')
"""


def test_connector_that_raises_for_one_record(redis, lines, regear):
    written = lines(RAISES)
    ids = write_things(redis)
    redis.wait_drained()
    assert sorted(set(written()), key=int) == without(ids, "7")
    (letter,) = regear("dead-letters")
    assert letter["key"] == "thing:7"
    assert "ValueError: no poison here" in letter["error"]
    line = LINES[: LINES.index("{body}")].count("\n") + 3
    assert f"(<string>:{line})" in letter["error"]
    # The whole batch came again before it was taken apart.
    wait_for(lambda: redis.registration("Things")["status"]["retries"] == 2)


def test_connector_that_rejects_a_record(redis, lines, regear):
    written = lines(
        "poison = [r for r in records if r['value']['name'] == 'poison']\n"
        "if poison:\n"
        "    raise regear.Reject(poison, 'why')\n"
    )
    ids = write_things(redis)
    redis.wait_drained()
    assert written() == without(ids, "7")  # once each, in order
    (letter,) = regear("dead-letters")
    assert (letter["key"], letter["error"]) == ("thing:7", "why")
    assert redis.registration("Things")["status"]["retries"] == 0


def test_connector_that_rejects_by_index(redis, lines, regear):
    written = lines(
        "bad = [i for i, r in enumerate(records) if r['value']['name'] == 'poison']\n"
        "if bad:\n"
        "    raise regear.Reject(bad, 'why')\n"
    )
    ids = write_things(redis)
    redis.wait_drained()
    assert written() == without(ids, "7")
    assert [letter["key"] for letter in regear("dead-letters")] == ["thing:7"]


def test_connector_that_asks_for_another_try(redis, lines, regear):
    written = lines(
        "from redisgears import executeCommand as execute\n"
        "if not execute('EXISTS', 'open'):\n"
        "    raise regear.Retry('away')\n"
    )
    ids = write_things(redis)

    def status() -> dict[str, Any]:
        return redis.registration("Things")["status"]

    wait_for(lambda: status()["retries"] > 3)  # more than failures have
    assert "away" in status()["last_error"]
    assert redis.backlog() == len(ids)
    redis.client.set("open", 1)
    redis.wait_drained()
    assert written() == ids
    assert regear("dead-letters") == []


def test_transform_that_raises_for_one_record(redis, sqlite_recipe, sqlite_db, regear):
    redis.execute(
        "def checked(record):\n"
        "    if record['value']['first_name'] == 'poison':\n"
        "        raise KeyError('no such person')\n"
        "    return record\n"
        + sqlite_recipe(arguments="transform=checked, onFailedRetryInterval=0.2")
    )
    with redis.client.pipeline(transaction=True) as pipeline:
        for number in range(20):
            name = "poison" if number == 7 else "fine"
            pipeline.hset(f"person:{number}", "first_name", name)
        pipeline.execute()
    redis.wait_drained()
    assert set(sqlite_db.persons()) == {str(n) for n in range(20) if n != 7}
    (letter,) = regear("dead-letters")
    assert letter["key"] == "person:7"
    assert letter["error"].startswith("transform: KeyError")
    assert "(<string>:3)" in letter["error"]


def test_transform_that_rejects_a_record(redis, sqlite_recipe, sqlite_db, regear):
    redis.execute(
        "import regear\n"
        "def checked(record):\n"
        "    if record['value']['first_name'] == 'poison':\n"
        "        raise regear.Reject(reason='unwanted')\n"
        "    return record\n" + sqlite_recipe(arguments="transform=checked")
    )
    with redis.client.pipeline(transaction=True) as pipeline:
        pipeline.hset("person:1", "first_name", "poison")
        pipeline.hset("person:2", "first_name", "fine")
        pipeline.execute()
    redis.wait_drained()
    assert set(sqlite_db.persons()) == {"2"}
    (letter,) = regear("dead-letters")
    assert (letter["key"], letter["error"]) == ("person:1", "transform: unwanted")
