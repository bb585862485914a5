"""A client that shows replies as the server sends them."""

from __future__ import annotations

import socket
from types import TracebackType
from typing import Any


class Raw:
    """RESP2. Errors are texts that begin with a minus: ``-ERR no such key``."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=20)
        self._stream = self._socket.makefile("rb")

    def __enter__(self) -> Raw:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stream.close()
        self._socket.close()

    def __call__(self, *words: object) -> Any:
        self.send(*words)
        return self.reply()

    def send(self, *words: object) -> None:
        parts = [str(word).encode() for word in words]
        message = b"*%d\r\n" % len(parts)
        message += b"".join(b"$%d\r\n%s\r\n" % (len(part), part) for part in parts)
        self._socket.sendall(message)

    def reply(self) -> Any:
        line = self._stream.readline()
        assert line.endswith(b"\r\n"), "the server has closed the connection"
        kind, rest = line[:1], line[1:-2].decode()
        if kind == b"-":
            return "-" + rest
        if kind == b"+":
            return rest
        if kind == b":":
            return int(rest)
        size = int(rest)
        if size < 0:
            return None
        if kind == b"*":
            return [self.reply() for _ in range(size)]
        assert kind == b"$", line
        return self._stream.read(size + 2)[:-2].decode()
