"""How the engine writes for a connector of a recipe."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from regear._registration import DEFAULT_CHECKPOINT_TABLE, Target
from regear._row_connector import AnyConnector
from regear.errors import RecipeError
from rgsync.Connectors._sql import BaseSqlConnection, BaseSqlConnector
from rgsync.Connectors.mongo import MongoConnector
from rgsync.Connectors.redis import RedisConnector


def target_of(
    connector: Any, mappings: dict[str, str], documents: str | None = None
) -> Target:
    """Native where regear brings the connector, else calls of WriteData.

    ``documents`` is the name that whole documents go by, if there are no
    mappings.
    """
    for method in ("TableName", "PrimaryKey", "WriteData"):
        if not callable(getattr(connector, method, None)):
            raise RecipeError(
                f"the connector {type(connector).__name__} has no method {method}"
            )
    if isinstance(connector, BaseSqlConnector) and _is_native(connector):
        return Target(
            kind=connector.connection.native_kind,
            table=connector.TableName(),
            primary_key=connector.PrimaryKey(),
            checkpoint_table=connector.exactlyOnceTableName or DEFAULT_CHECKPOINT_TABLE,
            connect=connector.connection.parameters,
        )
    if isinstance(connector, MongoConnector) and _is_ours(connector, MongoConnector):
        if documents is None:
            raise RecipeError(
                "MongoConnector takes JSON documents, and no mappings",
                "RGJSONWriteBehind or RGJSONWriteThrough",
            )
        return _python(connector, connector.documents)
    if isinstance(connector, RedisConnector) and _is_ours(connector, RedisConnector):
        if documents is not None:
            raise RecipeError(
                "RedisConnector takes hashes, and no JSON documents",
                "RGWriteBehind or RGWriteThrough",
            )
        return _python(connector, connector.hashes)
    if documents is not None:
        return Target(
            kind="callback",
            table=connector.TableName(),
            primary_key=connector.PrimaryKey(),
            write=lambda data: connector.WriteData(data, documents),
        )
    if callable(getattr(connector, "PrepereQueries", None)):
        connector.PrepereQueries(mappings)
    return Target(
        kind="callback",
        table=connector.TableName(),
        primary_key=connector.PrimaryKey(),
        write=connector.WriteData,
    )


def _python(
    connector: MongoConnector | RedisConnector, make: Callable[[], AnyConnector]
) -> Target:
    return Target(
        kind="python",
        table=connector.TableName(),
        primary_key=connector.PrimaryKey(),
        connect=connector.parameters,
        connector=make,
    )


def _is_ours(connector: Any, base: type[Any]) -> bool:
    """Whether the recipe overrides nothing of how it is written."""
    return type(connector).WriteData is base.WriteData


def _is_native(connector: BaseSqlConnector) -> bool:
    """Whether the engine writes to this database, and the recipe overrides
    nothing of how it is done."""
    kind, base = type(connector), BaseSqlConnector
    connection = connector.connection
    return (
        isinstance(connection, BaseSqlConnection)
        and bool(connection.native_kind)
        and type(connection).Connect is BaseSqlConnection.Connect
        and kind.WriteData is base.WriteData
        and kind.PrepereQueries is base.PrepereQueries
    )
