"""What a requirement asks for, as it was typed."""

from __future__ import annotations

import hashlib
import os
import re
import sys
import sysconfig
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import (
    InvalidWheelFilename,
    canonicalize_name,
    parse_wheel_filename,
)

from regear._redaction import redact_urls
from regear.errors import RequirementError

#: They come with regear, whatever version is asked for.
OURS = frozenset({"rgsync", "redisgears", "regear"})

_OURS_ELSEWHERE = re.compile(
    rf"(?:^|[/#&=])(?:{'|'.join(sorted(OURS))})(?:\.git|[-_]v?\d[^/]*)?(?:[@#&].*)?$",
    re.IGNORECASE,
)
#: gearsclient asks for itself so; it is on the index, without git.
_GEARSCLIENT = re.compile(
    r"git\+https://github\.com/RedisGears/redisgears-py(\.git)?$", re.IGNORECASE
)
_ARCHIVES = (".tar.gz", ".tar.bz2", ".tgz", ".zip")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_UNREADABLE = re.compile(r"[^A-Za-z0-9.]+")
_LONGEST_NAME = 48


@dataclass(frozen=True)
class Specification:
    """A requirement that is not one of ours, and that this Python needs."""

    #: As typed; may hold a password. ``str()`` does not.
    text: str
    #: The same for pip, with an absolute path.
    line: str
    #: None where only pip finds out about the name.
    requirement: Requirement | None

    @property
    def name(self) -> str | None:
        if self.requirement is None:
            return None
        return canonicalize_name(self.requirement.name)

    @property
    def extras(self) -> str:
        """As pip has them behind a name."""
        extras = self.requirement.extras if self.requirement else ()
        return f"[{','.join(sorted(extras))}]" if extras else ""

    @property
    def folder_name(self) -> str:
        """A readable name, and a digest of the specification and of the
        Python that it is installed for."""
        tag = str(sys.implementation.cache_tag)
        exact = "\0".join((self.line, tag, sysconfig.get_platform()))
        digest = hashlib.sha256(exact.encode()).hexdigest()[:16]
        readable = str(self).rpartition("/")[2]
        readable = _UNREADABLE.sub("-", readable)[:_LONGEST_NAME].strip("-.")
        return f"{readable or 'requirement'}-{digest}"

    def __str__(self) -> str:
        return redact_urls(self.text)


def specifications(texts: Iterable[str]) -> list[Specification]:
    """Those that need something; RequirementError for one that is nonsense."""
    found = (_parsed(text.strip()) for text in texts)
    return [specification for specification in found if specification is not None]


def _parsed(text: str) -> Specification | None:
    """None for what is ours, or not for this Python."""
    if not text or text.startswith("-") or _CONTROL.search(text):
        raise _nonsense(text)
    if text.endswith(".whl"):
        wheel = _wheel(text)
        ours = canonicalize_name(wheel.name) in OURS
        return None if ours else Specification(text, _absolute(text), wheel)
    try:
        requirement = Requirement(text)
    except InvalidRequirement:
        return _place(text)
    if canonicalize_name(requirement.name) in OURS:
        return None
    if requirement.marker is not None and not requirement.marker.evaluate():
        return None
    return Specification(text, text, requirement)


def _wheel(text: str) -> Requirement:
    file_name = text.replace("\\", "/").rpartition("/")[2]
    try:
        name, version, _, _ = parse_wheel_filename(file_name)
    except InvalidWheelFilename:
        raise _unsatisfied(f"{file_name!r} is not the name of a wheel") from None
    return Requirement(f"{name}=={version}")


def _place(text: str) -> Specification | None:
    """A repository, an archive or a folder."""
    is_path = text.endswith(_ARCHIVES) or ("/" in text and Path(text).is_dir())
    if re.search(r"\s", text) or not ("://" in text or is_path):
        raise _nonsense(text)
    if _OURS_ELSEWHERE.search(text.removesuffix("/")):
        return None
    if _GEARSCLIENT.match(text):
        return Specification(text, "gearsclient", Requirement("gearsclient"))
    return Specification(text, _absolute(text), None)


def _absolute(text: str) -> str:
    """pip runs in a folder of its own."""
    return text if "://" in text else os.path.abspath(os.path.expanduser(text))


def _nonsense(text: str) -> RequirementError:
    return _unsatisfied(f"{redact_urls(text)!r} is not a requirement")


def _unsatisfied(problem: str) -> RequirementError:
    return RequirementError(
        f"Could not satisfy requirements: {problem}",
        "requirements as pip takes them: 'pymongo==3.12.0' or 'redis>=5'",
    )
