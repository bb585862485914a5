"""A recipe's surroundings without a server."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from regear import _main_module
from regear._config import Config
from regear._functions.registering import FunctionRegistration
from regear._pip import Pip
from regear._registration import Registration
from regear._requirements import InstalledRequirements
from regear._runner import run_recipe
from regear._sealing import Sealer
from regear._serving import Serving
from regear._session import Session, set_default
from regear.errors import RegearError
from tests._packages import unpack


class FakeServices:
    """Remembers what a recipe asked for; answers from ``replies``."""

    hashtag = "06S"

    def __init__(self) -> None:
        self.commands: list[tuple[Any, ...]] = []
        self.lines: list[tuple[str, str]] = []
        self.replies: dict[str, Any] = {}
        self.values: dict[str, str] = {}
        self.accepted: list[str] = []
        self.reserved = 0

    def execute(self, command: str, *arguments: object) -> Any:
        self.commands.append((command, *arguments))
        return self.replies.get(command)

    def log(self, level: str, text: str) -> None:
        self.lines.append((level, text))

    def config(self, key: str, stored: Mapping[str, str]) -> str | None:
        return Config(self.values).get(key, stored)

    def accept(self, session: Session, registration: Registration) -> None:
        self.accepted.append(registration.name)

    def accept_function(
        self, session: Session, function: FunctionRegistration
    ) -> None: ...

    def reserve_id(self) -> str:
        self.reserved += 1
        return f"0-{self.reserved}"


class FakeEngine:
    """The module's registry and the engine's workers, in memory."""

    def __init__(self) -> None:
        self.rules: dict[str, dict[str, Any]] = {}
        self.blobs: dict[str, bytes] = {}
        self.workers: dict[str, dict[str, Any]] = {}
        self.reports: dict[str, dict[str, Any]] = {}
        self.answers: dict[int, tuple[bool, str]] = {}
        #: By RESP of jobs, and what was reported of functions.
        self.replies: dict[int, bytes] = {}
        self.counted: dict[str, list[dict[str, Any]]] = {}
        self.lines: list[tuple[str, str]] = []
        self.checked: list[str] = []
        self.hurried: list[str] = []
        self.target_error: RegearError | None = None
        self.target_warnings: list[dict[str, Any]] = []
        self._next_id = 1

    def registry(self) -> tuple[int, list[str], list[tuple[str, bytes]]]:
        rules = [json.dumps(rule) for rule in self.rules.values()]
        return 1, rules, list(self.blobs.items())

    def register(self, job_id: int, session: str, blob: bytes) -> list[str]:
        document = json.loads(session)
        for gone in document["replaces"]:
            self.unregister(gone)
        ids = []
        for rule in document["registrations"]:
            rule.update(session=document["id"])
            if rule["kind"] != "function":
                (rule["id"],) = self.reserve_ids(1)
            self.rules[rule["id"]] = rule
            ids.append(rule["id"])
        self.blobs[document["id"]] = blob
        if job_id:
            self.finish_job(job_id, True, "OK")
        return ids

    def reserve_ids(self, count: int) -> list[str]:
        first, self._next_id = self._next_id, self._next_id + count
        return [f"0-{number}" for number in range(first, self._next_id)]

    def settle_jobs(
        self, reports: list[tuple[str, str]], answers: list[tuple[int, str, bytes]]
    ) -> None:
        for id_, report in reports:
            self.counted.setdefault(id_, []).append(json.loads(report))
        for job_id, form, payload in answers:
            if form == "RESP":
                assert job_id not in self.replies, "a job is answered once"
                self.replies[job_id] = payload
            else:
                self.finish_job(job_id, form == "OK", payload.decode())

    def unregister(self, rule_id: str) -> None:
        session = self.rules.pop(rule_id)["session"]
        if all(rule["session"] != session for rule in self.rules.values()):
            del self.blobs[session]

    def finish_job(self, job_id: int, ok: bool, text: str) -> None:
        assert job_id not in self.answers, "a job is answered once"
        self.answers[job_id] = (ok, text)

    def check_target(self, worker: dict[str, Any]) -> list[dict[str, Any]]:
        self.checked.append(worker["name"])
        if self.target_error is not None:
            raise self.target_error
        return self.target_warnings

    def start_worker(self, worker: dict[str, Any]) -> None:
        assert worker["name"] not in self.workers
        self.workers[worker["name"]] = worker
        self.reports.pop(worker["name"], None)

    def stop_worker(self, name: str, drain: bool, timeout: float) -> bool:
        del self.workers[name]
        return True

    def drain_worker(self, name: str) -> bool:
        self.hurried.append(name)
        return name in self.workers

    def report(self, name: str, status: str | None) -> None:
        if status is None:
            del self.reports[name]
        else:
            self.reports[name] = json.loads(status)

    def log(self, level: str, text: str) -> None:
        self.lines.append((level, text))


class FakeCommands:
    def execute(self, command: str, *arguments: object) -> Any:
        return None


@pytest.fixture
def services() -> FakeServices:
    return FakeServices()


@pytest.fixture
def run(services: FakeServices) -> Callable[[str], Session]:
    """Run the source of a recipe; its session."""

    def run_source(source: str) -> Session:
        session = Session(id="s", source=source, services=services)
        run_recipe(session)
        return session

    return run_source


@pytest.fixture
def engine() -> FakeEngine:
    return FakeEngine()


@pytest.fixture
def sealer(tmp_path: Any) -> Sealer:
    return Sealer.from_file(tmp_path / "host.key")


@pytest.fixture
def new_serving(engine: FakeEngine, sealer: Sealer) -> Callable[..., Serving]:
    """A host that has just attached to the engine's server."""

    def make(serve_all: bool = True, key: Sealer = sealer) -> Serving:
        serving = Serving(engine, key, Config(), FakeCommands(), serve_all)
        serving.attached(
            {"hashtag": "06S", "args": {}, "fence": 1, "host_id": "secret"}
        )
        engine.workers.clear()
        return serving

    return make


@pytest.fixture
def process_mode(services: FakeServices) -> Any:
    """What `regear host` does to its process, undone afterwards."""
    before = dict(vars(sys.modules["__main__"]))
    _main_module.install(services)
    yield
    set_default(None)
    names = vars(sys.modules["__main__"])
    for name in set(names) - set(before):
        del names[name]


RECIPE = """
from rgsync import RGWriteBehind
from rgsync.Connectors import SQLiteConnection, SQLiteConnector

RGWriteBehind(
    GB,
    "person",
    {"first_name": "first", "age": "age", "_note": "note", "#": "op"},
    SQLiteConnector(SQLiteConnection("/tmp/x.db"), "persons", "person_id"),
    "Persons",
    VERSION,
)
"""


@pytest.fixture
def recipe() -> Callable[..., str]:
    """A recipe of one registration."""

    def text(version: str | None = None, name: str = "Persons") -> str:
        source = RECIPE.replace("VERSION", repr(version))
        return source.replace('"Persons"', repr(name))

    return text


@pytest.fixture
def imports(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What is imported and found here is forgotten afterwards."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        if name.startswith("thing"):
            del sys.modules[name]


@pytest.fixture
def links(tmp_path: Path) -> Path:
    return tmp_path / "links"


@pytest.fixture
def environment(tmp_path: Path, imports: None) -> Callable[[Path], None]:
    """Install a wheel into what the host runs in."""
    folder = tmp_path / "site-packages"
    folder.mkdir()
    sys.path.insert(0, str(folder))
    return lambda wheel: unpack(wheel, folder)


@pytest.fixture
def new_requirements(
    tmp_path: Path, links: Path, imports: None
) -> Callable[..., InstalledRequirements]:
    """Those of a host that has no network."""

    def make(pip: Pip | None = None, **config: str) -> InstalledRequirements:
        links.mkdir(exist_ok=True)
        values = {
            "RequirementsFindLinks": str(links),
            "RequirementsNoIndex": "yes",
            **config,
        }
        return InstalledRequirements(values.get, tmp_path / "data", pip)

    return make


@pytest.fixture
def requirements(
    new_requirements: Callable[..., InstalledRequirements],
) -> InstalledRequirements:
    return new_requirements()
