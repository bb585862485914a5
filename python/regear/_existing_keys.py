"""Keys that a new rule finds in Redis: nobody has captured them yet."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import redis

from regear._connecting import open_client
from regear._threads import start_thread

logger = logging.getLogger("regear")

_SCAN_COUNT = 1000
#: So long a recipe that is being loaded waits to know; the rest is counted
#: while its rules are in force, and keys that are new then count too.
_QUICK_LOOK = 1.0  # s
_LONGEST_LOOK = 60.0
#: What TYPE says of RedisJSON's, and of others that stand in for it.
_TYPE_OF_DOCUMENTS = "ReJSON-RL"


def connect(url: str, db: int) -> redis.Redis:
    """A client of the rule's database, for keys that are any bytes."""
    client = open_client(url)
    client.connection_pool.connection_kwargs["db"] = db
    return client


def keys_of(
    client: redis.Redis,
    prefix: str,
    documents: bool,
    pause: Callable[[float], Any] = time.sleep,
) -> Iterator[list[bytes]]:
    """The hashes, or JSON documents, with that prefix, a page at a time; one
    may come twice.

    Rests as long as Redis worked, so others are served in between.
    """
    pattern = re.sub(r"([\\*?\[\]^])", r"\\\1", prefix) + "*"
    kind = _TYPE_OF_DOCUMENTS if documents else "hash"
    cursor = 0
    while True:
        began = time.monotonic()
        cursor, keys = client.scan(cursor, match=pattern, count=_SCAN_COUNT, _type=kind)
        if keys:
            yield [key for key in keys if isinstance(key, bytes)]
        if not cursor:
            return
        pause(time.monotonic() - began)


class Surveyor:
    """Tells how many keys existed before a rule did."""

    def __init__(self, url: str, note: Callable[[str, str, str], None]) -> None:
        """``note(name, topic, text)`` puts it into the status."""
        self._url = url
        self._note = note

    def begin(self, name: str, prefix: str, db: int, documents: bool) -> Survey:
        """Before the rule is in force."""
        client = connect(self._url, db)
        return Survey(client, name, prefix, documents, self._note)


class Survey:
    def __init__(
        self,
        client: redis.Redis,
        name: str,
        prefix: str,
        documents: bool,
        note: Callable[[str, str, str], None],
    ) -> None:
        self._client = client
        self._name = name
        self._prefix = prefix
        self._note = note
        self._found = 0
        self._hurry = True
        self._pages = keys_of(client, prefix, documents, self._rest)
        self._complete = self._count(_QUICK_LOOK)

    def finish(self) -> None:
        """The rule is in force: say what was found, now or later."""
        self._hurry = False
        if self._complete:
            self._tell()
        else:
            start_thread("regear-survey", self._go_on)

    def cancel(self) -> None:
        self._client.close()

    def _rest(self, seconds: float) -> None:
        if not self._hurry:
            time.sleep(seconds)

    def _count(self, seconds: float) -> bool:
        """Whether every key was seen in that time."""
        end = time.monotonic() + seconds
        for page in self._pages:
            self._found += len(page)
            if time.monotonic() > end:
                return False
        return True

    def _go_on(self) -> None:
        try:
            self._complete = self._count(_LONGEST_LOOK)
            self._tell()
        except Exception as error:  # the host is stopping, or Redis went away
            logger.info("%s: existing keys were not all counted: %s", self._name, error)

    def _tell(self) -> None:
        self._client.close()
        if not self._found:
            return
        number = f"{'' if self._complete else 'more than '}{self._found}"
        text = (
            f"{number} keys of {self._prefix}* existed before and were not"
            f" captured: regear sync {self._name}"
        )
        logger.warning("%s: %s", self._name, text)
        self._note(self._name, "uncaptured", text)
