"""What this process can import, and which versions it is bound to.

A process has one version of a distribution: the one that it has imported, or
that an earlier session was promised.
"""

from __future__ import annotations

import importlib
import logging
import sys
import threading
from collections.abc import Iterator, Sequence
from importlib.metadata import Distribution, distributions
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from regear._requirements_parsing import OURS, Specification
from regear.errors import RequirementError

logger = logging.getLogger("regear")

#: A requirement, and the folder that satisfies it: None for the environment.
Source = tuple[Specification, "Path | None"]


def find_distribution(name: str, path: Sequence[str]) -> Distribution | None:
    """The one that an import finds."""
    return next(iter(distributions(name=name, path=list(path))), None)


def is_met(requirement: Requirement, path: Sequence[str]) -> bool:
    """Whether it is there in a version that will do, with its extras."""
    found = find_distribution(requirement.name, path)
    if found is None or not _allows(requirement, found.version):
        return False
    return all(
        is_met(needed, path)
        for extra in requirement.extras
        for needed in _needed(found, extra)
        if canonicalize_name(needed.name) != canonicalize_name(requirement.name)
    )


class Activation:
    """The folders on ``sys.path`` that requirements were installed into."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._folders: list[str] = []
        #: What sessions were promised of the environment, by name.
        self._promised: dict[str, list[Requirement]] = {}

    def has(self, specification: Specification) -> bool:
        """Whether what can be imported now satisfies it."""
        requirement = specification.requirement
        if requirement is None or requirement.url is not None:
            return False  # which one is installed cannot be seen
        with self._lock:
            return is_met(requirement, sys.path)

    def refuse_if_bound(self, specification: Specification) -> None:
        """Before pip is troubled: RequirementError if the process has another
        version already."""
        requirement = specification.requirement
        if requirement is None or requirement.url is not None:
            return
        with self._lock:
            found = find_distribution(requirement.name, sys.path)
            if found is None or _allows(requirement, found.version):
                return
            if self._is_bound(found):
                raise _conflict(specification, found)

    def activate(self, sources: Sequence[Source]) -> None:
        """Make all of them importable, or none: RequirementError."""
        with self._lock:
            path, added = list(sys.path), list[str]()
            promised: list[Requirement] = []
            for specification, folder in sources:
                if folder is None:
                    promised.append(_met(specification, path))
                elif str(folder) not in path:
                    self._check(specification, folder, path, added, promised)
                    path.insert(_before_the_environment(path), str(folder))
                    added.append(str(folder))
                    _check_wins(specification, path)
            if added:
                sys.path[:] = path
                importlib.invalidate_caches()
            self._folders += added
            for requirement in promised:
                name = canonicalize_name(requirement.name)
                self._promised.setdefault(name, []).append(requirement)

    def bound_versions(self) -> dict[str, str]:
        """Versions by name of all that this process is bound to."""
        versions: dict[str, str] = {}
        with self._lock:
            for name, found in _contents(sys.path).items():
                if name not in OURS and self._is_bound(found):
                    versions[name] = found.version
        return versions

    def refuse_other(
        self, draft: Path, place: Path, specification: Specification
    ) -> None:
        """RequirementError if sessions have other versions from ``place`` than
        those in ``draft``."""
        if str(place) not in self._folders:
            return
        old = _contents([str(place)])
        for name, new in _contents([str(draft)]).items():
            if name in old and old[name].version != new.version:
                raise _conflict(specification, old[name], f"{name}=={new.version}")

    def forget_modules(self, folder: Path) -> None:
        """The next import reads the folder's modules anew; who has them keeps
        the old ones."""
        inside = str(folder) + "/"
        for name, module in list(sys.modules.items()):
            if (getattr(module, "__file__", None) or "").startswith(inside):
                sys.modules.pop(name, None)
        importlib.invalidate_caches()

    def _check(
        self,
        specification: Specification,
        folder: Path,
        path: Sequence[str],
        added: Sequence[str],
        promised: Sequence[Requirement],
    ) -> None:
        """What is bound has to do for all in the folder that needs it; what is
        not bound is covered by the folder, and has to do for earlier ones."""
        for name, new in _contents([str(folder)]).items():
            old = find_distribution(name, path)
            if old is None or old.version == new.version:
                continue
            if self._is_bound(old, added):
                for wanted, needed in _demands(specification, name, folder):
                    if _allows(needed, old.version):
                        continue
                    if not wanted or name not in _used_by_regear():
                        raise _conflict(specification, old, wanted)
                    # Client libraries of RedisGears' time pin redis-py; a host
                    # has its own, which mostly does.
                    logger.warning(
                        "%s needs %s: %s %s is used, as the host runs on it",
                        specification,
                        wanted,
                        name,
                        old.version,
                    )
                continue
            earlier = [one for one in promised if canonicalize_name(one.name) == name]
            for needed in [*self._promised.get(name, ()), *earlier]:
                if not _allows(needed, new.version):
                    raise _conflict(specification, old, f"{name}=={new.version}")

    def _is_bound(self, found: Distribution, added: Sequence[str] = ()) -> bool:
        place = str(found.locate_file("")).rstrip("/")
        return place in self._folders or place in added or _is_imported(found)


def _met(specification: Specification, path: Sequence[str]) -> Requirement:
    """What the environment is to go on with."""
    requirement = specification.requirement
    assert requirement is not None
    found = find_distribution(requirement.name, path)
    if found is not None and not is_met(requirement, path):
        raise _conflict(specification, found)
    return requirement


def _check_wins(specification: Specification, path: Sequence[str]) -> None:
    requirement = specification.requirement
    if requirement is None or requirement.url is not None:
        return
    found = find_distribution(requirement.name, path)
    if found is not None and not _allows(requirement, found.version):
        raise RequirementError(
            f"Could not satisfy requirements: {specification} is asked for,"
            f" {found.version} in {found.locate_file('')} comes before it",
            "a host without that folder on PYTHONPATH",
        )


def _before_the_environment(path: Sequence[str]) -> int:
    """After the standard library and the folders of earlier sessions."""
    for index, entry in enumerate(path):
        if entry.rstrip("/").endswith(("site-packages", "dist-packages")):
            return index
    return len(path)


def _contents(path: Sequence[str]) -> dict[str, Distribution]:
    """By name, the ones that imports find."""
    found: dict[str, Distribution] = {}
    for one in distributions(path=list(path)):
        if one.metadata["Name"]:
            found.setdefault(canonicalize_name(one.metadata["Name"]), one)
    return found


def _demands(
    specification: Specification, name: str, folder: Path
) -> Iterator[tuple[str, Requirement]]:
    """What the specification (as "") and others in its folder want of ``name``."""
    contents = _contents([str(folder)])
    requirement = specification.requirement
    if requirement is None:
        if contents[name].read_text("REQUESTED") is not None:
            yield "", _exactly(contents[name])
    elif canonicalize_name(requirement.name) == name:
        exact = requirement.url is not None
        yield "", _exactly(contents[name]) if exact else requirement
    for asker, one in contents.items():
        wanted = list(_needed(one))
        if requirement is not None and canonicalize_name(requirement.name) == asker:
            for extra in requirement.extras:
                wanted += _needed(one, extra)
        for needed in wanted:
            if canonicalize_name(needed.name) == name:
                via = f" (by {asker} {one.version})"
                yield f"{needed.name}{needed.specifier}{via}", needed


def _exactly(found: Distribution) -> Requirement:
    return Requirement(f"{found.metadata['Name']}=={found.version}")


def _needed(found: Distribution, extra: str = "") -> Iterator[Requirement]:
    """What it needs here; with ``extra``, only what that adds."""
    for text in found.requires or ():
        try:
            needed = Requirement(text)
        except InvalidRequirement:
            continue
        plain = needed.marker is None or needed.marker.evaluate({"extra": ""})
        if extra and not plain and needed.marker is not None:
            if needed.marker.evaluate({"extra": extra}):
                yield needed
        elif not extra and plain:
            yield needed


def _allows(requirement: Requirement, version: str) -> bool:
    return requirement.specifier.contains(version, prereleases=True)


def _is_imported(found: Distribution) -> bool:
    files = {str(found.locate_file(file)) for file in found.files or ()}
    place = str(found.locate_file(""))
    names = set((found.read_text("top_level.txt") or "").split())
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None) or ""
        if file in files or (name in names and file.startswith(place)):
            return True
    return False


def _conflict(
    specification: Specification, found: Distribution, wanted: str = ""
) -> RequirementError:
    name, version = found.metadata["Name"], found.version
    if canonicalize_name(name) in _used_by_regear():
        hint = f"a requirement that {name} {version} satisfies: regear uses it itself"
    else:
        hint = (
            f"{name}=={version}, or restart the host while the registrations that"
            " use it are paused (regear pause NAME)"
        )
    wanted = f"{specification} needs {wanted}" if wanted else f"not {specification}"
    return RequirementError(
        f"Could not satisfy requirements: {name} {version} is in use in this host,"
        f" {wanted}",
        hint,
    )


def _used_by_regear() -> set[str]:
    found = find_distribution("regear", sys.path)
    return {canonicalize_name(one.name) for one in _needed(found)} if found else set()
