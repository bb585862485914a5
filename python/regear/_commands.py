"""Redis commands of recipes, on a connection of the host's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import redis

from regear._atomic import AtomicBlock, current_block
from regear._connecting import PATIENT, open_client
from regear.errors import GearsError

_BLOCKING_REFUSED = (
    "Can not run gears inside a multi exec, lua, or when blocking is not allowed"
)


_quiet: ContextVar[bool] = ContextVar("regear_quiet", default=False)


@contextmanager
def quietly() -> Iterator[None]:
    """Within, commands trigger no functions on keys: a client that waits for
    them, or this host itself, would wait for ever."""
    token = _quiet.set(True)
    try:
        yield
    finally:
        _quiet.reset(token)


class Commands:
    """Replies come as RedisGears gave them: lists, str, int, None."""

    def __init__(self, url: str) -> None:
        self._client = open_client(url, decode_responses=False, **PATIENT)
        self._client.response_callbacks.clear()
        self._send: Callable[..., Any] = self._client.execute_command
        #: Fence and id of the host, which prove that commands are its own.
        self.lease: Sequence[object] = ()

    def execute(self, command: str, *arguments: object) -> Any:
        if command.upper() == "RG.PYEXECUTE":
            # The host that would run it is busy with the script that asks.
            raise GearsError(_BLOCKING_REFUSED)
        block = current_block()
        try:
            if block is not None:
                return _value(block.execute([command, *map(_argument, arguments)]))
            reply = self._send(*self._words(command, arguments))
        except redis.RedisError as error:
            raise GearsError(str(error)) from None
        return _value(reply)

    def execute_all(self, commands: Sequence[tuple[object, ...]]) -> list[Any]:
        """The replies of many commands, sent at once; errors are among them."""
        if current_block() is not None:
            return [self._one_of_all(words) for words in commands]
        pipeline: Any = self._client.pipeline(transaction=False)
        for command, *arguments in commands:
            pipeline.execute_command(*self._words(command, arguments))
        try:
            replies = pipeline.execute(raise_on_error=False)
        except redis.RedisError as error:
            raise GearsError(str(error)) from None
        return [
            GearsError(str(reply)) if isinstance(reply, Exception) else _value(reply)
            for reply in replies
        ]

    def _one_of_all(self, words: tuple[object, ...]) -> Any:
        try:
            return self.execute(str(words[0]), *words[1:])
        except GearsError as error:
            return error

    @contextmanager
    def atomic(self, timeout: int) -> Iterator[None]:
        """Within, the server serves nobody else, for ``timeout`` ms at most."""
        pool = self._client.connection_pool
        connection: Any = pool.get_connection()
        quiet = int(_quiet.get())

        def question(name: str) -> Sequence[object]:
            return ("RG.HOST", "ATOMIC", *self.lease, quiet, name, timeout)

        try:
            with AtomicBlock(connection, question):
                yield
        finally:
            pool.release(connection)

    def _words(self, command: object, arguments: Sequence[object]) -> list[object]:
        before = ("RG.HOST", "CALL", *self.lease) if _quiet.get() else ()
        return [*before, command, *map(_argument, arguments)]

    def close(self) -> None:
        self._client.close()


def _argument(value: object) -> Any:
    return bytes(value) if isinstance(value, (bytes, bytearray)) else str(value)


def _value(reply: Any) -> Any:
    if isinstance(reply, (list, tuple)):
        return [_value(element) for element in reply]
    if isinstance(reply, bytes):
        try:
            return reply.decode()
        except UnicodeDecodeError:
            return bytearray(reply)
    if isinstance(reply, Exception):
        return str(reply)
    return reply
