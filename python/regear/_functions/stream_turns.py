"""The streams that a thread works on, and whose turn it is."""

from __future__ import annotations

import heapq
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from regear._functions.stream_log import Record, StreamLog

_PAGE = 1000  # entries that are read at once
_CROWD = 1000  # streams that wait for their turn
_MOST_KNOWN = 10_000  # streams that are remembered though they are idle

Done = Callable[[], None]


@dataclass
class Stream:
    log: StreamLog
    opened: bool = False
    queued: bool = False
    #: Old entries run, though they are not a whole batch.
    flush: bool = False
    #: Entries that were read and not run, and since when the first one waits.
    entries: list[tuple[str, Record]] = field(default_factory=list)
    since: float = 0.0
    tidied: float = 0.0
    #: Clients that wait until there is nothing more to run.
    clients: list[Done] = field(default_factory=list)

    def fill(self, batch: int) -> bool:
        """Read what is missing in a batch; whether these are the first entries
        of one. Raises StreamGone."""
        begins = not self.entries
        while (missing := batch - len(self.entries)) > 0:
            last = self.entries[-1][0] if self.entries else None
            wanted = min(missing, _PAGE)
            entries = self.log.read(last, wanted)
            self.entries += entries
            if len(entries) < wanted:
                break
        if begins:
            self.since = time.monotonic()
        return begins and bool(self.entries)

    def take(self) -> list[tuple[str, Record]]:
        entries, self.entries = self.entries, []
        return entries

    def release(self) -> None:
        clients, self.clients = self.clients, []
        for done in clients:
            done()


class Turns:
    """Streams whose turn has come, one after another. Not for two threads."""

    def __init__(self, log_of: Callable[[bytes], StreamLog]) -> None:
        self._log_of = log_of
        self._streams: dict[bytes, Stream] = {}
        self._queue: deque[Stream] = deque()
        self._timers: list[tuple[float, bytes]] = []

    def stream(self, key: bytes) -> Stream:
        stream = self._streams.get(key)
        if stream is None:
            stream = self._streams[key] = Stream(self._log_of(key))
        return stream

    def queue(self, stream: Stream) -> None:
        if not stream.queued:
            stream.queued = True
            self._queue.append(stream)

    def queue_at(self, moment: float, stream: Stream) -> None:
        """``moment`` of the monotonic clock."""
        heapq.heappush(self._timers, (moment, stream.log.key))

    def next(self) -> Stream | None:
        now = time.monotonic()
        while self._timers and self._timers[0][0] <= now:
            _, key = heapq.heappop(self._timers)
            if key in self._streams:
                self.queue(self._streams[key])
        if not self._queue:
            return None
        stream = self._queue.popleft()
        stream.queued = False
        return stream

    @property
    def crowded(self) -> bool:
        return len(self._queue) >= _CROWD

    def patience(self) -> float | None:
        """Seconds to the next turn that is known of."""
        if not self._timers:
            return None
        return max(0.0, self._timers[0][0] - time.monotonic())

    def start_anew(self, stream: Stream) -> None:
        """It may be another one of its name."""
        stream.log = self._log_of(stream.log.key)
        stream.opened = False
        stream.entries.clear()
        self.queue(stream)

    def leave(self, stream: Stream) -> None:
        """There is nothing to run now."""
        stream.flush = False
        stream.release()
        idle = not stream.entries and len(self._streams) > _MOST_KNOWN
        if idle or not stream.opened:
            del self._streams[stream.log.key]

    def clear(self) -> None:
        for stream in self._streams.values():
            stream.release()
        self._streams.clear()
        self._queue.clear()
        self._timers.clear()
