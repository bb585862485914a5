"""Credentials: values, or functions that are asked at every connect."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Optional, Union

from regear._session import remember_secret

Credential = Union[Optional[str], Callable[[], Optional[str]]]


def resolved(credential: Any) -> str:
    """The value now; nothing is an empty text."""
    value = credential() if callable(credential) else credential
    return "" if value is None else str(value)


def resolved_secret(credential: Any) -> str:
    """The value now, which is masked from here on wherever regear speaks."""
    value = resolved(credential)
    remember_secret(value)
    return value
