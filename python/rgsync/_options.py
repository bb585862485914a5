"""Checks of what recipes give to the builders."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from regear._key_template import KeyPattern
from regear._registration import Options, Target
from regear.errors import RecipeError

DELETE_EVENTS = ("del", "expired", "evicted")
ON_FLUSH = ("ignore", "delete")
COMMIT_AFTER = ("received", "fsync", "replica")


def checked_options(
    deleteOn: Sequence[str],
    onFlush: str,
    deleteMissing: bool,
    fold: bool | None,
    maxBacklog: int,
    allowEviction: bool,
    commitAfter: str,
    maxBatch: int | None,
    maxBatchBytes: int | None,
) -> Options:
    """By their names in recipes, which the errors use."""
    return Options(
        delete_on=_delete_on(deleteOn),
        on_flush=_one_of("onFlush", onFlush, ON_FLUSH),
        delete_missing=_truth("deleteMissing", deleteMissing),
        fold=None if fold is None else _truth("fold", fold),
        max_backlog=whole("maxBacklog", maxBacklog, least=0),
        allow_eviction=_truth("allowEviction", allowEviction),
        commit_after=_one_of("commitAfter", commitAfter, COMMIT_AFTER),
        max_batch=None if maxBatch is None else whole("maxBatch", maxBatch, least=1),
        max_batch_bytes=None
        if maxBatchBytes is None
        else whole("maxBatchBytes", maxBatchBytes, least=1),
    )


def check_key_columns(
    keys: KeyPattern, target: Target, columns: Sequence[tuple[str, str]]
) -> None:
    """A template's columns are the primary key, and nothing else is."""
    if keys.template is None:
        return
    for name in (part.strip() for part in target.primary_key.split(",")):
        if name not in keys.columns:
            raise RecipeError(
                f"keysPrefix {keys.template!r} has no placeholder {{{name}}},"
                " which is the connector's primary key",
                "the placeholders name all columns of the primary key",
            )
    for field, column in columns:
        if column in keys.columns:
            raise RecipeError(
                f"the column {column!r} comes from the key: the field {field!r}"
                " cannot be mapped to it",
                f"take {field!r} out of the mappings",
            )


def whole(argument: str, value: Any, least: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise RecipeError(f"{argument} must be a whole number, {least} or more")
    return value


def text(argument: str, value: object) -> str:
    if not isinstance(value, str) or not value:
        raise RecipeError(f"{argument} must be a text that is not empty")
    return value


def number(argument: str, value: object, least: float) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value < least:
        raise RecipeError(f"{argument} must be a number, {least:g} or more")
    return value


def event_names(names: Sequence[str]) -> tuple[str, ...]:
    if isinstance(names, str) or not all(isinstance(name, str) for name in names):
        raise RecipeError("eventTypes must be a list of event names")
    return tuple(name.lower() for name in names)


def _delete_on(names: Any) -> tuple[str, ...]:
    if isinstance(names, str) or not set(names) <= set(DELETE_EVENTS):
        raise RecipeError(
            f"deleteOn must be a list of some of {_listed(DELETE_EVENTS)}"
        )
    if "del" not in names:
        raise RecipeError(
            'deleteOn must have "del"', "eventTypes chooses which events are captured"
        )
    return tuple(name for name in DELETE_EVENTS if name in names)


def _one_of(argument: str, value: Any, allowed: tuple[str, ...]) -> str:
    if not isinstance(value, str) or value not in allowed:
        raise RecipeError(f"{argument} must be one of {_listed(allowed)}")
    return value


def _truth(argument: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise RecipeError(f"{argument} must be True or False")
    return value


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(f'"{name}"' for name in names)
