"""Which members of a collection's documents are ours."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pymongo.collection import Collection

#: More are looked for in the documents themselves.
MOST_AT_ONCE = 200
#: Then a document's names are no names but data.
MOST = 20_000


def bad_name(name: str) -> bool:
    """Whether ``$set`` cannot name it."""
    return not name or name.startswith("$") or "." in name


class MongoMembers:
    """All names of top-level members that a registration has ever written, in
    ``{_id: "<stream>/members", names: {name: 1, …}}``: what a document of ours
    has under such a name and its key in Redis has not is to go."""

    def __init__(self, collection: Collection[dict[str, Any]], stream: str) -> None:
        self._collection = collection
        self.id = f"{stream}/members"
        self.names: frozenset[str] = frozenset()

    def take(self, found: Mapping[str, Any] | None) -> None:
        """What is stored now: other lanes add names too."""
        self.names = frozenset((found or {}).get("names", {}))

    def add(self, names: Iterable[str]) -> None:
        """Before they are written."""
        new = sorted(set(names) - self.names)
        if not new:
            return
        self._collection.update_one(
            {"_id": self.id},
            {"$set": {f"names.{name}": 1 for name in new}},
            upsert=True,
        )
        self.names |= frozenset(new)
