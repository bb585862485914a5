"""Batches of streams on a real Redis, which needs no module for that: the
test tells registrations of each XADD, and shows them in RG.DUMPREGISTRATIONS."""

from __future__ import annotations

import itertools
import threading
import time
from collections import Counter

import pytest

from regear._commands import Commands
from regear._functions.plan import Plan
from regear._functions.registering import FunctionRegistration
from regear._functions.stream_log import matches
from regear._functions.stream_threads import StreamThreads
from regear.errors import GearsError
from tests.integration._servers import wait_for


class Registration:
    """One at work: what it was given, and what it has reported."""

    def __init__(self, node, registration, fail, gate):
        self.registration = registration
        self.batches = []  # [(stream, [id…])…]
        self.counts = Counter()
        self.status, self.error = "OK", None
        self.fail, self.gate = fail, gate
        self.running = threading.Event()
        self._node = node
        self.start()

    def start(self):
        self.streams = self._node.threads.start(
            self.registration, self._run, self._node.send, self._report
        )

    def _run(self, records):
        ids = [record["id"] for record in records]
        self.running.set()
        self.gate.wait(20)
        self.error = self.fail(ids)
        self.batches.append((records[0]["key"], ids))
        self._report(triggered=1, **{"failures" if self.error else "success": 1})
        return self.error

    def _report(self, status=None, last_lag_ms=0, total_lag_ms=0, **counts):
        assert last_lag_ms == total_lag_ms >= 0
        self.counts.update(counts)
        self.status = status or self.status

    @property
    def ids(self):
        return [id_ for _, ids in self.batches for id_ in ids]

    def stop(self):
        self.streams.stop()
        wait_for(lambda: not self.streams.is_alive, what="the thread ends")

    def restart(self):
        """As another host would."""
        self.stop()
        self.start()


class Node:
    def __init__(self, server):
        self.client = server.connect(decode_responses=True)
        self.commands = Commands(server.url)
        self.threads = StreamThreads()
        self.registered = {}
        self.trouble = None
        self._numbers = itertools.count(1)

    def register(self, prefix="s:*", fail=lambda ids: None, gate=None, **options):
        registration = FunctionRegistration(
            "StreamReader",
            Plan("StreamReader", prefix, []),
            id=f"0-{next(self._numbers)}",
            prefix=prefix,
            **{"mode": "async_local", **options},
        )
        if gate is None:
            gate = threading.Event()
            gate.set()
        made = Registration(self, registration, fail, gate)
        self.registered[registration.id] = made
        return made

    def unregister(self, registration):
        del self.registered[registration.registration.id]
        registration.streams.stop()

    def send(self, commands):
        if self.trouble is not None:
            raise GearsError(self.trouble)
        sent = [one for one in commands if one[0] != "RG.DUMPREGISTRATIONS"]
        replies = iter(self.commands.execute_all(sent) if sent else [])
        return [next(replies) if one in sent else self._dump() for one in commands]

    def _dump(self):
        head = ["reader", "StreamReader", "desc", None, "RegistrationData"]
        return [
            ["id", id_, *head, self._data(one)]
            for id_, one in list(self.registered.items())
        ]

    def _data(self, one):
        return ["args", ["stream", one.registration.prefix], "status", one.status]

    def add(self, key, *ids, done=lambda: None):
        """XADD, and the events. At once: who scans finds all entries or none."""
        with self.client.pipeline(transaction=True) as adding:
            for id_ in ids or ("*",):
                adding.xadd(key, {"f": "v"}, id_)
            added = adding.execute()
        for one in list(self.registered.values()):
            if matches(one.registration.prefix, key.encode()):
                one.streams.on_event(key.encode(), done)
        return added

    def pending(self, key):
        return [id_ for id_, _ in self.client.xrange(key)]


@pytest.fixture
def node(new_redis):
    node = Node(new_redis(module=False))
    yield node
    for one in node.registered.values():
        one.gate.set()
        one.streams.stop()
    node.commands.close()


def ids(count, first=1):
    return [f"{number}-0" for number in range(first, first + count)]


def test_each_entry_runs_in_its_order_and_is_taken_away(node):
    one = node.register()
    node.add("s:1", *ids(50))
    node.add("other", "1-0")
    wait_for(lambda: not node.pending("s:1"))
    assert one.batches == [("s:1", [id_]) for id_ in ids(50)]
    assert node.pending("other") == ["1-0"]


def test_a_new_stream_counts_as_one_more_run(node):
    one = node.register()
    node.add("s:1", "1-0")
    wait_for(lambda: one.counts["success"] == 2)
    node.add("s:1", "2-0")
    wait_for(lambda: one.counts["success"] == 3)
    assert one.counts == {"triggered": 3, "success": 3}


def test_records_have_key_id_and_fields(node):
    seen = []
    one = node.register()
    run = one.streams._run_batch
    one.streams._run_batch = lambda records: (seen.extend(records), run(records))[1]
    node.client.xadd("s:1", {"a": "1", b"\xff": b"\xfe"}, "5-1")
    one.streams.on_event(b"s:1", lambda: None)
    wait_for(lambda: one.ids)
    value = {"a": "1", b"\xff": bytearray(b"\xfe")}
    assert seen == [{"key": "s:1", "id": "5-1", "value": value}]


def test_only_whole_batches_run_without_a_duration(node):
    one = node.register(batch=3)
    now = node.add("s:1", *["*"] * 8)
    wait_for(lambda: node.pending("s:1") == now[6:])
    assert one.batches == [("s:1", now[:3]), ("s:1", now[3:6])]


def test_a_batch_runs_when_its_time_has_come(node):
    one = node.register(batch=100, duration=50)
    added = node.add("s:1", "*", "*")
    wait_for(lambda: not node.pending("s:1"))
    assert one.ids == added


def test_what_is_left_of_a_batch_runs_after_a_restart(node):
    one = node.register(batch=3)
    added = node.add("s:1", *["*"] * 4)
    wait_for(lambda: len(one.ids) == 3)
    one.restart()
    wait_for(lambda: one.ids == added)


def test_streams_from_before_the_registration_run(node):
    node.add("s:1", *ids(5))
    node.add("s:2", *ids(5))
    node.client.set("s:3", "no stream")
    one = node.register(batch=4)
    wait_for(lambda: not node.pending("s:1") and not node.pending("s:2"))
    assert Counter(one.ids) == dict.fromkeys(ids(5), 2)


def test_a_prefix_without_a_star_is_a_key(node):
    node.add("s:1", "1-0")
    node.add("s:", "1-0")
    one = node.register("s:")
    wait_for(lambda: one.batches == [("s:", ["1-0"])])
    special = node.register("s[*")
    node.add("s[1", "1-0")
    wait_for(lambda: special.ids == ["1-0"])


def test_the_batch_of_a_failure_counts_as_done_by_continue(node):
    one = node.register(batch=2, fail=lambda ids: "E" if "1-0" in ids else None)
    node.add("s:1", *ids(4))
    wait_for(lambda: not node.pending("s:1"))
    assert one.ids == ids(4)
    assert one.counts == {"triggered": 3, "success": 2, "failures": 1}


def test_a_failure_stops_the_registration_by_abort(node):
    one = node.register(policy="abort", fail=lambda ids: "E" if "2-0" in ids else None)
    node.add("s:1", *ids(3))
    wait_for(lambda: one.status == "ABORTED")
    node.add("s:2", "1-0")
    one.restart()
    assert node.pending("s:1") == ids(2, first=2)
    assert one.ids == ids(2)
    one.fail = lambda ids: None
    one.streams.unpause()
    wait_for(lambda: not node.pending("s:1") and not node.pending("s:2"))
    assert one.status == "OK"


def test_a_failure_is_tried_again_in_order_by_retry(node):
    one = node.register(
        policy="retry", retry_interval=0.05, batch=2, fail=lambda ids: "E"
    )
    node.add("s:1", *ids(2))
    wait_for(lambda: one.status == "WAITING_FOR_RETRY_ON_FAILURE")
    node.add("s:1", *ids(4, first=3))
    wait_for(lambda: one.counts["failures"] > 2)
    assert node.pending("s:1") == ids(6)
    assert set(one.ids) == set(ids(2))
    one.fail = lambda ids: None
    wait_for(lambda: not node.pending("s:1"))
    assert one.status == "OK"
    assert one.ids[-6:] == ids(6)


def test_other_streams_wait_for_the_retry_of_one(node):
    one = node.register(
        policy="retry", retry_interval=60, fail=lambda ids: "E" if "1-0" in ids else ""
    )
    node.add("s:1", "1-0")
    wait_for(lambda: one.status == "WAITING_FOR_RETRY_ON_FAILURE")
    node.add("s:2", "2-0")
    one.streams.pause()
    assert one.status == "PAUSED"
    one.fail = lambda ids: None
    one.streams.unpause()
    wait_for(lambda: not node.pending("s:1") and not node.pending("s:2"))


def test_an_error_that_begins_with_pause_pauses(node):
    one = node.register(fail=lambda ids: "PAUSE, please")
    node.add("s:1", "1-0")
    wait_for(lambda: one.status == "PAUSED")
    assert node.pending("s:1") == ["1-0"]
    one.fail = lambda ids: None
    one.streams.unpause()
    wait_for(lambda: not node.pending("s:1"))
    assert one.ids == ["1-0", "1-0"]


def test_a_paused_registration_ends_its_batch_and_begins_no_other(node):
    gate = threading.Event()
    one = node.register(gate=gate)
    node.add("s:1", *ids(3))
    assert one.running.wait(10)
    one.streams.pause()
    gate.set()
    wait_for(lambda: node.pending("s:1") == ids(2, first=2))
    assert one.ids == ["1-0"]
    one.restart()
    node.add("s:1", "4-0")
    assert one.status == "PAUSED"
    one.streams.unpause()
    wait_for(lambda: not node.pending("s:1"))
    assert one.ids == ids(4)


def test_entries_stay_without_trim_and_run_once(node):
    one = node.register(trim=False)
    node.add("s:1", *ids(3))
    wait_for(lambda: one.ids == ids(3))
    one.restart()
    node.add("s:1", "4-0")
    wait_for(lambda: one.ids == ids(4))
    assert node.pending("s:1") == ids(4)


def test_a_new_version_goes_on_where_the_old_one_was(node):
    old = node.register(trim=False)
    node.add("s:1", *ids(3))
    wait_for(lambda: old.ids == ids(3))
    node.unregister(old)
    node.add("s:1", "4-0")
    new = node.register(trim=False)
    node.add("s:1", "5-0")
    wait_for(lambda: new.ids == ids(2, first=4))
    wait_for(lambda: "regear:0-1" not in groups(node, "s:1"))


def groups(node, key):
    return [group["name"] for group in node.client.xinfo_groups(key)]


def test_a_new_version_waits_for_the_last_batch_of_the_old_one(node):
    gate = threading.Event()
    old = node.register(gate=gate, batch=2)
    node.add("s:1", *ids(3))
    assert old.running.wait(10)
    node.unregister(old)
    new = node.register()
    node.add("s:1", "4-0")
    gate.set()
    wait_for(lambda: not node.pending("s:1"))
    assert old.ids == ids(2)
    assert new.ids == ids(2, first=3)


def test_two_registrations_of_one_stream_get_all_of_it(node):
    """The slower one has not begun when the other one is done."""
    gate = threading.Event()
    first = node.register("t:*")
    second = node.register("s:*", gate=gate)
    third = node.register("s:*")
    node.add("s:1", *ids(3))
    wait_for(lambda: third.ids == ids(3))
    assert node.pending("s:1") == ids(3)
    gate.set()
    wait_for(lambda: second.ids == ids(3))
    wait_for(lambda: not node.pending("s:1"))
    assert first.batches == []


def test_nothing_is_taken_away_that_a_stopped_one_has_not_seen(node):
    other = node.register()
    other.stop()
    one = node.register()
    node.add("s:1", *ids(3))
    wait_for(lambda: one.ids == ids(3))
    other.start()
    wait_for(lambda: other.ids == ids(3))
    wait_for(lambda: not node.pending("s:1"))


def test_what_redisgears_left_behind_is_taken_over(node):
    node.client.xadd("s:1", {"f": "v"}, "1-0")
    node.client.xgroup_create("s:1", "__gears_consumer_group__", "0")
    node.add("s:1", *ids(4, first=2))
    group = "__gears_consumer_group__", "__gears_client__"
    node.client.xreadgroup(*group, {"s:1": ">"}, count=3)
    node.client.xack("s:1", group[0], "1-0", "2-0")
    one = node.register(trim=False)
    wait_for(lambda: one.ids == ids(3, first=3))


@pytest.mark.parametrize("wipe", ["delete", "flushall", "string"])
def test_a_stream_may_go_while_its_batch_runs(node, wipe):
    gate = threading.Event()
    one = node.register(gate=gate)
    node.add("s:1", *ids(3))
    assert one.running.wait(10)
    node.client.flushall()
    if wipe == "string":
        node.client.set("s:1", "no stream")
    gate.set()
    wait_for(lambda: one.ids == ["1-0"])
    node.client.delete("s:1")
    if wipe == "delete":
        node.add("s:1", *ids(2))
        wait_for(lambda: one.ids == ["1-0", "1-0", "2-0"])
    node.add("s:2", "1-0")
    wait_for(lambda: one.batches[-1] == ("s:2", ["1-0"]))
    assert one.counts["failures"] == 0


def test_a_stream_with_lower_ids_takes_the_place_of_another(node):
    one = node.register()
    node.add("s:1", "9-0")
    wait_for(lambda: not node.pending("s:1"))
    node.client.delete("s:1")
    node.add("s:1", *ids(3))
    wait_for(lambda: not node.pending("s:1"))
    assert one.ids == ["9-0", *ids(3)]


def test_entries_that_others_delete_are_not_missed(node):
    one = node.register(batch=3, duration=60_000)
    added = node.add("s:1", "*", "*")
    node.client.xtrim("s:1", maxlen=0, approximate=False)
    added += node.add("s:1", *["*"] * 3)
    wait_for(lambda: added[2] in one.ids)
    assert one.ids == sorted(one.ids)


def test_a_client_of_a_sync_registration_waits_for_the_run(node):
    gate = threading.Event()
    one = node.register(mode="sync", gate=gate)
    done = threading.Event()
    node.add("s:1", "1-0", done=done.set)
    assert one.running.wait(10)
    assert not done.is_set()
    gate.set()
    assert done.wait(10)
    assert node.pending("s:1") == []


def test_no_client_waits_for_a_batch_that_is_not_full(node):
    node.register(mode="sync", batch=2)
    done = threading.Event()
    node.add("s:1", "*", done=done.set)
    assert done.wait(10)


@pytest.mark.parametrize("end", ["stop", "pause"])
def test_no_client_waits_for_a_registration_that_ends(node, end):
    gate = threading.Event()
    one = node.register(mode="sync", gate=gate)
    done = threading.Event()
    node.add("s:1", "1-0")
    assert one.running.wait(10)
    node.add("s:2", "1-0", done=done.set)
    getattr(one.streams, end)()
    gate.set()
    assert done.wait(10)
    node.add("s:2", "2-0", done=(late := threading.Event()).set)
    assert late.is_set()


def test_streams_take_turns(node):
    gate = threading.Event()
    one = node.register(gate=gate)
    node.add("s:1", *ids(3))
    assert one.running.wait(10)
    node.add("s:2", "1-0")
    gate.set()
    wait_for(lambda: not node.pending("s:1") and not node.pending("s:2"))
    assert [key for key, _ in one.batches].index("s:2") < 3


def test_it_goes_on_when_redis_answers_again(node):
    one = node.register()
    node.trouble = "LOADING Redis is loading"
    node.add("s:1", *ids(2))
    node.trouble = None
    wait_for(lambda: not node.pending("s:1"))
    assert one.ids == ids(2)


def test_many_streams_lose_nothing_while_the_thread_starts_anew(node):
    """Failures, restarts and writers at once."""
    fails = itertools.cycle([None, None, None, "E"])
    one = node.register(
        policy="retry", retry_interval=0, batch=3, fail=lambda ids: next(fails)
    )
    added = {f"s:{number}": [] for number in range(5)}
    end = time.monotonic() + 2
    while time.monotonic() < end:
        for key, known in added.items():
            known += node.add(key)
        if len(added["s:0"]) % 50 == 0:
            one.restart()
    wait_for(
        lambda: all(len(node.pending(key)) < 3 for key in added),
        20,
        "all whole batches have run",
    )
    for key, known in added.items():
        ran = list(
            dict.fromkeys(
                id_ for name, ids in one.batches if name == key for id_ in ids
            )
        )
        left = node.pending(key)
        assert ran[: len(known) - len(left)] == known[: len(known) - len(left)]
