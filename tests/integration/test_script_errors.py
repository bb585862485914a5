"""RG.PYEXECUTE says what is wrong, and registers nothing."""

from __future__ import annotations

import ast

import pytest
import redis as redis_py

from tests.integration._servers import wait_for


@pytest.fixture
def fails(redis_with_module, host):
    """The error reply for a script that must register nothing."""

    def run(source: str, *options: str) -> str:
        with pytest.raises(redis_py.ResponseError) as caught:
            redis_with_module.execute(source, *options)
        assert redis_with_module.status()["registrations"] == []
        assert redis_with_module.client.execute_command("RG.DUMPREGISTRATIONS") == []
        return str(caught.value)

    return run


def test_syntax_error(fails):
    lines = ast.literal_eval(fails("x = (\n"))
    assert lines[0] == '  File "<string>", line 1\n'
    assert lines[-1].startswith("SyntaxError")


def test_exception_after_a_registration(fails, sqlite_recipe):
    lines = ast.literal_eval(fails(sqlite_recipe() + "\n\nboom()"))
    assert lines[0] == "Traceback (most recent call last):\n"
    assert lines[1].startswith('  File "<string>", line ')
    assert lines[-1] == "NameError: name 'boom' is not defined\n"


def test_unknown_table_says_what_to_create(fails, sqlite_recipe):
    text = fails(sqlite_recipe(table="nothing"))
    assert "nothing" in text
    assert "(try: " in text
    assert "CREATE TABLE" in text


def test_unknown_column(fails, sqlite_recipe):
    text = fails(sqlite_recipe(mapping={"first_name": "no_such_column"}))
    assert "no_such_column" in text
    assert "(try: " in text


def test_unknown_postgres_table(fails, postgres_recipe):
    text = fails(postgres_recipe(table="nothing"))
    assert "nothing" in text
    assert "CREATE TABLE" in text


def test_wrong_password(fails, postgres_recipe):
    text = fails(postgres_recipe(password="'not-the-password'"))
    assert "password authentication failed" in text
    assert "not-the-password" not in text


def test_user_without_right(fails, postgres_recipe, postgres):
    postgres.execute("REVOKE ALL ON persons FROM writer")
    text = fails(postgres_recipe())
    assert "persons" in text
    assert "GRANT" in text


def test_requirement_that_is_not_there(fails, sqlite_recipe, redis_with_module):
    words = ("RG.CONFIGSET", "RequirementsNoIndex", "yes")
    redis_with_module.client.execute_command(*words)
    text = fails(sqlite_recipe(), "REQUIREMENTS", "rgsync", "no-such-thing==1.0")
    assert "satisfy requirements" in text
    assert "no-such-thing==1.0" in text


def test_unknown_option(fails, sqlite_recipe):
    assert fails(sqlite_recipe(), "BOGUS") == "Unknown arguments were given: BOGUS"


def test_not_in_a_transaction(redis_with_module, host):
    with redis_with_module.client.pipeline(transaction=True) as pipeline:
        pipeline.execute_command("RG.PYEXECUTE", "x = 1")
        with pytest.raises(redis_py.ResponseError, match="blocking is not allowed"):
            pipeline.execute()


def test_not_from_a_script_of_its_own(redis_with_module, host):
    with pytest.raises(redis_py.ResponseError, match="blocking is not allowed"):
        redis_with_module.execute("execute('RG.PYEXECUTE', 'x = 1')")


def test_long_script_blocks_only_its_client(redis_with_module, host, sqlite_recipe):
    import threading

    waiting = redis_with_module.connect()
    source = "while not execute('EXISTS', 'flag'): pass"
    sent = threading.Thread(
        target=waiting.execute_command, args=("RG.PYEXECUTE", source)
    )
    sent.start()
    assert redis_with_module.execute(sqlite_recipe()) == "OK"
    assert sent.is_alive()
    redis_with_module.client.set("flag", 1)
    sent.join(10)
    assert not sent.is_alive()


def test_unreachable_database_is_registered_nevertheless(
    redis_with_module, host, postgres_recipe, postgres
):
    postgres.server.stop()
    recipe = postgres_recipe(arguments="onFailedRetryInterval=1")
    assert redis_with_module.execute(recipe) == "OK"
    redis_with_module.client.hset("person:1", "first_name", "Ada")
    assert redis_with_module.backlog() == 1
    assert "Persons: changes are kept" in redis_with_module.log.read_text()
    postgres.server.start()
    wait_for(lambda: postgres.persons() == {"1": ("Ada", None, None)}, 20)


def test_replies_of_execute_arrive_as_in_redisgears(redis_with_module, host):
    redis_with_module.execute(
        "execute('HSET', 'h', 'a', b'\\xff\\x00', 'n', 5)\n"
        "assert execute('HGETALL', 'h') == ['a', bytearray(b'\\xff\\x00'), 'n', '5']\n"
        "assert execute('GET', 'missing') is None\n"
        "assert execute('INCR', 'n') == 1 and execute('SET', 's', 'x') == 'OK'\n"
        "import redisgears\n"
        "try: execute('GET')\n"
        "except redisgears.GearsError as error: assert 'arguments' in str(error)\n"
        "else: raise AssertionError\n"
        "for word in ('no', bytearray(b'no')):\n"
        "  try: execute('INCRBY', 'n', word)\n"
        "  except redisgears.GearsError as error:\n"
        "    assert str(error) == 'ERR value is not an integer or out of range'\n"
        "  else: raise AssertionError\n"
        "assert execute('COMMAND', 'INFO', 'nothing')[0] is None\n"
        "for word in (('SELECT', 3), ('MULTI',), ('SUBSCRIBE', 'c')): execute(*word)\n"
        "assert execute('SET', 'in', 'database 0') == 'OK'\n"
        "log('a line', level='warning')\n"
        "assert any('desc' in r for r in execute('RG.DUMPREGISTRATIONS')) is False\n"
    )
    assert redis_with_module.client.get("in") == "database 0"
    assert "GEARS: a line" in redis_with_module.log.read_text()
