"""What ``configGet`` answers."""

from __future__ import annotations

import os
from collections.abc import Mapping


class Config:
    """Values given to the host, then to the module, then the environment."""

    def __init__(self, values: Mapping[str, str] | None = None) -> None:
        self.values = dict(values or {})
        #: The ``Key Value`` arguments that the module was loaded with.
        self.module_arguments: Mapping[str, str] = {}

    def get(self, key: str, stored: Mapping[str, str]) -> str | None:
        """``stored`` holds the values at the time the session was made."""
        for source in (self.values, self.module_arguments, os.environ, stored):
            if key in source:
                return source[key]
        return None
