"""A password is in no key, no log and no reply."""

from __future__ import annotations

import pytest
import redis as redis_py

from tests.integration._servers import wait_for


def everything_said(redis, host) -> str:
    """All keys with their values, both logs, and what RG.* commands answer."""
    client = redis.client
    said = [redis.log.read_text(), host.text()]
    for key in client.scan_iter(count=1000):
        read = {
            "string": client.get,
            "hash": client.hgetall,
            "stream": client.xrange,
        }[client.type(key)]
        said += [key, str(read(key))]
    for command in ("RG.STATUS", "RG.DUMPREGISTRATIONS", "INFO"):
        said.append(str(client.execute_command(command)))
    said.append(str(client.config_get("*")))
    return "\n".join(said)


def test_secrets_of_a_running_recipe(
    redis_with_module, new_host, postgres_recipe, postgres
):
    host = new_host(redis_with_module, PgPassword=postgres.password)
    redis = redis_with_module
    redis.execute(postgres_recipe(password="lambda: configGet('PgPassword')"))
    redis.client.hset("person:1", "first_name", "Ada")
    wait_for(lambda: postgres.persons())
    said = everything_said(redis, host)
    assert "Ada" in said
    assert postgres.password not in said
    assert "configGet('PgPassword')" not in said


def test_secrets_of_a_failing_recipe(
    redis_with_module, new_host, postgres_recipe, postgres
):
    host = new_host(redis_with_module)
    with pytest.raises(redis_py.ResponseError) as caught:
        redis_with_module.execute(postgres_recipe(password="'wrong-pass%w/rd'"))
    said = everything_said(redis_with_module, host) + str(caught.value)
    assert "wrong-pass" not in said


def test_secrets_after_the_password_has_changed(
    redis_with_module, new_host, postgres_recipe, postgres
):
    """The drain fails with the old password and goes on with the new one."""
    host = new_host(redis_with_module, PgPassword=postgres.password)
    redis = redis_with_module
    redis.client.set("password", "")
    redis.execute(
        postgres_recipe(
            password="lambda: execute('GET', 'password') or configGet('PgPassword')",
            arguments="onFailedRetryInterval=0.5",
        )
    )
    postgres.server.query("ALTER ROLE writer PASSWORD 'another-one'")
    postgres.server.stop()
    postgres.server.start()
    redis.client.hset("person:1", "first_name", "Ada")
    wait_for(lambda: (redis.registration("Persons")["status"] or {}).get("last_error"))
    said = everything_said(redis, host)
    assert postgres.password not in said
    redis.client.set("password", "another-one")
    wait_for(lambda: postgres.persons() == {"1": ("Ada", None, None)}, 20)
    wait_for(lambda: redis.state("Persons") == "running")


def test_stored_session_does_not_show_its_script(
    redis_with_module, host, sqlite_recipe
):
    redis_with_module.execute(sqlite_recipe() + "\nhidden = 'in-the-script'")
    assert "in-the-script" not in everything_said(redis_with_module, host)
