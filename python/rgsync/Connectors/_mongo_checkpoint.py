"""How far a collection is, in a document of the same database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bson import Binary
from pymongo.errors import DuplicateKeyError

from regear._row_connector import moved_by_another

if TYPE_CHECKING:
    from pymongo.client_session import ClientSession
    from pymongo.collection import Collection

    from regear._row_connector import StoredCheckpoint

#: Of a document, which may have 16 MB.
_PART = 8 * 1024 * 1024


class MongoCheckpoint:
    """``{_id, val, journal}``. What is longer than a document may be stands in
    documents of its own, ``{_id: "<id>/journal/<val>/<n>", journal}``."""

    def __init__(self, collection: Collection[dict[str, Any]], id_: str) -> None:
        self._collection = collection
        self._id = id_
        self._stored: str | None = None
        self._has_parts = False

    @property
    def id(self) -> str:
        return self._id

    def load(self) -> StoredCheckpoint | None:
        found = self._collection.find_one({"_id": self._id})
        self._stored = None if found is None else found["val"]
        if found is None:
            return None
        self._has_parts = bool(found.get("parts"))
        journal = bytes(found.get("journal") or b"")
        for number in range(found.get("parts") or 0):
            part = self._collection.find_one({"_id": self._part(found["val"], number)})
            journal += bytes(part["journal"]) if part else b""
        return found["val"], journal

    def check(self, val: str | None) -> None:
        """Raise unless ``val`` is what is stored as far as we know."""
        if val != self._stored:
            raise moved_by_another(self._id, self._collection.name, self._stored)

    def prepare(self, checkpoint: StoredCheckpoint) -> None:
        """Store what does not go with the checkpoint itself."""
        val, journal = checkpoint
        for number in range(_parts(journal)):
            start = _PART * (number + 1)
            part = {"journal": Binary(journal[start : start + _PART])}
            id_ = {"_id": self._part(val, number)}
            self._collection.replace_one(id_, {**id_, **part}, upsert=True)

    def move(
        self,
        checkpoint: StoredCheckpoint,
        session: ClientSession | None = None,
    ) -> None:
        """Compare and swap; ``moved`` is to be called when it is safe."""
        val, journal = checkpoint
        now = {"val": val, "journal": Binary(journal[:_PART]), "parts": _parts(journal)}
        if self._stored is None:
            try:
                self._collection.insert_one({"_id": self._id, **now}, session=session)
            except DuplicateKeyError:
                self.check("")
            return
        result = self._collection.update_one(
            {"_id": self._id, "val": self._stored}, {"$set": now}, session=session
        )
        if result.matched_count != 1:
            self.check(None)

    def moved(self, checkpoint: StoredCheckpoint) -> None:
        self._stored = checkpoint[0]
        had_parts, self._has_parts = self._has_parts, bool(_parts(checkpoint[1]))
        if had_parts:
            self._remove_parts(but=checkpoint[0])

    def _part(self, val: str, number: int) -> str:
        return f"{self._id}/journal/{val}/{number}"

    def _remove_parts(self, but: str) -> None:
        start = f"{self._id}/journal/"
        parts = self._collection.find(
            {"_id": {"$gte": start, "$lt": start[:-1] + "0"}}, {"_id": 1}
        )
        old = [one["_id"] for one in parts if not one["_id"].startswith(start + but)]
        if old:
            self._collection.delete_many({"_id": {"$in": old}})


def _parts(journal: bytes) -> int:
    """How many documents beyond the first one."""
    return max(0, -(-len(journal) // _PART) - 1)
