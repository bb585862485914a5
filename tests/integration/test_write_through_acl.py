"""Who may write through: those who may run the command, and nobody else."""

from __future__ import annotations

from contextlib import contextmanager

import pytest

from tests.integration._raw import Raw
from tests.integration._servers import wait_for

KEY = "__{person:1}"
WRITER = ("+hset", "~person:*", "~__*")
NOAUTH = "-NOAUTH Authentication required."


@pytest.fixture
def server(redis_with_module, new_host, sqlite_db):
    """A server that writes __{person:*} through.

    ``admin`` may do anything, and is who the host authenticates as.
    """
    set_user(redis_with_module, "admin", "+@all", "~*", "&*")
    new_host(redis_with_module, url=redis_with_module.url_of("admin", "admin-password"))
    assert redis_with_module.execute(recipe(sqlite_db)) == "OK"
    return redis_with_module


def recipe(database):
    mapping = {"first_name": "first", "last_name": "last", "age": "age"}
    return (
        "from rgsync import RGWriteThrough\n"
        "from rgsync.Connectors import SQLiteConnection, SQLiteConnector\n"
        f"connection = SQLiteConnection({str(database.path)!r})\n"
        "connector = SQLiteConnector(connection, 'persons', 'person_id')\n"
        f"RGWriteThrough(GB, '__', {mapping!r}, connector, 'Persons')\n"
    )


def set_user(server, name, *rules):
    """``rules`` and no further right."""
    server.client.execute_command(
        "ACL", "SETUSER", name, "reset", "on", f">{name}-password", *rules
    )


@contextmanager
def session(server, user=None, password=None):
    """A new connection, as ``user`` unless that is None."""
    with Raw(server.port) as raw:
        if user is not None:
            assert raw("AUTH", user, password or f"{user}-password") == "OK"
        yield raw


def give_a_password(server):
    server.client.config_set("requirepass", "secret")


def switch_off(server):
    server.client.execute_command("ACL", "SETUSER", "default", "off")


def leave_open(server):
    pass


@pytest.fixture
def knows_clients(redis_with_module):
    """Whether this server tells the module who sent a command."""
    return redis_with_module.client.info("server")["redis_version"] >= "7.2"


@pytest.mark.parametrize("default_user", [leave_open, give_a_password, switch_off])
def test_a_user_needs_no_right_but_those_to_the_command(
    server, sqlite_db, default_user, knows_clients
):
    set_user(server, "app", *WRITER)
    default_user(server)
    if default_user is give_a_password and not knows_clients:
        with session(server, "app") as app:
            error = app("HSET", KEY, "first_name", "Ada")
            assert error.startswith("-NOPERM")
            assert "'rg.wt' command" in error
        with session(server, "admin") as admin:
            assert admin("ACL", "SETUSER", "app", "+rg.wt") == "OK"
    with session(server, "app") as app:
        assert app("HSET", KEY, "first_name", "Ada") == 1
        assert sqlite_db.persons() == {"1": ("Ada", None, None)}
        for command in (
            ("HGETALL", "person:1"),
            ("HSET", "other:1", "a", "b"),
            ("DEL", KEY),
            ("SET", KEY, "x"),
            ("RG.STATUS",),
            ("RG.HOST", "NEXT", "1", "1", "0"),
        ):
            assert app(*command).startswith("-NOPERM"), command
        assert sqlite_db.persons() == {"1": ("Ada", None, None)}


# The rights, and a command that is one right short.
DENIED = {
    "the command": (("+hget", "~*"), ("HSET", KEY, "first_name", "x")),
    "the key that is named": (("+hset", "~person:*"), ("HSET", KEY, "age", "1")),
    "the real key": (("+hset", "~__*"), ("HSET", KEY, "first_name", "x")),
    "writing": (("+hset", "%R~person:*", "~__*"), ("HSET", KEY, "age", "1")),
    "reading": (("+hincrby", "%W~person:*", "~__*"), ("HINCRBY", KEY, "age", "1")),
    "one key of many": (
        ("+del", "~person:1", "~__*"),
        ("DEL", KEY, "__{person:2}"),
    ),
    "a command that is not written through": (
        ("+hset", "~*"),
        ("SET", KEY, "x"),
    ),
    "both in one selector": (
        ("(+hset ~__*)", "(+hget ~person:*)"),
        ("HSET", KEY, "first_name", "x"),
    ),
}


@pytest.mark.parametrize(("rights", "command"), DENIED.values(), ids=DENIED)
def test_who_lacks_a_right_is_told_by_redis_and_the_database_not_asked(
    server, sqlite_db, rights, command
):
    set_user(server, "app", *rights)
    with session(server, "app") as app, session(server, "admin") as admin:
        admin("ACL", "LOG", "RESET")
        error = app(*command)
        assert admin("ACL", "LOG")
        # A plain command that lacks the same.
        name, *arguments = command
        plain = [word.replace(KEY, "secret:1") for word in arguments]
        assert error == app(name, *plain)
        assert error.startswith("-NOPERM")
        assert sqlite_db.persons() == {}
        assert admin("EXISTS", KEY, "person:1") == 0


def test_selectors_and_single_rights_are_enough(server, sqlite_db):
    set_user(server, "app", "(+hset ~person:* ~__*)", "(+hget ~*)")
    with session(server, "app") as app:
        assert app("HSET", KEY, "first_name", "Ada") == 1
        assert app("HGET", "person:1", "first_name") == "Ada"
    set_user(server, "writer", "+hset", "+hdel", "%W~person:*", "%W~__*")
    with session(server, "writer") as writer:
        assert writer("HSET", KEY, "last_name", "x") == 1
        assert writer("HDEL", KEY, "last_name") == 1
    assert sqlite_db.persons() == {"1": ("Ada", None, None)}


def test_who_may_set_is_told_that_it_is_not_written_through(server):
    set_user(server, "app", "+set", "~__*", "~person:*")
    with session(server, "app") as app:
        assert app("SET", KEY, "x").startswith("-WRITETHROUGH SET cannot")


def test_rights_count_when_the_command_runs(server, sqlite_db):
    set_user(server, "app", "+@transaction", "+multi", "+exec", *WRITER)
    with session(server, "app") as app, session(server, "admin") as admin:
        assert app("HSET", KEY, "age", "1") == 1
        admin("ACL", "SETUSER", "app", "-hset")
        assert app("HSET", KEY, "age", "2").startswith("-NOPERM")
        admin("ACL", "SETUSER", "app", "+hset")
        assert app("MULTI") == "OK"
        assert app("HSET", KEY, "age", "2") == "QUEUED"
        admin("ACL", "SETUSER", "app", "-hset")
        (reply,) = app("EXEC")
        assert reply.startswith("-NOPERM")
    assert sqlite_db.persons() == {"1": (None, None, 1)}


def test_a_transaction_of_one_who_lacks_the_right(server, sqlite_db, knows_clients):
    set_user(server, "app", "+multi", "+exec", "+set", "~*")
    with session(server, "app") as app:
        assert app("MULTI") == "OK"
        assert app("SET", "plain", "x") == "QUEUED"
        queued = app("HSET", KEY, "age", "1")
        replies = app("EXEC")
        if knows_clients:  # as for any command
            assert queued.startswith("-NOPERM")
            assert replies.startswith("-EXECABORT")
        else:
            assert queued == "QUEUED"
            assert replies[0] == "OK"
            assert replies[1].startswith("-NOPERM")
    assert sqlite_db.persons() == {}


def test_a_script_has_the_rights_of_its_caller(server, sqlite_db):
    set_user(server, "app", "+eval", "+hget", "~*")
    with session(server, "app") as app:
        script = "return redis.call('HSET', KEYS[1], 'age', 1)"
        assert app("EVAL", script, "1", KEY)[0] == "-"
        script = "redis.call('SELECT', 1) " + script
        set_user(server, "app", "+eval", "+hget", "+select", "~*")
        app("AUTH", "app", "app-password")
        assert app("EVAL", script, "1", KEY)[0] == "-"
    for db in (0, 1):
        assert not server.connect(db=db).exists(KEY, "person:1")
    assert sqlite_db.persons() == {}


ATTEMPTS = [
    ("HSET", KEY, "first_name", "x"),
    ("DEL", KEY),
    ("SET", KEY, "x"),
    ("SET", "plain", "x"),
    ("RG.WT", "HSET", KEY, "first_name", "x"),
    ("RG.WTN", "HSET", KEY, "first_name", "x"),
    ("rg.wtn", "SET", KEY, "x"),
    ("rg.wtn", "SET", "plain", "x"),
    ("rg.wtn", "HSET", "plain", "a", "b"),
    ("rg.wtn", "GET", "plain"),
    ("rg.wtn", "CONFIG", "SET", "requirepass", ""),
    ("RG.STATUS",),
    ("RG.HOST", "ATTACH", "1", "x", "0"),
]


def nobody_gets_in(server):
    with session(server) as stranger:
        for attempt in ATTEMPTS:
            assert stranger(*attempt) == NOAUTH, attempt
    # Who has been in, and is no more.
    with session(server, "admin") as left:
        assert left("RESET") == "RESET"
        for attempt in ATTEMPTS:
            assert left(*attempt) == NOAUTH, attempt


def by_setuser(server):
    server.client.execute_command("ACL", "SETUSER", "default", ">secret")


def by_setuser_in_a_transaction(server):
    """Looks at the user before it changes, and after."""
    with session(server) as client:
        client("MULTI")
        client("HSET", KEY, "age", "1")
        client("ACL", "SETUSER", "default", ">secret")
        client("HSET", KEY, "age", "1")
        before, changed, after = client("EXEC")
        assert "MULTI" in before
        assert changed == "OK"
        assert after[0] == "-"


@pytest.mark.parametrize(
    "close", [give_a_password, switch_off, by_setuser, by_setuser_in_a_transaction]
)
def test_unauthenticated_clients_never_get_in(server, sqlite_db, close, knows_clients):
    with session(server) as before:
        assert before("HSET", KEY, "age", "1") == 1
        close(server)
        nobody_gets_in(server)
        # As for any command: who was there before stays.
        assert before("HSET", "plain", "a", "b") == 1
        again = before("HSET", KEY, "age", "2")
        if close is switch_off and not knows_clients:
            assert again == NOAUTH
        else:
            assert again == 0
    with session(server, "admin") as admin:
        assert admin("HSET", KEY, "age", "3") == 0
        assert admin("ACL", "SETUSER", "default", "on", "nopass") == "OK"
    with session(server) as everybody:
        assert everybody("HSET", KEY, "age", "4") == 0
    assert sqlite_db.persons()["1"][2] == 4


def test_a_password_from_the_start(new_redis, new_host, sqlite_db):
    server = new_redis(password="secret")
    host = new_host(server)
    set_user(server, "admin", "+@all", "~*", "&*")
    with session(server, "default", "secret") as client:
        assert client("RG.PYEXECUTE", recipe(sqlite_db)) == "OK"
        nobody_gets_in(server)
        assert client("HSET", KEY, "age", "1") == 1
    assert host.running


def test_a_default_user_with_few_rights(server, sqlite_db, knows_clients):
    rules = ("nopass", "-@all", "resetkeys", *WRITER)
    with session(server, "admin") as admin:
        assert admin("ACL", "SETUSER", "default", *rules) == "OK"
        with session(server) as anybody:
            assert anybody("HSET", KEY, "age", "1") == 1
            assert anybody("DEL", KEY).startswith("-NOPERM")
            assert anybody("HSET", "other:1", "a", "b").startswith("-NOPERM")
        rules = ("resetpass", ">secret", "+@write")
        assert admin("ACL", "SETUSER", "default", *rules) == "OK"
        with session(server, "default", "secret") as client:
            reply = client("HSET", KEY, "age", "2")
            if knows_clients:
                assert reply == 0  # rg.wt is in @write
            else:
                assert reply.startswith("-NOPERM")
        assert admin("ACL", "SETUSER", "default", "-@all", "+hset") == "OK"
        with session(server, "default", "secret") as client:
            assert "'rg.wt' command" in client("HSET", KEY, "age", "3")
        assert admin("ACL", "SETUSER", "default", "+rg.wt") == "OK"
        with session(server, "default", "secret") as client:
            assert client("HSET", KEY, "age", "4") == 0
    assert sqlite_db.persons()["1"][2] == 4


def test_a_host_that_is_connected_goes_on_when_a_password_is_set(
    redis_with_module, host, sqlite_db
):
    server = redis_with_module
    set_user(server, "admin", "+@all", "~*", "&*")
    assert server.execute(recipe(sqlite_db)) == "OK"
    wait_for(lambda: server.state("Persons") == "running")
    give_a_password(server)
    with session(server, "admin") as admin:
        assert admin("HSET", KEY, "age", "1") == 1
    assert sqlite_db.persons()["1"][2] == 1


def test_a_host_with_a_password_that_is_not_asked_for_yet(
    redis_with_module, new_host, sqlite_db
):
    server = redis_with_module
    new_host(server, url=server.url_of("", "secret"))
    assert server.execute(recipe(sqlite_db)) == "OK"
    set_user(server, "admin", "+@all", "~*", "&*")
    give_a_password(server)
    with session(server, "admin") as admin:
        assert admin("HSET", KEY, "age", "1") == 1
        for client in admin("CLIENT", "LIST", "TYPE", "normal").splitlines():
            fields = dict(pair.split("=", 1) for pair in client.split(" "))
            if fields["cmd"].startswith("rg.host"):
                admin("CLIENT", "KILL", "ID", fields["id"])
        # It comes back by itself.
        wait_for(lambda: admin("HSET", KEY, "age", "2") == 0, 20)
    assert sqlite_db.persons()["1"][2] == 2


def test_a_host_with_a_user_of_its_own(new_redis, new_host, sqlite_db):
    server = new_redis()
    rights = ["+rg.host", "+ping", "+module|load"]
    set_user(server, "host", *rights)
    set_user(server, "admin", "+@all", "~*", "&*")
    switch_off(server)
    new_host(server, url=server.url_of("host", "host-password"))
    with session(server, "admin") as admin:
        assert admin("RG.PYEXECUTE", recipe(sqlite_db)) == "OK"
        assert admin("HSET", KEY, "age", "1") == 1
        assert admin("HINCRBY", KEY, "age", "1") == 2
    assert sqlite_db.persons()["1"][2] == 2
