"""The ways in which a soak run's Redis keeps its data, and how it dies."""

from __future__ import annotations

import contextlib
import os
import random
import re
import threading
import time
from collections import deque
from pathlib import Path

import redis

from tests.integration._servers import RedisServer, wait_for

_ALWAYS = ("--appendonly", "yes", "--appendfsync", "always")
_EVERYSEC = ("--appendonly", "yes", "--appendfsync", "everysec")
_SAMPLE = 0.05  # s between two looks at the size of an AOF


class RedisMode:
    """One server that comes back with all it has acknowledged."""

    name = "aof-always"
    #: May come back older than it was.
    lossy = False
    options: tuple[str, ...] = _ALWAYS

    def __init__(self, program: str, folder: Path, seed: int) -> None:
        self.random = random.Random(f"{seed}-redis")
        self._program = program
        self._folder = folder
        self.master = self._new_server(*self.options)

    @property
    def port(self) -> int:
        """Where clients and hosts shall go now."""
        return self.master.port

    def crash(self) -> None:
        """kill -9, at once."""
        self.master.kill()

    def recover(self) -> None:
        """Serve again, from the same port or another."""
        self.master.close()
        self.master.start()

    def tick(self) -> None:
        """Called now and then: what a server does in a long life."""
        if self.random.random() < 0.1:
            self._ask("BGREWRITEAOF")

    def close(self) -> None:
        self.master.close()
        self.master.kill()

    def _ask(self, command: str) -> None:
        # One is in progress, or the server is away.
        with contextlib.suppress(redis.RedisError):
            self.master.client.execute_command(command)

    def _new_server(self, *options: str) -> RedisServer:
        home = self._folder / f"redis-{len(list(self._folder.glob('redis-*')))}"
        home.mkdir()
        return RedisServer(self._program, home, *options)


class Everysec(RedisMode):
    """What had not been fsynced is gone, as when the machine loses power: up
    to a second of the AOF is cut off."""

    name = "aof-everysec"
    lossy = True
    options = _EVERYSEC

    def __init__(self, program: str, folder: Path, seed: int) -> None:
        super().__init__(program, folder, seed)
        self._sizes: deque[tuple[Path, int]] = deque(maxlen=int(1 / _SAMPLE))
        self._halt = threading.Event()
        self._sampler = threading.Thread(target=self._sample)
        self._sampler.start()

    def crash(self) -> None:
        super().crash()
        file = self._newest()
        sizes = [size for path, size in list(self._sizes) if path == file]
        if file is not None and sizes:
            os.truncate(file, self.random.choice(sizes))
        self._sizes.clear()

    def close(self) -> None:
        self._halt.set()
        self._sampler.join()
        super().close()

    def _sample(self) -> None:
        while not self._halt.wait(_SAMPLE):
            if self.master.running and (file := self._newest()) is not None:
                self._sizes.append((file, file.stat().st_size))

    def _newest(self) -> Path | None:
        files = self.master.folder.glob("appendonlydir/*.incr.aof")
        return max(files, key=_incarnation, default=None)


class EverysecKept(RedisMode):
    """What had not been fsynced is there: only the process dies."""

    name = "aof-everysec-kept"
    options = _EVERYSEC


def _incarnation(path: Path) -> int:
    match = re.search(r"\.(\d+)\.incr", path.name)
    return int(match[1]) if match else 0


class RdbOnly(RedisMode):
    """Comes back with the last snapshot."""

    name = "rdb"
    lossy = True
    options = ()

    def tick(self) -> None:
        if self.random.random() < 0.4:
            self._ask("BGSAVE")


class Failover(RedisMode):
    """A replica that has everything is promoted when its master dies; the old
    master becomes the replica."""

    name = "failover"
    options = _ALWAYS

    def __init__(self, program: str, folder: Path, seed: int) -> None:
        super().__init__(program, folder, seed)
        self._replica = self._new_server(*self.options)
        self._replica.client.execute_command(
            "REPLICAOF", "127.0.0.1", str(self.master.port)
        )
        wait_for(self._linked, 20, "the replica has all")

    def crash(self) -> None:
        """Writers wait until the replica has caught up, as with FAILOVER."""
        self.master.client.execute_command("CLIENT", "PAUSE", "5000", "WRITE")
        wait_for(self._caught_up, 10, "the replica has caught up")
        self.master.kill()

    def recover(self) -> None:
        self.master.close()
        self.master, self._replica = self._replica, self.master
        self.master.client.execute_command("REPLICAOF", "NO", "ONE")
        # It must not be a master for a moment: clients may still know it.
        self._replica.start("--replicaof", "127.0.0.1", str(self.master.port))
        wait_for(self._linked, 20, "the replica has all")

    def tick(self) -> None: ...

    def close(self) -> None:
        super().close()
        self._replica.close()
        self._replica.kill()

    def _linked(self) -> bool:
        try:
            replica = self._replica.client.info("replication")
        except redis.RedisError:
            return False
        return replica["master_link_status"] == "up"

    def _caught_up(self) -> bool:
        master = self.master.client.info("replication")
        replica = self._replica.client.info("replication")
        return master["master_repl_offset"] == replica["slave_repl_offset"]


class LosingFailover(Failover):
    """The promoted replica had been cut off for a moment."""

    name = "failover-behind"
    lossy = True

    def crash(self) -> None:
        self._replica.client.execute_command("REPLICAOF", "127.0.0.1", "1")
        time.sleep(self.random.uniform(0.05, 1.0))
        self.master.kill()


MODES: dict[str, type[RedisMode]] = {
    mode.name: mode for mode in (RedisMode, Failover, Everysec, RdbOnly, LosingFailover)
}
