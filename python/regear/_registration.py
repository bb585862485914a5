"""A registration: what one builder call of a recipe asks for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from regear.errors import RecipeError

Record = dict[str, Any]
Wrap = Callable[[Callable[..., Any]], Callable[..., Any]]

#: Where targets keep how far they are, unless the recipe names another.
DEFAULT_CHECKPOINT_TABLE = "regear_checkpoint"


@dataclass(frozen=True)
class Target:
    """Where the rows of a registration go."""

    kind: str  # "sqlite", "postgres" or "callback"
    table: str
    primary_key: str
    checkpoint_table: str = DEFAULT_CHECKPOINT_TABLE
    #: Connection parameters, asked at every connect.
    connect: Callable[[], dict[str, str]] = dict
    #: Takes a batch of records; kind "callback" only.
    write: Callable[[list[Record]], None] | None = None


@dataclass(frozen=True)
class Registration:
    """A write-behind rule and what drains its stream."""

    name: str
    version: str | None
    prefix: str
    events: tuple[str, ...]
    #: Hash field and column, in the order of the recipe's mapping.
    columns: tuple[tuple[str, str], ...]
    target: Target
    batch: int
    duration: int  # ms
    retry_interval: float  # s
    transform: Callable[[Record], Record] | None = None
    database: int = field(default=0)

    def stream(self, hashtag: str) -> str:
        """Named after the registration: a new version goes on where the old
        one stood."""
        return f"_{self.target.table}-stream-{self.name}-{{{hashtag}}}"

    def document(self, hashtag: str) -> dict[str, Any]:
        """What the module keeps, in the clear (docs/host-link.md)."""
        every_field = self.transform is not None or self.target.kind == "callback"
        return {
            "name": self.name,
            "version": self.version,
            "kind": "write-behind",
            "prefix": self.prefix,
            "db": self.database,
            "events": list(self.events),
            "fields": None if every_field else [name for name, _ in self.columns],
            "stream": self.stream(hashtag),
            "table": self.target.table,
            "target": self.target.kind,
            "batch": self.batch,
            "duration": self.duration,
            "retry_interval": self.retry_interval,
        }

    def worker(self, stream: str, wrap: Wrap) -> dict[str, Any]:
        """What the engine needs to drain ``stream``; ``wrap`` makes the
        recipe's functions callable from the engine's threads."""
        worker: dict[str, Any] = {
            "name": self.name,
            "stream": stream,
            "prefix": self.prefix,
            "columns": list(self.columns),
            "target": self.target.kind,
            "table": self.target.table,
            "primary_key": self.target.primary_key,
            "checkpoint_table": self.target.checkpoint_table,
            "connect": wrap(self.target.connect),
            "transform": wrap(self.transform) if self.transform else None,
            "fold": self.target.kind != "callback",
            "batch": self.batch,
            "duration": self.duration,
            "retry_interval": self.retry_interval,
        }
        if self.target.write is not None:
            worker["write"] = wrap(self.target.write)
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
