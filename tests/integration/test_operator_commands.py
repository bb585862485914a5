"""What an operator does to a registration, by the command line."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
import redis as redis_py

from tests.integration._servers import wait_for

ADA = {"first_name": "Ada", "last_name": "Lovelace", "age": "36"}


@pytest.fixture
def redis(redis_with_module, host, sqlite_recipe):
    """A server whose person:* keys go to ``sqlite_db``."""
    assert redis_with_module.execute(sqlite_recipe()) == "OK"
    return redis_with_module


@pytest.fixture
def regear(redis_with_module):
    """``regear("pause", "Persons")``: what it prints; ``code`` is expected."""

    def run(command, *words, code=0):
        done = subprocess.run(
            [
                *(sys.executable, "-m", "regear", command),
                *("--redis", redis_with_module.url, *map(str, words)),
            ],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == code, done.stderr + done.stdout
        return done.stdout if code == 0 else done.stderr

    return run


def stream_ids(redis):
    stream = redis.registration("Persons")["stream"]
    return [entry_id for entry_id, _ in redis.client.xrange(stream)]


# -- pause, resume, drain, wait ------------------------------------------------


def test_paused_registration_captures_and_writes_nothing(redis, regear, sqlite_db):
    regear("pause", "Persons")
    wait_for(lambda: redis.state("Persons") == "paused")
    assert redis.registration("Persons")["status"]["last_error"] is None
    redis.client.hset("person:1", mapping=ADA)
    assert "1 change" in regear("wait", "--timeout", "0.3", code=1)
    assert sqlite_db.persons() == {}
    assert "paused" in regear("status")
    regear("resume", "Persons")
    regear("wait", "Persons")
    assert sqlite_db.persons() == {"1": ("Ada", "Lovelace", 36)}


def test_pause_survives_a_restart_of_the_host(redis, host, regear, sqlite_db):
    regear("pause", "Persons")
    host.restart()
    wait_for(lambda: redis.state("Persons") == "paused")
    redis.client.hset("person:1", mapping=ADA)
    regear("resume", "Persons")
    regear("wait")
    assert list(sqlite_db.persons()) == ["1"]


def test_drain_writes_at_once(
    redis_with_module, host, sqlite_recipe, regear, sqlite_db
):
    slow = sqlite_recipe(arguments="batch=1000, duration=600000")
    redis_with_module.execute(slow)
    wait_for(lambda: redis_with_module.state("Persons") == "running")
    redis_with_module.client.hset("person:1", mapping=ADA)
    assert "1 change" in regear("wait", "--timeout", "0.3", code=1)
    regear("drain", "Persons", "--wait")
    assert list(sqlite_db.persons()) == ["1"]


def test_drain_of_a_paused_registration_says_so(redis, regear):
    regear("pause", "Persons")
    assert "resume it first" in regear("drain", "Persons", code=1)


def test_wait_without_a_host_says_so(redis, host, regear):
    host.stop()
    redis.client.hset("person:1", mapping=ADA)
    assert "none is attached" in regear("wait", "--timeout", "0.2", code=1)


@pytest.mark.parametrize(
    ("name", "hint"),
    [("Person", "did you mean Persons?"), ("Cars", "one of Persons")],
)
@pytest.mark.parametrize("command", ["pause", "resume", "drain", "replay", "wait"])
def test_unknown_name_is_an_error_with_a_hint(redis, regear, command, name, hint):
    assert hint in regear(command, name, code=1)


# -- pending, skip, dead letters, replay, purge --------------------------------


@pytest.fixture
def paused(redis, regear):
    regear("pause", "Persons")
    wait_for(lambda: redis.state("Persons") == "paused")
    return redis


def test_pending_shows_the_changes_of_a_key(paused, regear):
    paused.client.hset("person:1", mapping=ADA)
    paused.client.hdel("person:1", "age")
    paused.client.hset("person:2", mapping=ADA)
    paused.client.delete("person:1")
    changes = json.loads(regear("pending", "person:1", "--json"))
    assert [change["operation"] for change in changes] == ["set", "set", "delete"]
    assert changes[0]["fields"] == ADA
    assert changes[1]["cleared"] == ["age"]
    assert {change["place"] for change in changes} == {"pending"}
    assert "first_name=Ada" in regear("pending", "person:1")
    assert "no change" in regear("pending", "person:3")


def test_skipped_change_becomes_a_dead_letter_and_is_replayed(
    paused, regear, sqlite_db
):
    paused.client.hset("person:1", mapping=ADA)
    paused.client.hset("person:2", mapping=ADA)
    first, second = stream_ids(paused)
    regear("skip", "Persons", first)
    assert stream_ids(paused) == [second]
    (letter,) = json.loads(regear("dead-letters", "--json"))
    assert letter["registration"] == "Persons"
    assert (letter["key"], letter["change"]) == ("person:1", first)
    assert letter["error"] == "skipped by an operator"
    assert letter["fields"] == ADA
    assert "person:1" in regear("dead-letters", "Persons")
    assert "no change" in regear("skip", "Persons", first, code=1)

    regear("resume", "Persons")
    assert "person:1 (Persons: skipped" in regear("wait", code=1)
    regear("pause", "Persons")
    paused.client.hset("person:1", "first_name", "Augusta")
    assert "1 dead letter replayed, 0 left" in regear("replay", "Persons")
    regear("resume", "Persons")
    regear("wait")
    rows = sqlite_db.persons()
    assert rows == {"1": ("Augusta", "Lovelace", 36), "2": ("Ada", "Lovelace", 36)}
    assert "no dead letters" in regear("dead-letters")


def test_replay_reports_keys_that_are_gone_and_deletes_nothing(
    paused, regear, sqlite_db
):
    sqlite_db.execute("INSERT INTO persons (person_id, first) VALUES ('1', 'Kept')")
    for number in (1, 2):
        paused.client.hset(f"person:{number}", mapping=ADA)
    for entry_id in stream_ids(paused):
        regear("skip", "Persons", entry_id)
    paused.client.set("elsewhere", "x")
    paused.client.rename("person:1", "other:1")  # its delete is pending …
    regear("purge", "Persons", "--yes")  # … and taken back
    said = regear("replay", "Persons")
    assert "1 dead letter replayed, 1 left" in said
    assert "person:1 is no longer in Redis" in said
    regear("resume", "Persons")
    paused.wait_drained()
    assert sqlite_db.persons()["1"] == ("Kept", None, None)
    assert sqlite_db.persons()["2"] == ("Ada", "Lovelace", 36)


def test_replay_of_more_than_one_page_and_of_chosen_keys(paused, regear, sqlite_db):
    registration = paused.registration("Persons")
    with paused.client.pipeline(transaction=False) as pipeline:
        for number in range(2500):
            head = {"_original_key": f"person:{number}", "_event": "hset", "#": "="}
            pipeline.xadd(registration["dead"], {**head, "_error": "e", "age": "1"})
            if number % 2:
                pipeline.hset(f"person:{number}", "age", number)
        pipeline.execute()
    regear("purge", "Persons", "--yes")
    said = json.loads(regear("replay", "Persons", "person:7", "person:8", "--json"))
    assert said == {"replayed": 1, "missing": ["person:8"], "left": 2499}
    said = json.loads(regear("replay", "Persons", "--json"))
    assert (said["replayed"], said["left"]) == (1249, 1250)
    assert len(said["missing"]) == 1250
    regear("resume", "Persons")
    paused.wait_drained()
    assert len(sqlite_db.persons()) == 1250


def test_purge_asks_first(paused, regear):
    paused.client.hset("person:1", mapping=ADA)
    regear("purge", "Persons", code=130)  # nobody answers
    assert len(stream_ids(paused)) == 1
    assert "1 pending change of Persons removed" in regear("purge", "Persons", "--yes")
    assert stream_ids(paused) == []
    assert "no pending changes" in regear("purge", "Persons", "--yes")


def test_purge_of_dead_letters_leaves_the_pending(paused, regear):
    for number in (1, 2):
        paused.client.hset(f"person:{number}", mapping=ADA)
    regear("skip", "Persons", stream_ids(paused)[0])
    regear("purge", "Persons", "--dead-letters", "--yes")
    assert json.loads(regear("dead-letters", "--json")) == []
    assert len(stream_ids(paused)) == 1
    # What an operator takes away is not lost.
    assert paused.registration("Persons")["captured_lost"] == 0


def test_commands_of_operators_need_their_rights(redis):
    client = redis.client
    client.acl_setuser(
        "app",
        enabled=True,
        passwords=["+secret"],
        keys=["*"],
        categories=["+@all", "-@dangerous"],
    )
    app = redis.connect(username="app", password="secret", decode_responses=True)
    for words in (
        ("RG.WRITEBEHIND", "PAUSE", "Persons"),
        ("RG.CONFIGSET", "Key", "value"),
        ("RG.CONFIGGET", "Key"),
    ):
        with pytest.raises(redis_py.exceptions.NoPermissionError):
            app.execute_command(*words)


# -- existing keys -------------------------------------------------------------


def test_keys_that_were_there_before_are_told_and_synced(
    redis_with_module, host, sqlite_recipe, regear, sqlite_db
):
    redis = redis_with_module
    with redis.client.pipeline(transaction=False) as pipeline:
        for number in range(1200):
            pipeline.hset(f"person:{number}", "age", number)
        pipeline.set("person:text", "no hash")
        pipeline.execute()
    redis.execute(sqlite_recipe())
    notes = wait_for(lambda: redis.registration("Persons").get("notes"))
    assert notes["uncaptured"].startswith("1200 keys of person:* existed before")
    assert "regear sync Persons" in " ".join(regear("status").split())
    assert "1200 keys captured" in regear("sync", "Persons", "--max-backlog", 300)
    regear("wait")
    assert len(sqlite_db.persons()) == 1200
    assert not redis.registration("Persons").get("notes")


def test_recipe_over_no_keys_tells_nothing(redis, regear):
    redis.client.hset("person:1", mapping=ADA)
    regear("wait")
    assert not redis.registration("Persons").get("notes")


def test_what_a_registration_left_behind_is_told_and_purged(paused, regear):
    paused.client.hset("person:1", mapping=ADA)
    stream = paused.registration("Persons")["stream"]
    paused.client.execute_command("RG.UNREGISTER", paused.registration("Persons")["id"])
    shown = " ".join(regear("status").split())
    assert "Persons is not registered any more and left 1 changes behind" in shown
    assert "regear purge Persons" in shown
    assert "1 pending change of Persons removed" in regear("purge", "Persons", "--yes")
    assert paused.client.xlen(stream) == 0
    wait_for(lambda: paused.status()["orphans"] == [])
    assert "nothing is registered as" in regear("purge", "Persons", code=1)
