"""Redis commands of recipes, on a connection of the host's own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import redis

from regear._atomic import AtomicBlock, current_block
from regear._connecting import PATIENT, open_client
from regear.errors import GearsError, RegearError

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


#: What they do lasts as long as the connection: for nobody else.
_OF_CONNECTIONS = frozenset(
    {
        *("AUTH", "CLIENT", "HELLO", "QUIT", "RESET", "SELECT"),
        *("DISCARD", "EXEC", "MULTI", "UNWATCH", "WATCH"),
        *("MONITOR", "PSUBSCRIBE", "SSUBSCRIBE", "SUBSCRIBE"),
        *("PSYNC", "READONLY", "READWRITE", "SYNC"),
    }
)


class Commands:
    """Replies come as RedisGears gave them: lists, str, int, None."""

    def __init__(self, url: str) -> None:
        from regear._engine import CommandClient

        self._client = CommandClient(url)
        self._connections = open_client(url, **PATIENT).connection_pool
        #: Fence and id of the host, which prove that commands are its own.
        self.lease: Sequence[object] = ()

    def execute(self, command: str, *arguments: object) -> Any:
        if command.upper() == "RG.PYEXECUTE":
            # The host that would run it is busy with the script that asks.
            raise GearsError(_BLOCKING_REFUSED)
        block = current_block()
        if block is not None:
            try:
                return _value(block.execute([command, *map(_argument, arguments)]))
            except redis.RedisError as error:
                raise GearsError(str(error)) from None
        keep = command.upper() not in _OF_CONNECTIONS
        (reply,) = self._call([self._words(command, *arguments)], keep)
        if isinstance(reply, GearsError):
            raise reply
        return reply

    def execute_all(self, commands: Sequence[tuple[object, ...]]) -> list[Any]:
        """The replies of many commands, sent at once; errors are among them."""
        if current_block() is not None:
            return [self._one_of_all(words) for words in commands]
        return self._call([self._words(*words) for words in commands])

    def _call(self, commands: list[list[str | bytes]], keep: bool = True) -> list[Any]:
        try:
            return self._client.call(commands, keep)
        except RegearError as error:
            raise GearsError(error.message, error.hint) from None

    def _one_of_all(self, words: tuple[object, ...]) -> Any:
        try:
            return self.execute(str(words[0]), *words[1:])
        except GearsError as error:
            return error

    @contextmanager
    def atomic(self, timeout: int) -> Iterator[None]:
        """Within, the server serves nobody else, for ``timeout`` ms at most."""
        connection: Any = self._connections.get_connection()
        quiet = int(_quiet.get())

        def question(name: str) -> Sequence[object]:
            return ("RG.HOST", "ATOMIC", *self.lease, quiet, name, timeout)

        try:
            with AtomicBlock(connection, question):
                yield
        finally:
            self._connections.release(connection)

    def _words(self, *command: object) -> list[str | bytes]:
        before = ("RG.HOST", "CALL", *self.lease) if _quiet.get() else ()
        return [_argument(word) for word in (*before, *command)]

    def close(self) -> None:
        self._client.close()
        self._connections.disconnect()


def _argument(value: object) -> str | bytes:
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
