"""The sessions that a host runs, and the workers of their registrations."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import redis

from regear._commands import Commands, quietly
from regear._config import Config
from regear._existing_keys import Survey, Surveyor
from regear._functions.answers import Answers, Handler
from regear._functions.dispatch import Functions
from regear._functions.execution_commands import ExecutionCommands
from regear._functions.requirement_commands import RequirementCommands
from regear._functions.session_commands import SessionCommands
from regear._functions.stream_commands import StreamCommands
from regear._redaction import redact_urls
from regear._registration import Registration
from regear._registry import Rule, Snapshot, StoredFunction, StoredSession
from regear._replacement import replaced_rules
from regear._requirements import (
    CheckedRequirements,
    InstalledRequirements,
    Requirements,
)
from regear._requirements_names import RequiredNames
from regear._requirements_restoring import Restorer
from regear._runner import ScriptFailed, failure_of, run_recipe
from regear._sealing import Sealer
from regear._services import HostServices
from regear._session import Session, new_session_id
from regear._stored_values import (
    CONFIG_ID,
    load_values,
    store_values,
)
from regear._workers import Workers
from regear.errors import LeaseLost, RecipeError, RegearError

if TYPE_CHECKING:
    from regear._engine import Engine

logger = logging.getLogger("regear")

_SEALED = "sealed by another key, load the recipe again"
STRANGER = (
    "this host serves the recipes of one application and runs no others"
    " (try: regear host)"
)
_STOP_SECONDS = 2.0
_NOT_REGISTERED = RegearError("its recipe does not register it any more")
_CONNECTING = (
    "connecting",
    "its requirements are being installed",
    "the log of the host",
)


@dataclass
class Recipe:
    """A recipe that this host was told to serve."""

    name: str
    source: str
    #: Where it came from: the next text from there is its next version.
    origin: str = ""
    requirements: tuple[str, ...] = ()
    #: Its session in the registry, once it is there.
    session_id: str | None = None
    #: Unregistered by somebody: not to be registered again by itself.
    withdrawn: bool = False


class Serving:
    """What is registered, in the server and here, is the same."""

    def __init__(
        self,
        engine: Engine,
        sealer: Sealer,
        config: Config,
        commands: Commands,
        serve_all: bool,
        surveyor: Surveyor | None = None,
        requirements: Requirements | None = None,
    ) -> None:
        """``serve_all``: stored sessions too that others loaded; ``surveyor``
        counts the keys that a new rule finds; without ``requirements`` nothing
        is installed."""
        self._engine = engine
        self._sealer = sealer
        self._config = config
        self._commands = commands
        self._serve_all = serve_all
        self._surveyor = surveyor
        self.requirements = requirements or CheckedRequirements()
        self._restorer = Restorer(self.requirements, self._restorable)
        self._workers = Workers(engine)
        self.services = HostServices(engine, sealer, config, commands, self.snapshot)
        self.executions = self.services.executions
        self.functions = Functions(Answers(engine), self.executions)
        self._required_names = RequiredNames(engine, sealer)
        self.functions.commands.update(self._handlers())
        # One thread at a time changes what is registered and what runs.
        self._lock = threading.RLock()
        self._own: set[str] = set()  # ids of the sessions loaded here
        self._sessions: dict[str, Session] = {}  # live in this process
        # Why sessions do not run, by their ids.
        self._broken: dict[str, RegearError] = {}
        # Ids of sessions whose recipe was loaded with other requirements now.
        self._required_now: dict[str, tuple[str, ...]] = {}

    def _handlers(self) -> dict[bytes, Handler]:
        """Of the commands that the host answers."""
        handlers = {
            **ExecutionCommands(self.executions).handlers,
            **StreamCommands(self._dumped, self.functions.stream).handlers,
        }
        if not isinstance(self.requirements, InstalledRequirements):
            sessions = SessionCommands(self.snapshot, self._dumped)
            return {**handlers, **sessions.handlers}
        requirements = RequirementCommands(
            self.requirements, self._required_names, self._required
        )
        sessions = SessionCommands(self.snapshot, self._dumped, requirements.describe)
        return {**handlers, **sessions.handlers, **requirements.handlers}

    def _required(self) -> list[tuple[str, ...]]:
        """Of each session that is stored."""
        sessions = self.snapshot().sessions.values()
        return [stored.requirements for stored in sessions if stored is not None]

    def _dumped(self) -> list[Any]:
        registrations: list[Any] = self._commands.execute("RG.DUMPREGISTRATIONS")
        return registrations

    def restore_timers(self) -> None:
        """Those that outlived the host that started them."""
        self.services.timers.awake = True
        self.services.stored_timers.restore(self._session_of_timer)

    def _session_of_timer(self, document: dict[str, Any]) -> Session:
        stored = StoredSession.from_document(document)
        with self._lock:
            session = self._sessions.get(stored.id)
            if session is None or session.source != stored.source:
                self.requirements.provide(stored.requirements)
                session = self._run_again(stored, self.snapshot())
            return session

    # -- the registry --------------------------------------------------------

    def snapshot(self) -> Snapshot:
        return Snapshot.read(self._engine, self._sealer)

    def attached(self, reply: dict[str, Any]) -> None:
        """A lease began."""
        self.services.hashtag = reply["hashtag"]
        self._commands.lease = (reply["fence"], reply["host_id"])
        self._config.module_arguments = reply["args"]
        self._recall_config(reply.get("config", {}))

    def configure(self, values: Mapping[str, str]) -> None:
        """RG.CONFIGSET; workers that wait to connect again do it now."""
        with self._lock:
            known = self._config.set_at_run_time
            if all(known.get(key) == value for key, value in values.items()):
                return
            known.update(values)
            self.services.forget_limits()
            store_values(self._engine, self._sealer, CONFIG_ID, known)
            self._workers.hurry_all()

    def _recall_config(self, in_module: Mapping[str, str]) -> None:
        stored = load_values(self._engine, self._sealer, CONFIG_ID) or {}
        values = {**stored, **in_module}
        self._config.set_at_run_time = values
        self.services.forget_limits()
        lost = [
            word
            for key, value in values.items()
            if key not in in_module
            for word in (key, value)
        ]
        if lost:  # the server was restarted
            self._commands.execute("RG.CONFIGSET", *lost)
        if values != stored:
            store_values(self._engine, self._sealer, CONFIG_ID, values)

    def stop_installing(self) -> None:
        self._restorer.stop()
        self.requirements.stop()
        self._restorer.join(_STOP_SECONDS)

    def lease_ended(self) -> None:
        self.services.timers.awake = False
        self.functions.lease_ended()
        with self._lock:
            self._workers.forget()

    def new_session(
        self,
        source: str,
        session_id: str | None = None,
        description: str | None = None,
        requirements: tuple[str, ...] = (),
        replaces: tuple[str, ...] = (),
    ) -> Session:
        if requirements:
            self._required_names.add(requirements)
        return Session(
            id=session_id or new_session_id(),
            source=source,
            services=self.services,
            description=description,
            requirements=requirements,
            config=dict(self._config.values),
            replaces=replaces,
        )

    def commit(
        self, session: Session, job_id: int = 0, also_replaces: tuple[str, ...] = ()
    ) -> None:
        """Register what the session collected, in one step; answers the job."""
        with self._lock:
            snapshot = self.snapshot()
            replaced = set(also_replaces)
            requirements = [redact_urls(text) for text in session.requirements]
            for registration in session.registrations:
                rules = replaced_rules(
                    snapshot, registration.name, registration.version
                )
                replaced |= {rule.id for rule in rules}
            hashtag = self.services.hashtag
            document = {
                "id": session.id,
                "description": session.description,
                "replaces": sorted(replaced),
                "registrations": [
                    {**registration, "requirements": requirements}
                    for registration in (
                        *(one.document(hashtag) for one in session.registrations),
                        *(one.document() for one in session.functions),
                    )
                ],
            }
            blob = self._sealer.seal(StoredSession.of(session).document())
            surveys = self._surveys(session, snapshot)
            try:
                self._register(job_id, document, blob, session)
            except BaseException:
                for survey in surveys:
                    survey.cancel()
                raise
            self._own.add(session.id)
            self._sessions[session.id] = session
            self._broken.pop(session.id, None)
            self.follow_registry()
        for survey in surveys:
            survey.finish()

    def _register(
        self, job_id: int, document: dict[str, Any], blob: bytes, session: Session
    ) -> None:
        """Its functions take jobs from the moment that it is registered."""
        with self.functions.lock:
            self._engine.register(job_id, json.dumps(document), blob)
            for id_ in document["replaces"]:
                self.functions.stop(id_)
            for function in session.functions:
                self.functions.start(function, session)

    def _surveys(self, session: Session, before: Snapshot) -> list[Survey]:
        """Counts of the keys that only the new rules cover."""
        if self._surveyor is None:
            return []
        covered = {(rule.name, rule.prefix, rule.db) for rule in before.rules}
        surveys = []
        for one in session.registrations:
            key = (one.name, one.keys.prefix, one.database)
            if one.through or key in covered:
                continue
            try:
                documents = one.documents is not None
                surveys.append(self._surveyor.begin(*key, documents=documents))
            except redis.RedisError as error:
                logger.info("%s: existing keys were not counted: %s", one.name, error)
        return surveys

    def load(self, recipe: Recipe) -> None:
        """Serve the recipe: attach to its registrations, or register it."""
        self.requirements.provide(recipe.requirements)
        with self._lock:
            snapshot = self.snapshot()
            stored = snapshot.session_with_source(recipe.source)
            if stored is not None:
                recipe.session_id = stored.id
                if recipe.requirements:
                    self._required_now[stored.id] = recipe.requirements
                self._own.add(stored.id)
                self.follow_registry()
                if stored.id in self._broken:
                    broken = self._broken[stored.id]
                    raise RecipeError(f"{recipe.name}: {broken.message}", broken.hint)
                return
        session = self.new_session(
            recipe.source,
            description=recipe.origin or recipe.name,
            requirements=recipe.requirements,
        )
        with quietly():  # jobs wait while this host loads a recipe
            run_recipe(session)
        if not session.registrations and not session.functions:
            raise RecipeError(
                f"{recipe.name} registers nothing", "a recipe calls RGWriteBehind(...)"
            )
        self.commit(session)
        for timer in session.timers:
            self.services.start_timer(timer)
        recipe.session_id = session.id
        self._tell_abandoned(recipe)

    def _tell_abandoned(self, recipe: Recipe) -> None:
        """What an older text of the recipe registered, and this one does not,
        goes on: taking it away is the operator's decision."""
        snapshot = self.snapshot()
        for stored in snapshot.sessions.values():
            if stored is None or stored.description != recipe.origin:
                continue
            if stored.id == recipe.session_id:
                continue
            for rule in snapshot.rules_of(stored.id):
                text = (
                    f"{recipe.name} does not register it any more, but it goes on:"
                    f" RG.UNREGISTER {rule.id} ends it"
                )
                logger.warning("%s: %s", rule.name, text)
                self.note(rule.name, "abandoned", text)

    def note(self, name: str, topic: str, text: str) -> None:
        """Have the status of a registration say so."""
        try:
            self._commands.execute("RG.WRITEBEHIND", "NOTE", name, topic, text)
        except RegearError as error:
            logger.info("%s: %s is not in the status: %s", name, topic, error)

    def follow_registry(self) -> Snapshot:
        """Make sessions and workers what the registry says."""
        with self._lock:
            snapshot = self.snapshot()
            for session in list(self._sessions.values()):
                stored = snapshot.sessions.get(session.id)
                if stored is None or stored.source != session.source:
                    del self._sessions[session.id]
            rules = [
                rule
                for rule in snapshot.rules
                if self._serve_all or rule.session_id in self._own
            ]
            self._workers.stop_others({rule.name: rule for rule in rules})
            for rule in rules:
                self._follow(rule, snapshot)
            self.functions.keep({one.id for one in snapshot.functions})
            for function in snapshot.functions:
                if not self.functions.is_running(function.id):
                    self._follow_function(function, snapshot)
            return snapshot

    def drain(self, name: str) -> None:
        """Write what is captured at once."""
        with self._lock:
            self._workers.hurry(name)

    def stop_workers(self, drain: bool, timeout: float) -> bool:
        with self._lock:
            return self._workers.stop_all(drain, timeout)

    def _follow(self, rule: Rule, snapshot: Snapshot) -> None:
        if self._workers.is_running(rule):
            return
        if rule.paused:
            self._workers.report_idle(rule, "paused", "", f"regear resume {rule.name}")
            return
        session = self._session_of(rule.session_id, snapshot)
        if not isinstance(session, Session):
            self._workers.report_idle(rule, *session)
            return
        registration = _registration(session, rule.name)
        if registration is None:
            self._workers.report_idle(rule, *_stopped(_NOT_REGISTERED))
            return
        try:
            worker = registration.worker(
                rule.stored_in, session.bind, rule.id, rule.field_history
            )
            worker["reconcile"] = rule.reconcile
            self._workers.start(rule, worker)
        except LeaseLost:
            raise
        except RegearError as error:
            logger.error("%s does not start: %s", rule.name, error)
            self._workers.report_idle(rule, "stopped", error.message, error.hint)

    def _follow_function(self, stored: StoredFunction, snapshot: Snapshot) -> None:
        if not self._serve_all and stored.session_id not in self._own:
            self.functions.refuse(stored, STRANGER, soon=True)  # in another host
            return
        session = self._session_of(stored.session_id, snapshot)
        if not isinstance(session, Session):
            _, message, hint = session
            self.functions.refuse(stored, message or hint, session == _CONNECTING)
            return
        for function in session.functions:
            if function.id == stored.id:
                self.functions.start(replace(function, paused=stored.paused), session)
                return
        self.functions.refuse(stored, _NOT_REGISTERED.message)

    def _session_of(self, id_: str, snapshot: Snapshot) -> Session | Idle:
        """The session itself, restored if need be, or why there is none."""
        stored = snapshot.sessions.get(id_)
        if stored is None:
            return "sealed", _SEALED, ""
        session = self._sessions.get(id_)
        if session is None and id_ not in self._broken:
            try:
                if not self._is_ready(stored):
                    return _CONNECTING
                session = self._restored(stored, snapshot)
            except RecipeError as error:
                self._broken[id_] = error
        return session or _stopped(self._broken[id_])

    def _is_ready(self, stored: StoredSession) -> bool:
        """False while its requirements are being installed."""
        wanted = self._required_now.get(stored.id, stored.requirements)
        if self.requirements.ready(wanted):
            return True
        self._restorer.begin(stored.id, wanted)
        return False

    def _restorable(self, session_id: str, error: RegearError | None) -> bool:
        """Its requirements are there, or cannot be had now."""
        with self._lock:
            if error is not None:
                self._broken[session_id] = error
            else:
                self._broken.pop(session_id, None)
            return session_id in self.follow_registry().sessions

    def _restored(self, stored: StoredSession, snapshot: Snapshot) -> Session:
        session = self._sessions[stored.id] = self._run_again(stored, snapshot)
        return session

    def _run_again(self, stored: StoredSession, snapshot: Snapshot) -> Session:
        """Run a stored session; what it registers is there already."""
        session = Session(
            id=stored.id,
            source=stored.source,
            services=self.services,
            description=stored.description,
            requirements=stored.requirements,
            config=stored.config,
            restoring=True,
            function_ids={
                one.number: one.id
                for one in snapshot.functions
                if one.session_id == stored.id
            },
        )
        try:
            with quietly():  # it wrote these when it was registered
                run_recipe(session)
        except ScriptFailed as failure:
            raise failure_of("the script", failure) from failure.cause
        session.restoring = False
        return session


#: State, message and hint of what does not run.
Idle = tuple[str, str, str]


def _stopped(error: RegearError) -> Idle:
    return "stopped", error.message, error.hint or "load a new version of the recipe"


def _registration(session: Session, name: str) -> Registration | None:
    for registration in session.registrations:
        if registration.name == name:
            return registration
    return None
