"""A TCP proxy that misbehaves on demand.

proxy = Proxy(upstream_port)
proxy.cut()                 # every connection, now
proxy.delay = 0.2           # seconds before each chunk goes on
proxy.truncate()            # half of the next chunk, then the end
proxy.blackhole = True      # nothing goes on, connections stay
proxy.freeze()              # so for the connections of now, for ever
proxy.refuse = True         # new connections are closed at once
proxy.heal()
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any

_CHUNK = 65536
_POLL = 0.02  # s between two looks at whether a blackhole has ended


class Proxy:
    """Listens on ``port`` of the loopback, in a thread of its own."""

    def __init__(self, upstream: int) -> None:
        self.upstream = upstream
        self.delay = 0.0
        self.blackhole = False
        self.refuse = False
        #: Bytes that went on, in both directions.
        self.passed = 0
        self._truncate = False
        self._frozen: set[tuple[asyncio.StreamWriter, asyncio.StreamWriter]] = set()
        self._pairs: set[tuple[asyncio.StreamWriter, asyncio.StreamWriter]] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop = asyncio.new_event_loop()
        self._server = self._loop.run_until_complete(
            asyncio.start_server(self._accept, "127.0.0.1", 0)
        )
        self.port: int = self._server.sockets[0].getsockname()[1]
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    @property
    def connections(self) -> int:
        return len(self._pairs)

    def cut(self) -> None:
        """Reset every connection."""
        self._call(self._cut)

    def freeze(self) -> None:
        """Those who are connected never hear of each other again."""
        self._call(lambda: self._frozen.update(self._pairs))

    def truncate(self) -> None:
        """The next chunk arrives in half, then its connection ends."""
        self._truncate = True

    def heal(self) -> None:
        self.delay = 0.0
        self.blackhole = self.refuse = self._truncate = False

    def close(self) -> None:
        def stop() -> None:
            self._server.close()
            self._cut()
            for task in self._tasks:
                task.cancel()
            self._loop.call_later(0.05, self._loop.stop)

        self._loop.call_soon_threadsafe(stop)
        self._thread.join()
        self._loop.close()

    def _call(self, function: Callable[[], None]) -> None:
        done = threading.Event()

        def run() -> None:
            function()
            done.set()

        self._loop.call_soon_threadsafe(run)
        done.wait(5)

    # -- in the thread -------------------------------------------------------

    def _cut(self) -> None:
        for pair in list(self._pairs):
            _abort(pair)

    async def _accept(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        if self.refuse:
            writer.transport.abort()
            return
        try:
            upstream_reader, upstream_writer = await asyncio.open_connection(
                "127.0.0.1", self.upstream
            )
        except OSError:
            writer.transport.abort()
            return
        pair = (writer, upstream_writer)
        self._pairs.add(pair)
        self._start(self._pump(reader, upstream_writer, pair))
        self._start(self._pump(upstream_reader, writer, pair))

    def _start(self, coroutine: Any) -> None:
        task = self._loop.create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _pump(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        pair: tuple[asyncio.StreamWriter, asyncio.StreamWriter],
    ) -> None:
        try:
            while chunk := await reader.read(_CHUNK):
                if self.delay:
                    await asyncio.sleep(self.delay)
                while self.blackhole or pair in self._frozen:
                    await asyncio.sleep(_POLL)
                if self._truncate and len(chunk) > 1:
                    self._truncate = False
                    writer.write(chunk[: len(chunk) // 2])
                    await writer.drain()
                    break
                writer.write(chunk)
                await writer.drain()
                self.passed += len(chunk)
        except OSError:
            pass
        finally:
            self._pairs.discard(pair)
            _close(pair)


def _abort(pair: tuple[asyncio.StreamWriter, asyncio.StreamWriter]) -> None:
    for writer in pair:
        writer.transport.abort()


def _close(pair: tuple[asyncio.StreamWriter, asyncio.StreamWriter]) -> None:
    """Orderly: what was written already still arrives."""
    for writer in pair:
        writer.close()
