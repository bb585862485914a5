"""What a host has the module keep beside sessions: sealed like they are.

Values of RG.CONFIGSET: the module has them in its memory only, as they may be
passwords. It hands them to the host, and the host gives them back after the
server was restarted. And the names of requirements that were asked for, and
timers that have keys.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from regear._sealing import Sealer
from regear.errors import SealError

if TYPE_CHECKING:
    from regear._engine import Engine

#: Ids among those of sessions, which have no colon.
CONFIG_ID = "_regear:config"
REQUIREMENTS_ID = "_regear:requirements"
TIMERS_ID = "_regear:timers"
OWN_IDS = frozenset({CONFIG_ID, REQUIREMENTS_ID, TIMERS_ID})


def load_values(engine: Engine, sealer: Sealer, id_: str) -> Any:
    """None if nothing is stored, or if it was sealed by another key."""
    _, _, sessions = engine.registry()
    for session_id, blob in sessions:
        if session_id == id_:
            try:
                document = sealer.open(blob)
            except SealError:
                return None
            # No other blob of this server passes for this one.
            return document.get("values") if document.get("id") == id_ else None
    return None


def store_values(engine: Engine, sealer: Sealer, id_: str, values: Any) -> None:
    document: dict[str, object] = {
        "id": id_,
        "description": None,
        "replaces": [],
        "registrations": [],
        "keep": True,
    }
    blob = sealer.seal({"id": id_, "values": values})
    engine.register(0, json.dumps(document), blob)
