"""``with atomic():``: the server serves one function until its block ends."""

from __future__ import annotations

import secrets
import select
import socket
from collections.abc import Callable, Sequence
from contextvars import ContextVar, Token
from types import TracebackType
from typing import Any

import redis

from regear.errors import GearsError, RecipeError

_ANSWER_SECONDS = 10.0  # until the server, which may be busy, turns to the block


class AtomicBlock:
    """The server connects to a socket on which the block listens, and runs what
    comes there, as one transaction."""

    def __init__(
        self, connection: Any, question: Callable[[str], Sequence[object]]
    ) -> None:
        """``connection``: one of redis-py that nobody else uses; ``question``:
        the command that asks the server to connect to a name, which is answered
        when the block has ended."""
        self._connection = connection
        self._question = question
        self._afterwards: list[Callable[[], None]] = []
        self._peer: Any = None
        self._token: Token[AtomicBlock | None] | None = None

    def __enter__(self) -> None:
        if _current.get() is not None:
            raise RecipeError("Already inside an atomic block")
        name = f"regear-{secrets.token_hex(16)}"
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
            listener.bind(f"\0{name}")
            listener.listen(1)
            self._connection.send_command(*self._question(name))
            answer = self._connection._sock
            ready, _, _ = select.select([listener, answer], [], [], _ANSWER_SECONDS)
            if listener not in ready:
                raise self._failure()
            accepted, _ = listener.accept()
        self._peer = _Accepted(accepted)
        self._token = _current.set(self)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        frames: TracebackType | None,
    ) -> None:
        assert self._token is not None
        _current.reset(self._token)
        try:
            self._peer.send_command("END")
            self._connection.read_response()
        except redis.RedisError as failure:
            self._connection.disconnect()
            if error is None:
                raise GearsError(str(failure)) from None
        finally:
            self._peer.disconnect()
            for action in self._afterwards:
                action()

    def afterwards(self, action: Callable[[], None]) -> None:
        """Have it done when the block has ended."""
        self._afterwards.append(action)

    def execute(self, words: Sequence[Any]) -> Any:
        """The reply as it came; errors of the server are raised."""
        try:
            self._peer.send_command(*words)
            return self._peer.read_response()
        except redis.ConnectionError:
            raise self._failure() from None

    def _failure(self) -> GearsError:
        """What the server says of a block that did not come to its end."""
        try:
            if self._connection.can_read(_ANSWER_SECONDS):
                self._connection.read_response()
            text = "the server did not turn to the atomic block"
        except redis.RedisError as error:
            text = str(error)
        self._connection.disconnect()
        return GearsError(text)


def current_block() -> AtomicBlock | None:
    """The one that this thread is in."""
    return _current.get()


_current: ContextVar[AtomicBlock | None] = ContextVar("regear_atomic", default=None)


class _Accepted(redis.Connection):
    """A connection that the server has opened; nobody is greeted there."""

    def __init__(self, accepted: socket.socket) -> None:
        options: dict[str, Any] = {
            "protocol": 2,
            "decode_responses": False,
            "redis_connect_func": lambda own: own._parser.on_connect(own),
        }
        super().__init__(**options)  # type: ignore[no-untyped-call,unused-ignore]
        # redis-py would take the first word off what the server says.
        self._parser.parse_error = redis.ResponseError
        self._accepted = accepted

    def _connect(self) -> socket.socket:
        return self._accepted
