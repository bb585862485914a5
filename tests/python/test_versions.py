from __future__ import annotations

import pytest

from regear._versions import may_replace, normalised
from regear.errors import RecipeError


@pytest.mark.parametrize(
    ("new", "old", "replaces"),
    [
        ("1.0.1", "1.0.0", True),
        ("1.10.0", "1.9.0", True),
        ("2", "1.9.9", True),
        ("1.0.0.1", "1.0.0", True),
        ("1.0.0", "1.0.0", False),
        ("1", "1.0.0", False),
        ("1.0.0", "1.0.1", False),
        ("0.0.1", None, True),
        (None, None, True),
        (None, "0.0.1", False),
        ("99.99.99", "1.0.0", True),
        ("99.99.99", "99.99.99", True),
        ("99.99.98", "99.99.99", False),
        ("100.0.0", "99.99.99", False),
        (None, "99.99.99", False),
    ],
)
def test_version_decides_what_may_replace(
    new: str | None, old: str | None, replaces: bool
) -> None:
    assert may_replace(new, old) is replaces


@pytest.mark.parametrize("version", ["1", "1.2", "1.2.3", "1.2.3.4", " 1.0 "])
def test_any_number_of_parts_is_a_version(version: str) -> None:
    assert normalised(version) == version.strip()


def test_number_is_taken_as_text() -> None:
    assert normalised(1) == "1"
    assert normalised(None) is None


def test_word_is_no_version() -> None:
    with pytest.raises(RecipeError, match="'latest' is not a version"):
        normalised("latest")
