"""Numbers of a host, as Prometheus reads them."""

from __future__ import annotations

import json
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from regear._metrics import HostCollector

STATUS = {
    "state": "retrying",
    "applied": 100,
    "folded": 20,
    "dead_lettered": 3,
    "batches": 4,
    "retries": 5,
    "rate": 1.5,
    "lag_ms": 2500,
    "backlog": 6,
    "parked": 1,
    "batch_size": {"bounds": [1, 10, 100], "counts": [1, 2, 0, 1], "sum": 123},
    "commit_seconds": {"bounds": [0.001, 0.01], "counts": [3, 0, 1], "sum": 0.5},
}
SERVER = {
    "registrations": [
        {
            "name": "Persons",
            "captured": 7,
            "backlog": 6,
            "stream_bytes": 1000,
            "dead_letters": 2,
        }
    ],
    "orphans": [{"name": "Cars", "backlog": 8}],
}


def samples(state: str, worker: Any = STATUS, server: Any = SERVER) -> dict[Any, float]:
    registry = CollectorRegistry()
    registry.register(
        HostCollector(
            lambda: state, lambda: {"Persons": json.dumps(worker)}, lambda: server
        )
    )
    text = generate_latest(registry).decode()
    return {
        (sample.name, *_registration_first(sample.labels)): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def _registration_first(labels: dict[str, str]) -> list[str]:
    return [labels[name] for name in sorted(labels, key=lambda n: n != "registration")]


def test_members_of_the_status_have_their_metrics() -> None:
    seen = samples("attached")
    assert {
        key[0]: value
        for key, value in seen.items()
        if key[1:] == ("Persons",)
        and not key[0].startswith(("regear_batch_size", "regear_commit_seconds"))
    } == {
        "regear_applied_changes_total": 100,
        "regear_folded_changes_total": 20,
        "regear_dead_lettered_changes_total": 3,
        "regear_batches_total": 4,
        "regear_retries_total": 5,
        "regear_lag_seconds": 2.5,
        "regear_dead_letters_open": 2,
        "regear_parked_changes": 1,
        "regear_captured_changes_total": 7,
        "regear_backlog_entries": 6,
        "regear_backlog_bytes": 1000,
        "regear_lost_changes_total": 0,
        "regear_worker_up": 0,
    }
    assert seen["regear_orphan_backlog_entries", "Cars"] == 8
    assert seen["regear_worker_state", "Persons", "retrying"] == 1
    assert seen["regear_worker_state", "Persons", "running"] == 0


def test_buckets_are_cumulative() -> None:
    seen = samples("attached")
    buckets = {key[2]: v for key, v in seen.items() if key[0].endswith("size_bucket")}
    assert buckets == {"1.0": 1, "10.0": 3, "100.0": 3, "+Inf": 4}
    assert seen["regear_batch_size_sum", "Persons"] == 123
    assert seen["regear_batch_size_count", "Persons"] == 4
    assert seen["regear_commit_seconds_bucket", "Persons", "0.001"] == 3
    assert seen["regear_commit_seconds_bucket", "Persons", "+Inf"] == 4


def test_worker_that_does_not_run_has_few_members() -> None:
    idle = {"state": "sealed", "applied": 0, "batches": 0, "retries": 0, "rate": 0}
    seen = samples("attached", idle)
    assert seen["regear_worker_state", "Persons", "sealed"] == 1
    assert not [key for key in seen if key[0].startswith("regear_batch_size")]


def test_standby_and_a_redis_that_is_away() -> None:
    assert samples("standby") == {
        ("regear_host_attached",): 0,
        ("regear_redis_up",): 1,
    }
    seen = samples("attached", server=None)
    assert seen["regear_redis_up",] == 0
    assert seen["regear_applied_changes_total", "Persons"] == 100
