"""``/metrics``, ``/healthz`` and ``/readyz`` of a host."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import redis
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from regear._connecting import open_client
from regear._metrics import HostCollector
from regear._threads import start_thread
from regear.errors import RegearError

logger = logging.getLogger("regear")

_REDIS_TIMEOUT = 2.0  # s; a scrape is not to hang where Redis does
#: States in which a worker does what it should.
_GOOD_STATES = frozenset(["running", "paused", "reconciling"])

Answer = tuple[int, str]


class Monitoring:
    """An HTTP server for the network that watches a host."""

    def __init__(
        self,
        url: str,
        address: str,
        port: int,
        state: Callable[[], str],
        turning: Callable[[], bool],
        workers: Callable[[], Mapping[str, str]],
    ) -> None:
        self._state = state
        self._turning = turning
        self._workers = workers
        self._client = open_client(
            url,
            socket_timeout=_REDIS_TIMEOUT,
            socket_connect_timeout=_REDIS_TIMEOUT,
        )
        self._registry = CollectorRegistry()
        self._registry.register(HostCollector(state, workers, self._server_status))
        try:
            self._http = ThreadingHTTPServer((address, port), _handler(self))
        except OSError as error:
            raise RegearError(
                f"metrics cannot be served on {address}:{port}: {error.strerror}",
                "another port for --metrics",
            ) from error
        self._http.daemon_threads = True
        self.port: int = self._http.server_address[1]
        start_thread("regear-metrics", self._http.serve_forever)

    def stop(self) -> None:
        self._http.shutdown()
        self.close()

    def close(self) -> None:
        """Without the thread, which a forked child does not have."""
        self._http.server_close()
        self._client.close()

    def metrics(self) -> bytes:
        return generate_latest(self._registry)

    def health(self) -> Answer:
        """The process lives and its loop turns."""
        return (200, "ok") if self._turning() else (503, "the host's loop hangs")

    def readiness(self) -> Answer:
        """A standby is ready: it waits for its turn, as it should."""
        state = self._state()
        if state == "standby":
            return 200, state
        if state != "attached":
            return 503, state
        troubled = {
            name: status["state"]
            for name, status in sorted(self._statuses().items())
            if status["state"] not in _GOOD_STATES
        }
        if not troubled:
            return 200, "ok"
        return 503, ", ".join(f"{name} is {what}" for name, what in troubled.items())

    def _statuses(self) -> dict[str, dict[str, Any]]:
        return {name: json.loads(text) for name, text in self._workers().items()}

    def _server_status(self) -> dict[str, Any] | None:
        send: Callable[..., Any] = self._client.execute_command
        try:
            status: dict[str, Any] = json.loads(send("RG.STATUS"))
        except redis.RedisError as error:
            logger.debug("no numbers from Redis: %s", error)
            return None
        return status


def _handler(monitoring: Monitoring) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            if path == "/metrics":
                self._send(200, CONTENT_TYPE_LATEST, monitoring.metrics())
            elif path == "/healthz":
                self._send_text(*monitoring.health())
            elif path == "/readyz":
                self._send_text(*monitoring.readiness())
            else:
                self._send_text(404, "/metrics, /healthz, /readyz")

        do_HEAD = do_GET  # noqa: N815  the name that http.server asks for

        def _send_text(self, code: int, text: str) -> None:
            self._send(code, "text/plain; charset=utf-8", f"{text}\n".encode())

        def _send(self, code: int, kind: str, body: bytes) -> None:
            self.send_response(code)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def log_message(self, format: str, *arguments: Any) -> None:
            """A line each few seconds would bury the others."""

    return Handler
