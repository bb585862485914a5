"""gears-cli: what it sends, writes and says, without a server."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
import pytest

from regear.cli import _gears_parcels, gears
from regear.cli._gears_arguments import Server
from regear.cli._gears_client import ScriptError, readable, show
from regear.cli.gears import run_arguments

#: "No such option '--bogus'", in the words of the click that is installed.
NO_SUCH_OPTION = click.NoSuchOption("--bogus").message.rstrip(".")


class FakeServer:
    """Remembers where commands came from, and the commands."""

    def __init__(self) -> None:
        self.at: list[Server] = []
        self.sent: list[tuple[Any, ...]] = []
        self.replies: dict[str, Any] = {"RG.PYEXECUTE": b"OK", "RG.PYIMPORTREQ": b"OK"}

    @contextmanager
    def connected(self, at: Server) -> Iterator[Callable[..., Any]]:
        self.at.append(at)
        yield self.send

    def send(self, *words: Any) -> Any:
        self.sent.append(words)
        reply = self.replies[words[0]]
        if isinstance(reply, Exception):
            raise reply
        return reply(*words[1:]) if callable(reply) else reply


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> FakeServer:
    fake = FakeServer()
    for module in (gears, _gears_parcels):
        monkeypatch.setattr(module, "connected", fake.connected)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "s.py").write_text("source")
    return fake


def call(line: str) -> int:
    return run_arguments(line.split(), "gears-cli")


@pytest.mark.parametrize(
    "line",
    [
        "run --host h --port 7 s.py REQUIREMENTS rgsync",
        "--host h --port 7 run s.py REQUIREMENTS rgsync",
        "--host h run --port 7 s.py REQUIREMENTS rgsync",
        "--host h --port 7 s.py REQUIREMENTS rgsync",
        "--host=h --port=7 s.py REQUIREMENTS rgsync",
        "run s.py --host h --port 7 REQUIREMENTS rgsync",
        "s.py REQUIREMENTS rgsync --port 7 --host h",
    ],
)
def test_spellings(server: FakeServer, line: str, capsys: Any) -> None:
    assert call(line) == 0
    assert server.sent == [("RG.PYEXECUTE", b"source", "REQUIREMENTS", "rgsync")]
    assert server.at == [Server(host="h", port=7)]
    assert capsys.readouterr().out == "OK\n"


def test_path_alone(server: FakeServer) -> None:
    assert call("s.py") == 0
    assert server.sent == [("RG.PYEXECUTE", b"source")]
    assert server.at == [Server("localhost", 6379)]


def test_options_of_the_connection(server: FakeServer) -> None:
    line = "--user u --ssl true --ssl-ca-certs ca --ssl-verify-ca true run"
    line += " --password p --ssl-certfile c --ssl-keyfile k --ssl-password w s.py"
    assert call(line) == 0
    assert server.at == [
        Server("localhost", 6379, "u", "p", True, "w", "k", "c", "ca", True)
    ]


@pytest.mark.parametrize(
    ("line", "extra"),
    [
        ("run s.py ID x --requirements r.txt", "ID x REQUIREMENTS rgsync a==1"),
        ("--requirements r.txt s.py REQUIREMENTS b", "REQUIREMENTS b rgsync a==1"),
        ("--requirements none.txt s.py", ""),
        ("install-requirements b c", "REQUIREMENTS b c"),
        ("install-requirements --requirements-file r.txt", "REQUIREMENTS rgsync a==1"),
        ("install-requirements b --requirements-file r.txt",
         "REQUIREMENTS b rgsync a==1"),
    ],
)  # fmt: skip
def test_requirements(server: FakeServer, line: str, extra: str) -> None:
    Path("r.txt").write_text("\n# a comment\nrgsync\n  a==1  # pinned\n\n")
    Path("none.txt").write_text("# none\n")
    assert call(line) == 0
    ((_, script, *words),) = server.sent
    assert words == extra.split()
    installs = line.startswith("install")
    assert script == ('log("installing requirements")' if installs else b"source")


@pytest.mark.parametrize(
    ("line", "code", "message"),
    [
        ("run", 2, "Missing argument 'PATH'"),
        ("--bogus x s.py", 2, NO_SUCH_OPTION),
        ("run --bogus x s.py", 2, NO_SUCH_OPTION),
        ("s.py --host", 2, "Option '--host' requires an argument"),
        ("--port x s.py", 2, "'x' is not a valid integer"),
        ("install-requirements", 2, "no requirement was given"),
        ("export-requirements", 2, "--requirement, --registration-id or --all"),
        ("import-requirements", 2, "--all, or a FILE or NAME, is missing"),
        ("run no.py", 1, "no.py cannot be read: No such file or directory"),
        ("s.py --requirements no.txt", 1, "no.txt cannot be read"),
        ("import-requirements --all --requirements-path s.py", 1, "is not a zip file"),
        ("import-requirements --all --requirements-path no", 2, "does not exist"),
        ("import-requirements x --requirements-path .", 1, ". has no x"),
    ],
)
def test_errors(
    server: FakeServer, line: str, code: int, message: str, capsys: Any
) -> None:
    assert call(line) == code
    assert message in capsys.readouterr().err
    assert server.sent == []


def test_error_of_a_script(server: FakeServer, capsys: Any) -> None:
    server.replies["RG.PYEXECUTE"] = ScriptError("Traceback:\nNameError: x")
    assert call("s.py") == 1
    assert capsys.readouterr().err == "Traceback:\nNameError: x\n"


def test_help(capsys: Any) -> None:
    assert call("--help") == 0
    assert "export-requirements" in capsys.readouterr().out


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


def metadata(name: str) -> list[Any]:
    return [b"GearReqVersion", 2, b"Name", name.encode(), b"CompiledOs", b"os"]


@pytest.fixture
def exporting(server: FakeServer) -> FakeServer:
    server.replies["RG.PYDUMPREQS"] = [metadata("thing==1"), metadata("rgsync")]
    server.replies["RG.PYEXPORTREQ"] = lambda name: [metadata(name), [b"ab", b"c"]]
    data = b"{'sessionId': 's', 'depsList': [{'name': 'thing==1'}]}"
    registration = [b"id", b"0-1", b"reader", b"r", b"desc", None]
    registration += [b"RegistrationData", [], b"PD", data]
    server.replies["RG.DUMPREGISTRATIONS"] = [registration]
    return server


@pytest.mark.parametrize(
    ("options", "names"),
    [
        ("--all", ["thing==1", "rgsync"]),
        ("--requirement thing==1", ["thing==1"]),
        ("--requirement a --requirement b", ["a", "b"]),
        ("--registration-id 0-1", ["thing==1"]),
        ("--requirement thing==1 --registration-id 0-1", ["thing==1"]),
    ],
)
def test_what_is_exported(exporting: FakeServer, options: str, names: Any) -> None:
    assert call(f"export-requirements {options}") == 0
    asked = [words[1] for words in exporting.sent if words[0] == "RG.PYEXPORTREQ"]
    assert asked == names


def test_unknown_registration(exporting: FakeServer, capsys: Any) -> None:
    assert call("export-requirements --registration-id 0-2") == 1
    assert "there is no registration 0-2" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "names"),
    [
        ("--requirement b", ["redisgears-requirement-v2-b-os.zip"]),
        ("--requirement b --output-prefix P", ["P-os.zip"]),
        ("--all --output-prefix P", ["P-rgsync-os.zip", "P-thing==1-os.zip"]),
    ],
)
def test_names_of_files(
    exporting: FakeServer, options: str, names: Any, capsys: Any
) -> None:
    assert call(f"export-requirements --save-directory a/b {options}") == 0
    assert sorted(file.name for file in Path("a/b").iterdir()) == names
    assert call(f"export-requirements --save-directory a/b {options}") == 1
    assert "File exists" in capsys.readouterr().err


def test_exported_file(exporting: FakeServer) -> None:
    assert call("export-requirements --requirement thing==1") == 0
    file = "redisgears-requirement-v2-thing==1-os.zip"
    with zipfile.ZipFile(file) as archive:
        assert archive.read("Data.bin") == b"abc"
        assert json.loads(archive.read("MetaData.json")) == {
            "GearReqVersion": 2,
            "Name": "thing==1",
            "CompiledOs": "os",
        }


def test_name_is_no_path(exporting: FakeServer, tmp_path: Path) -> None:
    assert call("export-requirements --requirement ../x/y.whl") == 0
    assert [file.name for file in tmp_path.glob("*.zip")] == [
        "redisgears-requirement-v2-.._x_y.whl-os.zip"
    ]


@pytest.fixture
def saved(tmp_path: Path) -> None:
    """Two requirements in a folder, and the same in a zip file."""
    folder = tmp_path / "saved"
    folder.mkdir()
    for name, size in (("a", 1), ("b", 2_500_000)):
        with zipfile.ZipFile(folder / f"{name}.zip", "w") as archive:
            archive.writestr("MetaData.json", json.dumps({"Name": name}))
            archive.writestr("Data.bin", name * size)
    with zipfile.ZipFile(tmp_path / "saved.zip", "w") as archive:
        for file in folder.iterdir():
            archive.write(file, file.name)


@pytest.mark.parametrize("place", ["saved", "saved.zip"])
@pytest.mark.parametrize(
    ("options", "names"),
    [
        ("--all", ["a", "b"]),
        ("a", ["a"]),
        ("b a", ["a", "b"]),
        ("b.zip", ["b"]),
        ("b.zip b", ["b"]),
    ],
)
def test_what_is_imported(
    server: FakeServer, saved: None, place: str, options: str, names: Any
) -> None:
    assert call(f"import-requirements --requirements-path {place} {options}") == 0
    assert sorted(words[1][:1].decode() for words in server.sent) == names


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ("--requirements-path saved.zip", "ab"),
        ("saved/a.zip", "a"),
        ("saved/a.zip --requirements-path saved", "a"),
    ],
)
def test_other_ways_to_import(
    server: FakeServer, saved: None, words: str, names: str
) -> None:
    assert call(f"import-requirements {words}") == 0
    assert sorted(words[1][:1].decode() for words in server.sent) == list(names)


def test_one_file_is_imported_in_pieces(server: FakeServer, saved: None) -> None:
    line = "import-requirements --requirements-path saved/b.zip --bulk-size 1"
    assert call(line) == 0
    ((_, *chunks),) = server.sent
    assert [len(chunk) for chunk in chunks] == [2**20, 2**20, 2_500_000 - 2**21]
    assert b"".join(chunks) == b"b" * 2_500_000


def test_import_of_a_name_that_is_not_there(
    server: FakeServer, saved: None, capsys: Any
) -> None:
    assert call("import-requirements --requirements-path saved a c") == 1
    assert "saved has no c" in capsys.readouterr().err


def test_import_that_is_refused(server: FakeServer, saved: None, capsys: Any) -> None:
    server.replies["RG.PYIMPORTREQ"] = ScriptError("Failed")
    assert call("import-requirements --requirements-path saved --all") == 1
    assert capsys.readouterr().err == "Failed\n"
