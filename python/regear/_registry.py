"""What the server has registered, as this host reads it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from regear._registration import Keys
from regear._sealing import Sealer
from regear._session import Session
from regear._stored_values import OWN_IDS
from regear.errors import SealError

if TYPE_CHECKING:
    from regear._engine import Engine


@dataclass(frozen=True)
class Rule:
    """A registration that the module keeps."""

    id: str
    name: str
    version: str | None
    session_id: str
    stored_in: Keys
    prefix: str = ""
    db: int = 0
    #: Which fields were captured up to which entry of the stream.
    field_history: list[Any] = field(default_factory=list)
    #: An operator wants nothing drained now.
    paused: bool = False
    #: Why all keys are to be captured anew; the worker ends it by itself.
    reconcile: str = field(default="", compare=False)
    #: Another one: an operator changed what is in the streams.
    revision: int = 0

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> Rule:
        return cls(
            id=document["id"],
            name=document["name"],
            version=document["version"],
            session_id=document["session"],
            stored_in=_keys_of(document),
            prefix=document.get("prefix", ""),
            db=document.get("db", 0),
            field_history=document.get("field_history", []),
            paused=document.get("paused", False),
            reconcile=document.get("reconcile") or "",
            revision=document.get("revision", 0),
        )


@dataclass(frozen=True)
class StoredFunction:
    """A registered function that the module keeps."""

    id: str
    session_id: str
    number: int  # among the functions of its session
    reader: str
    mode: str
    trigger: str
    paused: bool

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> StoredFunction:
        return cls(
            document["id"],
            document["session"],
            document["number"],
            document["reader"],
            document["mode"],
            document.get("trigger", ""),
            document.get("paused", False),
        )


def _keys_of(document: dict[str, Any]) -> Keys:
    """Registrations of regear 0.1 name their stream only."""
    stream = document["stream"]
    return Keys(
        stream,
        *(
            document.get(role) or stream.replace("-stream-", f"-{role}-", 1)
            for role in ("dead", "parked", "dirty")
        ),
    )


@dataclass(frozen=True)
class StoredSession:
    """What the blob of a session holds."""

    id: str
    source: str
    description: str | None = None
    requirements: tuple[str, ...] = ()
    config: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, session: Session) -> StoredSession:
        return cls(
            session.id,
            session.source,
            session.description,
            session.requirements,
            dict(session.config),
        )

    def document(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "source": self.source,
            "description": self.description,
            "requirements": list(self.requirements),
            "config": self.config,
        }

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> StoredSession:
        return cls(
            document["id"],
            document["source"],
            document["description"],
            tuple(document["requirements"]),
            document["config"],
        )


@dataclass(frozen=True)
class Snapshot:
    """The registry at one moment."""

    rules: tuple[Rule, ...]
    functions: tuple[StoredFunction, ...]
    #: None for a session that was sealed by another key.
    sessions: dict[str, StoredSession | None]

    @classmethod
    def read(cls, engine: Engine, sealer: Sealer) -> Snapshot:
        _, registrations, sessions = engine.registry()
        documents = [json.loads(text) for text in registrations]
        return cls(
            tuple(
                Rule.from_document(one) for one in documents if not _is_function(one)
            ),
            tuple(
                StoredFunction.from_document(one)
                for one in documents
                if _is_function(one)
            ),
            {
                session_id: _opened(sealer, session_id, blob)
                for session_id, blob in sessions
                if session_id not in OWN_IDS
            },
        )

    def rules_of(self, session_id: str) -> list[Rule]:
        return [rule for rule in self.rules if rule.session_id == session_id]

    def ids_of(self, session_id: str) -> list[str]:
        """Ids of all that the session has registered."""
        functions = [one.id for one in self.functions if one.session_id == session_id]
        return [rule.id for rule in self.rules_of(session_id)] + functions

    def is_sealed(self, rule: Rule) -> bool:
        return self.sessions.get(rule.session_id) is None

    def session_with_source(self, source: str) -> StoredSession | None:
        for stored in self.sessions.values():
            if stored is not None and stored.source == source:
                return stored
        return None


def _is_function(document: dict[str, Any]) -> bool:
    return document.get("kind") == "function"


def _opened(sealer: Sealer, session_id: str, blob: bytes) -> StoredSession | None:
    try:
        stored = StoredSession.from_document(sealer.open(blob))
    except (SealError, KeyError):
        return None
    # Another session's blob in this one's place was not put there by a host.
    return stored if stored.id == session_id else None
