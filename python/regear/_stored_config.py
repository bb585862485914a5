"""Values of RG.CONFIGSET at rest: one sealed blob, kept like a session's.

The module has them in its memory only, as they may be passwords. It hands them
to the host, and the host gives them back after the server was restarted.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from regear._sealing import Sealer
from regear.errors import SealError

if TYPE_CHECKING:
    from regear._engine import Engine

#: Its id among the sessions; no session's, which are hexadecimal.
CONFIG_ID = "_regear:config"


def load_config(engine: Engine, sealer: Sealer) -> dict[str, str]:
    """Empty if nothing is stored, or if it was sealed by another key."""
    _, _, sessions = engine.registry()
    for session_id, blob in sessions:
        if session_id == CONFIG_ID:
            try:
                values = sealer.open(blob)["values"]
            except (SealError, KeyError):
                return {}
            return {str(key): str(value) for key, value in values.items()}
    return {}


def store_config(engine: Engine, sealer: Sealer, values: dict[str, str]) -> None:
    document: dict[str, object] = {
        "id": CONFIG_ID,
        "description": None,
        "replaces": [],
        "registrations": [],
        "keep": True,
    }
    blob = sealer.seal({"id": CONFIG_ID, "values": values})
    engine.register(0, json.dumps(document), blob)
