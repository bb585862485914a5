"""The C++ engine: host link and drain workers.

All functions release the GIL while they wait. Errors are raised as the
exceptions of ``regear.errors``, which the extension looks up at import.
"""

from collections.abc import Callable, Sequence
from typing import Any

__version__: str
fail_points: bool  # a test build, which may be told to die somewhere

class Job:
    """Work that the module hands over. ``kind`` is PYEXECUTE or REGISTRY."""

    @property
    def id(self) -> int: ...
    @property
    def kind(self) -> str: ...
    @property
    def arguments(self) -> list[bytes]: ...

class KeyScan:
    """Records of all keys that match a pattern."""

    def next_page(self) -> list[dict[str, Any]] | None:
        """Records {"key", "value", "type", "event"} as KeysReader gives them,
        or None when there are no more."""

class CommandClient:
    """Redis commands of any number of threads, each of which has a connection
    alone while it waits."""

    def __init__(self, url: str) -> None:
        """As of Engine; connects when it is needed."""

    def call(
        self, commands: Sequence[Sequence[str | bytes]], keep: bool = True
    ) -> list[Any]:
        """Send them at once; their replies, errors as GearsError.

        Lists, str, int, None, and bytearray of what is not UTF-8. Waits as long
        as it takes, and sends nothing twice. ``keep``: they leave the connection
        as it was, and it may be used again. Raises ConnectionFailed: what the
        server has run is unknown then.
        """

    def close(self) -> None:
        """Close the connections that are idle."""

class Engine:
    """One host: its lease on a Redis server and its drain workers.

    The engine renews the lease by itself in a thread of its own. When the
    lease is lost every worker stops by itself, and ``next_jobs`` raises
    ``LeaseLost``; call ``attach`` again and start the workers anew.
    """

    def __init__(self, url: str) -> None:
        """``redis://[user:password@]host[:port]``, or ``unix://path``."""

    def attach(self, fence: int = 0) -> dict[str, Any]:
        """Ask for the lease once.

        Returns the pairs of the ATTACH reply (docs/host-link.md) with ints
        for fence, lease_ms, epoch, generation and a dict for args; ``state``
        is "attached" or "standby". Raises ConnectionFailed or RegearError.
        """

    def next_jobs(self, timeout: float) -> list[Job]:
        """All jobs that there are; none after ``timeout`` seconds."""

    def finish_job(self, job_id: int, ok: bool, text: str) -> None: ...
    def settle_jobs(
        self, reports: list[tuple[str, str]], answers: list[tuple[int, str, bytes]]
    ) -> None:
        """In one round trip: reports of functions that ran (registration id,
        JSON), then answers to jobs (id, OK|ERR|RESP, payload)."""

    def reserve_ids(self, count: int) -> list[str]:
        """Ids for functions to be registered."""

    def register(self, job_id: int, session: str, blob: bytes) -> list[str]:
        """Commit a session (JSON) atomically; answers the job unless 0."""

    def registry(self) -> tuple[int, list[str], list[tuple[str, bytes]]]:
        """Generation, registrations (JSON), sealed sessions (id, blob)."""

    def log(self, level: str, text: str) -> None:
        """Write a line to the log of the Redis server."""

    def scan_keys(self, pattern: str, count: str) -> KeyScan:
        """Read all keys that match, on a connection of its own. ``count`` goes
        to SCAN."""

    def check_target(self, worker: dict[str, Any]) -> list[dict[str, Any]]:
        """Open the target of ``worker`` (as in start_worker) and close it.

        Returns what is worth a warning, as inspect_target does. Raises
        TargetError (an operator must act; ``hint`` says what to type) or
        TargetUnavailable (try again later).
        """

    def start_worker(self, worker: dict[str, Any]) -> None:
        """Start draining a stream. Keys of ``worker``:

        name: str                   of the registration
        registration: str           its id; "" before it is registered
        stream, dead, parked: str   keys in Redis (docs/host-link.md)
        prefix: str                 "person:"
        db: int                     of the keys
        reconcile: str              why all keys are to be captured anew, or ""
        key_template: str | None    "order:{region}:{id}", in place of prefix
            and primary_key: the placeholders name the key columns
        columns: list[tuple[str, str]]   (hash field, column), mapping order
        documents: str | None       databases only: each change holds, in the
            field of this name, a JSON document; columns are (path, column)
        children: list[dict[str, Any]]   of documents: {"path": of an array,
            "table", "parent": [column, …], "columns": [[path, column], …],
            "position": column | None}
        field_history: list         [[last entry id, [field, …] | None], …]
            the fields that were captured up to that entry; then those of now
        target: "sqlite" | "postgres" | "mysql" | "callback" | "python"
        table, primary_key, checkpoint_table: str
        connect: Callable[[], dict[str, str]]
            connection parameters by libpq's keywords, for SQLite {"path": …};
            called at every connect
        write: Callable[[list[dict[str, Any]]], None]    target "callback" only
            called once a batch with records
            {"id": "ms-seq", "value": {column: str | None, …, primary_key: id,
            "#": "=" | "~"}}; with key_template all key columns
        connector: Callable[[], RowConnector]   target "python" only
            called in the worker's thread
        hashes: bool                target "python" only: whether it takes the
            columns, or one of them, which is a whole document
        documents: str | None       the name that documents go by
        transform: Callable[[dict[str, Any]], dict[str, Any]] | None
            record {"key", "value", "type", "event"} in and out
        fold: bool                  default True; False for "callback"
        commit_after: str           "received" | "fsync" | "replica"
        batch: int, duration: int (ms), retry_interval: float (s)
        max_batch: int, max_batch_bytes: int       optional
        """

    def stop_worker(self, name: str, drain: bool, timeout: float) -> bool:
        """Stop; with ``drain`` only when the backlog is empty.

        Returns False if the timeout came first; the worker stops regardless.
        """

    def drain_worker(self, name: str) -> bool:
        """Write at once what is captured, whatever batch and duration say.

        Returns at once; False if there is no such worker.
        """

    def worker_status(self) -> dict[str, str]:
        """Status JSON (docs/host-link.md) by registration name."""

    def report(self, name: str, status: str | None) -> None:
        """Send ``status`` (JSON) with each renewal for a registration that has
        no worker, such as one whose session does not open; until a worker of
        that name starts, or None."""

    def detach(self) -> None:
        """Stop all workers, give the lease back and close. Idempotent."""

def inspect_target(worker: dict[str, Any]) -> list[dict[str, Any]]:
    """Connect to the target of ``worker`` (as in Engine.start_worker) and look
    at it; no table is created.

    Returns all that is to be mended or known: {"blocks": bool, "message": str,
    "hint": str}, the hint being the statement to type where there is one.
    Raises TargetUnavailable if the target cannot be reached now.
    """

def set_log_sink(sink: Callable[[str, str], None] | None) -> None:
    """Send the engine's log lines (level, text) to ``sink``, None: stderr."""
