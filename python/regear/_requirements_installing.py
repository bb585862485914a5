"""Installed requirements on disk: a folder each, made by pip.

The folder goes on ``sys.path``. It keeps the wheels that it was made of.
"""

from __future__ import annotations

import importlib.metadata
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from packaging.utils import canonicalize_name, parse_wheel_filename

from regear._pip import Pip, PipFailed, PipSettings
from regear._requirements_parcels import Parcel
from regear._requirements_parsing import OURS, Specification
from regear.errors import RequirementError

_MARKER, _WHEELS = ".regear-requirement.json", ".wheels"
_DRAFT, _OLD = ".installing-", ".replaced-"
#: What a host left behind that died; none installs for so long.
_ABANDONED_AFTER = 24 * 3600.0  # s


def default_data_dir() -> Path:
    """``$XDG_DATA_HOME/regear``."""
    data = os.environ.get("XDG_DATA_HOME") or "~/.local/share"
    return Path(data).expanduser() / "regear"


@dataclass(frozen=True)
class Installed:
    """A complete folder."""

    #: The requirement as it was typed, without secrets.
    name: str
    folder: Path
    #: The requirement's own one; "" in folders that have kept none.
    wheel: str

    @property
    def wheels(self) -> list[Path]:
        return sorted((self.folder / _WHEELS).glob("*.whl")) if self.wheel else []


class RequirementFolders:
    """``<data dir>/requirements``, which hosts of a machine share.

    A folder appears there under its name when it is complete, by a rename;
    it is never changed afterwards, only replaced.
    """

    def __init__(self, data_dir: Path, pip: Pip) -> None:
        self._home = data_dir.absolute() / "requirements"
        self._pip = pip

    def find(self, specification: Specification) -> Path | None:
        """The folder of exactly this specification, if there is one."""
        place = self._home / specification.folder_name
        return place if _document(place) is not None and self._is_safe() else None

    def installed(self) -> list[Installed]:
        """Those for this Python."""
        if not self._home.is_dir() or not self._is_safe():
            return []
        found = []
        for place in self._home.iterdir():
            document = None if place.name.startswith(".") else _document(place)
            if document and document.get("python") == sys.implementation.cache_tag:
                name, wheel = document.get("requirement"), document.get("wheel")
                found.append(Installed(str(name), place, str(wheel or "")))
        return sorted(found, key=lambda one: one.name)

    def install(
        self,
        specification: Specification,
        settings: PipSettings,
        constraints: Mapping[str, str],
        anew: bool = False,
    ) -> Draft:
        """Have pip install it, with the ``constraints`` on versions if it can,
        and unless ``anew`` also from wheels of earlier installations."""
        draft = self._draft(specification)
        with draft.discarded_on_error():
            if not anew:
                kept = tuple(
                    one.folder / _WHEELS for one in self.installed() if one.wheel
                )
                settings = replace(settings, kept=kept)
            try:
                self._collect(draft, settings, constraints)
            except PipFailed as failure:
                # What is in use may not be on the index in that very version.
                if not any(name in failure.message.lower() for name in constraints):
                    raise
                shutil.rmtree(draft.wheels, ignore_errors=True)
                self._collect(draft, settings, {})
            self._install_wheels(draft, settings.timeout)
        return draft

    def unpack(
        self, specification: Specification, parcel: Parcel, timeout: float
    ) -> Draft:
        """Install the wheels of a parcel, without a network."""
        draft = self._draft(specification)
        with draft.discarded_on_error():
            parcel.extract(draft.wheels)
            draft.wheel = parcel.wheel
            self._install_wheels(draft, timeout)
        return draft

    def _draft(self, specification: Specification) -> Draft:
        with _usable(self._home):
            self._home.parent.parent.mkdir(parents=True, exist_ok=True)
            for folder in (self._home.parent, self._home):
                folder.mkdir(mode=0o700, exist_ok=True)
            self._is_safe()
            self._sweep()
            return Draft(self._home, specification)

    def _collect(
        self, draft: Draft, settings: PipSettings, constraints: Mapping[str, str]
    ) -> None:
        """The wheels."""
        specification, work = draft.specification, draft.work
        line = specification.line
        if specification.name is None:
            # Which one of several is meant is known while it is alone.
            alone = work / "alone"
            self._pip.wheel(line, work, alone, settings, {}, dependencies=False)
            draft.wheel = _only(alone, specification).name
            line = f"./{alone.name}/{draft.wheel}"
        self._pip.wheel(line, work, draft.wheels, settings, constraints)
        if specification.name is not None:
            draft.wheel = _only(draft.wheels, specification, specification.name).name

    def _install_wheels(self, draft: Draft, timeout: float) -> None:
        specification = draft.specification
        wheel = draft.wheels / draft.wheel
        line, extras = specification.line, specification.extras
        self._pip.install(line, wheel, extras, draft.work, draft.packages, timeout)
        draft.complete()

    def _is_safe(self) -> bool:
        """What others could put there would run as us."""
        status = self._home.stat()
        if status.st_mode & 0o022 or status.st_uid not in (0, os.geteuid()):
            raise RequirementError(
                "Could not satisfy requirements: others may write to"
                f" {self._home}, or own it",
                f"chmod go-w {self._home}, or another place with --data-dir DIR",
            )
        return True

    def _sweep(self) -> None:
        oldest = time.time() - _ABANDONED_AFTER
        for entry in self._home.iterdir():
            if not entry.name.startswith((_DRAFT, _OLD)):
                continue
            with suppress(OSError):  # another host was faster
                if entry.stat().st_mtime < oldest:
                    shutil.rmtree(entry, ignore_errors=True)


class Draft:
    """A folder that is being made; ``publish`` or ``discard`` it."""

    def __init__(self, home: Path, specification: Specification) -> None:
        self.specification = specification
        self._home = home
        #: For pip's own files; removed at the end.
        self.work = Path(tempfile.mkdtemp(prefix=_DRAFT, dir=home))
        self.packages = self.work / "packages"
        self.wheels = self.packages / _WHEELS
        self.wheels.mkdir(parents=True)
        #: The name of the requirement's own one.
        self.wheel = ""

    @contextmanager
    def discarded_on_error(self) -> Iterator[None]:
        try:
            with _usable(self._home):
                yield
        except BaseException:
            self.discard()
            raise

    def complete(self) -> None:
        """The marker says that all of it is there."""
        _remove_ours(self.packages)
        found = importlib.metadata.distributions(path=[str(self.packages)])
        versions = {one.metadata["Name"]: one.version for one in found}
        if not versions:
            raise RequirementError(
                "Could not satisfy requirements: pip installed nothing for"
                f" {self.specification}",
                "look at pip's configuration: pip config list",
            )
        document = {
            "requirement": str(self.specification),
            "python": sys.implementation.cache_tag,
            "distributions": versions,
            "wheel": self.wheel,
        }
        with open(self.packages / _MARKER, "w", encoding="utf-8") as file:
            json.dump(document, file, indent=2)
            file.flush()
            os.fsync(file.fileno())

    def publish(self, replace: bool) -> Path:
        """Without ``replace`` a folder of another host, which was faster, is as
        good as this one."""
        place = self._home / self.specification.folder_name
        try:
            if not replace and _document(place) is not None:
                return place
            if place.exists():
                old = tempfile.mkdtemp(prefix=_OLD, dir=self._home)
                os.rename(place, old)
                shutil.rmtree(old, ignore_errors=True)
            os.rename(self.packages, place)
        except OSError as error:
            if _document(place) is None:
                raise RequirementError(
                    f"Could not satisfy requirements: {place} cannot be made:"
                    f" {error.strerror or error}",
                    "another place with --data-dir DIR",
                ) from error
        finally:
            self.discard()
        return place

    def discard(self) -> None:
        shutil.rmtree(self.work, ignore_errors=True)


@contextmanager
def _usable(home: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise RequirementError(
            f"Could not satisfy requirements: {home} cannot be used:"
            f" {error.strerror or error}",
            "another place with --data-dir DIR",
        ) from error


def _document(place: Path) -> dict[str, object] | None:
    """What the marker says; None if the folder is not complete."""
    try:
        document = json.loads((place / _MARKER).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return document if isinstance(document, dict) else None


def _only(folder: Path, specification: Specification, name: str = "") -> Path:
    """The wheel, or the one of that name."""
    for wheel in folder.glob("*.whl"):
        if not name or canonicalize_name(parse_wheel_filename(wheel.name)[0]) == name:
            return wheel
    raise RequirementError(
        f"Could not satisfy requirements: pip made no wheel for {specification}",
        "look at pip's configuration: pip config list",
    )


def _remove_ours(packages: Path) -> None:
    """They may come as dependencies; ours are the ones that work."""
    for entry in list(packages.iterdir()):
        name, _, rest = entry.name.partition("-")
        is_metadata = rest.endswith((".dist-info", ".egg-info"))
        if canonicalize_name(name) in OURS and (not rest or is_metadata):
            shutil.rmtree(entry, ignore_errors=True)
