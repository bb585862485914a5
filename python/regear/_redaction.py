"""Keeping secrets out of everything that regear says."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

MASK = "***"
#: Shorter texts stand in too many places by chance to be masked.
_SHORTEST_SECRET = 4
_USER_OF_URL = re.compile(r"(://)[^/\s]*@")


def redact_url(url: str) -> str:
    """The URL without user and password."""
    parts = urlsplit(url)
    _, at, place = parts.netloc.rpartition("@")
    if not at:
        return url
    return urlunsplit(parts._replace(netloc=f"{MASK}@{place}"))


def redact_urls(text: str) -> str:
    """The text, with no user and password in any URL that stands in it."""
    return _USER_OF_URL.sub(rf"\1{MASK}@", text)


class Secrets:
    """The secrets that a session has used so far."""

    def __init__(self) -> None:
        self._known: set[str] = set()

    def add(self, value: Any) -> None:
        """Remember a password, as it stands and as it stands in a URL."""
        if isinstance(value, str) and len(value) >= _SHORTEST_SECRET:
            self._known |= {value, quote(value, safe=""), repr(value)[1:-1]}

    def redact(self, text: str) -> str:
        for secret in sorted(self._known, key=len, reverse=True):
            text = text.replace(secret, MASK)
        return text
