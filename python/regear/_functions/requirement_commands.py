"""RG.PYDUMPREQS, RG.PYEXPORTREQ and RG.PYIMPORTREQ."""

from __future__ import annotations

import platform
import sys
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any, Protocol

from regear._functions import replies
from regear._functions.answers import Handler, Reply
from regear._functions.arity import check_arity
from regear._redaction import redact_urls
from regear._requirements import State
from regear._requirements_parcels import VERSION, Parcel, unpack
from regear.errors import CommandError

_MEGABYTE = 1024 * 1024
_CHUNK = 10 * _MEGABYTE
#: A reply goes to Redis as one text, of half a gigabyte at most.
_MOST = 384 * _MEGABYTE
#: What the wheels were made for.
_SYSTEM = "-".join(
    (platform.system(), platform.machine(), str(sys.implementation.cache_tag))
).lower()
_NO_WHEELS = "Requirement was not yet downloaded so wheels are not available"


class Store(Protocol):
    """See ``InstalledRequirements``."""

    def states(self, names: Iterable[str]) -> list[State]: ...
    def export(self, name: str) -> bytes: ...
    def accept(self, parcel: Parcel) -> None: ...


class Names(Protocol):
    """See ``RequiredNames``."""

    def all(self) -> set[str]: ...
    def add(self, names: Iterable[str]) -> None: ...


class RequirementCommands:
    """Over what was asked for, what sessions need, and what is installed."""

    def __init__(
        self,
        store: Store,
        names: Names,
        sessions: Callable[[], Iterable[Iterable[str]]],
    ) -> None:
        """``sessions`` tells the requirements of each of them."""
        self._store = store
        self._names = names
        self._sessions = sessions
        self.handlers: dict[bytes, Handler] = {
            b"rg.pydumpreqs": self._dump,
            b"rg.pyexportreq": self._export,
            b"rg.pyimportreq": self._import,
        }

    def describe(self, text: str) -> list[Any]:
        """The pairs of a requirement that a session has."""
        return self._all()[redact_urls(text)]

    def _all(self) -> dict[str, list[Any]]:
        """The pairs of each requirement, by its name."""
        needed: Counter[str] = Counter()
        for texts in self._sessions():
            needed.update({redact_urls(text) for text in texts})
        states = self._store.states(sorted(self._names.all().union(needed)))
        return {one.name: _metadata(one, 1 + needed[one.name]) for one in states}

    def _dump(self, arguments: list[bytes], answer: Reply) -> None:
        check_arity("rg.pydumpreqs", not arguments)
        answer(replies.value(list(self._all().values())))

    def _export(self, arguments: list[bytes], answer: Reply) -> None:
        check_arity("rg.pyexportreq", len(arguments) == 1)
        name = arguments[0].decode(errors="replace")
        if name not in self._all():
            raise CommandError("requirement does not exists")
        blob = self._store.export(name)
        if len(blob) > _MOST:
            raise CommandError(
                f"{name} has {len(blob) // _MEGABYTE} MB of wheels, more than"
                f" {_MOST // _MEGABYTE} (try: RequirementsFindLinks)"
            )
        chunks = [blob[at : at + _CHUNK] for at in range(0, len(blob), _CHUNK)]
        answer(replies.value([self._all()[name], chunks]))

    def _import(self, arguments: list[bytes], answer: Reply) -> None:
        check_arity("rg.pyimportreq", bool(arguments))
        parcel = unpack(b"".join(arguments))
        self._store.accept(parcel)
        self._names.add([parcel.name])
        answer(replies.bulk("OK"))


def _metadata(state: State, references: int) -> list[Any]:
    wheels = _NO_WHEELS if state.wheels is None else list(state.wheels)
    return [
        *("GearReqVersion", VERSION),
        *("Name", state.name),
        *("IsDownloaded", _yes(state.wheels is not None)),
        *("IsInstalled", _yes(state.installed)),
        *("CompiledOs", _SYSTEM),
        *("Wheels", wheels),
        *("Path", state.path),
        *("RefCount", references),
        *("IsInReqDictionary", _yes(True)),
    ]


def _yes(value: bool) -> str:
    return "yes" if value else "no"
