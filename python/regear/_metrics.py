"""What Prometheus reads of a host."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Callable

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

#: The states of a worker (docs/host-link.md).
STATES = (
    *("connecting", "running", "retrying", "stopped", "sealed"),
    *("paused", "reconciling"),
)

_LABELS = ("registration",)

#: Of a worker's status, since the worker started: member, metric, text.
_WORKER_COUNTERS = (
    ("applied", "applied_changes", "Changes that are in the database."),
    ("folded", "folded_changes", "Changes that a later one of their row covered."),
    ("dead_lettered", "dead_lettered_changes", "Changes that were refused for good."),
    ("batches", "batches", "Transactions committed."),
    ("retries", "retries", "Attempts that failed and were repeated."),
)
_WORKER_GAUGES = (
    ("parked", "parked_changes", "Changes that wait for a row of another table."),
)
#: Of a write-through, as the server counts: member, metric, text.
_THROUGH_GAUGES = (
    ("waiting", "through_waiting", "Writes that the database was not asked for yet."),
    ("in_flight", "through_in_flight", "Writes that the database was asked for."),
)
_THROUGH_COUNTERS = (
    ("committed", "through_committed", "Writes that are in both."),
    ("refused", "through_refused", "Writes that the database refused."),
    ("in_doubt", "through_in_doubt", "Clients that were answered -INDOUBT."),
    ("timed_out", "through_timed_out", "Clients whose write was never begun."),
)
_HISTOGRAMS = (
    ("batch_size", "batch_size", "Changes in a transaction."),
    ("commit_seconds", "commit_seconds", "Duration of a transaction."),
)


class HostCollector(Collector):
    """Asked at each scrape. A standby tells that it is one, and no more: the
    numbers are those of the host that is attached."""

    def __init__(
        self,
        state: Callable[[], str],
        workers: Callable[[], Mapping[str, str]],
        server: Callable[[], Mapping[str, Any] | None],
    ) -> None:
        """``server`` answers RG.STATUS, or None if Redis cannot be reached."""
        self._state = state
        self._workers = workers
        self._server = server

    def describe(self) -> Iterable[Metric]:
        return ()

    def collect(self) -> Iterator[Metric]:
        attached = self._state() == "attached"
        yield _gauge("host_attached", "1: this host serves the Redis server.", attached)
        server = self._server()
        yield _gauge("redis_up", "1: the Redis server answers.", server is not None)
        if not attached:
            return
        yield from _of_workers(
            {name: json.loads(text) for name, text in self._workers().items()}
        )
        if server is not None:
            yield from _of_server(server)


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(f"regear_{name}", text, value=float(value))


def _of_workers(statuses: Mapping[str, Mapping[str, Any]]) -> Iterator[Metric]:
    for member, name, text in _WORKER_COUNTERS:
        counter = CounterMetricFamily(f"regear_{name}", text, labels=_LABELS)
        _add(counter, statuses, member)
        yield counter
    for member, name, text in _WORKER_GAUGES:
        gauge = GaugeMetricFamily(f"regear_{name}", text, labels=_LABELS)
        _add(gauge, statuses, member)
        yield gauge
    lag = GaugeMetricFamily(
        "regear_lag_seconds",
        "Age of the oldest change that is not in the database.",
        labels=_LABELS,
    )
    for name, status in statuses.items():
        lag.add_metric([name], (status.get("lag_ms") or 0) / 1000)
    yield lag
    yield from _states(statuses)
    for member, name, text in _HISTOGRAMS:
        histogram = HistogramMetricFamily(f"regear_{name}", text, labels=_LABELS)
        for registration, status in statuses.items():
            if status.get(member):
                histogram.add_metric([registration], *_buckets(status[member]))
        yield histogram


def _add(
    family: CounterMetricFamily | GaugeMetricFamily,
    statuses: Mapping[str, Mapping[str, Any]],
    member: str,
) -> None:
    for name, status in statuses.items():
        value = status.get(member)
        if value is not None:
            family.add_metric([name], value)


def _states(statuses: Mapping[str, Mapping[str, Any]]) -> Iterator[Metric]:
    up = GaugeMetricFamily(
        "regear_worker_up", "1: the table follows the keys.", labels=_LABELS
    )
    state = GaugeMetricFamily(
        "regear_worker_state",
        "1 for the state that the worker is in.",
        labels=(*_LABELS, "state"),
    )
    for name, status in statuses.items():
        up.add_metric([name], float(status["state"] == "running"))
        for one in STATES:
            state.add_metric([name, one], float(status["state"] == one))
    yield up
    yield state


def _of_through(counts: Mapping[str, Mapping[str, Any]]) -> Iterator[Metric]:
    for member, name, text in _THROUGH_GAUGES:
        gauge = GaugeMetricFamily(f"regear_{name}", text, labels=_LABELS)
        _add(gauge, counts, member)
        yield gauge
    for member, name, text in _THROUGH_COUNTERS:
        counter = CounterMetricFamily(f"regear_{name}", text, labels=_LABELS)
        _add(counter, counts, member)
        yield counter


def _buckets(histogram: Mapping[str, Any]) -> tuple[list[tuple[str, float]], float]:
    """Cumulative, as Prometheus has them; the engine counts each apart."""
    bounds = [*map(floatToGoString, histogram["bounds"]), "+Inf"]
    buckets, total = [], 0.0
    for bound, number in zip(bounds, histogram["counts"]):
        total += number
        buckets.append((bound, total))
    if buckets[-1][0] != "+Inf":
        buckets.append(("+Inf", total))
    return buckets, float(histogram["sum"])


def _of_server(status: Mapping[str, Any]) -> Iterator[Metric]:
    captured = CounterMetricFamily(
        "regear_captured_changes",
        "Changes captured since the Redis server started.",
        labels=_LABELS,
    )
    lost = CounterMetricFamily(
        "regear_lost_changes",
        "Captured changes that somebody took out of the stream.",
        labels=_LABELS,
    )
    entries = GaugeMetricFamily(
        "regear_backlog_entries", "Changes that wait in Redis.", labels=_LABELS
    )
    memory = GaugeMetricFamily(
        "regear_backlog_bytes", "Memory of what waits in Redis.", labels=_LABELS
    )
    dead = GaugeMetricFamily(
        "regear_dead_letters_open",
        "Dead letters that nobody resolved yet.",
        labels=_LABELS,
    )
    for registration in status["registrations"]:
        name = [registration["name"]]
        captured.add_metric(name, registration["captured"])
        lost.add_metric(name, registration.get("captured_lost") or 0)
        entries.add_metric(name, registration["backlog"])
        memory.add_metric(name, registration.get("stream_bytes") or 0)
        dead.add_metric(name, registration.get("dead_letters") or 0)
    yield from (captured, lost, entries, memory, dead)
    yield from _of_through(
        {
            registration["name"]: registration["through"]
            for registration in status["registrations"]
            if registration.get("through")
        }
    )
    orphans = GaugeMetricFamily(
        "regear_orphan_backlog_entries",
        "Changes left behind by a registration that is gone.",
        labels=_LABELS,
    )
    for orphan in status.get("orphans") or ():
        orphans.add_metric([orphan["name"]], orphan.get("backlog") or 0)
    yield orphans
