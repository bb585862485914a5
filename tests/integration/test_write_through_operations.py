"""The field '#', its ack streams, and commands that name several keys."""

from __future__ import annotations

import pytest
import redis as redis_py

from tests.integration._users import ADA, KINDS

pytestmark = pytest.mark.parametrize("users", list(KINDS), indirect=True)

KEY = "__{users:1}"


@pytest.fixture
def client(users_server):
    return users_server.client


def ack(client, name, key="users:1"):
    entries = client.xrange(f"{{{key}}}{name}")
    return [fields for _, fields in entries]


def test_an_ack_tells_that_both_have_the_write(client, users):
    assert client.hset(KEY, mapping={**ADA, "#": "=first"}) == 3
    assert ack(client, "first") == [{"status": "done"}]
    assert 0 < client.ttl("{users:1}first") <= 3600
    assert users.row()["username"] == "ada"
    assert client.hgetall("users:1") == ADA


def test_an_ack_tells_why_the_database_refuses(client, users):
    client.hset(KEY, mapping=ADA)
    other = {**ADA, "email": "other@example.org"}
    with pytest.raises(redis_py.ResponseError, match="WRITETHROUGH"):
        client.hset("__{users:2}", mapping={"#": "=second", **other})
    (told,) = ack(client, "second", "users:2")
    assert told["status"] == "failed"
    assert users.duplicate in told["error"]
    assert users.count() == 1
    assert not client.exists("users:2")


def test_an_ack_tells_what_redis_refuses(client, users):
    client.set("users:1", "no hash")
    with pytest.raises(redis_py.ResponseError, match="WRONGTYPE"):
        client.hset(KEY, mapping={"#": "=third", **ADA})
    (told,) = ack(client, "third")
    assert told["status"] == "failed"
    assert "WRONGTYPE" in told["error"]
    assert users.count() == 0


def test_plus_writes_redis_only(client, users):
    client.hset(KEY, mapping=ADA)
    assert client.hset(KEY, mapping={"#": "+own", "username": "eve"}) == 0
    assert client.hget("users:1", "username") == "eve"
    assert users.row()["username"] == "ada"
    assert ack(client, "own") == [{"status": "done"}]


def test_minus_deletes_in_redis_only(client, users):
    client.hset(KEY, mapping=ADA)
    client.hset(KEY, mapping={"#": "-gone", "username": "x"})
    assert not client.exists("users:1")
    assert users.row()["username"] == "ada"
    assert ack(client, "gone") == [{"status": "done"}]


def test_tilde_deletes_both(client, users):
    client.hset(KEY, mapping=ADA)
    client.hset(KEY, mapping={"#": "~gone", "username": "x"})
    assert not client.exists("users:1")
    assert users.row() is None
    assert ack(client, "gone") == [{"status": "done"}]


def test_an_operation_alone_writes_nothing(client, users):
    client.hset(KEY, mapping=ADA)
    assert client.hset(KEY, "#", "=seen") == 0
    assert ack(client, "seen") == [{"status": "done"}]
    assert client.hgetall("users:1") == ADA


def test_several_keys_are_deleted_together(client, users):
    for number in (1, 2, 3):
        fields = {"username": f"u{number}", "email": f"{number}@x", "password": "p"}
        client.hset(f"__{{users:{number}}}", mapping=fields)
    assert client.delete("__{users:1}", "__{users:3}", "__{users:3}") == 2
    assert not client.exists("users:1", "users:3")
    assert [users.row(number) is None for number in (1, 2, 3)] == [True, False, True]
    assert client.unlink("__{users:2}", "__{users:9}") == 1
    assert users.count() == 0


def keep(users, number):
    """From now on the database refuses to delete that row."""
    if users.name == "sqlite":  # whose foreign keys are off until they are asked for
        users.execute(
            f"CREATE TRIGGER keep BEFORE DELETE ON users WHEN old.user_id = {number}"
            " BEGIN SELECT RAISE(ABORT, 'a foreign key, say'); END"
        )
        return
    kind = {"postgres": "int", "mariadb": "bigint"}[users.name]
    users.execute(
        f"CREATE TABLE notes (user_id {kind} NOT NULL,"
        " FOREIGN KEY (user_id) REFERENCES users (user_id))"
    )
    users.execute(f"INSERT INTO notes VALUES ({number})")


def test_all_keys_of_a_command_are_deleted_or_none(client, users):
    for number in (1, 2):
        fields = {"username": f"u{number}", "email": f"{number}@x", "password": "p"}
        client.hset(f"__{{users:{number}}}", mapping=fields)
    keep(users, 2)
    with pytest.raises(redis_py.ResponseError, match=r"WRITETHROUGH .*foreign key"):
        client.delete("__{users:1}", "__{users:2}")
    assert users.count() == 2
    assert client.exists("users:1", "users:2") == 2
    assert client.delete("__{users:1}") == 1
    assert users.count() == 1
