"""The thread of a host: attach, serve jobs, attach again."""

from __future__ import annotations

import logging
import random
import threading
import time
from typing import TYPE_CHECKING, Callable

from regear._functions.dispatch import KINDS
from regear._jobs import Executor
from regear._serving import Recipe, Serving
from regear._threads import start_thread
from regear.errors import ConnectionFailed, LeaseLost

if TYPE_CHECKING:
    from regear._engine import Engine, Job

logger = logging.getLogger("regear")

_STANDBY_INTERVAL = 1.0  # s between two questions for the lease
_JOB_TIMEOUT = 0.25  # s; how soon a stop is noticed
#: Recipes may connect to databases that do not answer.
_LONGEST_TURN = 60.0  # s
_FIRST_DELAY, _LONGEST_DELAY = 0.1, 5.0  # s between two attempts to attach


class Loop:
    """Runs until ``stop``; no error ends it."""

    def __init__(
        self,
        engine: Engine,
        serving: Serving,
        load: Callable[[Recipe], None],
        recipes: list[Recipe],
        functions: bool,
    ) -> None:
        self._engine = engine
        self._serving = serving
        self._load = load
        self._recipes = recipes
        self._functions = functions
        self._executor = Executor(engine, serving)
        self._stopping = threading.Event()
        self._job_threads: set[threading.Thread] = set()
        self._thread: threading.Thread | None = None
        #: Set when the first attempt has ended, one way or the other.
        self.tried = threading.Event()
        #: Set while the lease is held and the recipes have been loaded.
        self.attached = threading.Event()
        #: The first error of a recipe, if one failed to load.
        self.recipe_error: Exception | None = None
        self.state = "starting"
        self._turned = time.monotonic()

    def start(self) -> None:
        self._thread = start_thread("regear-host", self._run)

    def stop(self, timeout: float) -> None:
        self._stopping.set()
        for thread in [self._thread, *self._job_threads]:
            if thread is not None:
                thread.join(timeout)

    @property
    def turning(self) -> bool:
        """Whether the thread lives and does not hang; pip has a limit of its own."""
        if self._thread is None or not self._thread.is_alive():
            return False
        late = time.monotonic() - self._turned >= _LONGEST_TURN
        return not late or self._serving.requirements.installing

    # -- the thread ----------------------------------------------------------

    def _run(self) -> None:
        delay = _FIRST_DELAY
        while not self._stopping.is_set():
            self._turned = time.monotonic()
            pause = delay
            try:
                if self._attach():
                    delay = pause = _FIRST_DELAY
                    self._serve()
                else:
                    pause = _STANDBY_INTERVAL
            except LeaseLost as error:
                logger.warning("%s: attaching again", error)
            except ConnectionFailed as error:
                self._became("disconnected", logging.WARNING, str(error))
                delay = min(delay * 2, _LONGEST_DELAY)
            except Exception:
                logger.exception("the host stumbled and starts again")
                delay = min(delay * 2, _LONGEST_DELAY)
            finally:
                self.attached.clear()
                self.tried.set()
            if not self._stopping.is_set():
                self._serving.lease_ended()
                self._stopping.wait(pause * random.uniform(0.8, 1.2))

    def _attach(self) -> bool:
        reply = self._engine.attach()
        if reply["state"] != "attached":
            self._became("standby", logging.INFO, "another host serves this Redis")
            return False
        self._serving.attached(reply)
        for recipe in self._recipes:
            self._load_again(recipe)
        self._serving.follow_registry()
        self._serving.restore_timers()
        self._became("attached", logging.INFO, f"fence {reply['fence']}")
        self.attached.set()
        self.tried.set()
        return True

    def _became(self, state: str, level: int, detail: str) -> None:
        if state != self.state:
            self.state = state
            logger.log(level, "%s: %s", state, detail)

    def _load_again(self, recipe: Recipe) -> None:
        if recipe.withdrawn:
            return
        try:
            self._load(recipe)
        except (LeaseLost, ConnectionFailed):
            raise
        except Exception as error:
            self.recipe_error = self.recipe_error or error
            logger.error("%s", error)

    def _serve(self) -> None:
        while not self._stopping.is_set():
            self._turned = time.monotonic()
            for job in self._engine.next_jobs(_JOB_TIMEOUT):
                self._take(job)

    def _take(self, job: Job) -> None:
        kind = job.kind
        if kind in KINDS:
            self._serving.functions.take(job)
        elif kind == "REGISTRY":
            self._registry_changed()
        elif kind == "CONFIG":
            self._serving.configure(_pairs(job.arguments))
        elif kind == "DRAIN":
            self._serving.drain(job.arguments[0].decode())
        elif kind != "PYEXECUTE":
            self._engine.finish_job(job.id, False, f"unknown job {kind}")
        elif self._functions:
            self._start_job(job)
        else:
            self._executor.refuse(job)

    def _registry_changed(self) -> None:
        sessions = self._serving.follow_registry().sessions
        for recipe in self._recipes:
            if recipe.session_id is None or recipe.withdrawn:
                continue
            if recipe.session_id not in sessions:
                recipe.withdrawn = True
                logger.warning("%s was unregistered or replaced", recipe.name)

    def _start_job(self, job: Job) -> None:
        """A long script blocks only the client that sent it."""
        self._job_threads = {one for one in self._job_threads if one.is_alive()}
        self._job_threads.add(start_thread(f"regear-job-{job.id}", self._run_job, job))

    def _run_job(self, job: Job) -> None:
        try:
            self._executor.run(job)
        except (LeaseLost, ConnectionFailed) as error:
            logger.warning("a job is lost with the lease: %s", error)
        except Exception:
            logger.exception("a job failed")


def _pairs(words: list[bytes]) -> dict[str, str]:
    texts = [word.decode(errors="surrogateescape") for word in words]
    return dict(zip(texts[::2], texts[1::2]))
