"""``regear check`` on real databases."""

from __future__ import annotations

import json
import re
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

HEAD = """\
from rgsync import RGWriteBehind
from rgsync.Connectors import SQLiteConnection, SQLiteConnector
connection = SQLiteConnection(configGet("SqlitePath"))
"""


@pytest.fixture
def check(folder: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run ``regear check`` on the source of a recipe."""

    def run(source: str, *options: str) -> subprocess.CompletedProcess[str]:
        recipe = folder / "recipe.py"
        recipe.write_text(source)
        return subprocess.run(
            [sys.executable, "-m", "regear", "check", str(recipe), *options],
            capture_output=True,
            text=True,
            timeout=60,
        )

    return run


def registration(table: str, mapping: dict[str, str], keys: str = "person") -> str:
    return (
        f"RGWriteBehind(GB, {keys!r}, {mapping!r},"
        f" SQLiteConnector(connection, {table!r}, 'person_id'), {table!r})\n"
    )


def statements(report: str) -> list[str]:
    return re.findall(r"^    ((?:CREATE|ALTER|GRANT) .*)$", report, re.MULTILINE)


def test_says_ok(check: Any, sqlite_recipe: Any, sqlite_db: Any) -> None:
    done = check(sqlite_recipe())
    assert done.returncode == 0, done.stderr
    assert done.stdout == "Persons: person:* -> persons (sqlite): OK\n"
    tables = sqlite_db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
    assert sorted(tables) == [("cars",), ("persons",)]


def test_every_statement_at_once_and_they_mend(check: Any, sqlite_db: Any) -> None:
    source = (
        HEAD
        + registration("persons", {"first_name": "first", "zip": "zip", "b": "born"})
        + registration("pets", {"name": "name"}, "pet:{person_id}:{pet_id}")
    )
    options = ("--set", f"SqlitePath={sqlite_db.path}")
    done = check(source, *options)
    assert done.returncode == 1
    assert "no column zip, born" in done.stdout
    assert "pet:{person_id}:{pet_id} -> pets (sqlite): to be mended" in done.stdout
    for statement in statements(done.stdout):
        connection = sqlite3.connect(sqlite_db.path)
        connection.executescript(statement)
        connection.close()
    mended = check(source, *options)
    assert mended.returncode == 0, mended.stdout


def test_warns_of_a_column_that_nobody_fills(check: Any, sqlite_db: Any) -> None:
    sqlite_db.execute(
        "CREATE TABLE pets (person_id TEXT PRIMARY KEY, kind TEXT NOT NULL)"
    )
    done = check(
        HEAD + "RGWriteBehind(GB, 'pet', {'age': 'person_id2'},"
        " SQLiteConnector(connection, 'pets', 'person_id'), 'Pets')\n",
        "--set",
        f"SqlitePath={sqlite_db.path}",
        "--json",
    )
    assert done.returncode == 1
    (recipe,) = json.loads(done.stdout)
    (pets,) = recipe["registrations"]
    assert not recipe["ok"]
    assert recipe["error"] is None
    assert "person_id2" in pets["problems"][0]["message"]
    assert '"kind"' in pets["warnings"][0]["message"]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("x = 1\nif x\n", "recipe.py line 2: "),
        ("import no_such_package\n", "recipe.py line 1: "),
        ("\n\nprint(1 / 0)\n", "recipe.py line 3: ZeroDivisionError"),
        ("x = 1\n", "recipe.py registers nothing"),
        ("execute('GET', 'x')\n", "regear check --redis URL"),
    ],
)
def test_wrong_recipe_is_told_with_its_line(
    check: Any, source: str, message: str
) -> None:
    done = check(source)
    assert done.returncode == 1
    assert message in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


def test_output_of_the_recipe_does_not_mix_with_json(
    check: Any, sqlite_recipe: Any
) -> None:
    done = check("print('hello')\nlog('there')\n" + sqlite_recipe(), "--json")
    assert json.loads(done.stdout)[0]["ok"]
    assert "hello" in done.stderr
    assert "there" in done.stderr


def test_postgres_user_is_told_what_to_grant(
    check: Any, postgres: Any, postgres_recipe: Any
) -> None:
    postgres.execute(
        "REVOKE ALL ON persons FROM writer; REVOKE CREATE ON SCHEMA public FROM"
        " writer, public; ALTER TABLE persons DROP COLUMN age"
    )
    done = check(postgres_recipe())
    assert done.returncode == 1
    found = statements(done.stdout)
    assert [statement.split()[0] for statement in found] == ["ALTER", "GRANT", "CREATE"]
    for statement in found:
        postgres.execute(statement)
    assert check(postgres_recipe()).stdout == (
        "Persons: person:* -> persons (postgres): OK\n"
    )


def test_wrong_password_is_not_told(
    check: Any, postgres: Any, postgres_recipe: Any
) -> None:
    done = check(postgres_recipe(password="'hunter2'"))
    assert done.returncode == 1
    assert "to be mended" in done.stdout
    assert "hunter2" not in done.stdout + done.stderr
