"""What users of rgsync and RedisGears do, with their own tools."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest
import redis as redis_py

from tests.conftest import missing
from tests.integration._servers import wait_for

# As it stands in many projects, but for the database.
CONTRACT_RECIPE = """
from rgsync import RGWriteBehind, RGWriteThrough
from rgsync.Connectors import PostgresConnector, PostgresConnection

'''
Create Postgres connection object
'''
connection = PostgresConnection({user!r}, {password!r}, {address!r})

personsConnector = PostgresConnector(connection, 'persons', 'person_id')

personsMappings = {{
    'first_name':'first',
    'last_name':'last',
    'age':'age'
}}

RGWriteBehind(GB,  keysPrefix='person', mappings=personsMappings, connector=personsConnector, name='PersonsWriteBehind',  version='99.99.99')
"""  # noqa: E501


@pytest.fixture
def contract_recipe(postgres) -> str:
    return CONTRACT_RECIPE.format(
        user=postgres.user, password=postgres.password, address=postgres.address
    )


def follows(redis, postgres) -> None:
    """A row comes within a second and goes with its key."""
    redis.client.hset("person:1", mapping={"first_name": "foo", "age": 22})
    wait_for(lambda: postgres.persons() == {"1": ("foo", None, 22)}, 1.0)
    redis.client.delete("person:1")
    wait_for(lambda: postgres.persons() == {}, 1.0)


def test_recipe_sent_by_a_client(redis_with_module, host, contract_recipe, postgres):
    reply = redis_with_module.execute(contract_recipe, "REQUIREMENTS", "rgsync")
    assert reply == "OK"
    follows(redis_with_module, postgres)
    # 99.99.99 is higher than itself.
    assert redis_with_module.execute(contract_recipe, "REQUIREMENTS", "rgsync") == "OK"
    follows(redis_with_module, postgres)
    assert len(redis_with_module.status()["registrations"]) == 1


@pytest.fixture(scope="session")
def published_gears_cli(tmp_path_factory) -> Path:
    """gears-cli of PyPI, in an environment of its own."""
    home = tmp_path_factory.mktemp("gears-cli")
    venv.create(home, with_pip=True)
    packages = ["gears-cli==1.2.0", "setuptools<81"]  # it imports pkg_resources
    pip = [home / "bin" / "python", "-m", "pip", "install", "--quiet", *packages]
    installed = subprocess.run(pip, capture_output=True, text=True, check=False)
    if installed.returncode != 0:
        missing(f"gears-cli of PyPI ({installed.stderr.strip()[-200:]})")
    return home / "bin" / "gears-cli"


def run(program: Path | str, *words: object) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONWARNINGS": "ignore"}
    return subprocess.run(
        [str(program), *map(str, words)],
        capture_output=True,
        text=True,
        env=environment,
        timeout=60,
        check=False,
    )


@pytest.fixture
def recipe_file(tmp_path, sqlite_recipe) -> Path:
    file = tmp_path / "recipe.py"
    file.write_text(sqlite_recipe(version="1.0.0"))
    return file


@pytest.fixture
def broken_file(tmp_path) -> Path:
    file = tmp_path / "broken.py"
    file.write_text("\nboom()\n")
    return file


SPELLINGS = [
    "run --host 127.0.0.1 --port PORT PATH REQUIREMENTS rgsync",
    "--host 127.0.0.1 --port PORT run PATH REQUIREMENTS rgsync",
    "--host 127.0.0.1 --port PORT PATH REQUIREMENTS rgsync",
]


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_our_gears_cli(redis_with_module, host, recipe_file, spelling):
    line = spelling.replace("PORT", str(redis_with_module.port))
    words = line.replace("PATH", str(recipe_file)).split()
    done = run(Path(sys.executable).with_name("gears-cli"), *words)
    assert (done.returncode, done.stdout) == (0, "OK\n"), done.stderr
    assert redis_with_module.registration("Persons")["version"] == "1.0.0"


def test_our_gears_cli_shows_errors(redis_with_module, host, broken_file):
    port = redis_with_module.port
    done = run(
        Path(sys.executable).with_name("gears-cli"), "run", "--port", port, broken_file
    )
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr == (
        "Traceback (most recent call last):\n"
        '  File "<string>", line 2, in <module>\n'
        "NameError: name 'boom' is not defined\n"
    )


@pytest.mark.slow
def test_published_gears_cli(
    redis_with_module, host, published_gears_cli, recipe_file, broken_file
):
    where = ["--host", "127.0.0.1", "--port", redis_with_module.port]
    done = run(
        published_gears_cli, "run", *where, recipe_file, "REQUIREMENTS", "rgsync"
    )
    assert "OK" in done.stdout, done.stderr
    assert done.returncode == 0
    assert redis_with_module.registration("Persons")["version"] == "1.0.0"
    done = run(published_gears_cli, "run", *where, broken_file)
    assert done.returncode == 1
    assert "NameError" in done.stdout + done.stderr


def test_registrations_are_listed_as_a_pair(redis_with_module, host, sqlite_recipe):
    redis_with_module.execute(
        sqlite_recipe(version="1.2.0"), "ID", "mine", "DESCRIPTION", "people"
    )
    listed = redis_with_module.client.execute_command("RG.DUMPREGISTRATIONS")
    assert [entry[3] for entry in listed] == ["KeysReader", "StreamReader"]
    names = []
    for entry in listed:
        fields = dict(zip(entry[::2], entry[1::2]))
        description = json.loads(fields["desc"])
        names.append(description["name"])
        assert description["version"] == "1.2.0"
        assert ast.literal_eval(fields["PD"])["sessionId"] == "mine"
    assert names == ["Persons.KeysReader", "Persons.StreamReader"]


def test_script_unregisters_the_pair(redis_with_module, host, sqlite_recipe, sqlite_db):
    """One after the other, as rgsync's own clean-up does."""
    client = redis_with_module.client
    redis_with_module.execute(sqlite_recipe())
    ids = [entry[1] for entry in client.execute_command("RG.DUMPREGISTRATIONS")]
    for one in ids:
        assert client.execute_command("RG.UNREGISTER", one) == "OK"
    assert client.execute_command("RG.DUMPREGISTRATIONS") == []
    client.hset("person:1", "first_name", "Ada")
    assert client.keys("_persons-*") == []
    assert redis_with_module.execute(sqlite_recipe()) == "OK"
    client.hset("person:2", "first_name", "Ada")
    wait_for(lambda: list(sqlite_db.persons()) == ["2"])


def test_versions_decide(redis_with_module, host, sqlite_recipe, sqlite_db):
    redis = redis_with_module
    assert redis.execute(sqlite_recipe(version="1.0.0")) == "OK"
    for version in ("1.0.0", "1", "0.9.9", None):
        with pytest.raises(redis_py.ResponseError) as caught:
            redis.execute(sqlite_recipe(version=version))
        assert "greater or equals current version" in str(caught.value)
    assert redis.execute(sqlite_recipe(version="1.0.1")) == "OK"
    assert redis.registration("Persons")["version"] == "1.0.1"
    redis.client.hset("person:1", "first_name", "Ada")
    wait_for(lambda: "1" in sqlite_db.persons())


def test_new_version_goes_on_where_the_old_one_stood(
    redis_with_module, host, sqlite_recipe, sqlite_db
):
    redis = redis_with_module
    redis.execute(sqlite_recipe(version="1.0.0", arguments="duration=60000"))
    redis.client.hset("person:1", "first_name", "Ada")
    assert redis.backlog() == 1
    redis.execute(sqlite_recipe(version="2.0.0"))
    wait_for(lambda: "1" in sqlite_db.persons())
