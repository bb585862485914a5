"""REQUIREMENTS of a recipe: what is there already satisfies them."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Iterable

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import (
    InvalidWheelFilename,
    canonicalize_name,
    parse_wheel_filename,
)

from regear.errors import RequirementError

#: They come with regear, whatever version is asked for.
_OURS = frozenset({"rgsync", "redisgears", "regear"})


def check_requirements(specifications: Iterable[str]) -> None:
    """Raise RequirementError for the first one that is not satisfied."""
    for specification in specifications:
        problem = _problem(specification.strip())
        if problem:
            raise RequirementError(
                f"Could not satisfy requirements: {problem}",
                f"pip install '{specification.strip()}' where the host runs",
            )


def _problem(specification: str) -> str:
    if specification.endswith(".whl"):
        return _wheel_problem(specification)
    try:
        requirement = Requirement(specification)
    except InvalidRequirement:
        return f"{specification!r} is not a requirement"
    if canonicalize_name(requirement.name) in _OURS:
        return ""
    if requirement.marker is not None and not requirement.marker.evaluate():
        return ""
    installed = _installed_version(requirement.name)
    if installed is None:
        return f"{specification} is not installed"
    if not requirement.specifier.contains(installed, prereleases=True):
        return f"{specification} is asked for, {installed} is installed"
    return ""


def _wheel_problem(path: str) -> str:
    file_name = path.replace("\\", "/").rpartition("/")[2]
    try:
        name, version, _, _ = parse_wheel_filename(file_name)
    except InvalidWheelFilename:
        return f"{file_name!r} is not the name of a wheel"
    if name in _OURS or _installed_version(name) == str(version):
        return ""
    return f"{name} {version} is not installed"


def _installed_version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None
