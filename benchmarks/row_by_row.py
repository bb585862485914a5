"""Drains a stream with one SQL statement per change.

This is how the SQL connectors of the ancestor work: batches of 100 read from
the stream, each change a statement of SQLAlchemy, a commit per batch.
"""

from __future__ import annotations

import time

import redis
from sqlalchemy import create_engine, text

_BATCH = 100
_UPSERT = {
    "sqlite": (
        "INSERT OR REPLACE INTO persons (person_id, first, last, age)"
        " VALUES (:id, :first_name, :last_name, :age)"
    ),
    "mysql": (
        "INSERT INTO persons (person_id, first, last, age)"
        " VALUES (:id, :first_name, :last_name, :age)"
        " ON DUPLICATE KEY UPDATE first = :first_name, last = :last_name,"
        " age = :age"
    ),
    "postgres": (
        "INSERT INTO persons (person_id, first, last, age)"
        " VALUES (:id, :first_name, :last_name, :age)"
        " ON CONFLICT (person_id) DO UPDATE SET first = :first_name,"
        " last = :last_name, age = :age"
    ),
}


def drain_row_by_row(client: redis.Redis, stream: str, url: str, kind: str) -> float:
    """Changes per second until the stream is empty."""
    statement = text(_UPSERT[kind])
    changes = 0
    start = time.monotonic()
    engine = create_engine(url)
    with engine.connect() as connection:
        while entries := client.xrange(stream, count=_BATCH):
            for _, pairs in entries:
                values = dict(pairs)
                values["id"] = values["_original_key"].split(":", 1)[1]
                connection.execute(statement, values)
            connection.commit()
            client.xdel(stream, *(entry_id for entry_id, _ in entries))
            changes += len(entries)
    seconds = time.monotonic() - start
    engine.dispose()
    return changes / seconds
