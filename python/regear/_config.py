"""What ``configGet`` answers."""

from __future__ import annotations

import os
from collections.abc import Mapping


class Config:
    """The first that knows a key answers:

    1. ``RG.CONFIGSET``: said last, while everything runs;
    2. ``--set`` of the host, or ``Host(config=…)``;
    3. the arguments that the module was loaded with;
    4. the host's environment;
    5. what the host had for 2 when the session was made.
    """

    def __init__(self, values: Mapping[str, str] | None = None) -> None:
        self.values = dict(values or {})
        #: The ``Key Value`` arguments that the module was loaded with.
        self.module_arguments: Mapping[str, str] = {}
        self.set_at_run_time: dict[str, str] = {}

    def get(self, key: str, stored: Mapping[str, str]) -> str | None:
        """``stored`` holds the values at the time the session was made."""
        for source in (
            self.set_at_run_time,
            self.values,
            self.module_arguments,
            os.environ,
            stored,
        ):
            if key in source:
                return source[key]
        return None
