"""New versions of recipes, while changes wait to be written."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import contextmanager

import pytest

from tests.integration._servers import wait_for

FIRST = {"first_name": "first"}
NAMES = {**FIRST, "last_name": "last"}
ALL = {**NAMES, "age": "age"}


@contextmanager
def locked(database):
    """Nobody else can write to the SQLite database meanwhile."""
    connection = sqlite3.connect(database.path, timeout=20, isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        connection.execute("ROLLBACK")
        connection.close()


@contextmanager
def writes(redis):
    """A client that writes new persons all the time; the number so far."""
    stopped, written = threading.Event(), []
    client = redis.connect()

    def write():
        while not stopped.wait(0.0005):
            number = len(written)
            fields = {"first_name": f"f{number}", "last_name": f"l{number}"}
            client.hset(f"person:{number}", mapping={**fields, "age": number})
            client.hset(f"person:{number % 10}", "first_name", f"again{number}")
            written.append(number)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        yield lambda: len(written)
    finally:
        stopped.set()
        writer.join()


def test_three_versions_under_load_lose_nothing(
    redis_with_module, host, sqlite_recipe, sqlite_db
):
    redis = redis_with_module
    redis.execute(sqlite_recipe(version="1.0", mapping=FIRST))
    stream = redis.registration("Persons")["stream"]
    since = {}
    with writes(redis) as number:
        for version, mapping in (("2.0", NAMES), ("3.0", ALL)):
            wait_for(lambda: number() > 100 * (1 + len(since)))
            with locked(sqlite_db):
                wait_for(lambda: redis.backlog() > 50)
                redis.execute(sqlite_recipe(version=version, mapping=mapping))
                since[version] = number()
        wait_for(lambda: number() > since["3.0"] + 100)
    redis.wait_drained()
    assert redis.registration("Persons")["stream"] == stream
    rows = sqlite_db.persons()
    assert len(rows) == number()
    for key, (first, last, age) in rows.items():
        hash_ = redis.client.hgetall(f"person:{key}")
        assert first == hash_["first_name"]
        # A person is written once, but the first ten: their names again.
        if int(key) > since["2.0"]:
            assert last == hash_["last_name"]
        if int(key) > since["3.0"]:
            assert age == int(hash_["age"])
        if 10 < int(key) < 90:
            assert (last, age) == (None, None)  # captured before it was mapped


def test_mapping_that_shrinks_applies_to_what_was_captured(
    redis_with_module, host, sqlite_recipe, sqlite_db
):
    redis = redis_with_module
    redis.execute(sqlite_recipe(version="1.0", mapping=ALL))
    wait_for(lambda: redis.state("Persons") == "running")
    host.stop()
    redis.client.hset("person:1", mapping={"first_name": "Ada", "age": "36"})
    host.start()
    wait_for(lambda: sqlite_db.persons() == {"1": ("Ada", None, 36)})
    with locked(sqlite_db):
        redis.client.hset("person:1", mapping={"first_name": "Bob", "age": "40"})
        redis.execute(sqlite_recipe(version="2.0", mapping=FIRST))
    redis.wait_drained()
    assert sqlite_db.persons() == {"1": ("Bob", None, 36)}


def test_recipes_on_overlapping_prefixes(
    redis_with_module, host, sqlite_recipe, sqlite_db
):
    redis = redis_with_module
    sqlite_db.execute("CREATE TABLE europeans (person_id TEXT PRIMARY KEY, first TEXT)")
    europeans = sqlite_recipe(name="Europeans", table="europeans", mapping=FIRST)
    redis.execute(sqlite_recipe())
    redis.execute(europeans.replace("'person',", "'person:eu',"))
    redis.client.hset("person:eu:1", "first_name", "Ada")
    redis.client.hset("person:2", "first_name", "Bob")
    redis.wait_drained()
    assert sorted(sqlite_db.persons()) == ["2", "eu:1"]
    assert sqlite_db.execute("SELECT * FROM europeans") == [("1", "Ada")]
    redis.client.delete("person:eu:1")
    redis.wait_drained()
    assert sorted(sqlite_db.persons()) == ["2"]
    assert sqlite_db.execute("SELECT * FROM europeans") == []


def test_backlog_of_an_unregistered_recipe_is_written_when_it_is_loaded_again(
    redis_with_module, host, sqlite_recipe, sqlite_db
):
    redis = redis_with_module
    redis.execute(sqlite_recipe())
    host.stop()
    redis.client.hset("person:1", "first_name", "Ada")
    redis.client.execute_command("RG.UNREGISTER", redis.registration("Persons")["id"])
    redis.client.hset("person:2", "first_name", "not captured")
    host.start()
    redis.execute(sqlite_recipe())
    redis.wait_drained()
    assert list(sqlite_db.persons()) == ["1"]


@pytest.mark.parametrize("kept", ["Persons", "Cars"])
def test_registration_that_a_file_does_not_make_any_more_is_told(
    redis_with_module, new_host, folder, sqlite_recipe, sqlite_db, kept
):
    redis = redis_with_module
    cars = sqlite_recipe(name="Cars", table="cars", mapping={"brand": "brand"})
    cars = cars.replace("'person',", "'car',").replace("'person_id'", "'car_id'")
    sources = {"Persons": sqlite_recipe(), "Cars": cars}
    (gone,) = set(sources) - {kept}
    file = folder / "recipe.py"
    file.write_text("".join(sources.values()))
    host = new_host(redis, file)
    assert not redis.registration(gone).get("notes")
    file.write_text(sources[kept])
    host.restart()
    note = redis.registration(gone)["notes"]["abandoned"]
    assert note.startswith("recipe.py does not register it any more, but it goes on")
    assert note in host.text()
    assert not redis.registration(kept).get("notes")
    wait_for(lambda: redis.state(gone) == "running")
    file.write_text("# both again\n" + "".join(sources.values()))
    host.restart()
    assert not redis.registration(gone).get("notes")


def test_files_of_one_name_are_told_apart(
    redis_with_module, new_host, folder, sqlite_recipe, sqlite_db
):
    cars = sqlite_recipe(name="Cars", table="cars", mapping={"brand": "brand"})
    sources = [sqlite_recipe(), cars.replace("'person_id'", "'car_id'")]
    files = []
    for number, source in enumerate(sources):
        (folder / str(number)).mkdir()
        files.append(folder / str(number) / "recipe.py")
        files[-1].write_text(source)
    new_host(redis_with_module, *files)
    for name in ("Persons", "Cars"):
        assert not redis_with_module.registration(name).get("notes")
