from __future__ import annotations

import pytest

from regear._options import parse_options
from regear.errors import OptionError


def parse(*words: str):
    return parse_options([word.encode() for word in words])


def test_script_alone() -> None:
    options = parse("x = 1")
    assert options.source == "x = 1"
    assert options.requirements == ()
    assert not options.unblocking
    assert not options.upgrade


def test_words_in_any_case_and_order() -> None:
    options = parse(
        "s", "description", "d", "Id", "a-b_1", "unblocking", "UPGRADE",
        "replace_with", "old", "FORCE_REINSTALL_REQUIREMENTS",
    )  # fmt: skip
    assert (options.session_id, options.description) == ("a-b_1", "d")
    assert (options.unblocking, options.upgrade) == (True, True)
    assert options.replace_with == "old"


def test_requirements_take_the_rest() -> None:
    options = parse("s", "requirements", "rgsync", "UNBLOCKING", "ID")
    assert options.requirements == ("rgsync", "UNBLOCKING", "ID")
    assert not options.unblocking


def test_no_requirements_are_accepted() -> None:
    assert parse("s", "REQUIREMENTS").requirements == ()
    lines = ("# all", "", " a==1  # pinned", "b#c")
    assert parse("s", "REQUIREMENTS", *lines).requirements == ("a==1", "b#c")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["ID"], "ID is missing"),
        (["REPLACE_WITH"], "REPLACE_WITH is missing"),
        (["DESCRIPTION"], "DESCRIPTION is missing"),
        (["BOGUS"], "Unknown arguments were given: BOGUS"),
        (
            ["ID", "a b"],
            "ID must be compose of: ['A'-'Z' | 'a'-'z' | '0' - '9' | '-' | '_']",
        ),
    ],
)
def test_what_is_wrong_is_named(words: list[str], message: str) -> None:
    with pytest.raises(OptionError) as caught:
        parse("s", *words)
    assert str(caught.value) == message


def test_binary_script_is_refused() -> None:
    with pytest.raises(OptionError, match="UTF-8"):
        parse_options([b"\xff"])
