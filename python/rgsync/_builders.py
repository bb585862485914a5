"""What a recipe calls: each call leaves a registration behind."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from regear._key_template import key_pattern
from regear._registration import Record, columns_of
from regear._session import current_session
from regear.errors import RecipeError
from rgsync._options import (
    check_key_columns,
    checked_options,
    number,
    text,
)
from rgsync._registering import add_behind, add_through, check_batch
from rgsync._targets import target_of

DEFAULT_EVENTS = ("hset", "hmset", "del", "change")


def RGWriteBehind(
    GB: object,
    keysPrefix: str,
    mappings: dict[str, str],
    connector: Any,
    name: str,
    version: str | None = None,
    onFailedRetryInterval: float = 5,
    batch: int = 100,
    duration: int = 100,
    transform: Callable[[Record], Record] | None = None,
    eventTypes: Sequence[str] = DEFAULT_EVENTS,
    *,
    deleteOn: Sequence[str] = ("del",),
    onFlush: str = "ignore",
    deleteMissing: bool = True,
    db: int = 0,
    fold: bool | None = None,
    maxBacklog: int = 0,
    allowEviction: bool = False,
    commitAfter: str = "received",
    maxBatch: int | None = None,
    maxBatchBytes: int | None = None,
) -> None:
    """Make the connector's table follow the hashes ``<keysPrefix>:<id>``.

    ``mappings`` is hash field → column; the id goes to the connector's
    primary key. A ``keysPrefix`` with braces is a key template, such as
    ``order:{region}:{id}``: its placeholders name the columns of the key.
    ``batch`` changes or ``duration`` ms start a write, a failed one is tried
    again after at most ``onFailedRetryInterval`` seconds. ``transform`` takes
    and returns a record ``{key, value, type, event}``.

    By keyword only, and regear's own:

    - ``deleteOn``: which ends of a key delete its row: "del", and if named
      "expired" and "evicted".
    - ``onFlush``: "delete" makes FLUSHALL, FLUSHDB and SWAPDB delete the rows
      of the keys that go.
    - ``deleteMissing``: DEL of a key that is gone already deletes its row.
    - ``db``: the number of the database whose keys are meant.
    - ``fold``: write only the last state of a row in a batch. Default: yes
      for databases, no for custom connectors.
    - ``maxBacklog``: from so many changes on only keys are kept; 0: never.
    - ``allowEviction``: work where Redis may evict the backlog, and lose it.
    - ``commitAfter``: a change goes to the target when Redis has "received"
      it, or when it is safe there: "fsync" or "replica".
    - ``maxBatch``, ``maxBatchBytes``: bounds of one transaction.
    """
    current_session()  # nothing is looked at where no recipe runs
    if transform is not None and not callable(transform):
        raise RecipeError("transform must be a function of one record")
    options = checked_options(
        deleteOn,
        onFlush,
        deleteMissing,
        fold,
        maxBacklog,
        allowEviction,
        commitAfter,
        maxBatch,
        maxBatchBytes,
    )
    size = int(number("batch", batch, least=1))
    check_batch(size, options)
    keys = key_pattern(text("keysPrefix", keysPrefix))
    columns = columns_of(mappings)
    target = target_of(connector, mappings)
    check_key_columns(keys, target, columns)
    add_behind(
        name=name,
        version=version,
        keys=keys,
        db=db,
        eventTypes=eventTypes,
        batch=size,
        duration=duration,
        onFailedRetryInterval=onFailedRetryInterval,
        options=options,
        columns=columns,
        target=target,
        transform=transform,
    )


def RGWriteThrough(
    GB: object,
    keysPrefix: str,
    mappings: dict[str, str],
    connector: Any,
    name: str,
    version: str | None = None,
    *,
    timeout: float = 5,
    db: int = 0,
) -> None:
    """Write the hashes ``<keysPrefix>{<key>}`` to the connector's table first.

    ``HSET __{person:1} …`` with the prefix ``__`` returns once the database
    has committed the row ``1``; then the hash ``person:1`` is changed. Where
    the database refuses, neither is, and the client gets its message.

    By keyword only, and regear's own: ``timeout``, how many seconds a client
    waits at most, and ``db``, the number of the database whose keys are meant.
    """
    current_session()  # nothing is looked at where no recipe runs
    columns = columns_of(mappings)
    add_through(
        name=name,
        version=version,
        keysPrefix=keysPrefix,
        db=db,
        timeout=timeout,
        columns=columns,
        target=target_of(connector, mappings),
    )
