"""Documents that have an id of their own, which their keys do not tell."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from pymongo import DeleteOne, UpdateOne

if TYPE_CHECKING:
    from pymongo.collection import Collection

_AT_ONCE = 50


class MongoOwned:
    """The ids of such documents by what follows the prefix in their keys, in
    ``{_id: "<stream>/id/<key>", ids: […]}``: without it a delete, or another
    id in the same key, would leave the old document behind."""

    def __init__(self, collection: Collection[dict[str, Any]], stream: str) -> None:
        self._collection = collection
        self._prefix = f"{stream}/id/"
        self._flag = f"{stream}/members"  # its document says whether there are any
        self._any = False

    def take(self, found: Mapping[str, Any] | None) -> None:
        self._any = bool((found or {}).get("own_ids"))

    def load(self, keys: Iterable[str]) -> dict[str, list[Any]]:
        """Those that documents of these keys may have."""
        if not self._any:
            return {}
        names = [self._prefix + key for key in keys]
        loaded: dict[str, list[Any]] = {}
        for start in range(0, len(names), 1000):
            some = {"_id": {"$in": names[start : start + 1000]}}
            for one in self._collection.find(some):
                loaded[one["_id"][len(self._prefix) :]] = one["ids"]
        return loaded

    def store(self, ids: Mapping[str, list[Any]]) -> None:
        """Before the documents are written, and after it; none: forgotten."""
        if not ids:
            return
        if not self._any:
            flag = {"$set": {"own_ids": True}}
            self._collection.update_one({"_id": self._flag}, flag, upsert=True)
            self._any = True
        writes = [
            UpdateOne({"_id": self._prefix + key}, {"$set": {"ids": own}}, upsert=True)
            if own
            else DeleteOne({"_id": self._prefix + key})
            for key, own in ids.items()
        ]
        for start in range(0, len(writes), _AT_ONCE):
            some = writes[start : start + _AT_ONCE]
            self._collection.bulk_write(some, ordered=False)


class Owned:
    """The same while a batch is planned, row by row."""

    def __init__(self, before: Mapping[str, list[Any]]) -> None:
        self._before = before
        self._now: dict[str, list[Any]] = {}
        self._ever: dict[str, list[Any]] = {}

    def follow(self, key: str, id_: list[Any]) -> list[Any]:
        """The key's document now has the id ``id_``, one if its key does not
        tell it, else none. Returns those that it had."""
        had = self._now.get(key, self._before.get(key, []))
        self._now[key] = id_
        ever = self._ever.setdefault(key, list(self._before.get(key, [])))
        ever += [one for one in id_ if one not in ever]
        return [one for one in had if one not in id_]

    def before_writes(self) -> dict[str, list[Any]]:
        return {
            key: ids
            for key, ids in self._ever.items()
            if ids != self._before.get(key, [])
        }

    def after_writes(self) -> dict[str, list[Any]]:
        return {key: ids for key, ids in self._now.items() if ids != self._ever[key]}
