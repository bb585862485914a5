"""Writes that are in the database before the client is answered."""

from __future__ import annotations

import itertools
import random
import threading
import time

import pytest
import redis as redis_py

from tests.integration._servers import wait_for
from tests.integration._users import ADA, KINDS

pytestmark = pytest.mark.parametrize("users", list(KINDS), indirect=True)


@pytest.fixture
def server(users_server):
    return users_server


def write(server, user_id=1, **fields):
    return server.client.hset(f"__{{users:{user_id}}}", mapping=fields)


def test_row_and_hash_are_there_when_the_client_is_answered(server, users):
    assert write(server, **ADA) == 3
    assert users.row()["username"] == "ada"
    assert server.client.hgetall("users:1") == ADA
    assert server.client.keys("*users*") == ["users:1"]


def test_a_partial_write_leaves_the_other_columns_alone(server, users):
    write(server, **ADA)
    assert write(server, username="bar") == 0
    assert users.row()["email"] == ADA["email"]
    assert users.row()["username"] == "bar"
    assert server.client.hgetall("users:1") == {**ADA, "username": "bar"}


def test_a_refused_write_changes_neither_side(server, users):
    write(server, **ADA)
    with pytest.raises(redis_py.ResponseError) as refused:
        write(server, 2, username="ada", password="x", email="other@example.org")
    assert str(refused.value).startswith("WRITETHROUGH ")
    assert users.duplicate in str(refused.value)
    assert users.row(2) is None
    assert not server.client.exists("users:2")
    assert write(server, 2, username="b", password="x", email="b@example.org") == 3
    assert users.row(2)["username"] == "b"


def test_every_hash_command_is_written_through(server, users):
    key = "__{users:1}"
    client = server.client
    assert client.execute_command("HMSET", key, *itertools.chain(*ADA.items()))
    assert client.hsetnx(key, "country", "UK") == 1
    assert client.hsetnx(key, "country", "FR") == 0
    assert users.row()["country"] == "UK"
    assert client.hincrby(key, "visits", 5) == 5
    assert client.hincrby(key, "visits", -2) == 3
    assert users.row()["visits"] == 3
    assert client.hset(key, "first_name", "Ada") == 1
    assert client.hdel(key, "first_name", "no such field") == 1
    assert users.row()["first_name"] is None
    assert client.delete(key) == 1
    assert users.row() is None
    assert not client.exists("users:1")


def test_errors_of_redis_come_before_the_database_is_asked(server, users):
    client = server.client
    client.set("users:7", "no hash")
    for command, error in (
        (("HSET", "__{users:7}", "username", "x"), "WRONGTYPE"),
        (("HSET", "__{users:1}", "username"), "wrong number of arguments"),
        (("HSET", "__{nothing}", "username", "x"), "no id"),
        (("HINCRBY", "__{users:1}", "visits", "x"), "not an integer"),
        (("HSET", "__{users:1}", "#", "?", "username", "x"), "begins with"),
        (("DEL", "a", "__{users:1}"), "without others"),
    ):
        with pytest.raises(redis_py.ResponseError, match=error):
            client.execute_command(*command)
    assert users.count() == 0


def test_a_transaction_gets_a_clear_error_for_that_command(server, users):
    pipeline = server.client.pipeline()
    pipeline.set("plain", "1")
    pipeline.hset("__{users:1}", mapping=ADA)
    replies = pipeline.execute(raise_on_error=False)
    assert replies[0] is True
    assert "pipeline(transaction=False)" in str(replies[1])
    assert users.row() is None


def test_pipelined_writes_are_answered_in_order(server, users):
    write(server, **ADA)
    pipeline = server.client.pipeline(transaction=False)
    for _ in range(20):
        pipeline.hincrby("__{users:1}", "visits", 1)
    assert pipeline.execute() == list(range(1, 21))
    assert users.row()["visits"] == 20


def test_without_a_host_nothing_happens(server, host, users):
    host.stop()
    wait_for(lambda: server.client.info("regear")["regear_host_attached"] == 0)
    with pytest.raises(redis_py.ResponseError, match=r"^NOHOST"):
        write(server, **ADA)
    assert users.row() is None
    assert not server.client.exists("users:1")


def test_a_plain_write_meanwhile_is_kept_beside_the_written_one(server, users):
    write(server, **ADA)
    blocker = users.locked(server)
    with blocker:
        writer = threading.Thread(target=write, args=(server,), kwargs={"visits": 7})
        writer.start()
        wait_for(blocker.has_waiter)
        began = time.monotonic()
        server.client.hset("users:1", mapping={"visits": 1, "plain": "yes"})
        assert server.client.hget("users:1", "visits") == "1"
        assert time.monotonic() - began < 1  # others are served
    writer.join(10)
    assert users.row()["visits"] == 7
    assert server.client.hmget("users:1", "visits", "plain") == ["7", "yes"]


def test_a_client_that_waits_too_long_is_in_doubt_and_both_sides_agree(
    redis_with_module, host, users
):
    redis_with_module.execute(users.recipe("timeout=0.3"))
    wait_for(lambda: redis_with_module.state("Users") == "running")
    write(redis_with_module, **ADA)
    blocker = users.locked(redis_with_module)
    with blocker:
        with pytest.raises(redis_py.ResponseError, match=r"^INDOUBT"):
            write(redis_with_module, visits=7)
        assert redis_with_module.client.hget("users:1", "visits") is None
    wait_for(lambda: redis_with_module.client.hget("users:1", "visits") == "7")
    assert users.row()["visits"] == 7


def test_a_killed_host_leaves_both_sides_equal(server, host, users):
    write(server, **ADA)
    blocker = users.locked(server)
    with blocker:
        replies = []

        def increment():
            try:
                replies.append(server.connect().hincrby("__{users:1}", "visits", 7))
            except redis_py.ResponseError as error:
                replies.append(str(error))

        writer = threading.Thread(target=increment)
        writer.start()
        wait_for(blocker.has_waiter)
        host.kill()
        writer.join(10)
        assert replies
        assert str(replies[0]).startswith("INDOUBT")
    host.start()
    wait_for(lambda: server.client.hget("users:1", "visits") == "7", 20)
    assert users.row()["visits"] == 7


def test_a_field_that_expires_meanwhile_counts_as_the_database_has_it(server, users):
    client = server.client
    write(server, **ADA, visits=5)
    client.execute_command("DEBUG", "SET-ACTIVE-EXPIRE", "0")
    try:
        client.execute_command("HPEXPIRE", "users:1", 500, "FIELDS", 1, "visits")
    except redis_py.ResponseError:
        pytest.skip("fields of this server do not expire")
    told = []
    other = server.connect()
    with users.locked(server) as table:
        writer = threading.Thread(
            target=lambda: told.append(other.hincrby("__{users:1}", "visits", 7))
        )
        writer.start()
        wait_for(table.has_waiter)
        began = client.time()[0]  # a look at the field would be noticed
        wait_for(lambda: client.time()[0] > began + 1)
    writer.join(10)
    assert told == [12]
    assert users.row()["visits"] == 12
    assert client.hget("users:1", "visits") == "12"


def test_what_a_client_was_told_is_set_is_in_the_database(server, users):
    """Also where it seemed that nothing was to be done, until others removed
    the field right before the command ran."""
    write(server, **ADA)
    halt = threading.Event()

    def set_and_remove():
        client = server.connect()
        while not halt.is_set():
            client.hset("users:1", "first_name", "plain")
            client.hdel("users:1", "first_name")

    others = [threading.Thread(target=set_and_remove) for _ in range(2)]
    for other in others:
        other.start()
    rows = []
    try:
        end = time.monotonic() + 2
        while time.monotonic() < end:
            name = f"set {len(rows)}"
            if server.client.hsetnx("__{users:1}", "first_name", name):
                rows.append((name, users.row()["first_name"]))
    finally:
        halt.set()
        for other in others:
            other.join()
    assert rows
    assert [told for told, _ in rows] == [found for _, found in rows]


def test_many_clients_on_few_keys_end_equal(server, users):
    seed = random.randrange(2**32)
    print("SEED", seed)
    dice = random.Random(seed)
    for number in range(1, 4):
        write(server, number, username=f"u{number}", password="p", email=f"e{number}")
    confirmed = []

    def client(own: random.Random):
        connection = server.connect()
        for _ in range(50):
            number = own.randint(1, 3)
            connection.hincrby(f"__{{users:{number}}}", "visits", number)
            confirmed.append(number)

    threads = [
        threading.Thread(target=client, args=(random.Random(dice.random()),))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(confirmed) == 400
    for number in range(1, 4):
        total = number * confirmed.count(number)
        assert users.row(number)["visits"] == total
        assert server.client.hget(f"users:{number}", "visits") == str(total)
