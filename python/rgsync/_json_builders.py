"""What a recipe calls for JSON documents."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from regear._key_template import KeyPattern, key_pattern
from regear._registration import Registration
from regear._session import current_session
from regear._versions import normalised
from regear.errors import RecipeError
from rgsync._options import checked_options, event_names, number, text, whole
from rgsync._targets import target_of

DEFAULT_JSON_EVENTS = (
    "json.set",
    "json.del",
    "json.strappend",
    "json.arrinsert",
    "json.arrappend",
    "json.arrtrim",
    "json.arrpop",
    "change",
    "del",
)


def RGJSONWriteBehind(
    GB: object,
    keysPrefix: str,
    connector: Any,
    name: str,
    version: str | None = None,
    onFailedRetryInterval: float = 5,
    batch: int = 100,
    duration: int = 100,
    eventTypes: Sequence[str] = DEFAULT_JSON_EVENTS,
    dataKey: str = "redisgears",
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
    """Make the connector's collection follow the documents ``<keysPrefix>:<id>``.

    The members of a document become those of the target's, under the id in
    the connector's primary key. A custom connector gets each document as text:
    ``WriteData(data, dataKey)`` with ``data[i]["value"][dataKey]``.

    All other arguments are those of ``RGWriteBehind``.
    """
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
    size = whole("batch", batch, least=1)
    if options.max_batch is not None and options.max_batch < size:
        raise RecipeError(f"maxBatch must be {size} or more, which is the batch")
    documents = _data_key(dataKey)
    current_session().add(
        Registration(
            name=text("name", name),
            version=normalised(version),
            keys=key_pattern(text("keysPrefix", keysPrefix)),
            database=whole("db", db, least=0),
            events=event_names(eventTypes),
            columns=((documents, documents),),
            target=target_of(connector, {}, documents),
            options=options,
            batch=size,
            duration=int(number("duration", duration, least=0)),
            retry_interval=number(
                "onFailedRetryInterval", onFailedRetryInterval, least=0.1
            ),
            documents=documents,
        )
    )


def RGJSONWriteThrough(
    GB: object,
    keysPrefix: str,
    connector: Any,
    name: str,
    version: str | None = None,
    dataKey: str = "redisgears",
    *,
    timeout: float = 5,
    db: int = 0,
) -> None:
    """Write documents to the connector's collection first.

    ``JSON.SET todos:7 $ …`` with the prefix ``todos`` returns once the target
    has committed what the document becomes; then the key is changed. So do
    all commands that write documents, and DEL. ``todos{other:7}`` stands for
    the key ``other:7``.

    All other arguments are those of ``RGWriteThrough``.
    """
    documents = _data_key(dataKey)
    current_session().add(
        Registration(
            name=text("name", name),
            version=normalised(version),
            keys=KeyPattern(text("keysPrefix", keysPrefix)),
            database=whole("db", db, least=0),
            events=(),
            columns=((documents, documents),),
            target=target_of(connector, {}, documents),
            batch=1,
            duration=0,
            retry_interval=1.0,
            documents=documents,
            through=True,
            timeout=int(1000 * number("timeout", timeout, least=0.001)),
        )
    )


def _data_key(value: object) -> str:
    name = text("dataKey", value)
    if name.startswith("_") or name == "#":
        raise RecipeError("dataKey must not begin with '_', nor be '#'")
    return name
