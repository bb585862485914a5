"""gears-cli's side of commands."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import redis

from regear._connecting import PATIENT
from regear.cli._gears_arguments import Server
from regear.errors import ConnectionFailed, RegearError

Send = Callable[..., Any]


@contextmanager
def connected(server: Server) -> Iterator[Send]:
    """Sends commands; RegearError if the reply is an error."""
    client = _client(server)

    def send(*arguments: Any) -> Any:
        return _send(client, arguments)

    try:
        yield send
    finally:
        client.close()


def _client(server: Server) -> redis.Redis:
    settings: dict[str, Any] = {}
    if server.ssl:
        settings = {
            "ssl": True,
            "ssl_certfile": server.ssl_certfile,
            "ssl_keyfile": server.ssl_keyfile,
            "ssl_ca_certs": server.ssl_ca_certs,
            "ssl_password": server.ssl_password,
            "ssl_cert_reqs": "required" if server.ssl_verify_ca else "none",
        }
    return redis.Redis(
        host=server.host,
        port=server.port,
        username=server.user,
        password=server.password,
        protocol=2,
        socket_keepalive=True,
        **PATIENT,
        **settings,
    )


def _send(client: redis.Redis, arguments: tuple[Any, ...]) -> Any:
    try:
        return client.execute_command(*arguments)  # type: ignore[no-untyped-call]
    except redis.AuthenticationError as error:
        raise ConnectionFailed(
            f"the server refuses: {error}", "--user USER --password PASSWORD"
        ) from None
    except redis.ConnectionError as error:
        raise ConnectionFailed(
            f"cannot reach the server: {error}", "--host HOST --port PORT"
        ) from None
    except redis.RedisError as error:
        text = str(error)
        if "unknown command" in text.lower():
            raise RegearError(
                "the server has not loaded the module",
                "redis-server --loadmodule $(regear module-path)",
            ) from None
        raise ScriptError(readable(text)) from None


class ScriptError(RegearError):
    """The server refuses, or the script failed; the text may have several lines."""


def readable(text: str) -> str:
    """Tracebacks arrive as the repr of a list of strings."""
    try:
        lines = ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text
    if isinstance(lines, list) and all(isinstance(line, str) for line in lines):
        return "".join(lines).rstrip()
    return text


def show(reply: Any) -> int:
    """Print a reply; 1 if it holds errors."""
    if not isinstance(reply, list):
        print(text_of(reply))
        return 0
    results, errors = ([*reply, [], []])[:2]
    _show_list("Results", results, sys.stdout)
    _show_list("Errors", errors, sys.stderr if errors else sys.stdout)
    return 1 if errors else 0


def _show_list(title: str, items: list[Any], file: Any) -> None:
    print(title, "-" * len(title), sep="\n", file=file)
    for number, item in enumerate(items, start=1):
        print(f"{number})\t{text_of(item)}", file=file)
    print(file=file)


def text_of(value: Any) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)
