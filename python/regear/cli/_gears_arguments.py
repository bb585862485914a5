"""The command line of gears-cli."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from regear.errors import NotAvailable, RegearError

USAGE = """\
usage: gears-cli [run] [options] PATH [ARGUMENT...]

Sends the script PATH to a server: RG.PYEXECUTE <script> ARGUMENT...

  --host HOST                [default: localhost]
  --port PORT                [default: 6379]
  --user USER
  --password PASSWORD
  --ssl true                 with --ssl-certfile, --ssl-keyfile, --ssl-ca-certs,
                             --ssl-password, --ssl-verify-ca true
  --requirements FILE        requirements, one a line, for REQUIREMENTS

Options may also stand before run."""

_OPTIONS = frozenset(
    [
        "host",
        "port",
        "user",
        "password",
        "ssl",
        "ssl-certfile",
        "ssl-keyfile",
        "ssl-ca-certs",
        "ssl-password",
        "ssl-verify-ca",
        "requirements",
    ]
)
_LATER_COMMANDS = frozenset(
    ["install-requirements", "export-requirements", "import-requirements"]
)
_YES = frozenset(["1", "true", "yes", "on"])


class GearsUsageError(Exception):
    """The command line makes no sense."""


@dataclass
class RunArguments:
    """What to send, and where."""

    path: str
    extra: list[str] = field(default_factory=list)
    options: dict[str, str] = field(default_factory=dict)

    def all_extra(self) -> list[str]:
        """The arguments for RG.PYEXECUTE after the script."""
        file = self.options.get("requirements")
        requirements = read_requirements(file) if file else []
        if not requirements:
            return self.extra
        named = any(word.upper() == "REQUIREMENTS" for word in self.extra)
        return [*self.extra, *([] if named else ["REQUIREMENTS"]), *requirements]

    def flag(self, name: str) -> bool:
        return self.options.get(name, "").lower() in _YES

    def port(self) -> int:
        text = self.options.get("port", "6379")
        if not text.isdecimal():
            raise GearsUsageError(f"{text!r} is not a port")
        return int(text)


def parse(arguments: Sequence[str]) -> RunArguments | None:
    """None: help was asked for."""
    options: dict[str, str] = {}
    words: list[str] = []
    rest = list(arguments)
    while rest:
        word = rest.pop(0)
        if word in ("-h", "--help"):
            return None
        name, equals, value = word[2:].partition("=")
        if word.startswith("--") and name in _OPTIONS:
            if not equals and not rest:
                raise GearsUsageError(f"--{name} needs a value")
            options[name] = value if equals else rest.pop(0)
        elif word.startswith("--") and words in ([], ["run"]):
            raise GearsUsageError(f"unknown option {word}")
        elif not words and word in _LATER_COMMANDS:
            raise NotAvailable(f"gears-cli {word}")
        elif word.upper() == "REQUIREMENTS":
            words += [word, *rest]
            rest = []
        else:
            words.append(word)
    if words[:1] == ["run"]:
        del words[0]
    if not words:
        raise GearsUsageError("no script was given")
    return RunArguments(words[0], words[1:], options)


def read_requirements(file: str) -> list[str]:
    """The lines of a requirements file, without comments."""
    try:
        text = Path(file).read_text(encoding="utf-8")
    except OSError as error:
        raise RegearError(f"{file} cannot be read: {error.strerror}") from None
    lines = (line.partition(" #")[0].strip() for line in text.splitlines())
    return [line for line in lines if line and not line.startswith("#")]
