"""Commands about sessions and the interpreter that they share."""

from __future__ import annotations

import ast
import resource
from collections.abc import Callable
from pathlib import Path
from typing import Any

from regear._functions import replies
from regear._functions.answers import Handler, Reply
from regear._functions.arity import check_arity
from regear._registry import Snapshot
from regear.errors import CommandError, NotAvailable

Requirement = Callable[[str], Any]


class SessionCommands:
    """RG.PYDUMPSESSIONS and its like."""

    def __init__(
        self,
        snapshot: Callable[[], Snapshot],
        registrations: Callable[[], list[Any]],
        requirement: Requirement = str,
    ) -> None:
        """``registrations`` is the reply of RG.DUMPREGISTRATIONS;
        ``requirement`` shows all of one."""
        self._snapshot = snapshot
        self._registrations = registrations
        self._requirement = requirement
        self.handlers: dict[bytes, Handler] = {
            b"rg.pydumpsessions": self._dump,
            b"rg.pystats": _statistics,
            b"rg.pyprofile": _profile,
        }

    def _dump(self, arguments: list[bytes], answer: Reply) -> None:
        verbose, dead, ids = _dump_options(arguments)
        snapshot = self._snapshot()
        if ids is None:
            # One that was replaced lives no longer than its executions.
            ids = [] if dead else list(snapshot.sessions)
        registered = self._registered()
        answer(
            replies.value(
                [
                    self._session(id_, snapshot, registered.get(id_, []), verbose)
                    if id_ in snapshot.sessions
                    else f"Session {id_} does not exists"
                    for id_ in ids
                ]
            )
        )

    def _session(
        self, id_: str, snapshot: Snapshot, registered: list[Any], verbose: bool
    ) -> list[Any]:
        stored = snapshot.sessions[id_]
        requirements = stored.requirements if stored is not None else ()
        return [
            *("ID", id_),
            *("sessionDescription", stored.description if stored is not None else None),
            *("refCount", len(registered)),
            *("linked", "primary"),
            *("dead", "false"),
            *("requirementInstallationNeeded", 0),
            "requirements",
            [self._requirement(one) if verbose else one for one in requirements],
            "registrations",
            registered if verbose else [one[1] for one in registered],
        ]

    def _registered(self) -> dict[str, list[Any]]:
        """Registrations without their PD, by their sessions' ids."""
        found: dict[str, list[Any]] = {}
        for one in self._registrations():
            place = one.index("PD")
            session_id = ast.literal_eval(one[place + 1])["sessionId"]
            found.setdefault(session_id, []).append(one[:place] + one[place + 2 :])
        return found


def _dump_options(arguments: list[bytes]) -> tuple[bool, bool, list[str] | None]:
    words = [word.decode(errors="surrogateescape") for word in arguments]
    verbose = dead = False
    for place, word in enumerate(words):
        option = word.upper()
        if option == "SESSIONS":
            return verbose, dead, words[place + 1 :]
        if option == "VERBOSE":
            verbose = True
        elif option in ("DEAD", "TS"):
            dead = True
        else:
            raise CommandError(f"Unknown option {word}")
    return verbose, dead, None


def _statistics(arguments: list[bytes], answer: Reply) -> None:
    """Of the whole process: CPython does not count its own bytes."""
    check_arity("rg.pystats", not arguments)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    current = pages * resource.getpagesize()
    peak = max(peak, current)
    answer(
        replies.value(
            [
                *("TotalAllocated", peak),
                *("PeakAllocated", peak),
                *("CurrAllocated", current),
            ]
        )
    )


def _profile(arguments: list[bytes], answer: Reply) -> None:
    raise NotAvailable("RG.PYPROFILE")
