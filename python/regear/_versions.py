"""Which registration may take the place of which, by version."""

from __future__ import annotations

from typing import Any

from packaging.version import InvalidVersion, Version

from regear.errors import RecipeError

#: Higher than every version, itself included: it always replaces.
HIGHEST = Version("99.99.99")


def normalised(version: Any) -> str | None:
    """The version as text, or None; raises RecipeError if it is none."""
    if version is None:
        return None
    text = str(version).strip()
    _parse(text)
    return text


def may_replace(new: str | None, old: str | None) -> bool:
    """Whether a registration of version ``new`` may replace one of ``old``.

    No version is lower than every version, and takes the place of none.
    """
    if new is None or old is None:
        return old is None
    return _parse(new) == HIGHEST or _parse(old) < _parse(new) < HIGHEST


def _parse(text: str) -> Version:
    try:
        return Version(text)
    except InvalidVersion:
        raise RecipeError(
            f"{text!r} is not a version", "numbers with dots, such as 1.0.0"
        ) from None
