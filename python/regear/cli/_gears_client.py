"""gears-cli's side of RG.PYEXECUTE."""

from __future__ import annotations

import ast
import sys
from collections.abc import Sequence
from typing import Any

import redis

from regear.cli._gears_arguments import RunArguments
from regear.errors import ConnectionFailed, RegearError


def connect(arguments: RunArguments) -> redis.Redis:
    """Connects when the first command is sent."""
    options = arguments.options
    settings: dict[str, Any] = {}
    if arguments.flag("ssl"):
        settings = {
            "ssl": True,
            "ssl_certfile": options.get("ssl-certfile"),
            "ssl_keyfile": options.get("ssl-keyfile"),
            "ssl_ca_certs": options.get("ssl-ca-certs"),
            "ssl_password": options.get("ssl-password"),
            "ssl_cert_reqs": "required" if arguments.flag("ssl-verify-ca") else "none",
        }
    return redis.Redis(
        host=options.get("host", "localhost"),
        port=arguments.port(),
        username=options.get("user"),
        password=options.get("password"),
        protocol=2,
        **settings,
    )


def send(client: redis.Redis, arguments: Sequence[Any]) -> Any:
    """The reply of RG.PYEXECUTE; RegearError if it is an error."""
    try:
        return client.execute_command("RG.PYEXECUTE", *arguments)  # type: ignore[no-untyped-call]
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
    """The script failed on the server; the text may have several lines."""


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
        print(_text(reply))
        return 0
    results, errors = ([*reply, [], []])[:2]
    _show_list("Results", results, sys.stdout)
    _show_list("Errors", errors, sys.stderr if errors else sys.stdout)
    return 1 if errors else 0


def _show_list(title: str, items: list[Any], file: Any) -> None:
    print(title, "-" * len(title), sep="\n", file=file)
    for number, item in enumerate(items, start=1):
        print(f"{number})\t{_text(item)}", file=file)
    print(file=file)


def _text(value: Any) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)
