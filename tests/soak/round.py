"""One round: a Redis, a database, writers, crashes; then everything is
compared. What is written and compared is for those who derive from it."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import redis

from tests.integration._servers import wait_for
from tests.soak.audit import Findings
from tests.soak.hosts import SoakHost
from tests.soak.proxy import Proxy
from tests.soak.redis_modes import RedisMode
from tests.soak.targets import Target

SETTLE_SECONDS = 60.0
WIRE_FAULTS = ("cut", "delay", "truncate", "blackhole", "refuse")

Say = Callable[[str], None]


class Round:
    """``disturb`` as often as wanted, then ``finish``, then ``close``."""

    registrations: int  # of the recipe

    def __init__(
        self,
        mode: RedisMode,
        target: Target,
        folder: Path,
        seed: int,
        say: Say = print,
        rate: float = 1200,
        pace: float = 1.0,
    ) -> None:
        """``pace``: of all that takes a random time."""
        self.mode = mode
        self.target = target
        self.random = random.Random(f"{seed}-round")
        self.crashes = self.faults = 0
        self._folder = folder
        self._say = say
        self._pace = pace
        self._hosts = 0
        self._asleep: list[SoakHost] = []
        self._start = time.monotonic()
        self._recipe = folder / "recipe.py"
        self._recipe.write_text(self._prepare_target())
        self.redis_proxy = Proxy(mode.port)
        self.host = self.new_host()
        self.host.start()
        wait_for(self._attached, 20, "the host serves")
        if mode.lossy:
            mode.master.client.save()
        self.workload = self._new_workload(seed, rate)

    # -- of each kind of round ---------------------------------------------------

    def _prepare_target(self) -> str:
        """Make the tables; the recipe for them."""
        raise NotImplementedError

    def _new_workload(self, seed: int, rate: float) -> Any:
        """Clients that are at work; ``rate``: commands per second of them."""
        raise NotImplementedError

    def _settle(self) -> None:
        """Wait until nothing is left to do."""
        raise NotImplementedError

    def _check(self) -> Findings:
        """Compare all, once nothing is left to do."""
        raise NotImplementedError

    def _audit_end(self) -> int:
        """How often rows were written."""
        raise NotImplementedError

    # -- what may happen -----------------------------------------------------

    def disturb(self) -> None:
        """One random event, until all is up again."""
        events: list[tuple[Callable[[], None], int]] = [
            (self.kill_host, 4),
            (self.kill_redis, 4),
            (self.kill_host_and_redis, 1),
            (self.take_over, 1),
            (self.fault_of_redis_wire, 1),
        ]
        if self.target.proxy is not None:
            events += [
                (self.kill_database, 4),
                (self.kill_database_and_redis, 1),
                (self.fault_of_database_wire, 1),
            ]
        else:
            events += [(self.lock_database, 1)]
        functions, weights = zip(*events)
        event = self.random.choices(functions, weights)[0]
        event()

    def kill_host(self) -> None:
        self._crashes("host")
        self.host.kill()
        self._down()
        self.host.launch()

    def kill_redis(self) -> None:
        self._crashes("redis")
        self._redis_dies()
        self._down()
        self._redis_returns()

    def kill_database(self) -> None:
        self._crashes("database")
        self.target.crash()
        self._down()
        self.target.recover()

    def kill_host_and_redis(self) -> None:
        self._crashes("host and redis")
        self.host.kill()
        self._redis_dies()
        self._down()
        if self.random.random() < 0.5:
            self.host.launch()
            self._redis_returns()
        else:
            self._redis_returns()
            self.host.launch()

    def kill_database_and_redis(self) -> None:
        self._crashes("database and redis")
        self._redis_dies()
        self.target.crash()
        self._down()
        self.target.recover()
        self._redis_returns()

    def take_over(self) -> None:
        """A second host takes over from one that sleeps; which then wakes."""
        self._crashes("host suspended, second one takes over")
        wait_for(self._attached, 30, "a host to suspend")
        fence = self._fence()
        first = self.host
        first.suspend()
        second = self.new_host()
        second.launch()
        try:
            wait_for(lambda: self._fence() > fence, 30, "the second host serves")
        except AssertionError:
            first.resume()
            raise
        # Without a wire the one that sleeps may hold the database's lock.
        if self.target.proxy is not None and self.random.random() < 0.4:
            self._asleep.append(first)  # until the end
            self.host = second
            return
        first.resume()
        self._pause(0.3, 2.0)
        leaving, self.host = self.random.sample([first, second], 2)
        leaving.kill()

    def lock_database(self) -> None:
        self._faults("database locked")
        self.target.crash()
        self._pause(1.0, 7.0)
        self.target.recover()

    def fault_of_database_wire(self) -> None:
        assert self.target.proxy is not None
        self.fault_of_wire("database", self.target.proxy)

    def fault_of_redis_wire(self) -> None:
        self.fault_of_wire("redis", self.redis_proxy)

    def fault_of_wire(self, name: str, proxy: Proxy, fault: str = "") -> None:
        fault = fault or self.random.choice(WIRE_FAULTS)
        self._faults(f"{name}'s wire: {fault}")
        if fault == "cut":
            proxy.cut()
        elif fault == "truncate":
            proxy.truncate()
        elif fault == "delay":
            proxy.delay = self.random.uniform(0.05, 0.5)
        elif fault == "blackhole":
            proxy.blackhole = True
        else:
            proxy.refuse = True
            proxy.cut()
        self._pause(0.5, 5.0)
        proxy.heal()

    def write_on(self, commands: int = 150) -> None:
        """Until the clients have sent some more."""
        enough = self.workload.commands + commands
        wait_for(lambda: self.workload.commands >= enough, 30, "the clients write")

    # -- the end ---------------------------------------------------------------

    def finish(self) -> Findings:
        """Stop writing, wait until nothing is left to do, compare."""
        self.workload.stop()
        if not self.host.running:
            self._say(f"  the host ended by itself: {self.host.text()[-400:]}")
            self.host.start()
        try:
            self._settle()
        except AssertionError as error:
            return Findings([f"never written: {error}, status: {self._status()}"])
        self._wake()
        return self._check()

    def close(self) -> None:
        self.workload.stop()
        for host in [self.host, *self._asleep]:
            if host.running:
                host.kill()
        self.redis_proxy.close()
        self.mode.close()
        self.target.close()

    def _wake(self) -> None:
        """Hosts that slept since others took over find nothing to write."""
        before = self._audit_end()
        for host in self._asleep:
            host.resume()
        self._pause(1.0, 1.0)
        assert self._audit_end() == before, "a host wrote after it had slept"

    # -- helpers -------------------------------------------------------------

    def new_host(self) -> SoakHost:
        url = f"redis://127.0.0.1:{self.redis_proxy.port}"
        self._hosts += 1
        return SoakHost(url, self._folder, self._recipe, self._hosts)

    @property
    def _client(self) -> redis.Redis:
        return self.mode.master.client

    def _redis_dies(self) -> None:
        self.mode.crash()

    def _redis_returns(self) -> None:
        self.mode.recover()
        if self.redis_proxy.upstream != self.mode.port:
            self.redis_proxy.upstream = self.mode.port
            self.redis_proxy.cut()

    def _status(self) -> dict[str, Any]:
        try:
            return self.mode.master.status()
        except redis.RedisError as error:
            return {"error": str(error)}

    def _attached(self) -> bool:
        status = self._status()
        return (
            bool(status.get("host", {}).get("attached"))
            and len(status["registrations"]) == self.registrations
        )

    def _fence(self) -> int:
        host = self._status().get("host", {})
        return host["fence"] if host.get("attached") else 0

    def _down(self) -> None:
        self._pause(0.0, 1.5)

    def _pause(self, least: float, most: float) -> None:
        time.sleep(self._pace * self.random.uniform(least, most))

    def _crashes(self, what: str) -> None:
        self.crashes += 1
        self._tell(f"crash {self.crashes}: {what}")

    def _faults(self, what: str) -> None:
        self.faults += 1
        self._tell(f"fault {self.faults}: {what}")

    def _tell(self, text: str) -> None:
        seconds = time.monotonic() - self._start
        self._say(f"  {seconds:6.1f} s  {self.workload.commands:8} commands  {text}")
