"""What clients may do while their writes wait: nothing is lost or answered
wrongly by it."""

from __future__ import annotations

import resource
import selectors
import socket
import time

import pytest
import redis as redis_py

from tests.integration._servers import wait_for
from tests.integration._users import ADA, blocked_clients

KEY = "__{users:1}"
CROWD = 10_000


class Raw:
    """A connection that sends now and reads later."""

    def __init__(self, server, protocol=2):
        self._connection = redis_py.Connection(
            port=server.port, protocol=protocol, decode_responses=True
        )
        self._connection.connect()
        self.id = self.ask("CLIENT", "ID")

    def send(self, *commands):
        packed = self._connection.pack_commands(commands)
        self._connection.send_packed_command(packed)

    def read(self):
        """An error of the server is a reply like others."""
        try:
            return self._connection.read_response()
        except redis_py.ResponseError as error:
            return str(error)

    def ask(self, *command):
        self.send(command)
        return self.read()

    def close(self):
        self._connection.disconnect()


@pytest.fixture
def server(users_server):
    users_server.client.hset(KEY, mapping=ADA)
    return users_server


@pytest.fixture
def connect(server):
    clients = []

    def new(protocol=2):
        clients.append(Raw(server, protocol))
        return clients[-1]

    yield new
    for client in clients:
        client.close()


def hincrby(amount=1):
    return ("HINCRBY", KEY, "visits", amount)


def visits(server, users):
    """Both sides, which shall be equal."""
    wait_for(lambda: blocked_clients(server) == 0)
    return users.row()["visits"], int(server.client.hget("users:1", "visits") or 0)


# -- replies -------------------------------------------------------------------


@pytest.mark.parametrize("protocol", [2, 3])
def test_a_pipeline_of_all_sorts_is_answered_in_order(connect, users, protocol):
    client = connect(protocol)
    taken = ("HSET", "__{users:2}", "username", "ada", "password", "x", "email", "e")
    for _ in range(5):
        client.send(
            ("HGET", "users:1", "username"),
            hincrby(2),
            ("PING",),
            taken,
            ("HINCRBYFLOAT", KEY, "visits", "1"),
            ("HSET", KEY, "first_name", "Ada"),
            ("HGET", "users:1", "first_name"),
            ("HSET", KEY, "odd"),
            ("HDEL", KEY, "first_name", "none"),
            ("DEL", "__{users:9}"),
        )
    for number in range(5):
        replies = [client.read() for _ in range(10)]
        assert users.duplicate in replies[3]
        assert "wrong number" in replies[7]
        del replies[7], replies[3]
        count = 3 * number + 2
        assert replies == ["ada", count, "PONG", str(count + 1), 1, "Ada", 1, 0]
    assert users.row()["visits"] == 15


def test_resp3_clients_get_the_replies_of_the_plain_commands(connect):
    client = connect(3)
    for command in (
        ("HSET", "country", "UK", "visits", "1"),
        ("HSET", "country", "FR"),
        ("HMSET", "country", "UK"),
        ("HSETNX", "country", "FR"),
        ("HINCRBY", "visits", "4"),
        ("HINCRBYFLOAT", "visits", "5"),
        ("HDEL", "visits"),
        ("DEL",),
        ("DEL",),
    ):
        expected = client.ask(command[0], "plain", *command[1:])
        reply = client.ask(command[0], KEY, *command[1:])
        if command == ("DEL",):
            continue  # one of them had the fields of ADA, too
        assert (reply, type(reply)) == (expected, type(expected)), command


def test_a_reset_waits_for_the_write_before_it(connect, server, users):
    client = connect(3)
    with users.locked(server) as table:
        client.send(hincrby(), ("RESET",), hincrby(), ("HGETALL", "users:1"))
        wait_for(table.has_waiter)
    assert [client.read() for _ in range(3)] == [1, "RESET", 2]
    assert isinstance(client.read(), list)  # RESP2 from there on
    assert visits(server, users) == (2, 2)


def test_a_client_that_wants_no_replies(connect, server, users):
    client = connect()
    client.send(("CLIENT", "REPLY", "OFF"), hincrby(), ("CLIENT", "REPLY", "ON"))
    assert client.read() == "OK"
    client.send(("CLIENT", "REPLY", "SKIP"), hincrby(), hincrby())
    assert client.read() == 3
    assert visits(server, users) == (3, 3)


def test_caches_of_clients_hear_of_the_write(connect, server):
    client, other = connect(3), connect()
    told = []
    client._connection._parser.set_invalidation_push_handler(told.append)
    assert client.ask("CLIENT", "TRACKING", "ON") == "OK"
    assert client.ask("HGET", "users:1", "visits") is None
    assert other.ask(*hincrby()) == 1
    assert client.ask("PING") == "PONG"
    assert told == [["invalidate", ["users:1"]]]


# -- clients that go, or are told to ----------------------------------------------


def test_a_client_that_disconnects_has_written(connect, server, users):
    with users.locked(server) as table:
        first, second = connect(), connect()
        first.send(hincrby(1))
        wait_for(table.has_waiter)  # handed over
        second.send(hincrby(2))  # waits for the first
        wait_for(lambda: blocked_clients(server) == 2)
        first.close()
        second.close()
        wait_for(lambda: blocked_clients(server) == 0)
        assert server.client.hget("users:1", "visits") is None
    wait_for(lambda: server.client.hget("users:1", "visits") == "3")
    assert users.row()["visits"] == 3


def test_killed_clients_have_written(connect, server, users):
    with users.locked(server) as table:
        clients = [connect() for _ in range(5)]
        clients[0].send(hincrby())
        wait_for(table.has_waiter)
        for client in clients[1:]:
            client.send(hincrby())
        wait_for(lambda: blocked_clients(server) == 5)
        for client in clients[:4]:
            server.client.client_kill_filter(_id=client.id)
        wait_for(lambda: blocked_clients(server) == 1)
    assert clients[4].read() == 5
    assert visits(server, users) == (5, 5)


@pytest.mark.parametrize("how", ["TIMEOUT", "ERROR"])
def test_unblocked_clients_are_in_doubt(connect, server, users, how):
    client, behind = connect(), connect()
    with users.locked(server) as table:
        client.send(hincrby())
        wait_for(table.has_waiter)
        behind.send(hincrby(10))
        wait_for(lambda: blocked_clients(server) == 2)
        assert server.client.execute_command("CLIENT", "UNBLOCK", client.id, how) == 1
        assert client.read().startswith("INDOUBT" if how == "TIMEOUT" else "UNBLOCKED")
        assert client.ask("PING") == "PONG"
    assert behind.read() == 11
    assert client.ask(*hincrby(100)) == 111
    assert visits(server, users) == (111, 111)


def test_an_unblocked_client_whose_write_was_not_handed_over(connect, server, users):
    first, client = connect(), connect()
    with users.locked(server) as table:
        first.send(hincrby())
        wait_for(table.has_waiter)
        client.send(hincrby(10))
        wait_for(lambda: blocked_clients(server) == 2)
        server.client.execute_command("CLIENT", "UNBLOCK", client.id)
        assert client.read().startswith("WRITETHROUGH")  # nothing was written
    assert first.read() == 1
    assert visits(server, users) == (1, 1)


# -- pauses ------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["WRITE", "ALL"])
def test_writes_of_a_pause_run_once_when_it_ends(connect, server, users, mode):
    waiting, early, admin = connect(), [connect() for _ in range(4)], connect()
    with users.locked(server) as table:
        waiting.send(hincrby())
        wait_for(table.has_waiter)
        # Nothing but time ends one of all commands.
        admin.ask("CLIENT", "PAUSE", "30000" if mode == "WRITE" else "700", mode)
        for client in early:
            client.send(hincrby(), hincrby())
        if mode == "WRITE":
            assert admin.ask("HGET", "users:1", "username") == "ada"
    if mode == "WRITE":
        assert admin.ask("CLIENT", "UNPAUSE") == "OK"
    replies = [waiting.read()] + [client.read() for client in early * 2]
    assert sorted(replies) == list(range(1, 10))
    assert visits(server, users) == (9, 9)


def test_a_pause_that_outlasts_a_client(redis_with_module, host, users):
    server = redis_with_module
    server.execute(users.recipe("timeout=0.5"))
    wait_for(lambda: server.state("Users") == "running")
    server.client.hset(KEY, mapping=ADA)
    client = Raw(server)
    with users.locked(server) as table:
        client.send(hincrby())
        wait_for(table.has_waiter)
        server.client.client_pause(30000, all=False)
    reply = client.read()
    client.close()
    server.client.client_unpause()
    assert reply.startswith("INDOUBT")
    wait_for(lambda: server.client.hget("users:1", "visits") == "1")
    assert users.row()["visits"] == 1


# -- memory --------------------------------------------------------------------------


def test_a_host_that_waits_costs_no_memory(server):
    """Each of its readers looks up twice a second, once all are connected."""

    def look_up(times):
        enough = throughs(server) + times
        wait_for(lambda: throughs(server) > enough, 30)

    look_up(16)
    used = memory(server)
    look_up(30)
    assert memory(server) < used + 200_000


def test_clients_in_vain_cost_no_memory(redis_with_module, host, users):
    server = redis_with_module
    server.execute(users.recipe("timeout=0.2"))
    wait_for(lambda: server.state("Users") == "running")
    server.client.hset(KEY, mapping=ADA)
    clients = [Raw(server) for _ in range(50)]
    used = []
    with users.locked(server):
        for _ in range(3):
            for client in clients:
                client.send(hincrby(), hincrby())
            told = [client.read()[:12] for client in clients * 2]
            assert set(told) <= {"INDOUBT the ", "WRITETHROUGH"}
            used.append(memory(server))
    for client in clients:
        client.close()
    assert used[-1] < used[0] + 500_000, used


def throughs(server):
    return server.client.info("commandstats")["cmdstat_rg.host"]["calls"]


def memory(server):
    server.client.memory_purge()
    return server.client.info("memory")["used_memory"]


# -- ten thousand at once ------------------------------------------------------------


class Crowd:
    """Clients that each write one row, and wait."""

    def __init__(self, server, size=CROWD):
        self.size = size
        self.replies = [b""] * size
        self._sockets = []
        for number in range(size):
            one = socket.create_connection(("127.0.0.1", server.port))
            self._sockets.append(one)
            fields = f"username u{number} password p email e{number}"
            words = f"HSET __{{users:{number + 10}}} {fields}"
            one.sendall(f"{words}\r\n".encode())  # an inline command

    def read(self, seconds):
        """One reply of each."""
        end = time.monotonic() + seconds
        with selectors.DefaultSelector() as selector:
            for number, one in enumerate(self._sockets):
                selector.register(one, selectors.EVENT_READ, number)
            while selector.get_map():
                assert time.monotonic() < end, f"{len(selector.get_map())} wait"
                for key, _ in selector.select(1):
                    self.replies[key.data] += key.fileobj.recv(1000)
                    if self.replies[key.data].endswith(b"\r\n"):
                        selector.unregister(key.fileobj)

    def close(self):
        for one in self._sockets:
            one.close()
        self._sockets.clear()


@pytest.fixture
def open_files():
    """Enough for a crowd, here and in the servers that are started next."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    if before[1] < CROWD + 1000:
        pytest.skip("not so many files may be open here")
    resource.setrlimit(resource.RLIMIT_NOFILE, (before[1], before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


slow_under_sanitizers = pytest.mark.timeout(600)


@pytest.fixture
def crowded(open_files, new_redis, new_host, users):
    # Under sanitizers a turn of the server with a thousand clients may take
    # longer than the lease of its host usually lasts.
    server = new_redis(
        *("--maxclients", str(CROWD + 100)), arguments=("HostLease", "60000")
    )
    server.host = new_host(server)
    assert server.execute(users.recipe("timeout=500")) == "OK"
    wait_for(lambda: server.state("Users") == "running")
    return server


@pytest.fixture
def new_crowd(crowded):
    crowds = []

    def start():
        crowds.append(Crowd(crowded))
        wait_for(lambda: waiting(crowded) >= CROWD, 300, "all wait")
        return crowds[-1]

    yield start
    for crowd in crowds:
        crowd.close()


def waiting(server):
    return server.client.info("clients")["blocked_clients"]


@slow_under_sanitizers
def test_a_crowd_is_answered_once_the_database_is_back(crowded, new_crowd, users):
    with users.locked(crowded) as table:
        crowd = new_crowd()
        assert table.has_waiter()
        began = time.monotonic()
        for _ in range(100):
            assert crowded.client.get("other") is None
        assert time.monotonic() - began < 2  # others are served
    crowd.read(60)
    assert set(crowd.replies) == {b":3\r\n"}
    assert users.count() == CROWD
    names = users.execute("SELECT user_id, username FROM users")
    assert all(crowded.client.hget(f"users:{i}", "username") == n for i, n in names)


@slow_under_sanitizers
def test_a_crowd_that_leaves_has_written(crowded, new_crowd, users):
    with users.locked(crowded):
        new_crowd().close()
        wait_for(lambda: waiting(crowded) < 100, 60, "all are gone")
    wait_for(lambda: crowded.client.dbsize() >= CROWD, 60, "all is written")
    assert users.count() == CROWD


@slow_under_sanitizers
def test_a_crowd_hears_that_its_host_died(crowded, new_crowd, users):
    with users.locked(crowded):
        crowd = new_crowd()
        crowded.host.kill()
        crowd.read(60)
    told = {reply.split()[0] for reply in crowd.replies}
    assert told <= {b"-NOHOST", b"-INDOUBT"}
    crowded.host.start()
    doubt = sum(reply.startswith(b"-INDOUBT") for reply in crowd.replies)
    wait_for(lambda: users.count() == doubt, 60, "what was handed over is there")
    wait_for(lambda: len(crowded.client.keys("users:*")) == doubt)
