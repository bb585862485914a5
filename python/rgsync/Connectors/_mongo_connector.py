"""Writes JSON documents to a collection, for the engine."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from pymongo.errors import OperationFailure

from regear._registration import DEFAULT_CHECKPOINT_TABLE
from regear.errors import Retry, TargetError, TargetUnavailable
from rgsync.Connectors._credentials import resolved
from rgsync.Connectors._mongo_checkpoint import MongoCheckpoint
from rgsync.Connectors._mongo_errors import NO_TRANSACTIONS, translated
from rgsync.Connectors._mongo_ids import IdTypes, type_of
from rgsync.Connectors._mongo_members import MongoMembers
from rgsync.Connectors._mongo_owned import MongoOwned
from rgsync.Connectors._mongo_plan import CODEC, Plan, Planner
from rgsync.Connectors._mongo_write import Patience, Write, Writer, not_superseded

if TYPE_CHECKING:
    from pymongo import MongoClient
    from pymongo.collection import Collection

    from regear._row_connector import Refused, Row, StoredCheckpoint
    from rgsync.Connectors.mongo import MongoConnector

_GOODBYE = 0.5  # s
_LARGEST = 16 * 1024 * 1024  # document, unless the server says otherwise


class MongoDocuments:
    """A ``DocumentConnector`` with a client of its own.

    Where the server has transactions a batch and its checkpoint are one. Else
    the checkpoint is looked at before the batch and moved after it: after a
    crash between them the batch is written again.
    """

    def __init__(self, connector: MongoConnector) -> None:
        self._connector = connector
        self._client: MongoClient[dict[str, Any]] | None = None
        self._has_transactions = False
        self._collection: Collection[dict[str, Any]]
        self._checkpoint: MongoCheckpoint
        self._kept: Collection[dict[str, Any]]  # where the checkpoint is
        self._members: MongoMembers
        self._owned: MongoOwned
        self._planner: Planner
        self._writer: Writer
        self._patience = Patience()

    def open(self, stream: str, checkpoint_id: str) -> list[tuple[str, str]]:
        self.close()
        with translated():
            try:
                self._client = self._connector.connection.Connect()
            except (ValueError, TypeError) as error:
                raise TargetError(
                    f"the connection string is none: {error}",
                    "correct the connection in the recipe",
                ) from None
            try:
                return self._look(stream, checkpoint_id)
            except Exception:
                self.close()
                raise

    def close(self) -> None:
        client, self._client = self._client, None
        if client is None:
            return
        # It says goodbye, and waits for a server that may be away.
        closing = threading.Thread(target=client.close, daemon=True)
        closing.start()
        closing.join(_GOODBYE)

    def load_checkpoint(self) -> StoredCheckpoint | None:
        with translated():
            return self._checkpoint.load()

    def write(
        self, rows: list[Row], in_order: bool, checkpoint: StoredCheckpoint
    ) -> list[Refused]:
        with translated():
            self._look_again()
            plan = self._planner.plan(rows, in_order)
            if plan.refused:
                return plan.refused
            self._checkpoint.prepare(checkpoint)
            refused = None
            if self._has_transactions:
                refused = self._write_at_once(rows, plan, in_order, checkpoint)
                if refused == []:
                    self._owned.store(plan.owned.after_writes())
            if refused is None:
                refused = self._write_then_move(rows, plan, in_order, checkpoint)
            if not refused:
                self._checkpoint.moved(checkpoint)
                self._patience.forget()
            return refused

    def write_rows(self, rows: list[Row], in_order: bool) -> list[Refused]:
        """Without a checkpoint; what is not refused is written."""
        with translated():
            self._take(self._kept.find_one({"_id": self._members.id}))
            plan = self._planner.plan(rows, in_order)
            if plan.refused:
                bad = {row for row, _, _ in plan.refused}
                good = [row for row in range(len(rows)) if row not in bad]
                rest = self.write_rows([rows[row] for row in good], in_order)
                return plan.refused + [(good[i], why, kind) for i, why, kind in rest]
            refused = self._write(rows, plan, in_order)
            if not refused:
                self._owned.store(plan.owned.after_writes())
            return refused

    def _look(self, stream: str, checkpoint_id: str) -> list[tuple[str, str]]:
        client, connector = self._client, self._connector
        assert client is not None
        server = _hello(client)
        self._has_transactions = "setName" in server or server.get("msg") == "isdbgrid"
        database = client.get_database(resolved(connector.db))
        self._collection = database.get_collection(
            connector.tableName, codec_options=CODEC
        )
        self._writer = Writer(self._collection, _at_once(client), self._patience)
        kept = connector.exactlyOnceTableName or DEFAULT_CHECKPOINT_TABLE
        self._kept = database.get_collection(kept)
        self._checkpoint = MongoCheckpoint(self._kept, checkpoint_id)
        self._members = MongoMembers(self._kept, stream)
        self._owned = MongoOwned(self._kept, stream)
        pk = connector.pk
        any_id = self._collection.find_one({pk: {"$exists": True}}, {pk: 1})
        self._planner = Planner(
            self._collection,
            pk,
            connector.writeMode == "replace",
            IdTypes(connector.idType, type_of((any_id or {}).get(pk))),
            self._members,
            self._owned,
            server.get("maxBsonObjectSize", _LARGEST),
        )
        return self._warnings()

    def _warnings(self) -> list[tuple[str, str]]:
        name, pk = self._connector.tableName, self._connector.pk
        if pk == "_id":
            return []
        for index in self._collection.index_information().values():
            if index.get("unique") and [key for key, _ in index["key"]] == [pk]:
                return []
        place = f"db.{name}" if name.isidentifier() else f"db.getCollection({name!r})"
        return [
            (
                f"the collection {name} has no unique index on {pk}: each write"
                " looks at all of its documents, and an id may be there twice",
                f"{place}.createIndex({{{json.dumps(pk)}: 1}}, {{unique: true}})",
            )
        ]

    def _look_again(self) -> None:
        """At what others may have changed since, in one go."""
        ids = [self._checkpoint.id, self._members.id]
        found = {
            one["_id"]: one
            for one in self._kept.find({"_id": {"$in": ids}}, {"journal": 0})
        }
        checkpoint = found.get(self._checkpoint.id)
        self._checkpoint.check(checkpoint["val"] if checkpoint else None)
        self._take(found.get(self._members.id))

    def _take(self, found: dict[str, Any] | None) -> None:
        self._members.take(found)
        self._owned.take(found)

    def _write_then_move(
        self, rows: list[Row], plan: Plan, in_order: bool, checkpoint: StoredCheckpoint
    ) -> list[Refused]:
        refused = self._write(rows, plan, in_order)
        if refused:
            return refused
        self._owned.store(plan.owned.after_writes())
        try:
            with translated():
                self._checkpoint.move(checkpoint)
        except TargetError as error:
            # The batch is there: it was not refused, whatever happens now.
            raise TargetUnavailable(error.message, error.hint) from None
        return []

    def _write(self, rows: list[Row], plan: Plan, in_order: bool) -> list[Refused]:
        if in_order:
            return not_superseded(rows, self._writer.in_order(plan.writes))
        return self._writer.together(plan.deletes) + self._writer.together(plan.writes)

    def _write_at_once(
        self, rows: list[Row], plan: Plan, in_order: bool, checkpoint: StoredCheckpoint
    ) -> list[Refused] | None:
        """None: this server has no transactions after all."""

        def together(session: Any) -> list[Refused]:
            return self._writer.together(
                plan.deletes, session
            ) or self._writer.together(plan.writes, session)

        try:
            if in_order:
                return self._in_order_at_once(rows, plan.writes, checkpoint)
            return self._transaction(checkpoint, together)
        except OperationFailure as error:
            if error.code not in NO_TRANSACTIONS:
                raise
            self._has_transactions = False
            return None

    def _in_order_at_once(
        self, rows: list[Row], writes: list[Write], checkpoint: StoredCheckpoint
    ) -> list[Refused]:
        """A refusal ends the transaction: once more without that one."""
        refused: list[Refused] = []
        for _ in range(len(writes) + 1):
            ended: list[int] = []
            result = self._transaction(
                checkpoint, partial(self._attempt, rows, writes, refused, ended)
            )
            if not ended:
                return result
            refused += result
            writes = writes[: ended[0]] + writes[ended[0] + 1 :]
        raise Retry("the batch is refused in another way each time")

    def _attempt(
        self,
        rows: list[Row],
        writes: list[Write],
        refused: list[Refused],
        ended: list[int],
        session: Any,
    ) -> list[Refused]:
        first = self._writer.first_refused(writes, session)
        if first is None:
            return not_superseded(rows, refused)
        index, reason = first
        ended.append(index)
        return [(row, reason, "reject") for row in writes[index].rows]

    def _transaction(
        self, checkpoint: StoredCheckpoint, body: Callable[[Any], list[Refused]]
    ) -> list[Refused]:
        """Rolled back if ``body`` returns anything."""
        assert self._client is not None
        with self._client.start_session() as session, session.start_transaction():
            self._checkpoint.move(checkpoint, session)
            refused = body(session)
            if refused:
                session.abort_transaction()
        return refused


def _at_once(client: MongoClient[dict[str, Any]]) -> int:
    """How many writes a command may have."""
    with suppress(OperationFailure):  # who may not ask, say
        # It waits for itself when a command updates some hundred documents.
        if "ferretdbVersion" in client.admin.command("buildInfo"):
            return 50
    return 10_000


def _hello(client: MongoClient[dict[str, Any]]) -> dict[str, Any]:
    try:
        return client.admin.command("hello")
    except OperationFailure as error:
        if error.code != 59:  # no such command
            raise
    return client.admin.command("ismaster")
