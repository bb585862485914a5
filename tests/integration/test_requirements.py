"""REQUIREMENTS of recipes, installed by real hosts for real sessions."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

import pytest
import redis as redis_py

import regear
from tests._packages import make_sdist, make_wheel, waits_for
from tests.integration._servers import wait_for

#: Says which version a session has, and which one the worker that it made.
USES = "import {0}; execute('SET', 'version', {0}.version)\n"


@pytest.fixture
def links(folder) -> Path:
    """A folder of wheels, where there is no package index."""
    place = folder / "links"
    place.mkdir()
    return place


@pytest.fixture
def offline(links, folder) -> dict[str, str]:
    """The configuration of a host that has no other packages."""
    return {
        "DataDir": str(folder / "data"),
        "RequirementsFindLinks": str(links),
        "RequirementsNoIndex": "yes",
    }


@pytest.fixture
def offline_host(redis_with_module, new_host, offline):
    return new_host(redis_with_module, **offline)


@pytest.fixture
def installed(folder):
    """What stands in the data directory, drafts too."""

    def names() -> list[str]:
        home = folder / "data" / "requirements"
        found = sorted(one.name for one in home.iterdir()) if home.exists() else []
        return [name.rpartition("-")[0] for name in found]

    return names


def fails(redis, source: str, *options: str) -> str:
    with pytest.raises(redis_py.ResponseError) as caught:
        redis.execute(source, *options)
    return str(caught.value)


def add(redis, sqlite_db, key: str) -> None:
    """A new hash arrives in the table."""
    redis.client.hset(f"person:{key}", "first_name", key)
    wait_for(lambda: key in sqlite_db.persons(), 15)


def gears_cli(redis, *words: object) -> subprocess.CompletedProcess[str]:
    where = ["--host", "127.0.0.1", "--port", str(redis.port)]
    program = Path(sys.executable).with_name("gears-cli")
    return subprocess.run(
        [program, "run", *where, *map(str, words)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_installed_for_a_session(
    redis_with_module, offline_host, links, installed, sqlite_recipe, sqlite_db
):
    make_wheel(links, "thing", "1.0")
    recipe = USES.format("thing") + sqlite_recipe()
    reply = redis_with_module.execute(recipe, "REQUIREMENTS", "rgsync", "thing==1.0")
    assert reply == "OK"
    assert redis_with_module.client.get("version") == "1.0"
    add(redis_with_module, sqlite_db, "one")
    assert installed() == ["thing-1.0"]
    assert "installed thing==1.0 in" in offline_host.text()


def test_requirements_file_of_gears_cli(redis_with_module, offline_host, links, folder):
    make_wheel(links, "thing", "1.0")
    make_wheel(links, "other-thing", "2.0")
    (folder / "r.txt").write_text("# what it needs\nthing==1.0\nother-thing\nrgsync\n")
    (folder / "recipe.py").write_text(USES.format("other_thing") + "import thing\n")
    done = gears_cli(
        redis_with_module, "--requirements", folder / "r.txt", folder / "recipe.py"
    )
    assert (done.returncode, done.stdout) == (0, "OK\n"), done.stderr
    assert redis_with_module.client.get("version") == "2.0"


def test_first_session_decides(redis_with_module, offline_host, links):
    make_wheel(links, "thing", "1.0")
    make_wheel(links, "thing", "2.0")
    uses = USES.format("thing")
    redis_with_module.execute(uses, "REQUIREMENTS", "thing==1.0")
    text = fails(redis_with_module, uses, "REQUIREMENTS", "thing==2.0")
    assert "Could not satisfy requirements: thing 1.0 is in use in this host" in text
    assert "restart the host" in text
    assert redis_with_module.execute(uses, "REQUIREMENTS", "thing") == "OK"


def test_other_version_once_the_host_was_restarted(
    redis_with_module, offline_host, links, sqlite_recipe, sqlite_db
):
    """As the error says: what uses the old version is paused meanwhile."""
    redis = redis_with_module
    make_wheel(links, "thing", "1.0")
    make_wheel(links, "thing", "2.0")
    recipe = USES.format("thing") + sqlite_recipe()
    redis.execute(recipe, "ID", "s", "REQUIREMENTS", "thing==1.0")
    options = ("ID", "s", "UPGRADE", "REQUIREMENTS", "thing==2.0")
    assert "thing 1.0 is in use" in fails(redis, recipe, *options)
    redis.client.execute_command("RG.WRITEBEHIND", "PAUSE", "Persons")
    offline_host.restart()
    assert redis.execute(recipe, *options) == "OK"
    assert redis.client.get("version") == "2.0"
    redis.client.execute_command("RG.WRITEBEHIND", "RESUME", "Persons")
    add(redis, sqlite_db, "one")


def test_no_driver_before_a_session_needs_it(redis_with_module, offline_host):
    drivers = ["pymongo", "bson", "psycopg2", "pymysql", "sqlalchemy"]
    redis_with_module.execute(
        "import sys, rgsync, rgsync.Connectors\n"
        f"assert not {set(drivers)!r} & set(sys.modules)",
        "REQUIREMENTS",
        "rgsync",
    )


def test_what_pip_says_is_the_reply(redis_with_module, offline_host, installed):
    text = fails(redis_with_module, "x = 1", "REQUIREMENTS", "thing==7.0")
    assert text.startswith("Could not satisfy requirements: thing==7.0: ")
    assert "No matching distribution found for thing==7.0" in text
    assert "(try: " in text
    assert installed() == []
    assert redis_with_module.execute("x = 1", "REQUIREMENTS", "rgsync==99") == "OK"


def test_only_the_client_that_needs_it_waits(
    redis_with_module, offline_host, links, folder, sqlite_recipe, sqlite_db
):
    redis = redis_with_module
    make_wheel(links, "thing", "1.0")
    make_sdist(links, "slow-thing", "1.0", waits_for(folder / "go"))
    waiting = redis.connect()
    replies = []
    sent = threading.Thread(
        target=lambda: replies.append(
            waiting.execute_command(
                "RG.PYEXECUTE", "x = 1", "REQUIREMENTS", "slow-thing"
            )
        )
    )
    sent.start()
    wait_for(lambda: "installing slow-thing" in offline_host.text())
    assert redis.execute(sqlite_recipe(), "REQUIREMENTS", "rgsync") == "OK"
    add(redis, sqlite_db, "one")
    assert sent.is_alive()
    (folder / "go").touch()
    sent.join(60)
    assert replies == [b"OK"]


def test_host_stops_while_pip_runs(
    redis_with_module, offline_host, links, folder, installed
):
    make_sdist(links, "thing", "1.0", waits_for(folder / "never"))
    waiting = redis_with_module.connect()
    waiting.execute_command("CLIENT", "SETNAME", "waiting")
    errors = []

    def send() -> None:
        try:
            waiting.execute_command("RG.PYEXECUTE", "x = 1", "REQUIREMENTS", "thing")
        except redis_py.RedisError as error:
            errors.append(str(error))

    sent = threading.Thread(target=send)
    sent.start()
    wait_for(lambda: "installing thing" in offline_host.text())
    offline_host.stop()
    sent.join(20)
    assert len(errors) == 1
    assert installed() == []


def test_what_a_killed_host_leaves_is_not_used(
    redis_with_module, offline_host, links, folder, installed
):
    make_sdist(links, "thing", "1.0", waits_for(folder / "go"))
    uses = "import importlib.metadata as m\nexecute('SET', 'v', m.version('thing'))"
    client = redis_with_module.connect()

    def send() -> None:
        with suppress(redis_py.RedisError):
            client.execute_command("RG.PYEXECUTE", uses, "REQUIREMENTS", "thing")

    sent = threading.Thread(target=send)
    sent.start()
    wait_for(lambda: "installing thing" in offline_host.text())
    wait_for(installed)
    offline_host.kill()
    (folder / "go").touch()  # the pip that is left ends, and nobody publishes
    offline_host.start()
    sent.join(20)
    assert redis_with_module.execute(uses, "REQUIREMENTS", "thing") == "OK"
    assert redis_with_module.client.get("v") == "1.0"
    assert installed().count("thing") == 1


def test_reinstalled_by_force(redis_with_module, offline_host, links):
    redis = redis_with_module
    body = "def name(): return {0!r}"
    uses = "import thing; execute('SET', 'version', thing.name())"
    options = ("REQUIREMENTS", "thing==1.0")
    make_wheel(links, "thing", "1.0", body=body.format("old"))
    redis.execute(uses, *options)
    make_wheel(links, "thing", "1.0", body=body.format("much newer"))
    redis.execute(uses, *options)
    assert redis.client.get("version") == "old"
    redis.execute(uses, "FORCE_REINSTALL_REQUIREMENTS", *options)
    assert redis.client.get("version") == "much newer"


@pytest.fixture
def two_registrations(redis_with_module, offline_host, links, sqlite_recipe):
    """Persons needs a package, Cars needs none; no wheel is left."""
    make_wheel(links, "thing", "1.0")
    recipe = USES.format("thing") + sqlite_recipe()
    redis_with_module.execute(recipe, "REQUIREMENTS", "thing==1.0")
    cars = sqlite_recipe("Cars", mapping={"brand": "brand"}, table="cars")
    cars = cars.replace("'person_id'", "'car_id'").replace("'person'", "'car'")
    redis_with_module.execute(cars)
    offline_host.stop()
    for wheel in links.iterdir():
        wheel.unlink()
    redis_with_module.client.delete("version")


def test_restarted_host_needs_no_network(
    redis_with_module, offline_host, two_registrations, sqlite_db
):
    offline_host.start()
    add(redis_with_module, sqlite_db, "one")
    assert redis_with_module.client.get("version") == "1.0"
    assert "installing" not in offline_host.text().rpartition("attached")[2]


def test_session_whose_requirements_are_gone(
    redis_with_module, offline_host, two_registrations, folder, links, sqlite_db
):
    redis = redis_with_module
    shutil.rmtree(folder / "data")
    offline_host.start()
    redis.client.hset("car:1", "brand", "Tatra")
    wait_for(lambda: sqlite_db.execute("SELECT brand FROM cars") == [("Tatra",)])
    wait_for(lambda: redis.state("Persons") == "stopped", 30)
    status = redis.registration("Persons")["status"]
    assert "No matching distribution found for thing==1.0" in status["last_error"]
    assert "RequirementsFindLinks" in status["hint"]
    redis.client.hset("person:1", "first_name", "Ada")
    # It is tried again by itself.
    make_wheel(links, "thing", "1.0")
    wait_for(lambda: "1" in sqlite_db.persons(), 60)
    assert redis.client.get("version") == "1.0"


def test_restarted_host_installs_what_is_gone(
    redis_with_module, offline_host, two_registrations, folder, links, sqlite_db
):
    shutil.rmtree(folder / "data")
    make_wheel(links, "thing", "1.0")
    offline_host.start()
    add(redis_with_module, sqlite_db, "one")
    wait_for(lambda: redis_with_module.state("Persons") == "running")


@pytest.fixture
def required(folder):
    """The options of a recipe file that needs a package."""
    file = folder / "requirements.txt"
    file.write_text("thing==1.0\n")
    return ["--requirements", str(file)]


def test_requirements_of_a_recipe_file(
    redis_with_module, new_host, offline, links, folder, required, sqlite_recipe
):
    make_wheel(links, "thing", "1.0")
    file = folder / "recipe.py"
    file.write_text(USES.format("thing") + sqlite_recipe())
    new_host(redis_with_module, *required, file, **offline)
    assert redis_with_module.client.get("version") == "1.0"
    assert redis_with_module.registration("Persons")


def test_ctrl_c_while_a_recipe_file_is_loaded(
    redis_with_module, new_host, offline, links, folder, required, sqlite_recipe
):
    make_sdist(links, "thing", "1.0", waits_for(folder / "go"))
    (folder / "go").touch()
    file = folder / "recipe.py"
    file.write_text(sqlite_recipe())
    host = new_host(redis_with_module, *required, file, **offline)
    host.stop()
    (folder / "go").unlink()
    shutil.rmtree(folder / "data")
    host.begin()
    wait_for(lambda: host.text().count("installing thing") == 2)
    host.stop()
    assert host.process.returncode == 0
    assert list((folder / "data" / "requirements").iterdir()) == []


def test_application_installs_by_itself(redis_with_module, folder, sqlite_recipe):
    file = folder / "recipe.py"
    file.write_text(sqlite_recipe())
    host = regear.Host(redis_with_module.url, state_key=folder / "key")
    host.load(file, ["redis", "thing==1.0"])
    with pytest.raises(regear.RequirementError) as caught:
        host.start()
    assert caught.value.hint == "pip install 'thing==1.0' where the host runs"
    assert redis_with_module.status()["registrations"] == []


PYMONGO = "import pymongo; execute('SET', 'version', pymongo.version)\n"


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_pymongo_of_the_package_index(
    redis_with_module, new_host, folder, pymongo_is_there
):
    """The pin of published recipes, whatever version the host's Python has."""
    redis = redis_with_module
    host = new_host(redis, DataDir=str(folder / "data"))
    assert redis.execute(PYMONGO, "REQUIREMENTS", "rgsync", "pymongo==3.12.0") == "OK"
    assert redis.client.get("version") == "3.12.0"

    redis.client.delete("version")
    host.stop()
    (folder / "r.txt").write_text("rgsync\npymongo==3.12.0\n")
    (folder / "recipe.py").write_text(PYMONGO)
    new_host(redis, DataDir=str(folder / "other-data"))
    done = gears_cli(redis, folder / "recipe.py", "--requirements", folder / "r.txt")
    assert (done.returncode, done.stdout) == (0, "OK\n"), done.stderr
    assert redis.client.get("version") == "3.12.0"


@pytest.mark.skipif(sys.version_info < (3, 10), reason="there is a wheel")
@pytest.mark.slow
@pytest.mark.timeout(300)
def test_pymongo_without_a_compiler(
    redis_with_module, new_host, folder, pymongo_is_there, monkeypatch
):
    """Its C extensions are optional."""
    monkeypatch.setenv("CC", "/bin/false")
    monkeypatch.setenv("PIP_NO_CACHE_DIR", "1")
    new_host(redis_with_module, DataDir=str(folder / "data"))
    recipe = PYMONGO + "import bson; execute('SET', 'c', str(bson.has_c()))\n"
    recipe += "assert bson.decode(bson.encode({'a': 2**53 + 1}))['a'] == 2**53 + 1\n"
    redis_with_module.execute(recipe, "REQUIREMENTS", "pymongo==3.12.0")
    assert redis_with_module.client.get("version") == "3.12.0"
    assert redis_with_module.client.get("c") == "False"
