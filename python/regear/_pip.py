"""pip of the host's Python, in a process of its own."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from regear._redaction import Secrets, redact_urls
from regear.errors import RequirementError

#: The thread that starts it blocks all signals, and pip would inherit that.
_PROGRAM = (
    "import runpy, signal;"
    "signal.pthread_sigmask(signal.SIG_SETMASK, ());"
    "runpy.run_module('pip', run_name='__main__', alter_sys=True)"
)
_QUIET = ("--no-input", "--disable-pip-version-check", "--progress-bar", "off")
#: They would send packages to another place than the one we name.
_OTHER_PLACES = ("PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_REQUIREMENT")

_MOST_OUTPUT = 16384  # bytes that are looked at, from the end
_MOST_LINES, _LONGEST_LINE = 6, 280
_NOISE = re.compile(
    r"\[notice\]|DEPRECATION:|WARNING: (Retrying|You are|Discard)|note:"
)
_POLL = 0.1  # s


class PipFailed(RequirementError):
    """pip ended with an error; another time it may succeed."""


@dataclass(frozen=True)
class PipSettings:
    """Where packages come from; what is empty is left to pip's own settings."""

    find_links: str = ""
    index_url: str = ""
    no_index: bool = False
    timeout: float = 600.0  # s, for one run of pip
    #: Folders of wheels from earlier installations.
    kept: tuple[Path, ...] = ()

    def environment(self) -> dict[str, str]:
        """Not in the arguments, which show in ``ps``."""
        environment = {
            name: text for name, text in os.environ.items() if name not in _OTHER_PLACES
        }
        environment.update(PIP_USER="0")
        if self.find_links:
            places = [_absolute(place) for place in self.find_links.split()]
            environment["PIP_FIND_LINKS"] = " ".join(places)
        if self.index_url:
            environment["PIP_INDEX_URL"] = self.index_url
            # No other one: an empty text would leave pip.conf's in force.
            environment["PIP_EXTRA_INDEX_URL"] = self.index_url
        if self.no_index:
            environment["PIP_NO_INDEX"] = "1"
        return environment


class Pip:
    """Runs for as long as its caller waits; ``stop`` ends it."""

    def __init__(self, python: str = sys.executable) -> None:
        self._python = python
        self._stopped = threading.Event()

    def stop(self) -> None:
        self._stopped.set()

    def wheel(
        self,
        line: str,
        work: Path,
        wheels: Path,
        settings: PipSettings,
        constraints: Mapping[str, str],
        dependencies: bool = True,
    ) -> None:
        """Have the wheels of the requirement ``line`` in ``wheels``, built where
        there are none; PipFailed if not. ``work`` holds pip's own files.
        """
        versions = work / "constraints.txt"
        versions.write_text(
            "".join(f"{name}=={version}\n" for name, version in constraints.items()),
            encoding="utf-8",
        )
        arguments = ["wheel", "--wheel-dir", str(wheels)]
        for place in settings.kept:
            arguments += ["--find-links", str(place)]
        if constraints:
            arguments += ["-c", str(versions)]
        if not dependencies:
            arguments += ["--no-deps"]
        environment = settings.environment()
        self._run(line, line, arguments, work, work, environment, settings.timeout)

    def install(
        self,
        line: str,
        wheel: Path,
        extras: str,
        work: Path,
        target: Path,
        timeout: float,
    ) -> None:
        """Install the wheel into ``target``, with those that it needs from the
        folder where it is: no network. ``line`` is what errors name."""
        arguments = ["install", "--no-warn-script-location", "--target", str(target)]
        arguments += ["--no-index", "--find-links", "."]
        environment = {
            name: text
            for name, text in os.environ.items()
            if not name.startswith("PIP_")
        }
        environment.update(PIP_CONFIG_FILE=os.devnull, PIP_USER="0")
        relative = f"./{wheel.name}{extras}"
        self._run(line, relative, arguments, work, wheel.parent, environment, timeout)

    def _run(
        self,
        line: str,
        requirement: str,
        arguments: Sequence[str],
        work: Path,
        folder: Path,
        environment: Mapping[str, str],
        timeout: float,
    ) -> None:
        """A requirements file, as arguments show in ``ps`` and a URL may hold a
        token."""
        requirements, output = work / "requirements.txt", work / "pip.log"
        requirements.write_text(requirement + "\n", encoding="utf-8")
        with open(output, "wb") as log:
            process = subprocess.Popen(
                [
                    *(self._python, "-c", _PROGRAM, arguments[0], *_QUIET),
                    *(*arguments[1:], "-r", str(requirements)),
                ],
                cwd=folder,
                env={**environment, "TMPDIR": str(work), "PYTHONUNBUFFERED": "1"},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C is for the host
            )
            problem = self._wait(process, timeout)
        if process.returncode != 0 or problem:
            raise _failure(line, problem, _last_lines(output), environment)

    def _wait(self, process: subprocess.Popen[bytes], timeout: float) -> str:
        """Why it was ended, if it was."""
        deadline = time.monotonic() + timeout
        problem = ""
        while process.poll() is None:
            if self._stopped.wait(_POLL):
                problem = "the host is stopping"
            elif time.monotonic() > deadline:
                problem = f"pip was ended after {timeout:g} seconds"
            if problem:
                os.killpg(process.pid, signal.SIGKILL)  # with its compilers
                process.wait()
                break
        return problem


def _absolute(place: str) -> str:
    return place if "://" in place else os.path.abspath(os.path.expanduser(place))


def _last_lines(output: Path) -> list[str]:
    with open(output, "rb") as file:
        file.seek(max(0, output.stat().st_size - _MOST_OUTPUT))
        text = file.read().decode(errors="replace")
    lines = [line.strip() for line in text.splitlines()]
    return [_short(line) for line in lines if line and not _NOISE.match(line)]


def _short(line: str) -> str:
    """pip may list hundreds of versions."""
    return line if len(line) <= _LONGEST_LINE else f"{line[:200]} … {line[-60:]}"


def _failure(
    line: str, problem: str, lines: list[str], environment: Mapping[str, str]
) -> PipFailed:
    secrets = Secrets()
    for text in (line, *(environment.get(name, "") for name in _URLS)):
        for word in text.split():
            _remember(secrets, word)
    told = "; ".join(lines[-_MOST_LINES:])
    if problem:
        told = f"{problem}; {told}" if told else problem
    told = redact_urls(secrets.redact(told))
    message = f"Could not satisfy requirements: {redact_urls(line)}: {told}"
    return PipFailed(message, _remedy(told))


_URLS = ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS")


def _remember(secrets: Secrets, url: str) -> None:
    """pip shows parts of it in other places than a URL."""
    user, at, _ = urlsplit(url).netloc.rpartition("@") if "://" in url else ("", "", "")
    if at:
        _, _, password = user.partition(":")
        secrets.add(password or user)
        secrets.add(unquote(password or user))


def _remedy(output: str) -> str:
    if "No module named pip" in output:
        return "python3 -m ensurepip, or apt-get install python3-pip"
    if "No matching distribution" in output or "Connection" in output:
        return (
            "another version, or RequirementsFindLinks=FOLDER of wheels,"
            " RequirementsIndexUrl=URL"
        )
    if "seconds" in output and "pip was ended" in output:
        return "RequirementsTimeout=SECONDS, or a wheel in RequirementsFindLinks"
    if "stopping" in output:
        return "the same again once a host serves"
    return "pip install it by hand where the host runs, to see all that pip says"
