"""Names of the requirements that a server's clients have asked for."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import TYPE_CHECKING

from regear._redaction import redact_urls
from regear._sealing import Sealer
from regear._stored_values import REQUIREMENTS_ID, load_values, store_values

if TYPE_CHECKING:
    from regear._engine import Engine


class RequiredNames:
    """Kept by the server: hosts share what is installed with other servers'."""

    def __init__(self, engine: Engine, sealer: Sealer) -> None:
        self._engine = engine
        self._sealer = sealer
        self._lock = threading.Lock()

    def all(self) -> set[str]:
        """As they were typed, without secrets."""
        return set(load_values(self._engine, self._sealer, REQUIREMENTS_ID) or ())

    def add(self, names: Iterable[str]) -> None:
        with self._lock:
            known = self.all()
            more = known.union(map(redact_urls, names))
            if more != known:
                store_values(self._engine, self._sealer, REQUIREMENTS_ID, sorted(more))
