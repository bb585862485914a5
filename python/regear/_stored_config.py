"""Values of RG.CONFIGSET at rest: one sealed blob, kept like a session's.

The module has them in its memory only, as they may be passwords. It hands them
to the host, and the host gives them back after the server was restarted.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from regear._sealing import Sealer
from regear.errors import SealError

if TYPE_CHECKING:
    from regear._engine import Engine

#: Ids among the sessions; no session's, which are hexadecimal.
CONFIG_ID = "_regear:config"
TIMERS_ID = "_regear:timers"
OURS = frozenset({CONFIG_ID, TIMERS_ID})


def load_config(engine: Engine, sealer: Sealer) -> dict[str, str]:
    """Empty if nothing is stored, or if it was sealed by another key."""
    values = load_values(engine, sealer, CONFIG_ID)
    return {str(key): str(value) for key, value in values.items()}


def store_config(engine: Engine, sealer: Sealer, values: dict[str, str]) -> None:
    store_values(engine, sealer, CONFIG_ID, values)


def load_values(engine: Engine, sealer: Sealer, id_: str) -> dict[str, Any]:
    _, _, sessions = engine.registry()
    for session_id, blob in sessions:
        if session_id == id_:
            try:
                document = sealer.open(blob)
            except SealError:
                return {}
            # No other blob of this server passes for this one.
            return document.get("values", {}) if document.get("id") == id_ else {}
    return {}


def store_values(
    engine: Engine, sealer: Sealer, id_: str, values: Mapping[str, Any]
) -> None:
    document: dict[str, object] = {
        "id": id_,
        "description": None,
        "replaces": [],
        "registrations": [],
        "keep": True,
    }
    blob = sealer.seal({"id": id_, "values": values})
    engine.register(0, json.dumps(document), blob)
