"""Connections of a host that the server has started."""

from __future__ import annotations

import socket
import threading

import pytest
import redis

from regear._connecting import open_client


@pytest.fixture
def server() -> tuple[str, list[bytes]]:
    """Answers +OK to every command; the URL's rest, and what was asked."""
    asked: list[bytes] = []
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _ = listener.accept()
        with connection, listener:
            while data := connection.recv(65536):
                words = data.split(b"\r\n")[2::2]
                asked.append(b" ".join(words))
                connection.sendall(b"+OK\r\n" * data.count(b"*"))

    threading.Thread(target=serve, daemon=True).start()
    return f"127.0.0.1:{listener.getsockname()[1]}", asked


def test_the_secret_comes_before_all_else(server: tuple[str, list[bytes]]) -> None:
    place, asked = server
    client = open_client(f"redis://regear-host:abc@{place}")
    client.connection_pool.connection_kwargs["db"] = 3
    assert client.set("key", "value")
    assert asked[0] == b"RG.HOSTAUTH abc"
    assert b"SELECT 3" in asked
    assert not [line for line in asked if line.startswith(b"AUTH")]
    client.close()


def test_other_users_authenticate_as_ever(server: tuple[str, list[bytes]]) -> None:
    place, asked = server
    client = open_client(f"redis://ada:abc@{place}")
    assert client.set("key", "value")
    assert asked[0] == b"AUTH ada abc"
    client.close()


def test_a_socket_may_have_any_name() -> None:
    client = open_client("unix://regear-host:abc@/tmp/a%20b")
    assert client.connection_pool.connection_kwargs["path"] == "/tmp/a b"
    assert isinstance(client, redis.Redis)
