"""What the builders for hashes and for documents have in common."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from regear._key_template import KeyPattern
from regear._registration import Options, Registration
from regear._session import current_session
from regear._versions import normalised
from regear.errors import RecipeError
from rgsync._options import event_names, number, text, whole


def check_batch(size: int, options: Options) -> None:
    if options.max_batch is not None and options.max_batch < size:
        raise RecipeError(f"maxBatch must be {size} or more, which is the batch")


def add_behind(
    *,
    name: str,
    version: str | None,
    keys: KeyPattern,
    db: int,
    eventTypes: Sequence[str],
    batch: int,
    duration: int,
    onFailedRetryInterval: float,
    options: Options,
    **destination: Any,
) -> None:
    """Register what is captured and follows; by the names of recipes.

    ``destination``: target, columns and the like, of a ``Registration``.
    """
    current_session().add(
        Registration(
            name=text("name", name),
            version=normalised(version),
            keys=keys,
            database=whole("db", db, least=0),
            events=event_names(eventTypes),
            options=options,
            batch=batch,
            duration=int(number("duration", duration, least=0)),
            retry_interval=number(
                "onFailedRetryInterval", onFailedRetryInterval, least=0.1
            ),
            **destination,
        )
    )


def add_through(
    *,
    name: str,
    version: str | None,
    keysPrefix: str,
    db: int,
    timeout: float,
    **destination: Any,
) -> None:
    """Register what clients wait for; ``destination`` as above."""
    current_session().add(
        Registration(
            name=text("name", name),
            version=normalised(version),
            keys=KeyPattern(text("keysPrefix", keysPrefix)),
            database=whole("db", db, least=0),
            events=(),
            batch=1,
            duration=0,
            retry_interval=1.0,
            through=True,
            timeout=int(1000 * number("timeout", timeout, least=0.001)),
            **destination,
        )
    )
