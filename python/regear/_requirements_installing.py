"""Installed requirements on disk: a folder each, made by pip."""

from __future__ import annotations

import importlib.metadata
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from packaging.utils import canonicalize_name

from regear._pip import Pip, PipFailed, PipSettings
from regear._requirements_parsing import OURS, Specification
from regear.errors import RequirementError

_MARKER = ".regear-requirement.json"
_DRAFT, _OLD = ".installing-", ".replaced-"
#: What a host left behind that died; none installs for so long.
_ABANDONED_AFTER = 24 * 3600.0  # s


def default_data_dir() -> Path:
    """``$XDG_DATA_HOME/regear``."""
    data = os.environ.get("XDG_DATA_HOME") or "~/.local/share"
    return Path(data).expanduser() / "regear"


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
        return place if _is_complete(place) and self._is_safe() else None

    def install(
        self,
        specification: Specification,
        settings: PipSettings,
        constraints: Mapping[str, str],
    ) -> Draft:
        """Have pip install it, with the ``constraints`` on versions if it can."""
        try:
            self._make_home()
            self._sweep()
            draft = Draft(self._home, specification)
        except OSError as error:
            raise self._unusable(error) from error
        try:
            self._fill(draft, settings, constraints)
        except OSError as error:
            draft.discard()
            raise self._unusable(error) from error
        except BaseException:
            draft.discard()
            raise
        return draft

    def _fill(
        self, draft: Draft, settings: PipSettings, constraints: Mapping[str, str]
    ) -> None:
        line = draft.specification.line
        try:
            self._pip.install(line, draft.work, draft.packages, settings, constraints)
        except PipFailed as failure:
            # What is in use may not be on the index in that very version.
            if not any(name in failure.message.lower() for name in constraints):
                raise
            shutil.rmtree(draft.packages, ignore_errors=True)
            self._pip.install(line, draft.work, draft.packages, settings, {})
        draft.complete()

    def _make_home(self) -> None:
        self._home.parent.parent.mkdir(parents=True, exist_ok=True)
        for folder in (self._home.parent, self._home):
            folder.mkdir(mode=0o700, exist_ok=True)
        self._is_safe()

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

    def _unusable(self, error: OSError) -> RequirementError:
        return RequirementError(
            f"Could not satisfy requirements: {self._home} cannot be used:"
            f" {error.strerror or error}",
            "another place with --data-dir DIR",
        )

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

    def complete(self) -> None:
        """The marker says that all of it is there."""
        self.packages.mkdir(exist_ok=True)
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
            if not replace and _is_complete(place):
                return place
            if place.exists():
                old = tempfile.mkdtemp(prefix=_OLD, dir=self._home)
                os.rename(place, old)
                shutil.rmtree(old, ignore_errors=True)
            os.rename(self.packages, place)
        except OSError as error:
            if not _is_complete(place):
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


def _is_complete(place: Path) -> bool:
    try:
        document = json.loads((place / _MARKER).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(document, dict)


def _remove_ours(packages: Path) -> None:
    """They may come as dependencies; ours are the ones that work."""
    for entry in list(packages.iterdir()):
        name, _, rest = entry.name.partition("-")
        is_metadata = rest.endswith((".dist-info", ".egg-info"))
        if canonicalize_name(name) in OURS and (not rest or is_metadata):
            shutil.rmtree(entry, ignore_errors=True)
