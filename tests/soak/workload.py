"""Random commands of several clients on few keys.

A client alone writes its keys and gives each change a version ``v`` from a
counter of all clients, so that the versions of a key only grow, whatever way
its value came. Keys with ``shared`` in their names are written by all, in
scripts that take the version from a counter in Redis.
"""

from __future__ import annotations

import itertools
import random
import threading
from collections.abc import Callable
from typing import Any

import redis

from tests.soak.tables import PREFIXES

#: Keys of each prefix that a client writes: some are hot, others keep for
#: long what a loss has left in their rows.
KEYS = (4, 6, 150)
TEXTS = ("", "x", "O'Hara", 'say "so"', "Zoë €", "a\\b", "NULL", "two\nlines")

_SCRIPT = """
local v = redis.call('INCR', KEYS[2])
if ARGV[1] == 'del' then
  redis.call('DEL', KEYS[1])
elseif ARGV[1] == 'again' then
  redis.call('DEL', KEYS[1])
  redis.call('HSET', KEYS[1], 'v', v, 'b', ARGV[2])
elseif ARGV[1] == 'hdel' then
  redis.call('HSET', KEYS[1], 'v', v, 'a', ARGV[2])
  redis.call('HDEL', KEYS[1], 'a')
  redis.call('HINCRBY', KEYS[1], 'n', 1)
else
  redis.call('HSET', KEYS[1], 'v', v, 'a', ARGV[2], 'n', v)
end
return v
"""

Commands = list[tuple[Any, ...]]


class Client:
    """One connection's worth of commands, drawn by a generator of its own."""

    def __init__(self, number: int, seed: int, versions: itertools.count[int]) -> None:
        self.random = random.Random(f"{seed}-client-{number}")
        self._versions = versions
        names = [f"{number}.{key}" for key in range(KEYS[number % len(KEYS)])]
        self._keys = [f"{prefix}:{name}" for prefix in PREFIXES for name in names]
        self._outside = f"other:{number}"
        self._mortal = [f"{prefix}:m{number}" for prefix in PREFIXES]
        self._operations: list[tuple[Callable[[], Commands], int]] = [
            (self._set_fields, 30),
            (self._hmset, 5),
            (self._set_if_absent, 4),
            (self._increment, 8),
            (self._remove_fields, 8),
            (self._delete, 8),
            (self._rename, 6),
            (self._rename_out_and_in, 3),
            (self._copy, 6),
            (self._text_over_hash, 3),
            (self._expiry_and_back, 3),
            (self._mortal_key, 4),
            (self._unmapped, 3),
            (self._shared, 8),
        ]

    def pipeline(self) -> tuple[Commands, bool]:
        """Some commands, and whether they are one transaction."""
        commands: Commands = []
        for _ in range(self.random.randint(1, 8)):
            commands += self._one()
        return commands, self.random.random() < 0.3

    def key(self) -> str:
        return self.random.choice(self._keys)

    def version(self) -> int:
        return next(self._versions)

    def _one(self) -> Commands:
        functions, weights = zip(*self._operations)
        return self.random.choices(functions, weights)[0]()

    def _text(self) -> str:
        return f"{self.random.choice(TEXTS)}{self.random.randrange(100)}"

    def _bumped(self, key: str, *fields: Any) -> tuple[Any, ...]:
        return ("HSET", key, "v", self.version(), *fields)

    def _set_fields(self) -> Commands:
        fields: list[Any] = []
        for field in self.random.sample("abn", self.random.randint(0, 3)):
            value = self.random.randrange(1000) if field == "n" else self._text()
            fields += [field, value]
        return [self._bumped(self.key(), *fields)]

    def _hmset(self) -> Commands:
        return [("HMSET", self.key(), "v", self.version(), "b", self._text())]

    def _set_if_absent(self) -> Commands:
        key = self.key()
        return [("HSETNX", key, "a", self._text()), self._bumped(key)]

    def _increment(self) -> Commands:
        if self.random.random() < 0.6:
            return [("HINCRBY", self.key(), "n", self.random.randint(-5, 9))]
        quarters = self.random.randint(-9, 9) / 4
        return [("HINCRBYFLOAT", self.key(), "x", quarters)]

    def _remove_fields(self) -> Commands:
        fields = self.random.sample("abnx", self.random.randint(1, 4))
        return [("HDEL", self.key(), *fields)]

    def _delete(self) -> Commands:
        return [(self.random.choice(("DEL", "UNLINK")), self.key())]

    def _rename(self) -> Commands:
        source, to = self.random.sample(self._keys, 2)
        return [self._bumped(source), ("RENAME", source, to)]

    def _rename_out_and_in(self) -> Commands:
        key = self.key()
        return [
            self._bumped(key, "a", self._text()),
            ("RENAME", key, self._outside),
            self._bumped(self._outside),
            ("RENAME", self._outside, self.key()),
        ]

    def _copy(self) -> Commands:
        source, to = self.random.sample(self._keys, 2)
        return [self._bumped(source), ("COPY", source, to, "REPLACE")]

    def _text_over_hash(self) -> Commands:
        key = self.key()
        return [("SET", key, "text"), ("DEL", key)][: self.random.randint(1, 2)]

    def _expiry_and_back(self) -> Commands:
        key = self.key()
        return [("EXPIRE", key, 1000), ("PERSIST", key)][: self.random.randint(1, 2)]

    def _mortal_key(self) -> Commands:
        key = self.random.choice(self._mortal)
        return [
            self._bumped(key, "a", self._text()),
            ("PEXPIRE", key, self.random.randint(1, 1500)),
        ]

    def _unmapped(self) -> Commands:
        return [("HSET", self.key(), "unmapped", self._text())]

    def _shared(self) -> Commands:
        key = f"{self.random.choice(PREFIXES)}:shared{self.random.randrange(3)}"
        what = self.random.choice(("del", "again", "hdel", "set", "set", "set"))
        return [("EVAL", _SCRIPT, 2, key, "soak:clock", what, self._text())]


class Workload:
    """Clients in threads, until ``stop``; each survives its server's death."""

    def __init__(
        self,
        port: Callable[[], int],
        seed: int,
        clients: int = 3,
        rate: float = 1500,
    ) -> None:
        """``rate``: commands per second, of all clients together."""
        self._port = port
        self._pause = clients * 12 / rate  # 12 commands a pipeline, about
        self._halt = threading.Event()
        self._open = threading.Event()
        self._open.set()
        versions = itertools.count(1)
        self.commands = 0
        self.refused = 0
        self.unserved = 0  # pipelines that met a server which takes no writes
        #: The last acknowledged version of keys that must still be there.
        self.acknowledged: dict[str, int] = {}
        self._threads = [
            threading.Thread(target=self._run, args=(Client(number, seed, versions),))
            for number in range(clients)
        ]
        for thread in self._threads:
            thread.start()

    def hold(self) -> None:
        """Send nothing until ``go_on``."""
        self._open.clear()

    def go_on(self) -> None:
        self._open.set()

    def stop(self) -> None:
        self._halt.set()
        self._open.set()
        for thread in self._threads:
            thread.join()

    def _run(self, client: Client) -> None:
        while self._open.wait() and not self._halt.is_set():
            connection = redis.Redis(
                port=self._port(), protocol=2, socket_timeout=5, decode_responses=True
            )
            try:
                while not self._halt.wait(client.random.uniform(0, 2 * self._pause)):
                    self._open.wait()
                    self._send(connection, client)
            except redis.RedisError:
                self.unserved += 1
                self._halt.wait(0.05)  # the server is being started again
            finally:
                connection.close()

    def _send(self, connection: redis.Redis, client: Client) -> None:
        if client.random.random() < 0.05:
            self._restore(connection, client)
        commands, transaction = client.pipeline()
        with connection.pipeline(transaction=transaction) as pipeline:
            for command in commands:
                pipeline.execute_command(*command)
            for command in commands:  # unknown until it is answered
                for word in command[1:5]:
                    self.acknowledged.pop(word, None)
            try:
                answers = pipeline.execute(raise_on_error=False)
            except redis.ResponseError:  # EXECABORT while it loads, say
                self.refused += 1
                return
        self.commands += len(commands)
        _raise_if_not_served(answers)
        self._remember(commands, answers)

    def _remember(self, commands: Commands, answers: list[Any]) -> None:
        """Versions of the keys that were only set since."""
        touched: dict[str, int] = {}
        for command, answer in zip(commands, answers):
            name, key = command[0], command[1]
            if name == "HSET" and command[2] == "v" and not _failed(answer):
                touched[key] = command[3]
            elif name not in {"HINCRBY", "HINCRBYFLOAT", "HDEL", "HSETNX"}:
                for word in command[1:5]:
                    touched.pop(word, None)
        for key, version in touched.items():
            if key.split(":")[-1][0] in "0123456789":  # no mortal key
                self.acknowledged[key] = version

    def _restore(self, connection: redis.Redis, client: Client) -> None:
        """RESTORE takes what DUMP gave: bytes, so its own connection."""
        source, to = client.key(), client.key()
        self.acknowledged.pop(to, None)
        self.acknowledged.pop(source, None)
        raw = redis.Redis(port=self._port(), protocol=2, socket_timeout=5)
        try:
            raw.hset(source, "v", client.version())
            dump = raw.dump(source)
            if dump is not None and source != to:
                raw.restore(to, 0, dump, replace=True)
        except redis.ResponseError:  # a text is there
            self.refused += 1
        finally:
            raw.close()


def _failed(answer: object) -> bool:
    return isinstance(answer, Exception)


def _raise_if_not_served(answers: list[Any]) -> None:
    """Errors that say that this server takes no writes, not what was wrong."""
    for answer in answers:
        if isinstance(answer, (redis.ConnectionError, redis.ReadOnlyError)) or str(
            answer
        ).startswith(("LOADING", "READONLY", "MISCONF")):
            raise answer
