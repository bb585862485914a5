"""Registered functions and their jobs, without a server."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from regear._functions.pool import Lanes, Pool
from regear._jobs import Executor
from regear._serving import STRANGER, Serving
from regear.errors import ConnectionFailed

ECHO = "GB('CommandReader').map(lambda r: r[1:]).register(trigger='echo')"


def wait_for(condition: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + 5
    while not (found := condition()):
        assert time.monotonic() < deadline
        time.sleep(0.001)
    return found


class Client:
    """Sends jobs and waits for their answers."""

    def __init__(self, engine: Any, serving: Serving) -> None:
        self.engine = engine
        self.serving = serving
        self._jobs = 0

    def register(self, source: str, *options: str) -> str:
        """The one registration's id, which is new."""
        known = set(self.engine.rules)
        self._jobs += 1
        words = [word.encode() for word in (source, *options)]
        Executor(self.engine, self.serving).run(
            SimpleNamespace(id=self._jobs, arguments=words)
        )
        assert self.engine.answers[self._jobs] == (True, "OK")
        (new,) = set(self.engine.rules) - known
        return new

    def send(self, kind: str, *words: str) -> int:
        self._jobs += 1
        arguments = [word.encode() for word in words]
        job = SimpleNamespace(id=self._jobs, kind=kind, arguments=arguments)
        self.serving.functions.take(job)
        return self._jobs

    def answer(self, job: int) -> Any:
        engine = self.engine
        wait_for(lambda: job in engine.replies or job in engine.answers)
        return engine.replies.get(job) or engine.answers[job]

    def call(self, kind: str, *words: str) -> Any:
        return self.answer(self.send(kind, *words))


@pytest.fixture
def client(engine, new_serving) -> Client:
    return Client(engine, new_serving())


def test_trigger_gets_the_results(client) -> None:
    client.register(ECHO)
    assert client.call("TRIGGER", "echo", "a") == b"*1\r\n$5\r\n['a']\r\n"


def test_trigger_that_nobody_registered(client) -> None:
    assert client.call("TRIGGER", "x") == (False, "ERR subcommand not found")


def test_runs_are_counted_before_the_answer(client) -> None:
    id_ = client.register("GB('CommandReader').map(int).register(trigger='t')")
    ok, text = client.call("TRIGGER", "t")
    assert not ok
    assert "TypeError" in text
    (counted,) = client.engine.counted[id_]
    assert counted.pop("error") == text
    assert {**counted, "last_ms": 0, "total_ms": 0} == {
        "triggered": 1,
        "failures": 1,
        "last_ms": 0,
        "total_ms": 0,
    }


def test_restored_function_keeps_its_id(client, new_serving) -> None:
    id_ = client.register(ECHO)
    again = Client(client.engine, new_serving())
    again._jobs = 100
    again.serving.follow_registry()
    assert list(client.engine.rules) == [id_]
    assert again.call("TRIGGER", "echo") == b"*1\r\n$2\r\n[]\r\n"
    again.call("TRIGGER", "echo")
    assert id_ in client.engine.counted


@pytest.mark.parametrize("source", [ECHO, ECHO + "\n" + ECHO])
def test_trigger_is_registered_once(client, source) -> None:
    client.register("GB('CommandReader').register(trigger='other')")
    if source is ECHO:
        client.register(ECHO)
    job = client._jobs + 1
    with pytest.raises(AssertionError):
        client.register(source)
    ok, text = client.engine.answers[job]
    assert not ok
    assert "trigger already registered" in text


def test_upgrade_takes_its_own_trigger_over(client) -> None:
    client.register(ECHO, "ID", "one")
    client.register(ECHO.replace("r[1:]", "'new'"), "ID", "one", "UPGRADE")
    assert client.call("TRIGGER", "echo") == b"*1\r\n$3\r\nnew\r\n"


def test_unregistered_function_takes_no_jobs(client) -> None:
    client.engine.unregister(client.register(ECHO))
    client.serving.follow_registry()
    assert client.call("TRIGGER", "echo") == (False, "ERR subcommand not found")


def test_event_of_nobody_is_finished(client) -> None:
    assert client.call("EVENT", "0-77", "hset", "key", "0") == (True, "")


def test_host_of_an_application_leaves_functions_to_another(
    client, new_serving
) -> None:
    id_ = client.register("GB().register('x')")
    client.register(ECHO)
    embedded = Client(client.engine, new_serving(serve_all=False))
    embedded._jobs = 100
    embedded.serving.follow_registry()
    left = embedded.send("EVENT", id_, "set", "x", "0")
    assert embedded.call("TRIGGER", "echo") == (False, STRANGER)
    assert left not in client.engine.answers


def test_answers_survive_a_broken_connection(client, monkeypatch) -> None:
    client.register(ECHO)
    settle, failures = client.engine.settle_jobs, [ConnectionFailed("away")]

    def settle_later(*arguments: Any) -> None:
        if failures:
            raise failures.pop()
        settle(*arguments)

    monkeypatch.setattr(client.engine, "settle_jobs", settle_later)
    assert client.call("TRIGGER", "echo") == b"*1\r\n$2\r\n[]\r\n"
    assert not failures


def test_answers_of_another_lease_are_not_given(client) -> None:
    client.register(ECHO)
    answers = client.serving.functions.answers
    old = answers.request(SimpleNamespace(id=77, kind="TRIGGER", arguments=[]))
    answers.forget()
    answers.ok(old)
    client.call("TRIGGER", "echo")
    assert 77 not in client.engine.answers


def test_unknown_command(client) -> None:
    answer = client.call("COMMAND", "rg.x")
    assert answer == (False, "ERR unknown command 'rg.x'")


def test_slow_task_keeps_no_other_waiting() -> None:
    pool, slow, done = Pool("test"), threading.Event(), threading.Event()
    pool.submit(slow.wait)
    pool.submit(done.set)
    assert done.wait(5)
    slow.set()


def test_lane_keeps_the_order() -> None:
    lanes, done = Lanes(Pool("test")), []
    for number in range(1000):
        lanes.submit("lane", lambda number=number: done.append(number))
    wait_for(lambda: len(done) == 1000)
    assert done == list(range(1000))


def test_task_that_exits_ends_no_thread() -> None:
    pool, done = Pool("test", bound=1), threading.Event()
    lanes = Lanes(pool)
    lanes.submit("lane", sys.exit)
    lanes.submit("lane", sys.exit)
    pool.submit(sys.exit)
    pool.submit(done.set)
    assert done.wait(5)
