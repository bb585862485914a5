"""What a recipe calls for JSON documents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from regear._documents import ChildTable, Columns, document_mapping
from regear._key_template import key_pattern
from regear._registration import Target
from regear.errors import RecipeError
from rgsync._options import (
    check_key_columns,
    checked_options,
    text,
    whole,
)
from rgsync._registering import add_behind, add_through, check_batch
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
    mappings: Mapping[str, str | ChildTable] | None = None,
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

    An SQL connector needs ``mappings``: path → column, such as
    ``{"$.address.city": "city", "$": "document"}``, and for the elements of an
    array ``{"$.items[*]": ChildTable(…)}``.

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
    check_batch(size, options)
    documents = _data_key(dataKey)
    target, columns, children = _destination(connector, mappings, documents)
    keys = key_pattern(text("keysPrefix", keysPrefix))
    check_key_columns(keys, target, columns if mappings else ())
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
        children=children,
        target=target,
        documents=documents,
    )


def RGJSONWriteThrough(
    GB: object,
    keysPrefix: str,
    connector: Any,
    name: str,
    version: str | None = None,
    dataKey: str = "redisgears",
    *,
    mappings: Mapping[str, str | ChildTable] | None = None,
    timeout: float = 5,
    db: int = 0,
) -> None:
    """Write documents to the connector's collection first.

    ``JSON.SET todos:7 $ …`` with the prefix ``todos`` returns once the target
    has committed what the document becomes; then the key is changed. So do
    all commands that write documents, and DEL. ``todos{other:7}`` stands for
    the key ``other:7``.

    ``mappings`` are those of ``RGJSONWriteBehind``, all other arguments those
    of ``RGWriteThrough``.
    """
    documents = _data_key(dataKey)
    target, columns, children = _destination(connector, mappings, documents)
    add_through(
        name=name,
        version=version,
        keysPrefix=keysPrefix,
        db=db,
        timeout=timeout,
        columns=columns,
        children=children,
        target=target,
        documents=documents,
    )


def _destination(
    connector: Any, mappings: Mapping[str, str | ChildTable] | None, documents: str
) -> tuple[Target, Columns, tuple[dict[str, Any], ...]]:
    target = target_of(connector, {}, documents)
    if not target.is_database():
        if mappings is not None:
            raise RecipeError(
                f"{type(connector).__name__} takes whole documents",
                "leave the mappings out",
            )
        return target, ((documents, documents),), ()
    if mappings is None:
        raise RecipeError(
            f"{type(connector).__name__} needs to know which parts of a document"
            " go to which columns",
            "mappings={'$.address.city': 'city', '$': 'document'}",
        )
    columns, children = document_mapping(mappings)
    return target, columns, children


def _data_key(value: object) -> str:
    name = text("dataKey", value)
    if name.startswith("_") or name == "#":
        raise RecipeError("dataKey must not begin with '_', nor be '#'")
    return name
