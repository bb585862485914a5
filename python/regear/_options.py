"""The arguments of RG.PYEXECUTE."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from regear.errors import OptionError

_ID = re.compile(r"[A-Za-z0-9_-]+")


@dataclass
class ExecuteOptions:
    """What RG.PYEXECUTE was asked to do."""

    source: str
    session_id: str | None = None
    description: str | None = None
    upgrade: bool = False
    replace_with: str | None = None
    unblocking: bool = False
    requirements: tuple[str, ...] = ()
    reinstall: bool = False


def parse_options(arguments: Sequence[bytes]) -> ExecuteOptions:
    """Read script and options; words are case-insensitive, in any order.

    REQUIREMENTS takes everything that follows it.
    """
    words = [_text(argument) for argument in arguments]
    if not words:
        raise OptionError("no script was given")
    options = ExecuteOptions(source=words[0])
    rest = iter(words[1:])
    for word in rest:
        name = word.upper()
        if name == "UNBLOCKING":
            options.unblocking = True
        elif name == "UPGRADE":
            options.upgrade = True
        elif name == "FORCE_REINSTALL_REQUIREMENTS":
            options.reinstall = True
        elif name == "ID":
            options.session_id = _session_id(_value(rest, name))
        elif name == "DESCRIPTION":
            options.description = _value(rest, name)
        elif name == "REPLACE_WITH":
            options.replace_with = _value(rest, name)
        elif name == "REQUIREMENTS":
            options.requirements = tuple(requirement_lines(rest))
        else:
            raise OptionError(f"Unknown arguments were given: {word}")
    return options


def requirement_lines(lines: Iterable[str]) -> list[str]:
    """Without the blank lines and comments of a requirements file, which older
    gears-cli send as they are."""
    texts = (line.partition(" #")[0].strip() for line in lines)
    return [text for text in texts if text and not text.startswith("#")]


def _text(argument: bytes) -> str:
    try:
        return argument.decode()
    except UnicodeDecodeError:
        raise OptionError("the script and its options must be UTF-8") from None


def _value(rest: Iterator[str], name: str) -> str:
    value = next(rest, None)
    if value is None:
        raise OptionError(f"{name} is missing")
    return value


def _session_id(text: str) -> str:
    if not _ID.fullmatch(text):
        raise OptionError(
            "ID must be compose of: ['A'-'Z' | 'a'-'z' | '0' - '9' | '-' | '_']"
        )
    return text
