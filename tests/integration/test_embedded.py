"""``regear.Host`` inside an application."""

from __future__ import annotations

import os
import signal
import sys
import threading

import pytest
import redis as redis_py

import regear
from tests.integration._servers import wait_for


@pytest.fixture
def recipe_file(folder, sqlite_recipe):
    file = folder / "recipe.py"
    file.write_text(sqlite_recipe(version="1.0.0"))
    return file


@pytest.fixture
def new_host_object(redis_with_module, folder):
    hosts = []

    def make(**options):
        hosts.append(
            regear.Host(redis_with_module.url, state_key=folder / "key", **options)
        )
        return hosts[-1]

    yield make
    for host in hosts:
        host.stop(drain=False)


def test_host_serves_while_the_context_is_entered(
    redis_with_module, new_host_object, recipe_file, sqlite_db
):
    handlers = [signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)]
    with new_host_object().load(recipe_file) as host:
        assert host.state == "attached"
        assert redis_with_module.status()["host"]["attached"]
        redis_with_module.client.hset("person:1", "first_name", "Ada")
        wait_for(sqlite_db.persons)
        assert not hasattr(sys.modules["__main__"], "GearsBuilder")
        assert handlers == [
            signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)
        ]
    assert host.state == "stopped"
    assert not redis_with_module.status()["host"]["attached"]


def test_stop_drains_and_once_is_enough(
    redis_with_module, new_host_object, recipe_file, sqlite_db
):
    host = new_host_object().load(recipe_file).start()
    for number in range(2000):
        redis_with_module.client.hset(f"person:{number}", "age", number)
    assert host.stop(drain=True, timeout=20)
    assert len(sqlite_db.persons()) == 2000
    assert host.stop()
    with pytest.raises(regear.HostStopped):
        host.start()
    with pytest.raises(regear.HostStopped):
        host.load(recipe_file)


def test_scripts_of_others_are_refused(redis_with_module, new_host_object, recipe_file):
    new_host_object().load(recipe_file).start()
    with pytest.raises(redis_py.ResponseError, match="runs no others"):
        redis_with_module.execute("x = 1")


def test_recipe_errors_are_raised(new_host_object, folder):
    broken = folder / "broken.py"
    broken.write_text("\nboom()\n")
    with pytest.raises(regear.RecipeError) as caught:
        new_host_object().load(broken).start()
    assert str(caught.value) == (
        "broken.py line 2: NameError: name 'boom' is not defined"
    )


def test_recipe_may_be_loaded_later(
    redis_with_module, new_host_object, recipe_file, sqlite_db, folder
):
    host = new_host_object().start()
    host.load(recipe_file)
    redis_with_module.client.hset("person:1", "first_name", "Ada")
    wait_for(sqlite_db.persons)
    broken = folder / "broken.py"
    broken.write_text("boom()")
    with pytest.raises(regear.RecipeError):
        host.load(broken)


def test_second_host_stands_by(new_host_object, redis_with_module, recipe_file):
    first = new_host_object().load(recipe_file).start()
    second = new_host_object().load(recipe_file).start()
    assert second.state == "standby"
    first.stop()
    assert second.wait_attached(10)


def test_child_of_a_fork_has_no_host(new_host_object, recipe_file, redis_with_module):
    host = new_host_object().load(recipe_file).start()
    receive, send = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            told = host.state
            try:
                host.start()
            except regear.HostStopped as error:
                told += f": {error}"
            host.stop()
            os.write(send, told.encode())
        finally:
            os._exit(0)
    os.close(send)
    told = os.read(receive, 1000).decode()
    os.close(receive)
    assert os.waitpid(child, 0)[1] == 0
    assert told.startswith("stopped: this host cannot be used: it belongs to")
    assert host.state == "attached"
    assert redis_with_module.status()["host"]["attached"]


def test_signals_reach_the_application(new_host_object, recipe_file):
    """The main thread may wait for an event; a signal must wake it."""
    new_host_object().load(recipe_file).start()
    came = threading.Event()
    before = signal.signal(signal.SIGUSR1, lambda *_: came.set())
    try:
        for _ in range(20):
            came.clear()
            sender = threading.Timer(0.01, os.kill, (os.getpid(), signal.SIGUSR1))
            signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGUSR1])
            sender.start()
            wait_for(came.is_set)
            sender.join()
    finally:
        signal.signal(signal.SIGUSR1, before)
