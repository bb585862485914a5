"""A table follows hashes."""

from __future__ import annotations

import os

import pytest

from tests.integration._servers import wait_for

ADA = {"first_name": "Ada", "last_name": "Lovelace", "age": "36"}


@pytest.fixture
def redis(redis_with_module, host, sqlite_recipe):
    """A server whose person:* keys go to ``sqlite_db``."""
    assert redis_with_module.execute(sqlite_recipe()) == "OK"
    return redis_with_module


def test_row_is_there_within_a_second_and_goes_with_its_key(redis, sqlite_db):
    redis.client.hset("person:1", mapping=ADA)
    wait_for(lambda: sqlite_db.persons() == {"1": ("Ada", "Lovelace", 36)}, 1.0)
    redis.client.delete("person:1")
    wait_for(lambda: sqlite_db.persons() == {}, 1.0)


def test_other_keys_are_left_alone(redis, sqlite_db):
    redis.client.hset("personal:1", mapping=ADA)
    redis.client.hset("person", mapping=ADA)
    redis.client.set("person:2", "no hash")
    redis.client.hset("person:1", mapping=ADA)
    wait_for(lambda: sqlite_db.persons() == {"1": ("Ada", "Lovelace", 36)})


def test_id_is_all_that_follows_the_prefix(redis, sqlite_db):
    redis.client.hset("person:eu:42", mapping=ADA)
    wait_for(lambda: list(sqlite_db.persons()) == ["eu:42"])


def test_missing_field_leaves_its_column_alone(redis, sqlite_db):
    sqlite_db.execute("INSERT INTO persons VALUES ('1', 'Augusta', 'King', 20, NULL)")
    redis.client.hset("person:1", "first_name", "Ada")
    wait_for(lambda: sqlite_db.persons() == {"1": ("Ada", "King", 20)})


def test_binary_values_and_ids_pass_unchanged(redis, sqlite_db, sqlite_recipe):
    mapping = {"first_name": "first", "photo": "photo"}
    redis.execute(sqlite_recipe(mapping=mapping))
    photo = bytes(range(256))
    redis.client.hset("person:1", mapping={"first_name": "Zoë\n'\"", "photo": photo})
    wait_for(lambda: sqlite_db.persons())
    assert sqlite_db.execute("SELECT first, CAST(photo AS BLOB) FROM persons") == [
        ("Zoë\n'\"", photo)
    ]


def test_unmapped_fields_cost_nothing(redis, sqlite_db):
    fields = {f"field-{number}": "x" * 20 for number in range(10_000)}
    redis.client.hset("person:1", mapping={**fields, **ADA})
    wait_for(lambda: sqlite_db.persons() == {"1": ("Ada", "Lovelace", 36)})


def test_every_way_to_change_a_hash(redis, sqlite_db):
    client = redis.client
    client.hset("person:1", mapping=ADA)
    client.hincrby("person:1", "age", 4)
    wait_for(lambda: sqlite_db.persons() == {"1": ("Ada", "Lovelace", 40)})
    client.hdel("person:1", "last_name")
    wait_for(lambda: sqlite_db.persons() == {"1": ("Ada", None, 40)})
    client.rename("person:1", "person:2")
    wait_for(lambda: sqlite_db.persons() == {"2": ("Ada", None, 40)})
    client.copy("person:2", "person:3")
    wait_for(lambda: sqlite_db.persons().get("3") == ("Ada", None, 40))
    dump = redis.connect().dump("person:3")
    client.restore("person:4", 0, dump)
    wait_for(lambda: sqlite_db.persons().get("4") == ("Ada", None, 40))
    client.set("person:2", "no hash any more")
    client.unlink("person:3")
    client.hdel("person:4", "first_name", "age")
    wait_for(lambda: sqlite_db.persons() == {})


@pytest.mark.parametrize("way", ["transaction", "script"])
def test_stream_holds_every_state_of_a_unit(redis, host, sqlite_db, way):
    host.stop()
    if way == "transaction":
        with redis.client.pipeline(transaction=True) as pipeline:
            pipeline.hset("person:1", "age", "1")
            pipeline.hincrby("person:1", "age", 1)
            pipeline.delete("person:1")
            pipeline.hset("person:1", "age", "4")
            pipeline.execute()
    else:
        redis.client.eval(
            "redis.call('HSET', KEYS[1], 'age', '1')"
            " redis.call('HINCRBY', KEYS[1], 'age', 1)"
            " redis.call('DEL', KEYS[1])"
            " redis.call('HSET', KEYS[1], 'age', '4')",
            1,
            "person:1",
        )
    stream = redis.registration("Persons")["stream"]
    entries = [fields for _, fields in redis.client.xrange(stream)]
    assert [entry["_original_key"] for entry in entries] == ["person:1"] * 4
    assert [entry.get("age") for entry in entries] == ["1", "2", None, "4"]
    assert [entry["#"] for entry in entries] == ["=", "=", "~", "="]
    host.start()
    wait_for(lambda: sqlite_db.persons() == {"1": (None, None, 4)})


def test_many_keys_of_many_clients_arrive(redis, sqlite_db):
    count = 50_000 if os.environ.get("REGEAR_FULL") else 5_000
    with redis.client.pipeline(transaction=False) as pipeline:
        for number in range(count):
            pipeline.hset(f"person:{number}", mapping={**ADA, "age": number})
        pipeline.execute()
    redis.wait_drained()
    rows = sqlite_db.persons()
    assert len(rows) == count
    assert all(row == ("Ada", "Lovelace", int(key)) for key, row in rows.items())


def test_events_of_the_recipe_filter(redis_with_module, host, sqlite_recipe, sqlite_db):
    redis = redis_with_module
    redis.execute(sqlite_recipe(arguments="eventTypes=['hset']"))
    redis.client.hset("person:1", mapping=ADA)
    redis.client.delete("person:1")
    redis.client.hset("person:2", mapping=ADA)
    wait_for(lambda: set(sqlite_db.persons()) == {"1", "2"})


def test_postgres_follows_too(redis_with_module, host, postgres_recipe, postgres):
    assert redis_with_module.execute(postgres_recipe()) == "OK"
    redis_with_module.client.hset("person:1", mapping=ADA)
    wait_for(lambda: postgres.persons() == {"1": ("Ada", "Lovelace", 36)}, 2.0)
    redis_with_module.client.hdel("person:1", "age")
    wait_for(lambda: postgres.persons() == {"1": ("Ada", "Lovelace", None)}, 2.0)
    redis_with_module.client.delete("person:1")
    wait_for(lambda: postgres.persons() == {}, 2.0)
