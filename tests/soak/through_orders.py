"""What clients order: random writes through, and plain ones in between.

Each write carries a token that no other write has: ``<client>-<number>``, the
numbers of a client only grow. ``token`` and ``echo`` are written by all, and
always together; the field ``own<client>`` by that client alone.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Callable

from tests.soak.through_table import KEYS, MAX_AGE, OWN, TAKEN, through, user_name

Words = tuple[Any, ...]


class Outcome(Enum):
    DONE = "done"
    NOTHING = "nothing happened"
    DOUBT = "in doubt"


@dataclass
class Order:
    """One command, and what it makes of the key if it is done."""

    key: str
    words: Words
    #: Fields that get a value, or lose it (None).
    sets: Mapping[str, str | None] = field(default_factory=dict)
    deletes: bool = False
    #: Of HINCRBY and HINCRBYFLOAT.
    amount: float = 0
    also: tuple[str, ...] = ()  # keys that one DEL names beside `key`
    refused: bool = False  # the database must refuse it
    # What became of it:
    start: float = 0
    end: float = 0
    outcome: Outcome = Outcome.NOTHING
    reply: Any = None

    @property
    def keys(self) -> tuple[str, ...]:
        return (self.key, *self.also)

    @property
    def is_through(self) -> bool:
        return self.words[1] == through(self.key)

    @property
    def changed(self) -> bool:
        """Whether it did anything, as far as its reply tells."""
        if self.outcome is Outcome.DONE and self.words[0] in ("HDEL", "HSETNX"):
            return self.reply != 0
        return self.outcome is not Outcome.NOTHING

    def __str__(self) -> str:
        words = " ".join(map(str, self.words))
        return f"{words}: {self.outcome.value}, {self.reply!r}"


class Orders:
    """The orders of one client."""

    def __init__(self, number: int, seed: int, beside: bool = False) -> None:
        """``beside``: names may be missing."""
        self.random = random.Random(f"{seed}-through-{number}")
        self._client = number
        self._number = 0
        self.own = f"own{number}"
        common: list[tuple[Callable[[str], Order], int]] = [
            (self._set_token, 25),
            (self._set_own, 20),
            (self._set_all, 6),
            (self._increment, 20),
            (self._increment_float, 5),
            (self._remove_own, 6),
            (self._set_own_if_absent, 5),
            (self._too_old, 4),
            (self._name_is_taken, 4),
            (self._plain_field, 8),
        ]
        self._of_kind = {
            "s": common if beside else [*common, (self._remove_name, 3)],
            "d": [*common, (self._set_all, 15), (self._delete, 10)],
            "x": [
                *common,
                (self._set_all, 10),
                (self._set_own_if_absent, 10),
                (self._delete, 4),
                (self._plain_fields, 15),
                (self._plain_removal, 5),
                (self._plain_delete, 4),
                (self._plain_expiry, 4),
            ],
            "m": [
                *common,
                (self._set_all, 15),
                (self._delete, 3),
                (self._plain_expiry, 20),
            ],
        }

    def next(self) -> Order:
        kind = self.random.choices("sdxm", (5, 3, 2, 2))[0]
        functions, weights = zip(*self._of_kind[kind])
        function = self.random.choices(functions, weights)[0]
        return function(self.random.choice(KEYS[kind]))

    def token(self) -> str:
        self._number += 1
        return f"{self._client}-{self._number}"

    def _hset(self, key: str, /, refused: bool = False, **fields: Any) -> Order:
        words = [word for pair in fields.items() for word in pair]
        name = self.random.choice(("HSET", "HSET", "HMSET"))
        return Order(key, (name, through(key), *words), fields, refused=refused)

    def _set_token(self, key: str) -> Order:
        token = self.token()
        return self._hset(key, token=token, echo=token)

    def _set_own(self, key: str) -> Order:
        age = self.random.randrange(MAX_AGE)
        return self._hset(key, **{self.own: self.token()}, age=age)

    def _set_all(self, key: str) -> Order:
        token = self.token()
        return self._hset(
            key, username=user_name(key), token=token, echo=token, **{self.own: token}
        )

    def _increment(self, key: str) -> Order:
        amount = self.random.randint(1, 9)
        return Order(key, ("HINCRBY", through(key), "visits", amount), amount=amount)

    def _increment_float(self, key: str) -> Order:
        amount = self.random.randint(1, 9) / 4
        words = ("HINCRBYFLOAT", through(key), "score", amount)
        return Order(key, words, amount=amount)

    def _remove_own(self, key: str) -> Order:
        return Order(key, ("HDEL", through(key), self.own), {self.own: None})

    def _set_own_if_absent(self, key: str) -> Order:
        token = self.token()
        words = ("HSETNX", through(key), self.own, token)
        return Order(key, words, {self.own: token})

    def _delete(self, key: str) -> Order:
        name = self.random.choice(("DEL", "UNLINK"))
        others = [other for other in KEYS["d"] + KEYS["m"] if other != key]
        also = tuple(self.random.sample(others, self.random.choice((0, 0, 1, 2))))
        words = (name, *map(through, (key, *also)))
        return Order(key, words, deletes=True, also=also)

    # -- what the database refuses ---------------------------------------------

    def _too_old(self, key: str) -> Order:
        token = self.token()
        age = MAX_AGE + self.random.randrange(100)
        fields = {"token": token, "echo": token, self.own: token, "age": age}
        return self._hset(key, refused=True, **fields)

    def _name_is_taken(self, key: str) -> Order:
        token = self.token()
        fields = {"token": token, "echo": token, self.own: token}
        return self._hset(key, refused=True, username=user_name(TAKEN), **fields)

    def _remove_name(self, key: str) -> Order:
        return Order(key, ("HDEL", through(key), "username"), refused=True)

    # -- plain -----------------------------------------------------------------

    def _plain_field(self, key: str) -> Order:
        """Not mapped, and this client's."""
        fields = {f"plain{self._client}": self.token()}
        return Order(key, ("HSET", key, *next(iter(fields.items()))), fields)

    def _plain_fields(self, key: str) -> Order:
        token = self.token()
        fields = ("token", token, "echo", token, self.own, token, "visits", 1000)
        count = self.random.choice((4, 6, 8))
        return Order(key, ("HSET", key, *fields[:count]))

    def _plain_removal(self, key: str) -> Order:
        own = self.random.choice(OWN)
        return Order(key, ("HDEL", key, "token", "echo", "visits", own))

    def _plain_delete(self, key: str) -> Order:
        return Order(key, (self.random.choice(("DEL", "UNLINK")), key))

    def _plain_expiry(self, key: str) -> Order:
        return Order(key, ("PEXPIRE", key, self.random.randint(1, 300)))
