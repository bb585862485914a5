"""What a network that watches hosts sees of one."""

from __future__ import annotations

import re
import subprocess
import sys
import urllib.error
import urllib.request

import pytest
from prometheus_client.parser import text_string_to_metric_families

import regear
from tests.integration._servers import free_port, wait_for


@pytest.fixture
def watched(redis_with_module, folder, sqlite_recipe):
    """Hosts of this process that are watched: ``watched()`` is a base URL."""
    file = folder / "recipe.py"
    file.write_text(sqlite_recipe(version="1.0.0"))
    hosts = []

    def start():
        host = regear.Host(redis_with_module.url, state_key=folder / "key")
        hosts.append(host)
        port = host.load(file).serve_metrics(0)
        host.start()
        return f"http://127.0.0.1:{port}"

    yield start
    for host in hosts:
        host.stop(drain=False)


def get(url):
    try:
        with urllib.request.urlopen(url, timeout=10) as reply:
            return reply.status, reply.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def scrape(url):
    """Values by sample name and labels (without the registration's)."""
    samples = {}
    for family in text_string_to_metric_families(get(url + "/metrics")[1]):
        for sample in family.samples:
            labels = dict(sample.labels)
            labels.pop("registration", None)
            samples[(sample.name, *labels.values())] = sample.value
    return samples


def test_metrics_have_the_values_of_the_work(redis_with_module, watched, sqlite_db):
    url = watched()
    for number in range(250):
        redis_with_module.client.hset(f"person:{number}", "age", number)
    redis_with_module.wait_drained()
    seen = wait_for(lambda: (s := scrape(url))["regear_backlog_entries",] == 0 and s)
    assert seen["regear_host_attached",] == seen["regear_redis_up",] == 1
    assert seen["regear_captured_changes_total",] == 250
    assert seen["regear_applied_changes_total",] == 250
    assert seen["regear_batches_total",] >= 1
    assert seen["regear_retries_total",] == 0
    assert seen["regear_lag_seconds",] == 0
    assert seen["regear_worker_up",] == 1
    assert seen["regear_worker_state", "running"] == 1
    assert seen["regear_worker_state", "retrying"] == 0


def test_histograms_are_cumulative_and_complete(redis_with_module, watched, sqlite_db):
    url = watched()
    for number in range(50):
        redis_with_module.client.hset(f"person:{number}", "age", number)
    redis_with_module.wait_drained()
    samples = scrape(url)
    assert samples["regear_batch_size_sum",] == 50
    for name in ("regear_batch_size", "regear_commit_seconds"):
        buckets = [v for key, v in samples.items() if key[0] == f"{name}_bucket"]
        assert buckets == sorted(buckets)
        assert samples[f"{name}_bucket", "+Inf"] == samples["regear_batches_total",]


def test_backlog_grows_while_the_database_is_away(
    redis_with_module, watched, sqlite_db
):
    url = watched()
    wait_for(lambda: get(url + "/readyz") == (200, "ok\n"))
    sqlite_db.execute("ALTER TABLE persons RENAME TO elsewhere")
    for number in range(100):
        redis_with_module.client.hset(f"person:{number}", "age", number)
    wait_for(lambda: get(url + "/readyz")[0] == 503)
    assert re.fullmatch(r"Persons is \w+\n", get(url + "/readyz")[1])
    samples = scrape(url)
    assert samples["regear_backlog_entries",] == 100
    assert samples["regear_backlog_bytes",] > 1000
    assert samples["regear_lag_seconds",] > 0
    assert samples["regear_worker_up",] == 0
    assert get(url + "/healthz") == (200, "ok\n")
    sqlite_db.execute("ALTER TABLE elsewhere RENAME TO persons")
    wait_for(lambda: get(url + "/readyz") == (200, "ok\n"), 30)


def test_standby_is_ready_and_tells_no_numbers_of_another(watched):
    watched()
    standby = watched()
    assert get(standby + "/readyz") == (200, "standby\n")
    samples = scrape(standby)
    assert samples["regear_host_attached",] == 0
    assert not [key for key in samples if key[0] == "regear_applied_changes_total"]


def test_host_without_redis_is_alive_and_not_ready(folder):
    with regear.Host(
        f"redis://127.0.0.1:{free_port()}", state_key=folder / "key"
    ) as host:
        url = f"http://127.0.0.1:{host.serve_metrics(0)}"
        assert get(url + "/readyz") == (503, "disconnected\n")
        assert get(url + "/healthz") == (200, "ok\n")
        assert scrape(url) == {("regear_host_attached",): 0, ("regear_redis_up",): 0}
        assert get(url + "/else")[0] == 404
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(url + "/healthz", timeout=5)


def test_regear_host_serves_metrics(redis_with_module, folder):
    log = (folder / "host.log").open("w+")
    process = subprocess.Popen(
        [
            *(sys.executable, "-u", "-m", "regear", "host", "--metrics", "0"),
            *("--redis", redis_with_module.url, "--state-key", str(folder / "key")),
        ],
        stdout=log,
    )
    try:
        text = (folder / "host.log").read_text
        wait_for(lambda: "Ctrl-C stops" in text(), 30)
        url = re.search(r"http://127\.0\.0\.1:\d+", text()).group()
        wait_for(lambda: scrape(url)["regear_host_attached",] == 1)
    finally:
        process.terminate()
        process.wait(20)
        log.close()


def test_port_that_is_taken_is_an_error_with_a_hint(watched, folder):
    port = int(watched().rpartition(":")[2])
    with pytest.raises(regear.RegearError, match="another port for --metrics"):
        regear.Host(state_key=folder / "key").serve_metrics(port)
