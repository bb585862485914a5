from __future__ import annotations

import io
import json

import click
import pytest
from rich.console import Console

from regear import errors
from regear.cli import commands
from regear.cli._errors import run_command
from regear.cli._options import _pairs
from regear.cli._status_view import render


def fails(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    """Exit code and stderr of the command line."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", ["regear", *words])
        with pytest.raises(SystemExit) as caught:
            run_command(commands, "regear")
    return caught.value.code, capsys.readouterr().err


def test_wrong_usage_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    code, text = fails(capsys, "up", "--port", "x")
    assert code == 2
    assert text.count("\n") == 1
    assert "(try: regear up --help)" in text


def test_unreachable_server_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    code, text = fails(capsys, "status", "--redis", "redis://u:hidden@127.0.0.1:1")
    assert code == 1
    assert text.startswith("regear: redis://***@127.0.0.1:1: ")
    assert text.count("\n") == 1
    assert "hidden" not in text


def test_missing_recipe_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    code, text = fails(capsys, "host", "/no/such/recipe.py")
    assert code == 1
    assert text == (
        "regear: the recipe /no/such/recipe.py cannot be read:"
        " No such file or directory\n"
    )


def test_run_passes_everything_to_gears(capsys: pytest.CaptureFixture[str]) -> None:
    code, text = fails(capsys, "run", "--port", "1", "/no/such.py", "REQUIREMENTS")
    assert code == 1
    assert text == "regear: /no/such.py cannot be read: No such file or directory\n"


def test_set_wants_pairs() -> None:
    assert _pairs(None, None, ("A=1", "B=x=y")) == {"A": "1", "B": "x=y"}
    with pytest.raises(click.BadParameter):
        _pairs(None, None, ("A",))


def test_status_shows_what_is_wrong() -> None:
    registration = {
        "name": "Persons",
        "version": None,
        "prefix": "person:",
        "table": "persons",
        "backlog": 12,
        "status": {
            "state": "refused",
            "rate": 10.4,
            "lag_ms": 1500,
            "last_error": "no such table: persons",
            "hint": "CREATE TABLE persons",
        },
    }
    document = {"host": {"attached": True, "fence": 3}, "registrations": [registration]}
    console = Console(width=120)
    with console.capture() as captured:
        console.print(render(json.loads(json.dumps(document))))
    text = captured.get()
    assert "host attached, fence 3" in text
    assert "person:*" in text
    assert "1.5 s" in text
    assert "Persons: no such table: persons (try: CREATE TABLE persons)" in text


def test_status_shows_what_an_operator_should_know() -> None:
    registration = {
        "name": "Persons",
        "version": "2.0",
        "prefix": "person:",
        "table": "persons",
        "backlog": 3,
        "paused": True,
        "notes": {"uncaptured": "7 keys of person:* existed before"},
        "status": {
            "state": "paused",
            "dead_letters": 21,
            "parked": 4,
            "captured_lost": 5,
            "reconcile": {"reason": "an older Redis", "keys": 9, "rows_without_key": 1},
        },
    }
    document = {
        "host": {"attached": True, "fence": 3},
        "warnings": ["Redis has no AOF"],
        "registrations": [registration],
        "orphans": [{"name": "Cars", "backlog": 6}],
    }
    console = Console(width=120)
    with console.capture() as captured:
        console.print(render(document))
    text = captured.get()
    for line in (
        "Redis has no AOF",
        "Persons: 21 changes were refused by the database"
        " (try: regear dead-letters Persons)",
        "Persons: 4 changes wait for a row of another table",
        "Persons: 5 captured changes were lost",
        "Persons: paused (try: regear resume Persons)",
        "Persons: an older Redis: 9 keys captured anew, 1 rows have no key",
        "Persons: 7 keys of person:* existed before",
        "Cars is not registered any more and left 6 changes behind"
        " (try: load its recipe again, or regear purge Cars)",
    ):
        assert line in text


def test_status_shows_who_waits_for_the_database() -> None:
    through = {"waiting": 3, "in_flight": 4, "refused": 5, "in_doubt": 6}
    registration = {
        "name": "Users",
        "version": "1.0.0",
        "prefix": "__",
        "table": "users",
        "backlog": 0,
        "through": through,
        "status": {
            "state": "running",
            "rate": 1200,
            "commit_seconds": {"bounds": [1], "counts": [10, 0], "sum": 0.025},
        },
    }
    console = Console(width=80, record=True, file=io.StringIO())
    document = {
        "host": {"attached": True, "fence": 1},
        "registrations": [registration, {**registration, "status": None}],
    }
    console.print(render(document))
    lines = [line.split() for line in console.export_text().splitlines()]
    expected = "Users __* users running 7 1200 2.5 ms 5 6"
    assert expected.split() in lines
    assert any(line[3:5] == ["no", "host"] for line in lines)


def test_status_without_host() -> None:
    console = Console(width=120)
    with console.capture() as captured:
        console.print(render({"host": {"attached": False}, "registrations": []}))
    assert "no host is attached (try: regear host)" in captured.get()


def test_errors_say_what_to_try() -> None:
    assert str(errors.RegearError("broken")) == "broken"
    assert str(errors.TargetError("broken", "mend it")) == "broken (try: mend it)"
    assert issubclass(errors.NotAvailable, errors.RecipeError)
