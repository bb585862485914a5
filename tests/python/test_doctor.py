"""regear doctor and regear install-service."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

import regear
from regear._unit_files import Unit, find_units
from regear.cli import commands

NOTHING_ANSWERS = ("--redis", "redis://127.0.0.1:1")
PYTHON = Path(sys.executable)
DEBIAN = """
[Service]
ExecStart=/usr/bin/redis-server /etc/redis/redis.conf
ProtectHome=true
ProtectSystem=strict
ReadWritePaths=-/var/lib/redis
NoExecPaths=/
ExecPaths=/usr/bin/redis-server /usr/lib /lib
"""


def run(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(commands, words)
    return done.exit_code, done.output


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    file = tmp_path / "redis-server.service"
    file.write_text(DEBIAN)
    return file


def drop_in(unit: Path, text: str) -> None:
    folder = unit.parent / f"{unit.name}.d"
    folder.mkdir()
    (folder / "regear.conf").write_text(text)


@pytest.mark.parametrize(
    ("question", "path", "answer"),
    [
        ("may_execute", "/usr/bin/redis-server", True),
        ("may_execute", "/usr/lib/python3/dist-packages/regear", True),
        ("may_execute", "/usr/bin/python3.11", False),
        ("may_execute", "/opt/regear", False),
        ("may_read", "/opt/regear", True),
        ("may_read", "/home/ada/venv", False),
        ("may_write", "/var/lib/redis", True),
        ("may_write", "/srv/redis", False),
    ],
)
def test_what_the_unit_allows(
    unit: Path, question: str, path: str, answer: bool
) -> None:
    assert getattr(Unit(unit, ()), question)(Path(path)) is answer


def test_a_unit_without_a_sandbox_allows_everything(tmp_path: Path) -> None:
    file = tmp_path / "redis.service"
    file.write_text("[Service]\n")
    unit = Unit(file, ())
    assert unit.may_execute(Path("/opt/x"))
    assert unit.may_read(Path("/root/x"))
    assert unit.may_write(Path("/srv"))


def test_drop_ins_add_and_take_back(unit: Path) -> None:
    drop_in(unit, "[Service]\nExecPaths=/opt/regear\nReadWritePaths=\n")
    changed = Unit(unit, ())
    assert changed.may_execute(Path("/opt/regear/bin/python"))
    assert changed.may_execute(Path("/usr/bin/redis-server"))
    assert not changed.may_write(Path("/var/lib/redis"))


def test_units_are_found_once(unit: Path, tmp_path: Path) -> None:
    (tmp_path / "redis.service").symlink_to(unit)
    assert [file.name for file in find_units([tmp_path])] == ["redis-server.service"]


def test_doctor_names_what_the_sandbox_forbids(unit: Path) -> None:
    code, text = run("doctor", *NOTHING_ANSWERS, "--unit", str(unit))
    assert code == 1
    assert f"lets nothing run from {Path(regear.module_path()).parent} and" in text
    assert "regear install-service --own-host" in text
    assert "redis://127.0.0.1:1 does not answer" in text


def test_doctor_is_content_with_what_install_service_prints(unit: Path) -> None:
    code, text = run("install-service", "--own-host")
    assert code == 0
    drop_in(unit, text.partition("regear.conf")[2])
    code, text = run("doctor", *NOTHING_ANSWERS, "--unit", str(unit))
    assert "lets nothing run" not in text
    assert f"the module is {regear.module_path()}" in text


def test_doctor_finds_a_package_that_takes_our_place(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, unit: Path
) -> None:
    unit.write_text("[Service]\n")
    info = tmp_path / "rgsync-1.2.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: rgsync\nVersion: 1\n")
    monkeypatch.syspath_prepend(tmp_path)
    code, text = run("doctor", *NOTHING_ANSWERS, "--unit", str(unit))
    assert code == 1
    assert "pip uninstall rgsync" in text


def test_the_unit_of_a_host_holds_no_password() -> None:
    code, text = run("install-service", "--redis", "redis://ada:hidden@10.0.0.5:6379")
    assert code == 0
    assert "hidden" not in text
    assert "REGEAR_REDIS=redis://10.0.0.5:6379" in text
    assert f"loadmodule {regear.module_path()} Host none" in text
    assert f"ExecStart={PYTHON} -m regear host" in text
