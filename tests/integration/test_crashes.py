"""kill -9 of whoever takes part: every change arrives nevertheless."""

from __future__ import annotations

import os
import random
import threading

import pytest
import redis as redis_py

from tests.integration._servers import wait_for

WRITES = 200_000 if os.environ.get("REGEAR_FULL") else 10_000
KEYS = 500


@pytest.fixture
def seed() -> int:
    chosen = int(os.environ.get("REGEAR_SEED", random.randrange(2**32)))
    print(f"REGEAR_SEED={chosen}")
    return chosen


class Writer:
    """Writes to person:* in a thread; every acknowledged write counts."""

    def __init__(self, redis, seed: int) -> None:
        self._redis = redis
        self._random = random.Random(seed)
        self.written = 0
        self._halt = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        while self.written < WRITES and not self._halt.is_set():
            client = redis_py.Redis(port=self._redis.port)
            try:
                while self.written < WRITES and not self._halt.is_set():
                    with client.pipeline(transaction=False) as pipeline:
                        for _ in range(20):
                            self._one(pipeline)
                        pipeline.execute()
                    self.written += 20
            except redis_py.RedisError:
                self._halt.wait(0.02)  # the server is being started again
            finally:
                client.close()

    def _one(self, pipeline) -> None:
        key = f"person:{self._random.randrange(KEYS)}"
        what = self._random.random()
        if what < 0.6:
            pipeline.hset(key, "age", self._random.randrange(1000))
        elif what < 0.8:
            pipeline.hset(key, mapping={"first_name": what, "last_name": "x"})
        elif what < 0.9:
            pipeline.hincrby(key, "age", 1)
        elif what < 0.95:
            pipeline.hdel(key, "first_name")
        else:
            pipeline.delete(key)

    def wait_for(self, count: int) -> None:
        wait_for(lambda: self.written >= count, 60, f"{count} writes")

    def join(self) -> None:
        self._thread.join()

    def close(self) -> None:
        self._halt.set()
        self._thread.join()


@pytest.fixture
def writer(seed):
    writers: list[Writer] = []

    def start(redis) -> Writer:
        writers.append(Writer(redis, seed))
        return writers[-1]

    yield start
    for one in writers:
        one.close()


def hashes(redis) -> dict[str, tuple]:
    found = {}
    for key in redis.client.scan_iter("person:*", count=1000):
        first, last, age = redis.client.hmget(key, "first_name", "last_name", "age")
        found[key.partition(":")[2]] = (first, last, None if age is None else int(age))
    return found


def test_host_killed_while_writing(
    redis_with_module, host, sqlite_recipe, sqlite_db, writer
):
    redis_with_module.execute(sqlite_recipe())
    writing = writer(redis_with_module)
    for part in (1, 2, 3):
        writing.wait_for(WRITES * part // 4)
        host.kill()
        host.start()
    writing.join()
    redis_with_module.wait_drained(60)
    assert sqlite_db.persons() == hashes(redis_with_module)


def test_redis_killed_while_writing(
    new_redis, new_host, sqlite_recipe, sqlite_db, writer
):
    redis = new_redis("--appendonly", "yes", "--appendfsync", "always")
    new_host(redis)
    redis.execute(sqlite_recipe())
    writing = writer(redis)
    for part in (1, 2):
        writing.wait_for(WRITES * part // 3)
        redis.kill()
        redis.start()
    writing.join()
    wait_for(lambda: redis.status()["host"]["attached"], 20, "attached again")
    redis.wait_drained(60)
    assert sqlite_db.persons() == hashes(redis)


def test_database_restarted_while_writing(
    redis_with_module, host, postgres_recipe, postgres, writer
):
    redis_with_module.execute(postgres_recipe(arguments="onFailedRetryInterval=1"))
    writing = writer(redis_with_module)
    writing.wait_for(WRITES // 4)
    postgres.server.stop()
    redis_with_module.client.hset("person:0", "last_name", "while it was away")
    wait_for(lambda: redis_with_module.state("Persons") in {"retrying", "connecting"})
    assert redis_with_module.registration("Persons")["status"]["last_error"]
    postgres.server.start()
    writing.join()
    redis_with_module.wait_drained(60)
    wait_for(lambda: redis_with_module.state("Persons") == "running")
    assert postgres.persons() == hashes(redis_with_module)


def test_database_killed_while_writing(
    redis_with_module, host, postgres_recipe, postgres, writer
):
    redis_with_module.execute(postgres_recipe(arguments="onFailedRetryInterval=1"))
    writing = writer(redis_with_module)
    writing.wait_for(WRITES // 3)
    postgres.server.kill()
    postgres.server.start()
    writing.join()
    redis_with_module.wait_drained(60)
    assert postgres.persons() == hashes(redis_with_module)


def test_database_restored_from_a_backup(
    redis_with_module, host, sqlite_recipe, sqlite_db
):
    """What the database has lost is no longer in the stream."""
    client = redis_with_module.client
    redis_with_module.execute(sqlite_recipe(arguments="onFailedRetryInterval=1"))
    for number in range(20):
        client.hset(f"person:{number}", "age", number)
    redis_with_module.wait_drained()
    (backup,) = sqlite_db.execute("SELECT id, val FROM regear_checkpoint")
    for number in range(10, 30):
        client.hset(f"person:{number}", "age", 1000 + number)
    redis_with_module.wait_drained()
    sqlite_db.execute("DELETE FROM persons WHERE person_id >= '15'")
    sqlite_db.execute("UPDATE regear_checkpoint SET val = ?", backup[1])
    client.hset("person:0", "first_name", "the next change")
    wait_for(lambda: sqlite_db.persons() == hashes(redis_with_module), 30)
    redis_with_module.wait_drained()
    wait_for(lambda: redis_with_module.state("Persons") == "running")
