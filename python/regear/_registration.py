"""A registration: what one builder call of a recipe asks for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from regear._key_template import KeyPattern
from regear._row_connector import AnyConnector, Wrap, wrapped
from regear.errors import RecipeError

Record = dict[str, Any]

#: Where targets keep how far they are, unless the recipe names another.
DEFAULT_CHECKPOINT_TABLE = "regear_checkpoint"
DEFAULT_JOURNAL_TABLE = "regear_journal"


@dataclass(frozen=True)
class Target:
    """Where the rows of a registration go."""

    kind: str  # "sqlite", "postgres", "mysql", "callback" or "python"
    table: str
    primary_key: str
    checkpoint_table: str = DEFAULT_CHECKPOINT_TABLE
    #: Connection parameters, asked at every connect.
    connect: Callable[[], dict[str, str]] = dict
    #: Takes a batch of records; kind "callback" only.
    write: Callable[[list[Record]], None] | None = None
    #: Makes what writes documents, or hashes, for each of the engine's threads
    #: one; kind "python" only.
    connector: Callable[[], AnyConnector] | None = None

    def is_database(self) -> bool:
        """Whether the engine itself writes to it, in columns."""
        return self.kind not in ("callback", "python")


@dataclass(frozen=True)
class Options:
    """What a recipe may say beyond rgsync's arguments (``RGWriteBehind``)."""

    delete_on: tuple[str, ...] = ("del",)
    on_flush: str = "ignore"
    delete_missing: bool = True
    fold: bool | None = None
    max_backlog: int = 0
    allow_eviction: bool = False
    commit_after: str = "received"
    #: None: the engine's own bounds.
    max_batch: int | None = None
    max_batch_bytes: int | None = None


@dataclass(frozen=True)
class Keys:
    """The keys in Redis in which a registration keeps its changes. Named
    after it: a new version goes on where the old one stood."""

    stream: str  # changes that are not in the target yet
    dead: str  # changes that the target refused for good
    parked: str  # changes that wait for a row of another table
    dirty: str  # keys that changed while the stream was full

    @classmethod
    def named(cls, table: str, name: str, hashtag: str) -> Keys:
        return cls(
            *(
                f"_{table}-{role}-{name}-{{{hashtag}}}"
                for role in ("stream", "dead", "parked", "dirty")
            )
        )


@dataclass(frozen=True)
class Registration:
    """A rule, and what writes to its target: behind Redis or before it."""

    name: str
    version: str | None
    keys: KeyPattern
    events: tuple[str, ...]
    #: Hash field and column, in the order of the recipe's mapping.
    columns: tuple[tuple[str, str], ...]
    target: Target
    batch: int
    duration: int  # ms
    retry_interval: float  # s
    transform: Callable[[Record], Record] | None = None
    database: int = field(default=0)
    options: Options = field(default=Options())
    #: The name that whole JSON documents go by; None: hashes are captured.
    documents: str | None = field(default=None)
    #: Tables of the elements of arrays in documents (``document_mapping``).
    children: tuple[dict[str, Any], ...] = field(default=())
    #: Clients wait for the target; nothing is captured.
    through: bool = field(default=False)
    timeout: int = field(default=5000)  # ms that a client waits

    def stored_in(self, hashtag: str) -> Keys:
        return Keys.named(self.target.table, self.name, hashtag)

    def document(self, hashtag: str) -> dict[str, Any]:
        """What the module keeps, in the clear (docs/host-link.md)."""
        return {
            "name": self.name,
            "version": self.version,
            "kind": "write-through" if self.through else "write-behind",
            "prefix": self.keys.prefix,
            "db": self.database,
            "events": list(self.events),
            "fields": self.captured_fields(),
            "operations": self.documents is None,
            "delete_on": list(self.options.delete_on),
            "on_flush": self.options.on_flush,
            "delete_missing": self.options.delete_missing,
            "max_backlog": self.options.max_backlog,
            "allow_eviction": self.options.allow_eviction,
            **asdict(self.stored_in(hashtag)),
            "table": self.target.table,
            "target": self.target.kind,
            "batch": self.batch,
            "duration": self.duration,
            "retry_interval": self.retry_interval,
            **({"timeout_ms": self.timeout} if self.through else {}),
            **({"documents": self.documents} if self.documents else {}),
        }

    def captured_fields(self) -> list[str] | None:
        """Of a hash; None: all of them. A document is one field."""
        if self.documents is not None:
            return [self.documents]
        if self.transform is not None or self.target.kind == "callback":
            return None
        return [name for name, _ in self.columns]

    def checkpoint_table(self) -> str:
        """Where the target remembers up to where it is complete; that of a
        write-through has a column more."""
        table = self.target.checkpoint_table
        if not self.through:
            return table
        if table == DEFAULT_CHECKPOINT_TABLE:
            return DEFAULT_JOURNAL_TABLE
        return f"{table}_journal"

    def worker(
        self,
        stored: Keys,
        wrap: Wrap,
        registration_id: str = "",
        field_history: Sequence[Any] = (),
    ) -> dict[str, Any]:
        """What the engine needs to drain ``stored.stream``; ``wrap`` makes the
        recipe's functions callable from the engine's threads."""
        options = self.options
        native = self.target.kind != "callback"
        worker: dict[str, Any] = {
            "name": self.name,
            "registration": registration_id,
            "stream": stored.stream,
            "dead": stored.dead,
            "parked": stored.parked,
            "db": self.database,
            # The module names a row that is written through by its id.
            "prefix": "" if self.through else self.keys.prefix,
            "key_template": self.keys.template,
            "columns": list(self.columns),
            # Of a document every field is known, whatever is mapped.
            "field_history": [] if self.documents else list(field_history),
            "target": self.target.kind,
            "table": self.target.table,
            "primary_key": self.target.primary_key,
            "checkpoint_table": self.checkpoint_table(),
            "connect": wrap(self.target.connect),
            "transform": wrap(self.transform) if self.transform else None,
            "fold": native if options.fold is None else options.fold,
            "commit_after": options.commit_after,
            "batch": self.batch,
            "duration": self.duration,
            "retry_interval": self.retry_interval,
        }
        if self.through:
            worker["through"] = True
        if options.max_batch is not None:
            worker["max_batch"] = options.max_batch
        if options.max_batch_bytes is not None:
            worker["max_batch_bytes"] = options.max_batch_bytes
        if self.target.write is not None:
            worker["write"] = wrap(self.target.write)
        if self.documents is not None and self.target.is_database():
            worker["documents"] = self.documents
            worker["children"] = list(self.children)
        if self.target.connector is not None:
            worker["connector"] = wrapped(self.target.connector, wrap)
            worker["hashes"] = self.documents is None
        return worker


def columns_of(mappings: object) -> tuple[tuple[str, str], ...]:
    """The pairs of a recipe's mapping that are sent to the target."""
    if not isinstance(mappings, dict) or not all(
        isinstance(name, str) and isinstance(column, str)
        for name, column in mappings.items()
    ):
        raise RecipeError("mappings must be a dict of hash field to column")
    pairs = tuple(
        (name, column)
        for name, column in mappings.items()
        if not name.startswith("_") and name != "#"
    )
    if not pairs:
        raise RecipeError("mappings names no field that could be written")
    columns = [column for _, column in pairs]
    for column in columns:
        if columns.count(column) > 1:
            raise RecipeError(f"two fields are mapped to the column {column!r}")
    return pairs
