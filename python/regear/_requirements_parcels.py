"""A requirement as bytes: what RG.PYEXPORTREQ gives and RG.PYIMPORTREQ takes.

parcel :=                   a zip archive
    requirement.json        {"version": 2, "name": as typed, "wheel": file name}
    wheels/<file name>…     the requirement's own wheel and all that it needs

Without a wheel it is one that every host satisfies by itself.
"""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from packaging.utils import InvalidWheelFilename, parse_wheel_filename

from regear.errors import RequirementError

VERSION = 2

_DOCUMENT, _WHEELS = "requirement.json", "wheels/"


@dataclass(frozen=True)
class Parcel:
    """One that was received."""

    name: str
    #: The requirement's own wheel; "" if there are none.
    wheel: str
    archive: zipfile.ZipFile
    wheels: tuple[str, ...]

    def extract(self, folder: Path) -> None:
        """The wheels, into ``folder``."""
        try:
            for name in self.wheels:
                (folder / name).write_bytes(self.archive.read(_WHEELS + name))
        except (zipfile.BadZipFile, EOFError, RuntimeError, zlib.error):
            raise bad_parcel("wheels") from None


def pack(name: str, wheel: str, wheels: Sequence[Path]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:  # wheels are compressed
        document = {"version": VERSION, "name": name, "wheel": wheel}
        archive.writestr(_DOCUMENT, json.dumps(document))
        for file in wheels:
            archive.write(file, _WHEELS + file.name)
    return buffer.getvalue()


def unpack(blob: bytes) -> Parcel:
    """RequirementError if it is none."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(blob))
        document = json.loads(archive.read(_DOCUMENT))
    except (zipfile.BadZipFile, KeyError, ValueError, EOFError, RuntimeError):
        raise bad_parcel("version") from None
    if not isinstance(document, dict) or document.get("version") != VERSION:
        raise bad_parcel("version")
    name, wheel = document.get("name"), document.get("wheel")
    if not isinstance(name, str) or not name:
        raise bad_parcel("name")
    wheels = [
        entry.removeprefix(_WHEELS)
        for entry in archive.namelist()
        if entry.startswith(_WHEELS)
    ]
    if wheel not in (wheels or [""]) or not all(map(_is_wheel, wheels)):
        raise bad_parcel("wheels")
    return Parcel(name, wheel, archive, tuple(wheels))


def _is_wheel(name: str) -> bool:
    """The name of a file, and no path."""
    try:
        parse_wheel_filename(name)
    except InvalidWheelFilename:
        return False
    return "/" not in name and "\0" not in name


def bad_parcel(part: str) -> RequirementError:
    return RequirementError(f"Bad serialization format on reading requirement {part}")
