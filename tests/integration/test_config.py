"""RG.CONFIGGET, RG.CONFIGSET and what recipes read of it."""

from __future__ import annotations

import pytest
import redis as redis_py

from tests.integration._servers import wait_for

SAVED = "OK - value was saved in extra config dictionary"
READS = "execute('SET', 'read', str(configGet('Key')))"


def get(redis, *keys):
    return redis.client.execute_command("RG.CONFIGGET", *keys)


def put(redis, *words):
    return redis.client.execute_command("RG.CONFIGSET", *words)


def read_by_a_recipe(redis):
    redis.execute(READS)
    return redis.client.get("read")


@pytest.mark.parametrize(
    ("words", "reply"),
    [
        (("Key", "value"), [SAVED]),
        (("MaxExecutions", "10"), ["OK"]),
        (("maxexecutions", "10", "Key", "v"), ["OK", SAVED]),
        (
            ("MaxExecutions", "ten"),
            ["(error) Failed setting config value MaxExecutions"],
        ),
        (
            ("ExecutionThreads", "10"),
            ["(error) Config value ExecutionThreads not modifiable at runtime"],
        ),
        (("Key", "v", "Other"), [SAVED, "(error) Value was not given to Other"]),
    ],
)
def test_replies_of_configset(redis_with_module, words, reply):
    assert put(redis_with_module, *words) == reply


def test_replies_of_configget(new_redis):
    redis = new_redis()
    put(redis, "Key", "value", "sendmsgretries", "7")
    assert get(redis, "MaxExecutions", "SendMsgRetries", "Key") == [1000, 7, "value"]
    assert get(redis, "maxexecutions", "DependenciesUrl") == [
        "(error) Unsupported config parameter: maxexecutions",
        "",
    ]


@pytest.fixture
def redis_with_arguments(new_redis):
    import regear

    def start(*arguments, **options):
        server = new_redis(
            *("--loadmodule", regear.module_path(), "Host", "none", *arguments),
            module=False,
            **options,
        )
        return server

    return start


def test_who_sets_a_value_last_and_nearest_wins(
    redis_with_arguments, new_host, monkeypatch
):
    redis = redis_with_arguments("Key", "module")
    monkeypatch.setenv("Key", "environment")
    monkeypatch.setenv("Other", "environment")
    plain = new_host(redis)
    assert get(redis, "Key") == ["module"]
    assert read_by_a_recipe(redis) == "module"
    plain.stop()
    new_host(redis, Key="host")
    assert read_by_a_recipe(redis) == "host"
    put(redis, "Key", "run time")
    wait_for(lambda: read_by_a_recipe(redis) == "run time")
    redis.execute(READS.replace("'Key'", "'Other'"))
    assert redis.client.get("read") == "environment"


def test_value_set_at_run_time_outlives_host_and_server(new_redis, new_host):
    redis = new_redis("--appendonly", "yes", "--appendfsync", "always")
    host = new_host(redis)
    put(redis, "Key", "run time")
    wait_for(lambda: read_by_a_recipe(redis) == "run time")
    host.restart()
    assert read_by_a_recipe(redis) == "run time"
    redis.kill()
    redis.close()
    redis.start()
    wait_for(lambda: get(redis, "Key") == ["run time"])  # the host gave it back
    host.restart()
    assert read_by_a_recipe(redis) == "run time"


def test_value_set_while_no_host_was_there(redis_with_module, new_host):
    put(redis_with_module, "Key", "early")
    new_host(redis_with_module)
    assert read_by_a_recipe(redis_with_module) == "early"


def test_value_is_nowhere_in_the_clear(redis_with_module, host):
    redis = redis_with_module
    redis.client.config_set("slowlog-log-slower-than", 0)
    with redis.connect(decode_responses=True).monitor() as monitor:
        put(redis, "Key", "s3cret-value")
        get(redis, "Key")
        wait_for(lambda: read_by_a_recipe(redis) == "s3cret-value")
        redis.client.delete("read")
        redis.client.echo("end")
        seen = []
        while "end" not in (line := monitor.next_command()["command"]):
            seen.append(line)
    # The recipe's own SET says it, of course.
    assert not [
        line for line in seen if "s3cret" in line and not line.startswith("SET")
    ]
    slow = str(
        [e for e in redis.client.slowlog_get(1000) if b"SET read" not in e["command"]]
    )
    said = [redis.log.read_text(), host.text(), slow]
    for key in redis.client.scan_iter(count=1000):
        said.append(str(redis.client.hgetall(key)))
    said += [str(redis.status()), str(redis.client.info("everything"))]
    assert "s3cret-value" not in "\n".join(said)


def test_new_password_is_taken_at_the_next_connect(
    redis_with_module, new_host, postgres_recipe, postgres
):
    redis = redis_with_module
    host = new_host(redis, PgPassword=postgres.password)
    redis.execute(postgres_recipe(password="lambda: configGet('PgPassword')"))
    redis.client.hset("person:1", "first_name", "Ada")
    wait_for(postgres.persons)

    postgres.server.query("ALTER ROLE writer PASSWORD 'brand-new-one'")
    postgres.server.query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename='writer'"
    )
    redis.client.hset("person:2", "first_name", "Bob")
    status = lambda: redis.registration("Persons")["status"] or {}  # noqa: E731
    wait_for(lambda: "password" in str(status().get("last_error")), 20)
    redis.client.hset("person:3", "first_name", "Cid")
    assert redis.backlog() >= 2

    put(redis, "PgPassword", "brand-new-one")
    wait_for(lambda: set(postgres.persons()) == {"1", "2", "3"}, 20)
    wait_for(lambda: status()["state"] == "running" and not status()["last_error"])
    assert status()["last_error"] is None
    assert "brand-new-one" not in host.text() + redis.log.read_text()


def test_replica_is_configured_by_its_master(new_redis):
    master = new_redis()
    replica = new_redis("--replicaof", "127.0.0.1", str(master.port))
    wait_for(lambda: replica.status()["role"] == "replica")
    with pytest.raises(redis_py.ResponseError, match="configure its master"):
        put(replica, "Key", "value")
