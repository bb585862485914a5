"""Clients that write through, in threads, and remember what they were told."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from tests.soak.audit import Findings
from tests.soak.targets import Target
from tests.soak.through_orders import Order, Orders, Outcome
from tests.soak.through_table import (
    CLIENTS,
    KEYS,
    TAKEN,
    TEXTS,
    all_keys,
    own_column,
    through,
    user_name,
)

#: Of errors that say that nothing has happened; any other than these and
#: INDOUBT is one that no client should ever see.
NOTHING = ("WRITETHROUGH", "NOHOST", "LOADING", "READONLY", "MASTERDOWN", "MISCONF")
SOCKET_TIMEOUT = 15.0
LAST = 10**9  # the number of a token that no client reaches


class Unexpected(Exception):
    """A reply that no client should get."""


class Connection:
    """One that never sends anything twice."""

    def __init__(self, port: int, protocol: int = 2) -> None:
        self._connection = redis.Connection(
            port=port,
            protocol=protocol,
            decode_responses=True,
            socket_timeout=SOCKET_TIMEOUT,
            retry=Retry(NoBackoff(), 0),
        )
        self._connection.connect()

    def run(self, order: Order) -> None:
        """Raises the error of a connection that broke: it is in doubt then."""
        order.start = time.monotonic()
        order.outcome = Outcome.DOUBT
        try:
            self._connection.send_command(*order.words)
            order.reply = self._connection.read_response()
            order.outcome = Outcome.DONE
        except redis.ConnectionError as error:  # LOADING is one, too
            order.reply = str(error)
            if not isinstance(error, redis.BusyLoadingError):
                raise
            order.outcome = Outcome.NOTHING
        except redis.ResponseError as error:
            order.reply = str(error)
            order.outcome = _outcome(error)
        finally:
            order.end = time.monotonic()

    def ask(self, *words: object) -> object:
        self._connection.send_command(*words)
        return self._connection.read_response()

    def close(self) -> None:
        self._connection.disconnect()


def _outcome(error: redis.ResponseError) -> Outcome:
    text = str(error)
    if text.startswith("INDOUBT"):
        return Outcome.DOUBT
    if text.startswith(NOTHING) or isinstance(error, redis.ReadOnlyError):
        return Outcome.NOTHING
    raise Unexpected(text)


def write(connection: Connection, key: str, *words: object, seconds: float) -> Order:
    """A write through ``key`` that is sent until it was not in vain."""
    order = Order(key, (words[0], through(key), *words[1:]))
    end = time.monotonic() + seconds
    while True:
        connection.run(order)
        if order.outcome is Outcome.DONE:
            return order
        assert time.monotonic() < end, str(order)


def prepare(port: int) -> None:
    """The rows that are there from the start."""
    connection = Connection(port)
    for key in (TAKEN, *KEYS["s"]):
        # Where the name is all, removing it would be deleting the row.
        fields = ("username", user_name(key), "age", 1)
        write(connection, key, "HSET", *fields, seconds=20)
    connection.close()


def settle(port: int, seconds: float = 60) -> None:
    """Nothing is in flight any more, and mixed keys are what was written
    through last."""
    connection = Connection(port)
    for number, key in enumerate(KEYS["x"]):
        fields = {name: f"{number}-{LAST}" for name in TEXTS if name != "never"}
        fields.update(username=user_name(key), age="1", visits="2", score="0.5")
        connection.ask("PERSIST", key)
        words = [word for pair in fields.items() for word in pair]
        write(connection, key, "HSET", *words, seconds=seconds)
    connection.close()
    wait_for_writes(port, seconds)


def wait_for_writes(port: int, seconds: float = 60) -> None:
    """Those that were under way have come to their ends."""
    connection = Connection(port)
    for key in all_keys():
        # Waits for all writes of its key, and changes nothing.
        write(connection, key, "HDEL", "never", seconds=seconds)
    connection.close()


def read_hashes(port: int) -> dict[str, dict[str, str]]:
    client = redis.Redis(port=port, protocol=2, decode_responses=True)
    found = {key: client.hgetall(key) for key in client.scan_iter("users:*")}
    client.close()
    return {key: fields for key, fields in found.items() if fields}


class ThroughWorkload:
    """Clients until ``stop``, or until each has written ``orders`` times; they
    survive their server's death."""

    def __init__(
        self,
        port: Callable[[], int],
        target: Target,
        seed: int,
        orders: int | None = None,
        pause: float = 0,
        beside: bool = False,
    ) -> None:
        """``pause``: seconds between two orders of a client, on average.
        ``beside``: plain writes reach the table, too."""
        self.history: list[Order] = []
        #: What clients saw that they should not have.
        self.findings = Findings()
        self._port = port
        self._target = target
        self._orders = orders
        self._pause = pause
        self._halt = threading.Event()
        self._open = threading.Event()
        self._open.set()
        self._busy = [False] * CLIENTS
        self._threads = [
            threading.Thread(
                target=self._run,
                args=(number, Orders(number, seed, beside)),
                daemon=True,
            )
            for number in range(CLIENTS)
        ]
        for thread in self._threads:
            thread.start()

    @property
    def commands(self) -> int:
        return len(self.history)

    def hold(self) -> None:
        """Order nothing until ``go_on``."""
        self._open.clear()

    def go_on(self) -> None:
        self._open.set()

    @property
    def idle(self) -> bool:
        """Whether all have been answered."""
        return not any(self._busy)

    def stop(self) -> None:
        self._halt.set()
        self._open.set()
        self.join()

    def join(self, timeout: float | None = None) -> None:
        for thread in self._threads:
            thread.join(timeout)
            if thread.is_alive():
                self._halt.set()
            assert not thread.is_alive(), "a client was never answered"

    def _run(self, number: int, orders: Orders) -> None:
        left = self._orders
        while not self._halt.is_set() and left != 0:
            try:
                connection = Connection(self._port(), 2 + number % 2)
            except redis.RedisError:
                self._halt.wait(0.05)  # the server is being started again
                continue
            try:
                while not self._halt.is_set() and left != 0:
                    if left is not None:
                        left -= 1
                    self._busy[number] = True
                    if self._open.is_set():
                        self._order(connection, orders)
                    self._busy[number] = False
                    self._open.wait()
                    if self._pause:
                        self._halt.wait(orders.random.uniform(0, 2 * self._pause))
            except redis.RedisError:
                continue
            except Exception as error:  # shall be seen where it matters
                self.findings.lost.append(f"client {number}: {error!r}")
                return
            finally:
                self._busy[number] = False
                connection.close()

    def _order(self, connection: Connection, orders: Orders) -> None:
        order = orders.next()
        self.history.append(order)
        connection.run(order)
        if order.outcome is Outcome.DONE and order.refused:
            self.findings.stale.append(f"not refused: {order}")
        if order.key.startswith("users:s") and orders.own in order.sets:
            self._look(connection, order, orders)

    def _look(self, connection: Connection, order: Order, orders: Orders) -> None:
        """Nobody else writes this field: both sides have what was confirmed,
        and neither what was refused."""
        if order.outcome is Outcome.DOUBT:
            return
        told = order.sets[orders.own]
        done = order.outcome is Outcome.DONE and order.changed
        if done or (told is not None and order.outcome is Outcome.NOTHING):
            found = connection.ask("HGET", order.key, orders.own)
            if (found == told) is not done:
                self.findings.lost.append(f"{order}, but the hash has {found}")
        if done and orders.random.random() < 0.05:
            try:
                found = own_column(self._target, order.key, orders.own)
            except Exception:  # the database is away, too
                return
            if found != told:
                self.findings.lost.append(f"{order}, but the row has {found}")
