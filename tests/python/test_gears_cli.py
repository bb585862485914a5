from __future__ import annotations

from pathlib import Path

import pytest

from regear.cli._gears_arguments import GearsUsageError, parse
from regear.cli._gears_client import readable, show
from regear.errors import NotAvailable


@pytest.mark.parametrize(
    "line",
    [
        "run --host h --port 7 s.py REQUIREMENTS rgsync",
        "--host h --port 7 run s.py REQUIREMENTS rgsync",
        "--host h --port 7 s.py REQUIREMENTS rgsync",
        "--host=h --port=7 s.py REQUIREMENTS rgsync",
        "run s.py --host h --port 7 REQUIREMENTS rgsync",
    ],
)
def test_three_spellings(line: str) -> None:
    parsed = parse(line.split())
    assert parsed is not None
    assert parsed.path == "s.py"
    assert parsed.all_extra() == ["REQUIREMENTS", "rgsync"]
    assert parsed.options == {"host": "h", "port": "7"}


def test_path_alone() -> None:
    parsed = parse(["s.py"])
    assert parsed is not None
    assert (parsed.path, parsed.extra, parsed.port()) == ("s.py", [], 6379)


def test_what_follows_requirements_is_no_option() -> None:
    parsed = parse(["run", "s.py", "REQUIREMENTS", "--host", "x"])
    assert parsed is not None
    assert parsed.extra == ["REQUIREMENTS", "--host", "x"]


def test_requirements_file(tmp_path: Path) -> None:
    file = tmp_path / "r.txt"
    file.write_text("\n# a comment\nrgsync\n  pymongo==3.12.0  # pinned\n\n")
    parsed = parse(["run", "s.py", "ID", "x", "--requirements", str(file)])
    assert parsed is not None
    assert parsed.all_extra() == [
        "ID", "x", "REQUIREMENTS", "rgsync", "pymongo==3.12.0",
    ]  # fmt: skip
    parsed = parse(["--requirements", str(file), "s.py", "REQUIREMENTS", "a"])
    assert parsed is not None
    assert parsed.all_extra() == ["REQUIREMENTS", "a", "rgsync", "pymongo==3.12.0"]


def test_file_without_requirements_adds_nothing(tmp_path: Path) -> None:
    file = tmp_path / "r.txt"
    file.write_text("# none\n")
    parsed = parse(["--requirements", str(file), "s.py"])
    assert parsed is not None
    assert parsed.all_extra() == []


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("", "no script was given"),
        ("run", "no script was given"),
        ("--bogus x s.py", "unknown option --bogus"),
        ("run --bogus x s.py", "unknown option --bogus"),
        ("s.py --host", "--host needs a value"),
    ],
)
def test_wrong_usage(line: str, message: str) -> None:
    with pytest.raises(GearsUsageError, match=message):
        parse(line.split())


def test_wrong_port() -> None:
    parsed = parse(["--port", "x", "s.py"])
    assert parsed is not None
    with pytest.raises(GearsUsageError, match="'x' is not a port"):
        parsed.port()


def test_help_and_later_commands() -> None:
    assert parse(["--help"]) is None
    with pytest.raises(NotAvailable, match="install-requirements"):
        parse(["install-requirements", "x"])


def test_traceback_reply_becomes_lines() -> None:
    assert readable("['Traceback:\\n', 'NameError: x\\n']") == (
        "Traceback:\nNameError: x"
    )
    assert readable("plain text") == "plain text"


def test_replies(capsys: pytest.CaptureFixture[str]) -> None:
    assert show(b"OK") == 0
    assert capsys.readouterr().out == "OK\n"
    assert show([[b"a", b"b"], []]) == 0
    assert "Results\n-------\n1)\ta\n2)\tb\n" in capsys.readouterr().out
    assert show([[], [b"bad"]]) == 1
    assert "Errors\n------\n1)\tbad\n" in capsys.readouterr().err
