"""A host that registers rules and drains nothing."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import redis

STREAM = "_persons-stream-Persons-{06S}"
DEAD, PARKED, DIRTY = (
    f"_persons-{kind}-Persons-{{06S}}" for kind in ("dead", "parked", "dirty")
)
Entry = tuple[str, str, str, list[str]]


class IdleHost:
    """Holds the lease of a server by the protocol of docs/host-link.md."""

    def __init__(self, client: redis.Redis, host_id: str = "a" * 32) -> None:
        self._client = client
        self._host_id = host_id

    def attach(self) -> dict[str, Any]:
        """Take the lease, or renew it."""
        reply = self._client.execute_command("RG.HOST", "ATTACH", 1, self._host_id, 0)
        return dict(zip(reply[::2], reply[1::2]))

    def register(
        self,
        *fields: str,
        prefix: str = "person:",
        db: int = 0,
        replaces: Sequence[str] = (),
        **members: Any,
    ) -> list[str]:
        """``members``: of the registration, beside or instead of ours."""
        registration = {
            "name": "Persons",
            "kind": "write-behind",
            "prefix": prefix,
            "db": db,
            "events": ["change"],
            "fields": list(fields) or None,
            "stream": STREAM,
            **members,
        }
        session = {
            "id": f"session of {registration['name']}",
            "registrations": [registration],
            "replaces": replaces,
        }
        fence = self.attach()["fence"]
        return self._client.execute_command(
            "RG.HOST", "REGISTER", fence, 0, json.dumps(session), "sealed"
        )

    def command(self, name: str, *arguments: Any) -> Any:
        """RG.HOST name fence argument…"""
        fence = self.attach()["fence"]
        return self._client.execute_command("RG.HOST", name, fence, *arguments)

    def epochs(self) -> list[tuple[int, str, str]]:
        """Number, id and the stream's last id at the start of each."""
        fence = self.attach()["fence"]
        reply = self._client.execute_command("RG.HOST", "EPOCHS", fence, STREAM)
        return [tuple(epoch) for epoch in reply]

    def trim(self, entry_id: str) -> str:
        fence = self.attach()["fence"]
        return self._client.execute_command("RG.HOST", "TRIM", fence, STREAM, entry_id)


def read_entry(pairs: list[str]) -> Entry:
    """Key, event, op with ``+`` if it continues a unit, and the rest."""
    names, values = pairs[::2], pairs[1::2]
    assert names[:3] == ["_original_key", "_event", "#"]
    rest = pairs[6:]
    ack, rest = (rest[:2], rest[2:]) if rest[:1] == ["_uuid"] else ([], rest)
    joined = rest[:1] == ["_unit"]
    rest = ack + (rest[2:] if joined else rest)
    return values[0], values[1], values[2] + ("+" if joined else ""), rest


def entries(client: redis.Redis, stream: str = STREAM) -> list[Entry]:
    """The change stream, as raw pairs: a field may occur more than once."""
    raw = client.connection_pool.get_connection()
    try:
        raw.send_command("XRANGE", stream, "-", "+")
        return [read_entry(pairs) for _, pairs in raw.read_response()]
    finally:
        client.connection_pool.release(raw)
