"""Wheels that are kept, and requirements that travel without a network."""

from __future__ import annotations

import importlib
import io
import json
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from regear._functions import requirement_commands
from regear._functions.requirement_commands import RequirementCommands
from regear._requirements import InstalledRequirements
from regear._requirements_parcels import pack, unpack
from regear.errors import CommandError, RequirementError
from tests._packages import make_sdist, make_wheel


@pytest.fixture
def elsewhere(tmp_path: Path) -> InstalledRequirements:
    """Another machine, without a network."""
    config = {"RequirementsNoIndex": "yes"}
    return InstalledRequirements(config.get, tmp_path / "elsewhere")


def wheels_of(requirements: InstalledRequirements, name: str) -> tuple[str, ...] | None:
    (state,) = requirements.states([name])
    return state.wheels


def test_wheels_are_kept(links, requirements) -> None:
    make_wheel(links, "thing", "1.0", requires=["thing-part"])
    make_sdist(links, "thing-part", "2.0", "")
    requirements.provide(["thing==1.0", "rgsync==1.2"])
    wheels = ("thing-1.0-py3-none-any.whl", "thing_part-2.0-py3-none-any.whl")
    assert wheels_of(requirements, "thing==1.0") == wheels
    assert wheels_of(requirements, "rgsync==1.2") == ()


def test_kept_wheels_serve_other_requirements(
    links, requirements, new_requirements
) -> None:
    make_wheel(links, "thing", "1.0", requires=["thing-part"])
    make_sdist(links, "thing-part", "2.0", "")
    requirements.provide(["thing==1.0"])
    for file in links.iterdir():
        file.unlink()
    new_requirements().provide(["thing-part>=2", "thing"])
    with pytest.raises(RequirementError, match="No matching distribution"):
        new_requirements().export("thing-part==3")


@pytest.mark.parametrize("name", ["thing==1.0", "thing[more]", "thing"])
def test_from_one_machine_to_another(links, requirements, elsewhere, name) -> None:
    make_wheel(
        links,
        "thing",
        "1.0",
        requires=["thing-part", "thing-more; extra == 'more'"],
        extras=["more"],
    )
    make_wheel(links, "thing-part", "2.0")
    make_wheel(links, "thing-more", "3.0")
    requirements.provide([name])
    elsewhere.accept(unpack(requirements.export(name)))
    assert wheels_of(elsewhere, name) == wheels_of(requirements, name)
    for file in links.iterdir():
        file.unlink()
    elsewhere.provide([name])
    assert importlib.import_module("thing_part").version == "2.0"


def test_place_of_an_archive(links, requirements, elsewhere) -> None:
    place = str(make_sdist(links, "thing", "1.0", ""))
    make_wheel(links, "unrelated", "1.0")
    requirements.provide([place])
    parcel = unpack(requirements.export(place))
    assert parcel.wheel == "thing-1.0-py3-none-any.whl"
    elsewhere.accept(parcel)
    assert elsewhere.ready([place])


def test_place_that_is_gone(requirements) -> None:
    assert wheels_of(requirements, "/no/such/folder") is None


def test_what_the_environment_has_is_fetched_for_export(
    tmp_path, links, requirements, elsewhere, environment
) -> None:
    environment(make_wheel(tmp_path, "thing", "1.0"))
    requirements.provide(["thing"])
    assert wheels_of(requirements, "thing") is None
    with pytest.raises(RequirementError, match="No matching distribution"):
        requirements.export("thing")
    make_wheel(links, "thing", "1.0")
    elsewhere.accept(unpack(requirements.export("thing")))
    assert wheels_of(elsewhere, "thing") == ("thing-1.0-py3-none-any.whl",)


def test_ours_travel_as_a_name(requirements, elsewhere) -> None:
    requirements.provide(["rgsync==1.2"])
    elsewhere.accept(unpack(requirements.export("rgsync==1.2")))
    assert wheels_of(elsewhere, "rgsync==1.2") == ()


def test_damaged_wheel_is_not_installed(links, requirements, elsewhere) -> None:
    wheel = make_wheel(links, "thing", "1.0")
    wheel.write_bytes(wheel.read_bytes()[:100])
    blob = pack("thing", wheel.name, [wheel])
    with pytest.raises(RequirementError, match="Could not satisfy"):
        elsewhere.accept(unpack(blob))
    assert wheels_of(elsewhere, "thing") is None


def zip_of(**files: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return buffer.getvalue()


def parcel(document: Any, *wheels: str) -> bytes:
    files = {f"wheels/{name}": "" for name in wheels}
    return zip_of(**{"requirement.json": json.dumps(document)}, **files)


WHEEL = "thing-1.0-py3-none-any.whl"


@pytest.mark.parametrize(
    ("blob", "part"),
    [
        (b"", "version"),
        (b"nonsense", "version"),
        (zip_of(other="{}"), "version"),
        (zip_of(**{"requirement.json": "{"}), "version"),
        (parcel([]), "version"),
        (parcel({"version": 3, "name": "x", "wheel": ""}), "version"),
        (parcel({"version": 2, "wheel": ""}), "name"),
        (parcel({"version": 2, "name": "", "wheel": ""}), "name"),
        (parcel({"version": 2, "name": "x", "wheel": "no"}), "wheels"),
        (parcel({"version": 2, "name": "x", "wheel": WHEEL}), "wheels"),
        (parcel({"version": 2, "name": "x", "wheel": ""}, WHEEL), "wheels"),
        (parcel({"version": 2, "name": "x", "wheel": WHEEL}, WHEEL, "../x"), "wheels"),
    ],
)
def test_no_parcel(blob: bytes, part: str) -> None:
    expected = f"^Bad serialization format on reading requirement {part}$"
    with pytest.raises(RequirementError, match=expected):
        unpack(blob)


def test_parcel_without_the_wheel_that_it_needs(elsewhere) -> None:
    with pytest.raises(RequirementError, match="Bad serialization format"):
        elsewhere.accept(unpack(pack("thing", "", ())))


class Names(set[str]):
    """What a server remembers."""

    def all(self) -> set[str]:
        return set(self)

    def add(self, names: Iterable[str]) -> None:  # type: ignore[override]
        self.update(names)


def command(commands: RequirementCommands, name: bytes, *arguments: bytes) -> bytes:
    answers: list[bytes] = []
    commands.handlers[name](list(arguments), answers.append)
    (answer,) = answers
    return answer


def test_commands(links, requirements, elsewhere) -> None:
    make_wheel(links, "thing", "1.0")
    requirements.provide(["thing==1.0"])
    sessions = [["thing==1.0", "rgsync"], ["rgsync"]]
    commands = RequirementCommands(requirements, Names(["rgsync"]), lambda: sessions)
    dumped = command(commands, b"rg.pydumpreqs").split(b"\r\n")
    assert dumped[:2] == [b"*2", b"*18"]
    texts = [line.decode() for line in dumped]
    assert texts[texts.index("Name") + 2] == "rgsync"
    assert texts[texts.index("Wheels") + 1] == "*0"
    assert texts[texts.index("RefCount") + 1] == ":3"
    exported = command(commands, b"rg.pyexportreq", b"thing==1.0")
    assert exported.startswith(
        b"*2\r\n*18\r\n$14\r\nGearReqVersion\r\n:2\r\n$4\r\nName"
    )
    assert b"\r\n*1\r\n$26\r\n" + WHEEL.encode() in exported
    names = Names()
    there = RequirementCommands(elsewhere, names, list)
    blob = requirements.export("thing==1.0")
    answer = command(there, b"rg.pyimportreq", blob[:7], blob[7:])
    assert answer == b"$2\r\nOK\r\n"
    assert elsewhere.ready(["thing==1.0"])
    assert names.all() == {"thing==1.0"}


def test_large_parcels(links, requirements, monkeypatch) -> None:
    make_wheel(links, "thing", "1.0")
    commands = RequirementCommands(requirements, Names(["thing"]), list)
    blob = requirements.export("thing")
    for name, value in (("_CHUNK", len(blob) - 1), ("_MEGABYTE", 10)):
        monkeypatch.setattr(requirement_commands, name, value)
    exported = command(commands, b"rg.pyexportreq", b"thing")
    assert exported.endswith(b"\r\n$1\r\n" + blob[-1:] + b"\r\n")
    monkeypatch.setattr(requirement_commands, "_MOST", len(blob) - 1)
    with pytest.raises(CommandError, match=r"thing has .* MB of wheels"):
        command(commands, b"rg.pyexportreq", b"thing")


@pytest.mark.parametrize(
    "words", ["rg.pydumpreqs x", "rg.pyexportreq", "rg.pyimportreq"]
)
def test_wrong_number_of_arguments(elsewhere, words: str) -> None:
    name, *arguments = words.encode().split()
    text = f"^ERR wrong number of arguments for '{name.decode()}' command$"
    with pytest.raises(CommandError, match=text):
        command(RequirementCommands(elsewhere, Names(), list), name, *arguments)


def test_unknown_requirement(elsewhere) -> None:
    with pytest.raises(CommandError, match="requirement does not exists"):
        command(
            RequirementCommands(elsewhere, Names(), list), b"rg.pyexportreq", b"thing"
        )
