"""From the rows of a batch to writes of MongoDB."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import bson
from bson import CodecOptions
from bson.binary import UuidRepresentation
from bson.errors import BSONError
from bson.raw_bson import RawBSONDocument

from rgsync.Connectors._mongo_errors import brief
from rgsync.Connectors._mongo_ids import IdTypes, fits_int64
from rgsync.Connectors._mongo_members import (
    MOST,
    MOST_AT_ONCE,
    MongoMembers,
    bad_name,
)
from rgsync.Connectors._mongo_owned import MongoOwned, Owned
from rgsync.Connectors._mongo_write import Write, not_superseded

if TYPE_CHECKING:
    from pymongo.collection import Collection

    from regear._row_connector import Refused, Row

CODEC: CodecOptions[dict[str, Any]] = CodecOptions(
    uuid_representation=UuidRepresentation.STANDARD
)
_IDS_AT_ONCE = 1000


@dataclass
class Plan:
    """Deletes go first: another key may take over the id."""

    deletes: list[Write] = field(default_factory=list)
    writes: list[Write] = field(default_factory=list)  # in order: deletes too
    refused: list[Refused] = field(default_factory=list)
    owned: Owned = field(default_factory=lambda: Owned({}))


@dataclass
class _Parsed:
    """What is kept of a document: its BSON, and of that no objects, which the
    garbage collector would look through again and again."""

    row: int
    text: str  # the id in the key
    id: Any  # of the document itself, or of one that is there
    own: bool
    names: frozenset[str] = frozenset()  # of members, but for ids
    set: bytes = b""  # what $set takes; empty: nothing
    whole: dict[str, Any] | None = None  # without its id, to replace one


class _Unfit(Exception):
    """A document that no collection takes."""


class Planner:
    """For one collection, on one connection."""

    def __init__(
        self,
        collection: Collection[dict[str, Any]],
        pk: str,
        replace: bool,
        ids: IdTypes,
        members: MongoMembers,
        owned: MongoOwned,
        largest: int,
    ) -> None:
        self._collection = collection
        self._pk = pk
        self._replace = replace
        self._ids = ids
        self._members = members
        self._owned = owned
        self._largest = largest  # document, in bytes

    def plan(self, rows: list[Row], in_order: bool) -> Plan:
        plan = Plan()
        parsed: dict[int, _Parsed] = {}
        for number, (id_, text) in enumerate(rows):
            if text is None:
                continue
            try:
                parsed[number] = self._parse(number, id_, text)
            except _Unfit as unfit:
                plan.refused.append((number, str(unfit), "reject"))
        plan.refused += self._give_ids(parsed.values())
        if not plan.refused and not in_order:
            plan.refused += self._same_ids(parsed.values())
        bad = {row for row, _, _ in plan.refused}
        good = [one for row, one in parsed.items() if row not in bad]
        if in_order:
            plan.refused = not_superseded(rows, plan.refused)
        if plan.refused:
            return plan
        self._plan_writes(plan, rows, {one.row: one for one in good}, in_order)
        if not plan.refused:
            self._owned.store(plan.owned.before_writes())
        return plan

    def _plan_writes(
        self, plan: Plan, rows: list[Row], parsed: dict[int, _Parsed], in_order: bool
    ) -> None:
        if not self._replace:
            self._members.add(name for one in parsed.values() for name in one.names)
        others = self._there(parsed.values(), in_order)
        plan.owned = Owned(self._owned.load(id_ for id_, _ in rows))
        deleted: list[tuple[int, list[Any]]] = []
        for number, (id_, text) in enumerate(rows):
            if text is None:
                had = plan.owned.follow(id_, [])
                deleted.append((number, self._ids.of_key(id_) + had))
            elif number in parsed:
                one = parsed[number]
                told = not one.own or one.id in self._ids.of_key(id_)
                had = plan.owned.follow(id_, [] if told else [one.id])
                if had:
                    deleted.append((number, had))
                try:
                    write = self._write(one, others)
                except _Unfit as unfit:
                    plan.refused.append((number, str(unfit), "reject"))
                    continue
                if in_order:
                    plan.writes += self._deletes(deleted)
                    deleted.clear()
                plan.writes.append(write)
            if in_order:
                plan.writes += self._deletes(deleted)
                deleted.clear()
        plan.deletes = self._deletes(deleted)

    def _parse(self, row: int, id_: str, text: str) -> _Parsed:
        try:
            members = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise _Unfit(f"the document is no JSON: {error}") from None
        if not isinstance(members, dict):
            raise _Unfit("the document is no JSON object, and has no members")
        own = self._pk in members
        value = members.pop(self._pk, None)
        if own and not isinstance(value, (str, int, float)):
            raise _Unfit(
                f"the member {self._pk!r}, which is the id, is no text or number"
            )
        if own:
            value = self._ids.own(value)
            self._ids.learn(value)
            if isinstance(value, int) and not fits_int64(value):
                raise _Unfit(f"the member {self._pk!r} has more than 64 bits")
        if self._replace:
            return _Parsed(row, id_, value, own, whole=members)
        self._check_names(members)
        names = frozenset(members) - {"_id"}
        if own and self._pk != "_id":
            members[self._pk] = value  # 5 may be there as 5.0
        encoded = self._encoded(members) if members else b""
        return _Parsed(row, id_, value, own, names, encoded)

    def _check_names(self, members: dict[str, Any]) -> None:
        new = members.keys() - self._members.names
        for name in new:
            if bad_name(name):
                raise _Unfit(
                    f"the member {name!r} cannot be set by its name:"
                    " writeMode='replace' writes whole documents"
                )
        if new and len(new) + len(self._members.names) > MOST:
            raise _Unfit(
                f"more than {MOST} names of members, {brief(min(new))!r} too:"
                " writeMode='replace' writes whole documents"
            )

    def _give_ids(self, parsed: Iterable[_Parsed]) -> list[Refused]:
        """Those of the keys, as the collection has them."""
        refused: list[Refused] = []
        unsure: dict[str, list[Any]] = {}
        for one in parsed:
            if one.own:
                continue
            found = self._ids.of_key(one.text)
            if not found:
                reason = f"the id {one.text!r} is no {self._ids.preferred}"
                refused.append((one.row, reason, "reject"))
            elif len(found) == 1:
                one.id = found[0]
            else:
                unsure[one.text] = found
        there = self._existing([id_ for found in unsure.values() for id_ in found])
        for one in parsed:
            if one.own or one.text not in unsure:
                continue
            found = unsure[one.text]
            one.id = next((id_ for id_ in found if id_ in there), found[0])
        return refused

    def _existing(self, ids: list[Any]) -> set[Any]:
        found: set[Any] = set()
        for start in range(0, len(ids), _IDS_AT_ONCE):
            some = {"$in": ids[start : start + _IDS_AT_ONCE]}
            for one in self._collection.find({self._pk: some}, {self._pk: 1}):
                id_ = one.get(self._pk)
                if isinstance(id_, list):
                    continue  # one of its elements matches
                found.add(id_)
        return found

    def _same_ids(self, parsed: Iterable[_Parsed]) -> list[Refused]:
        """Documents of two keys with one id: their order matters."""
        seen: set[Any] = set()
        refused: list[Refused] = []
        for one in parsed:
            id_ = (isinstance(one.id, bool), one.id)
            if id_ in seen:
                reason = f"two keys have the id {one.id!r}"
                refused.append((one.row, reason, "conflict"))
            seen.add(id_)
        return refused

    def _there(
        self, parsed: Iterable[_Parsed], in_order: bool
    ) -> Mapping[Any, frozenset[str]] | None:
        """Names of members by id, where there are too many to unset them all
        in each document."""
        if self._replace or len(self._members.names) <= MOST_AT_ONCE:
            return None
        there: dict[Any, frozenset[str]] = {}
        ids = [one.id for one in parsed]
        for start in range(0, len(ids), _IDS_AT_ONCE):
            some = {"$in": ids[start : start + _IDS_AT_ONCE]}
            for found in self._collection.find({self._pk: some}):
                if not isinstance(found.get(self._pk), list):
                    there[found[self._pk]] = frozenset(found)
        if in_order:  # what this batch itself will have put there
            for one in parsed:
                there[one.id] = there.get(one.id, frozenset()) | one.names
        return there

    def _write(self, one: _Parsed, there: Mapping[Any, frozenset[str]] | None) -> Write:
        which = {self._pk: one.id}
        if one.whole is not None:
            whole = self._encoded({self._pk: one.id, **one.whole})
            return Write.replace((one.row,), which, RawBSONDocument(whole))
        gone = self._members.names - one.names
        if there is not None:
            gone &= there.get(one.id, frozenset())
        update: dict[str, Any] = {}
        if one.set:
            update["$set"] = RawBSONDocument(one.set)
        if gone:
            update["$unset"] = dict.fromkeys(sorted(gone), "")
        if not update:
            update["$setOnInsert"] = which
        return Write.update((one.row,), which, update)

    def _encoded(self, members: dict[str, Any]) -> bytes:
        try:
            encoded = bson.encode(members, codec_options=CODEC)
        except (BSONError, OverflowError, UnicodeEncodeError, RecursionError) as error:
            raise _Unfit(_told(members, error)) from None
        if len(encoded) > self._largest:
            raise _Unfit(
                f"the document has {len(encoded)} bytes, more than the"
                f" {self._largest} that the server takes"
            )
        return encoded

    def _deletes(self, deleted: list[tuple[int, list[Any]]]) -> list[Write]:
        writes = []
        for start in range(0, len(deleted), _IDS_AT_ONCE):
            some = deleted[start : start + _IDS_AT_ONCE]
            ids = [id_ for _, found in some for id_ in found]
            if ids:
                rows = tuple(row for row, _ in some)
                one = ids[0] if len(ids) == 1 else {"$in": ids}
                writes.append(Write.delete(rows, {self._pk: one}))
        return writes


def _told(members: dict[str, Any], error: Exception) -> str:
    """Which member the encoder means: it does not say."""
    for name, value in members.items():
        try:
            bson.encode({name: value}, codec_options=CODEC)
        except Exception:
            if isinstance(error, OverflowError):
                return f"the member {name!r} holds a number of more than 64 bits"
            return f"the member {name!r}: {brief(error)}"
    return brief(error)
