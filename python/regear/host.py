"""``Host``: runs recipes beside a Redis server."""

from __future__ import annotations

import atexit
import logging
import os
import threading
import time
import weakref
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from regear import _main_module
from regear._commands import Commands
from regear._config import Config
from regear._existing_keys import Surveyor
from regear._loop import Loop
from regear._redaction import redact_url
from regear._requirements import (
    CheckedRequirements,
    InstalledRequirements,
    Requirements,
)
from regear._runner import ScriptFailed, failure_of
from regear._sealing import Sealer
from regear._serving import Recipe, Serving
from regear.errors import HostStopped, RecipeError

if TYPE_CHECKING:
    from regear._engine import Engine
    from regear._monitoring import Monitoring

logger = logging.getLogger("regear")

DEFAULT_URL = "redis://127.0.0.1:6379"


class Host:
    """Serves recipes for the Redis server at ``url``.

    Embedded in an application (``functions=False``) it serves the recipes
    that were loaded and runs no scripts of others; it leaves ``__main__`` and
    signal handlers alone. With ``functions=True``, as in ``regear host``, it
    runs RG.PYEXECUTE too and serves what anybody has registered.

    ``config`` is what recipes read with ``configGet``; ``state_key`` the file
    of the key that seals stored sessions; ``data_dir`` where requirements of
    recipes are installed, which only a host with ``functions`` does. Methods
    may be called from any thread.
    """

    def __init__(
        self,
        url: str = DEFAULT_URL,
        *,
        functions: bool = False,
        config: Mapping[str, str] | None = None,
        state_key: str | Path | None = None,
        data_dir: str | Path | None = None,
    ) -> None:
        self.url = url
        self._functions = functions
        self._config = Config(config)
        self._state_key = state_key
        self._data_dir = Path(data_dir) if data_dir is not None else None
        self._recipes: list[Recipe] = []
        self._lock = threading.Lock()
        self._engine: Engine | None = None
        self._commands: Commands | None = None
        self._serving: Serving | None = None
        self._loop: Loop | None = None
        self._monitoring: Monitoring | None = None
        self._ended = ""  # why it cannot be used any more
        _hosts.add(self)

    def load(self, recipe: str | Path, requirements: Iterable[str] = ()) -> Host:
        """Serve the recipe of a file, which needs the ``requirements``.

        The same source as a stored session's attaches to its registrations.
        Any other source replaces registrations of the same names: if they
        have a version, only with a higher one. Before ``start`` the file is
        only read; afterwards errors of the recipe are raised here.
        """
        self._check_usable()
        loaded = _read(Path(recipe), tuple(requirements))
        self._recipes.append(loaded)
        if self._loop is not None and self._loop.attached.is_set():
            try:
                self._load(loaded)
            except Exception:
                self._recipes.remove(loaded)
                raise
        return self

    def start(self) -> Host:
        """Attach and serve, in a thread.

        Returns when the first attempt to attach has ended: attached with all
        recipes loaded, standing by for another host, or still trying because
        Redis cannot be reached. A recipe's error is raised, and stops the host.
        """
        self._check_usable()
        with self._lock:
            if self._loop is not None:
                return self
            loop = self._loop = self._new_loop()
        loop.start()
        loop.tried.wait()
        if loop.recipe_error is not None:
            self.stop(drain=False)
            raise loop.recipe_error
        return self

    def wait_attached(self, timeout: float | None = None) -> bool:
        """Wait until this host holds the lease and its recipes are served."""
        return self._loop is not None and self._loop.attached.wait(timeout)

    @property
    def state(self) -> str:
        """starting, attached, standby, disconnected or stopped."""
        if self._ended:
            return "stopped"
        return self._loop.state if self._loop is not None else "starting"

    def stop(self, drain: bool = True, timeout: float = 10.0) -> bool:
        """Stop serving and give the lease back; once is enough.

        With ``drain`` what is captured already is written first, as far as
        that succeeds within ``timeout`` seconds. Returns whether it did; what
        is left stays in Redis for the next host.
        """
        with self._lock:
            if self._ended:
                return True
            self._ended = "it was stopped"
            loop, serving, engine = self._loop, self._serving, self._engine
            monitoring, self._monitoring = self._monitoring, None
        _hosts.discard(self)
        if monitoring is not None:
            monitoring.stop()
        if loop is None or serving is None or engine is None:
            return True
        deadline = time.monotonic() + timeout
        attached = loop.attached.is_set()
        serving.stop_installing()
        serving.executions.abort_all()
        loop.stop(timeout)
        left = max(0.0, deadline - time.monotonic())
        complete = serving.stop_workers(drain and attached, left)
        serving.functions.close()
        engine.detach()
        if self._commands is not None:
            self._commands.close()
        return complete and (attached or not drain)

    def __enter__(self) -> Host:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        frames: TracebackType | None,
    ) -> None:
        self.stop(drain=error is None)

    def serve_metrics(self, port: int, address: str = "127.0.0.1") -> int:
        """Answer ``/metrics`` (Prometheus), ``/healthz`` and ``/readyz`` until
        the host stops. Returns the port, which is a free one for 0."""
        from regear._monitoring import Monitoring

        self._check_usable()
        with self._lock:
            if self._monitoring is None:
                self._monitoring = Monitoring(
                    self.url,
                    address,
                    port,
                    state=lambda: self.state,
                    turning=lambda: self._loop is not None and self._loop.turning,
                    workers=self.worker_status,
                )
            return self._monitoring.port

    def worker_status(self) -> dict[str, str]:
        """The status JSON of each registration served here, by its name."""
        return self._engine.worker_status() if self._engine is not None else {}

    def _new_loop(self) -> Loop:
        sealer = Sealer.from_file(self._state_key)
        self._engine = open_engine(self.url)
        self._commands = Commands(self.url)
        self._serving = Serving(
            self._engine,
            sealer,
            self._config,
            self._commands,
            serve_all=self._functions,
            surveyor=Surveyor(self.url, self._note),
            requirements=self._requirements(),
        )
        if self._functions:
            _main_module.install(self._serving.services)
        return Loop(
            self._engine, self._serving, self._load, self._recipes, self._functions
        )

    def _requirements(self) -> Requirements:
        if not self._functions:
            return CheckedRequirements()
        return InstalledRequirements(
            lambda key: self._config.get(key, {}), self._data_dir
        )

    def _note(self, name: str, topic: str, text: str) -> None:
        if self._serving is not None:
            self._serving.note(name, topic, text)

    def _load(self, recipe: Recipe) -> None:
        assert self._serving is not None
        try:
            self._serving.load(recipe)
        except ScriptFailed as failure:
            raise failure_of(recipe.name, failure) from failure.cause

    def _check_usable(self) -> None:
        if self._ended:
            raise HostStopped(f"this host cannot be used: {self._ended}", "a new Host")

    def _forked(self) -> None:
        """In the child: threads and connections are the parent's."""
        if self._monitoring is not None:
            self._monitoring.close()
        if self._loop is not None:
            _of_the_parent.append(self._engine)  # never destroyed here
        self._ended = "it belongs to the process that forked this one"
        self._lock = threading.Lock()
        logger.warning("the host of %s is stopped after a fork", redact_url(self.url))


def open_engine(url: str) -> Engine:
    """Connects nothing yet; the engine's log lines go to ours."""
    from regear import _engine

    _engine.set_log_sink(_log_line)
    return _engine.Engine(url)


def _log_line(level: str, text: str) -> None:
    logger.log(_LEVELS.get(level, logging.INFO), "%s", text)


def _read(path: Path, requirements: tuple[str, ...]) -> Recipe:
    try:
        return Recipe(
            name=path.name,
            source=path.read_text(encoding="utf-8"),
            origin=str(path.resolve()),
            requirements=requirements,
        )
    except OSError as error:
        raise RecipeError(
            f"the recipe {path} cannot be read: {error.strerror}"
        ) from error
    except UnicodeDecodeError:
        raise RecipeError(f"the recipe {path} is not UTF-8 text") from None


_LEVELS = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "notice": logging.INFO,
    "warn": logging.WARNING,
    "warning": logging.WARNING,
    "error": logging.ERROR,
}

_hosts: weakref.WeakSet[Host] = weakref.WeakSet()
_of_the_parent: list[Any] = []


def _stop_hosts() -> None:
    for host in list(_hosts):
        host.stop(drain=False, timeout=2.0)


def _hosts_after_fork() -> None:
    for host in list(_hosts):
        host._forked()
    _hosts.clear()


atexit.register(_stop_hosts)
os.register_at_fork(after_in_child=_hosts_after_fork)
