"""REQUIREMENTS of recipes: what a host does about them."""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from regear._pip import Pip, PipSettings
from regear._requirements_activating import (
    Activation,
    Source,
    find_distribution,
    is_met,
)
from regear._requirements_installing import (
    Installed,
    RequirementFolders,
    default_data_dir,
)
from regear._requirements_parcels import Parcel, bad_parcel, pack
from regear._requirements_parsing import Specification, specifications
from regear.errors import RequirementError

logger = logging.getLogger("regear")

_DEFAULT_TIMEOUT, _LONGEST_TIMEOUT = 600.0, 6 * 3600.0  # s
_YES = frozenset(["1", "true", "yes", "on"])

ConfigGet = Callable[[str], "str | None"]


class Requirements(Protocol):
    """What sessions ask of their host before they run."""

    @property
    def installing(self) -> bool: ...
    def ready(self, texts: Iterable[str]) -> bool:
        """Make them importable. False: something has to be installed first."""

    def provide(self, texts: Iterable[str], reinstall: bool = False) -> None:
        """Make them importable, which may take minutes; or RequirementError."""

    def stop(self) -> None: ...


@dataclass(frozen=True)
class State:
    """What a host knows about a requirement."""

    #: As it was typed, without secrets.
    name: str
    installed: bool
    #: Where its packages are; "" if they are not installed.
    path: str
    #: File names; None if there was no need for any yet.
    wheels: tuple[str, ...] | None


class CheckedRequirements:
    """Of a host inside an application: what is there is the application's."""

    installing = False

    def ready(self, texts: Iterable[str]) -> bool:
        self.provide(texts)
        return True

    def provide(self, texts: Iterable[str], reinstall: bool = False) -> None:
        for specification in specifications(texts):
            problem = _problem(specification)
            if problem:
                raise RequirementError(
                    f"Could not satisfy requirements: {problem}",
                    f"pip install '{specification}' where the host runs",
                )

    def stop(self) -> None:
        """Nothing was started."""


def _problem(specification: Specification) -> str:
    requirement = specification.requirement
    if requirement is None:
        return f"a host inside an application does not install {specification}"
    if is_met(requirement, sys.path):
        return ""
    found = find_distribution(requirement.name, sys.path)
    if found is None:
        return f"{specification} is not installed"
    return f"{specification} is asked for, {found.version} is installed"


class InstalledRequirements:
    """Of ``regear host``: pip installs what is missing into the data dir."""

    def __init__(
        self,
        config: ConfigGet,
        data_dir: Path | None = None,
        pip: Pip | None = None,
    ) -> None:
        """``data_dir`` goes before the ``DataDir`` of the configuration."""
        self._config = config
        self._data_dir = data_dir
        self._pip = pip or Pip()
        self._activation = Activation()
        self._one_pip = threading.Lock()

    @property
    def installing(self) -> bool:
        return self._one_pip.locked()

    def ready(self, texts: Iterable[str]) -> bool:
        return self._activate(specifications(texts))

    def provide(self, texts: Iterable[str], reinstall: bool = False) -> None:
        wanted = specifications(texts)
        if wanted and (reinstall or not self._activate(wanted)):
            settings = self._settings()
            with self._pip_alone(settings):
                for specification in wanted:
                    self._install(specification, settings, reinstall)
            if not self._activate(wanted):
                raise RequirementError(
                    "Could not satisfy requirements: what was installed is gone again",
                    "the same again",
                )

    def states(self, names: Iterable[str]) -> list[State]:
        kept = {one.name: one for one in self._folders().installed()}
        return [self._state(name, kept.get(name)) for name in names]

    def _state(self, name: str, kept: Installed | None) -> State:
        if kept is not None:
            wheels = tuple(wheel.name for wheel in kept.wheels) or None
            return State(name, True, str(kept.folder), wheels)
        try:
            wanted = specifications([name])
        except RequirementError:  # a folder that was somewhere
            return State(name, False, "", None)
        if not wanted:
            return State(name, True, str(Path(__file__).parent.parent), ())
        ready = self._activation.has(wanted[0])
        return State(name, ready, sys.prefix if ready else "", None)

    def export(self, name: str) -> bytes:
        """A parcel of it; its wheels are fetched if none were kept."""
        wanted = specifications([name])
        if not wanted:
            return pack(name, "", ())
        kept = self._kept(name)
        if kept is None or not kept.wheels:
            settings = self._settings()
            with self._pip_alone(settings):
                self._install(wanted[0], settings, reinstall=True, always=True)
            kept = self._kept(name)
        if kept is None:
            raise RequirementError(f"Could not satisfy requirements: {name} is gone")
        return pack(name, kept.wheel, kept.wheels)

    def accept(self, parcel: Parcel) -> None:
        """Keep it for the sessions that will ask for it."""
        for specification in specifications([parcel.name]):
            settings, folders = self._settings(), self._folders()
            with self._pip_alone(settings):
                if folders.find(specification) is not None:
                    continue
                if not parcel.wheel:
                    raise bad_parcel("wheels")
                draft = folders.unpack(specification, parcel, settings.timeout)
                draft.publish(replace=False)

    def _kept(self, name: str) -> Installed | None:
        for one in self._folders().installed():
            if one.name == name:
                return one
        return None

    @contextmanager
    def _pip_alone(self, settings: PipSettings) -> Iterator[None]:
        if not self._one_pip.acquire(timeout=settings.timeout):
            raise RequirementError(
                "Could not satisfy requirements: another installation goes on"
                f" for {settings.timeout:g} seconds",
                "the same again later",
            )
        try:
            yield
        finally:
            self._one_pip.release()

    def stop(self) -> None:
        """End pip; who waits for it gets an error."""
        self._pip.stop()

    def _activate(self, wanted: Sequence[Specification]) -> bool:
        """False, and nothing done, if one of them has to be installed."""
        folders = self._folders()
        sources: list[Source] = []
        for specification in wanted:
            if self._activation.has(specification):
                sources.append((specification, None))
                continue
            self._activation.refuse_if_bound(specification)
            folder = folders.find(specification)
            if folder is None:
                return False
            sources.append((specification, folder))
        self._activation.activate(sources)
        return True

    def _install(
        self,
        specification: Specification,
        settings: PipSettings,
        reinstall: bool,
        always: bool = False,
    ) -> None:
        """Unless somebody has done so while we waited; ``always``: although the
        environment has it."""
        folders = self._folders()
        there = folders.find(specification)
        if there is None and not always and self._activation.has(specification):
            return
        if there is not None and not reinstall:
            return
        self._activation.refuse_if_bound(specification)
        logger.info("installing %s", specification)
        start = time.monotonic()
        bound = self._activation.bound_versions()
        draft = folders.install(specification, settings, bound, anew=reinstall)
        try:
            if there is not None:
                self._activation.refuse_other(draft.packages, there, specification)
        except RequirementError:
            draft.discard()
            raise
        folder = draft.publish(replace=reinstall)
        if there is not None:
            self._activation.forget_modules(folder)
        seconds = time.monotonic() - start
        logger.info("installed %s in %.1f s: %s", specification, seconds, folder)

    def _folders(self) -> RequirementFolders:
        configured = self._config("DataDir")
        place = self._data_dir or (
            Path(configured).expanduser() if configured else None
        )
        return RequirementFolders(place or default_data_dir(), self._pip)

    def _settings(self) -> PipSettings:
        def text(key: str) -> str:
            return (self._config(key) or "").strip()

        seconds = text("RequirementsTimeout")
        timeout = float(seconds) if seconds.isdecimal() else _DEFAULT_TIMEOUT
        return PipSettings(
            find_links=text("RequirementsFindLinks"),
            index_url=text("RequirementsIndexUrl"),
            no_index=text("RequirementsNoIndex").lower() in _YES,
            timeout=min(timeout, _LONGEST_TIMEOUT),
        )
