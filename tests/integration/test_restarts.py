"""What is registered stays, whoever starts again."""

from __future__ import annotations

import pytest
import redis as redis_py

from tests.integration._servers import wait_for


@pytest.fixture
def recipe_file(folder, sqlite_recipe):
    """Write the recipe file; its path."""

    def write(version=None, edit=""):
        file = folder / "recipe.py"
        file.write_text(sqlite_recipe(version=version) + edit)
        return file

    return write


def add(redis, sqlite_db, key: str) -> None:
    """A new hash arrives in the table."""
    redis.client.hset(f"person:{key}", "first_name", key)
    wait_for(lambda: key in sqlite_db.persons(), 15)


def test_same_file_attaches(redis_with_module, new_host, recipe_file, sqlite_db):
    redis = redis_with_module
    host = new_host(redis, recipe_file("1.0.0"))
    add(redis, sqlite_db, "one")
    before = redis.registration("Persons")
    host.restart()
    add(redis, sqlite_db, "two")
    after = redis.registration("Persons")
    assert (after["id"], after["session"]) == (before["id"], before["session"])


def test_edited_file_wants_a_higher_version(
    redis_with_module, new_host, recipe_file, sqlite_db
):
    redis = redis_with_module
    host = new_host(redis, recipe_file("1.0.0"))
    recipe_file("1.0.0", "# edited\n")
    host.restart()
    assert not host.running
    assert host.process.returncode == 1
    last = host.text().splitlines()[-1]
    assert last.startswith("regear: recipe.py line 5: Found a version which is greater")
    assert last.endswith("(try: raise the version above 1.0.0)")
    recipe_file("1.0.1", "# edited\n")
    host.restart()
    assert redis.registration("Persons")["version"] == "1.0.1"
    add(redis, sqlite_db, "one")


def test_edited_file_without_version_replaces(
    redis_with_module, new_host, recipe_file, sqlite_db
):
    redis = redis_with_module
    host = new_host(redis, recipe_file())
    before = redis.registration("Persons")["id"]
    recipe_file(edit="# edited\n")
    host.restart()
    assert redis.registration("Persons")["id"] != before
    add(redis, sqlite_db, "one")


def test_host_without_recipe_restores_sessions(
    redis_with_module, host, sqlite_recipe, sqlite_db
):
    redis_with_module.execute(sqlite_recipe())
    host.stop()
    redis_with_module.client.hset("person:one", "first_name", "one")
    assert redis_with_module.status()["host"] == {
        "attached": False,
        "absence": "start one: regear host --redis URL",
    }
    host.start()
    wait_for(lambda: "one" in sqlite_db.persons())
    add(redis_with_module, sqlite_db, "two")


def test_standby_takes_over(redis_with_module, new_host, sqlite_recipe, sqlite_db):
    first = new_host(redis_with_module)
    redis_with_module.execute(sqlite_recipe())
    second = new_host(redis_with_module)
    assert "standby" in second.text()
    first.kill()
    add(redis_with_module, sqlite_db, "one")
    wait_for(lambda: "attached" in second.text())


def test_redis_restart_keeps_registrations(
    new_redis, new_host, sqlite_recipe, sqlite_db
):
    redis = new_redis("--appendonly", "yes", "--appendfsync", "always")
    new_host(redis)
    redis.execute(sqlite_recipe(version="1.0.0"))
    add(redis, sqlite_db, "one")
    redis.stop()
    redis.start()
    assert redis.registration("Persons")["version"] == "1.0.0"
    wait_for(lambda: redis.status()["host"]["attached"], 20)
    add(redis, sqlite_db, "two")


def test_flush_keeps_registrations(redis_with_module, host, sqlite_recipe, sqlite_db):
    redis = redis_with_module
    redis.execute(sqlite_recipe(version="1.0.0"))
    add(redis, sqlite_db, "one")
    redis.client.flushall()
    assert redis.registration("Persons")["version"] == "1.0.0"
    add(redis, sqlite_db, "two")
    assert "one" in sqlite_db.persons()


def test_reload_keeps_registrations(redis_with_module, host, sqlite_recipe, sqlite_db):
    redis = redis_with_module
    redis.execute(sqlite_recipe())
    redis.client.execute_command("DEBUG", "RELOAD")
    assert redis.registration("Persons")
    add(redis, sqlite_db, "one")


def test_snapshot_loads_in_a_server_without_the_module(
    new_redis, new_host, sqlite_recipe
):
    redis = new_redis()
    host = new_host(redis)
    redis.execute(sqlite_recipe())
    host.stop()
    redis.client.hset("person:1", "first_name", "Ada")
    redis.client.save()
    plain = new_redis(module=False, rdb=redis.folder / "dump.rdb")
    assert plain.client.hgetall("person:1") == {"first_name": "Ada"}
    stream = redis.registration("Persons")["stream"]
    assert plain.client.xlen(stream) == 1


def test_host_of_another_key_runs_nothing(
    redis_with_module, new_host, sqlite_recipe, sqlite_db, folder
):
    redis = redis_with_module
    first = new_host(redis)
    redis.execute(sqlite_recipe(version="1.0.0"))
    first.stop()
    second = new_host(redis, key=folder / "other.key")
    wait_for(lambda: "sealed by another key, load the recipe again" in second.text())
    wait_for(lambda: redis.state("Persons") == "sealed")
    redis.client.hset("person:one", "first_name", "one")
    assert redis.backlog() == 1
    assert redis.execute(sqlite_recipe(version="1.0.0")) == "OK"
    wait_for(lambda: redis.state("Persons") == "running")
    wait_for(lambda: "one" in sqlite_db.persons())


def test_host_waits_for_redis(new_redis, new_host, sqlite_recipe, sqlite_db):
    redis = new_redis()
    redis.stop()
    host = new_host(redis)
    assert "regear host disconnected" in host.text()
    redis.start()
    wait_for(lambda: redis.status()["host"]["attached"])
    assert redis.execute(sqlite_recipe()) == "OK"
    add(redis, sqlite_db, "one")


def test_lost_data_set_is_registered_again(new_redis, new_host, recipe_file, sqlite_db):
    """A server that comes back empty gets the host's recipes anew."""
    redis = new_redis()
    new_host(redis, recipe_file("1.0.0"))
    add(redis, sqlite_db, "one")
    redis.kill()
    redis.start()
    wait_for(lambda: redis.status()["registrations"], 20)
    add(redis, sqlite_db, "two")


def test_unregistered_recipe_is_not_registered_by_itself(
    redis_with_module, new_host, recipe_file
):
    redis = redis_with_module
    host = new_host(redis, recipe_file())
    redis.client.execute_command("RG.UNREGISTER", redis.registration("Persons")["id"])
    wait_for(lambda: "recipe.py was unregistered" in host.text())
    client_ids = [
        one["id"] for one in redis.client.client_list() if one["cmd"] != "client|list"
    ]
    for one in client_ids:  # the host attaches again
        redis.client.client_kill_filter(_id=one)
    wait_for(lambda: redis.status()["host"]["attached"], 20)
    assert redis.status()["registrations"] == []
    assert host.running


def test_failed_upgrade_leaves_the_old_session(
    redis_with_module, host, sqlite_recipe, sqlite_db
):
    redis = redis_with_module
    redis.execute(sqlite_recipe(), "ID", "people")
    with pytest.raises(redis_py.ResponseError, match="already exists"):
        redis.execute(sqlite_recipe(), "ID", "people")
    with pytest.raises(redis_py.ResponseError, match="NameError"):
        redis.execute(sqlite_recipe() + "boom", "ID", "people", "UPGRADE")
    add(redis, sqlite_db, "one")
    assert redis.execute(sqlite_recipe(), "ID", "people", "UPGRADE") == "OK"
    add(redis, sqlite_db, "two")
