"""Connectors of the engine that are written in Python."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any, Optional, Protocol, TypeVar, Union, cast

from regear.errors import LeaseLost

Wrap = Callable[[Callable[..., Any]], Callable[..., Any]]

#: The engine's text of how far a target is, and what a write-through needs
#: after a crash.
StoredCheckpoint = tuple[str, bytes]
#: An id and the JSON text of its document; None: it is deleted.
Row = tuple[str, Optional[str]]
#: An id and its columns that are known: with None the value is removed. None
#: in place of all of them: the row is deleted.
HashRow = tuple[str, Optional[dict[str, Optional[str]]]]
#: The index of a row, why it is refused, and "reject": never accepted as it
#: is, or "conflict": perhaps in another order.
Refused = tuple[int, str, str]


AnyRow = TypeVar("AnyRow")


class RowConnector(Protocol[AnyRow]):
    """Writes rows for one worker, or for one lane of a write-through. What is
    no UTF-8 in their texts stands there as surrogate escapes.

    Called from one thread of the engine. What it raises says what to do:
    ``TargetError``: an operator must act, as the hint says.
    ``TargetUnavailable``: open again, and look at the checkpoint.
    ``LeaseLost``: another host has moved the checkpoint. Anything else: the
    same once more. After any of these ``open`` is called again.
    """

    def open(self, stream: str, checkpoint_id: str) -> Sequence[tuple[str, str]]:
        """Connect anew; credentials are asked now. Warnings: (message, hint).

        ``stream`` is the same for all lanes of a registration.
        """

    def load_checkpoint(self) -> StoredCheckpoint | None:
        """Nothing before the first write."""

    def write(
        self, rows: list[AnyRow], in_order: bool, checkpoint: StoredCheckpoint
    ) -> list[Refused]:
        """Write all rows, then move the checkpoint by compare-and-swap from
        the one last loaded or written. If rows are refused it has not moved,
        and the others will be written again.

        ``in_order``: one row for each change, to be written as they stand; a
        refused one does not count if a later one of its id is accepted.
        """

    def close(self) -> None:
        """Called once, at the end, and after any of the others."""


def moved_by_another(id_: str, place: str, known: str | None) -> LeaseLost:
    """The checkpoint is no longer ``known``, in the table or key ``place``."""
    was = "missing" if known is None else repr(known)
    return LeaseLost(
        f"the checkpoint {id_!r} in {place} is no longer {was}:"
        " another host has moved it"
    )


DocumentConnector = RowConnector[Row]
HashConnector = RowConnector[HashRow]
AnyConnector = Union[DocumentConnector, HashConnector]


def wrapped(make: Callable[[], AnyConnector], wrap: Wrap) -> Callable[[], AnyConnector]:
    """``make``, with each method of what it makes wrapped too."""

    def made() -> AnyConnector:
        connector = wrap(make)()
        methods = ("open", "load_checkpoint", "write", "close")
        return cast(
            AnyConnector,
            SimpleNamespace(
                **{name: wrap(getattr(connector, name)) for name in methods}
            ),
        )

    return made
