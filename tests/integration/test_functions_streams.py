"""Functions on streams: each entry at least once, in order, whatever stops."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
import redis as redis_py

from tests.integration._servers import wait_for

#: Notes what it ran; fails while the key ``fail`` is there, and is not done
#: while the key ``gate`` is.
SCRIPT = """
import time
def run(record):
    execute('RPUSH', 'ran:' + record['key'], record['id'])
    while execute('EXISTS', 'gate'):
        time.sleep(0.01)
    text = execute('GET', 'fail')
    if text is not None:
        flat_error(text) if text.startswith('PAUSE') else 1 / 0
GB('StreamReader').foreach(run).register({arguments})
"""


class Streams:
    """A server, in the words of the tests."""

    def __init__(self, server):
        self.server = server

    @property
    def client(self):
        return self.server.client

    def register(self, *options, prefix="s:*", mode="async_local", **more):
        words = {"prefix": prefix, "mode": mode, **more}
        arguments = ", ".join(f"{name}={value!r}" for name, value in words.items())
        script = SCRIPT.format(arguments=arguments)
        assert self.server.execute(script, *options) == "OK"

    def add(self, key, count):
        return [self.client.xadd(key, {"f": "v"}) for _ in range(count)]

    def ran(self, key="s:1"):
        return self.client.lrange(f"ran:{key}", 0, -1)

    def wait_done(self, key="s:1"):
        wait_for(lambda: not self.client.xlen(key), 30, f"{key} is trimmed")

    def registration(self):
        return self.client.execute_command("RG.DUMPREGISTRATIONS")[0]

    @property
    def id(self):
        return self.registration()[1]

    def data(self, name):
        data = self.registration()[7]
        return dict(zip(data[::2], data[1::2]))[name]

    def counts(self):
        names = "numTriggered", "numSuccess", "numFailures", "numAborted"
        return [self.data(name) for name in names]

    def wait_status(self, status):
        wait_for(lambda: self.data("status") == status, 30, status)

    def send(self, *words):
        return self.client.execute_command(*words)


@pytest.fixture
def streams(redis_with_module, host):
    return Streams(redis_with_module)


def test_entries_run_in_order_and_are_counted(streams):
    streams.register()
    added = streams.add("s:1", 20)
    streams.wait_done()
    assert streams.ran() == added
    wait_for(lambda: streams.counts() == [21, 21, 0, 0])  # one for the stream
    assert streams.data("lastError") is None
    assert 0 <= streams.data("lastEstimatedLagMS") < 60_000
    assert 0 <= float(streams.data("avgEstimatedLagMS")) < 60_000


def test_how_a_registration_is_shown(streams):
    streams.register(batch=3, duration=40, onFailedPolicy="Retry", trimStream=False)
    assert streams.registration()[3] == "StreamReader"
    data = streams.registration()[7]
    assert len(data) == 26
    assert data[22:] == [
        "args",
        [
            *("batchSize", 3, "durationMS", 40, "stream", "s:*", "trimStream", 0),
            *("onFailedPolicy", "retry", "retryInterval", 1),
        ],
        "status",
        "OK",
    ]


def test_batches_of_a_write_behind_of_rgsync(streams):
    """Its second stage, as its users have it."""
    script = """
def write(records):
    execute('RPUSH', 'batches', len(records))
GB('StreamReader').aggregate([], lambda a, r: a + [r], lambda a, r: a + r)\\
    .foreach(write).count().register(prefix='_t-stream-*', mode='async_local',
    batch=100, duration=100, onFailedPolicy='retry', onFailedRetryInterval=5,
    convertToStr=False)
"""
    pipeline = streams.client.pipeline(transaction=False)
    for number in range(250):
        pipeline.xadd("_t-stream-1", {"n": number})
    streams.server.execute(script)
    pipeline.execute()
    streams.wait_done("_t-stream-1")
    batches = list(map(int, streams.client.lrange("batches", 0, -1)))
    assert sum(batches) == 250
    assert max(batches) == 100


def test_a_sync_function_on_keys_feeds_a_stream(streams):
    script = """
GB().foreach(lambda r: execute('XADD', 's:1', '*', 'key', r['key']))\\
    .register('person:*', mode='sync', eventTypes=['hset'])
GB('StreamReader').foreach(lambda r: execute('RPUSH', 'ran', r['value']['key']))\\
    .register('s:*', mode='async_local')
"""
    streams.server.execute(script)
    names = [f"person:{number}" for number in range(10)]
    for name in names:
        streams.client.hset(name, "f", "v")
    wait_for(lambda: streams.client.lrange("ran", 0, -1) == names)


def test_no_function_is_told_of_what_is_done_to_the_stream(streams):
    script = "GB().foreach(lambda r: execute('SADD', 'seen', r['event']))"
    streams.server.execute(script + ".register('s:*', readValue=False)")
    streams.register(trimStream=False)
    streams.add("s:1", 3)
    wait_for(lambda: len(streams.ran()) == 3)
    streams.client.delete("s:1")
    wait_for(lambda: "del" in streams.client.smembers("seen"))
    assert streams.client.smembers("seen") == {"xadd", "del"}


def test_retry_shows_its_error_until_it_succeeds(streams):
    streams.client.set("fail", "now")
    streams.register(onFailedPolicy="retry", onFailedRetryInterval=1, batch=2)
    added = streams.add("s:1", 4)
    streams.wait_status("WAITING_FOR_RETRY_ON_FAILURE")
    assert "ZeroDivisionError" in streams.data("lastError")
    assert streams.client.xlen("s:1") == 4
    streams.client.delete("fail")
    streams.wait_done()
    streams.wait_status("OK")
    wait_for(lambda: streams.data("lastError") is None)
    assert list(dict.fromkeys(streams.ran())) == added


def test_abort_stops(streams):
    streams.client.set("fail", "now")
    streams.register(onFailedPolicy="abort")
    streams.add("s:1", 2)
    streams.wait_status("ABORTED")
    assert streams.client.xlen("s:1") == 2


def test_continue_goes_on(streams):
    streams.client.set("fail", "now")
    streams.register()
    added = streams.add("s:1", 2)
    streams.wait_done()
    assert streams.ran() == added
    wait_for(lambda: streams.counts() == [3, 1, 2, 0])


def test_pausing_by_command(streams):
    streams.register()
    assert streams.send("RG.PAUSEREGISTRATIONS", streams.id) == "OK"
    assert streams.data("status") == "PAUSED"
    streams.add("s:1", 3)
    assert streams.send("RG.UNPAUSEREGISTRATIONS", streams.id, "abortpending") == "OK"
    assert streams.data("status") == "OK"
    streams.wait_done()


def test_pausing_by_a_function(streams):
    streams.client.set("fail", "PAUSE for now")
    streams.register()
    streams.add("s:1", 1)
    streams.wait_status("PAUSED")
    streams.client.delete("fail")
    streams.send("RG.UNPAUSEREGISTRATIONS", streams.id)
    streams.wait_done()


def test_what_pausing_refuses(streams):
    streams.server.execute("GB().register('key')")
    for what in ("pause", "unpause"):
        for id_, text in (
            (streams.id, f"Reader KeysReader does not support {what}"),
            ("nobody", "Execution nobody does not exists on shard " + "0" * 40),
        ):
            with pytest.raises(redis_py.ResponseError) as raised:
                streams.send(f"RG.{what}REGISTRATIONS", id_)
            assert str(raised.value) == text


def test_a_paused_one_stays_so_when_host_and_server_start_anew(new_redis, new_host):
    server = new_redis("--appendonly", "yes")
    host = new_host(server)
    streams = Streams(server)
    streams.register()
    streams.send("RG.PAUSEREGISTRATIONS", streams.id)
    host.restart()
    assert streams.data("status") == "PAUSED"
    server.stop()
    server.start()
    host.restart()
    streams.add("s:1", 1)
    streams.wait_status("PAUSED")
    streams.send("RG.UNPAUSEREGISTRATIONS", streams.id)
    streams.wait_done()


def test_a_host_that_dies_in_a_batch(streams, host):
    streams.client.set("gate", "shut")
    streams.register(batch=2)
    added = streams.add("s:1", 5)
    wait_for(lambda: streams.ran())
    host.kill()
    added += streams.add("s:1", 1)
    added += streams.add("s:2", 1)
    streams.client.delete("gate")
    host.start()
    streams.wait_done()
    streams.wait_done("s:2")
    assert streams.ran()[0] == added[0]
    assert streams.ran()[1:] == added[:6]


def test_a_server_that_dies_in_a_batch(new_redis, new_host):
    server = new_redis("--appendonly", "yes", "--appendfsync", "always")
    new_host(server)
    streams = Streams(server)
    streams.register()
    streams.add("s:1", 3)
    streams.wait_done()
    streams.client.set("gate", "shut")
    added = streams.add("s:1", 3)
    wait_for(lambda: len(streams.ran()) == 4)
    server.kill()
    server.start()
    streams.client.delete("gate")
    streams.wait_done()
    assert list(dict.fromkeys(streams.ran()))[3:] == added


def test_a_promoted_replica_goes_on(new_redis, new_host):
    master = Streams(new_redis())
    new_host(master.server)
    master.register(trimStream=False)
    added = master.add("s:1", 3)
    wait_for(lambda: master.ran() == added)
    master.send("RG.PAUSEREGISTRATIONS", master.id)
    added += master.add("s:1", 2)
    replica = Streams(new_redis())
    replica.client.replicaof("127.0.0.1", master.server.port)
    wait_for(lambda: replica.client.xlen("s:1") == 5)
    replica.client.replicaof("NO", "ONE")
    new_host(replica.server)
    wait_for(lambda: replica.id)
    replica.send("RG.UNPAUSEREGISTRATIONS", replica.id)
    wait_for(lambda: replica.ran() == added)
    assert master.ran() == added[:3]


def test_a_new_version_goes_on_after_the_last_batch_of_the_old_one(streams):
    streams.client.set("gate", "shut")
    streams.register("ID", "session", trimStream=False)
    added = streams.add("s:1", 3)
    wait_for(lambda: streams.ran())
    streams.register("ID", "session", "UPGRADE", trimStream=False)
    added += streams.add("s:1", 2)
    streams.client.delete("gate")
    wait_for(lambda: len(streams.ran()) == 5)
    assert streams.ran() == added


def test_nothing_runs_once_it_is_unregistered(streams):
    streams.client.set("gate", "shut")
    streams.register()
    added = streams.add("s:1", 3)
    wait_for(lambda: streams.ran())
    assert streams.send("RG.UNREGISTER", streams.id) == "OK"
    streams.server.execute("execute('PING')")  # the host has heard of it by then
    streams.client.delete("gate")
    group = wait_for(lambda: streams.client.xinfo_groups("s:1"))[0]
    wait_for(lambda: streams.client.xinfo_groups("s:1")[0]["last-delivered-id"] > "0-0")
    assert group["pending"] == 0
    assert streams.ran() == added[:1]


@pytest.mark.parametrize("wipe", ["flushall", "delete"])
def test_a_stream_that_goes_in_a_batch_is_no_failure(streams, wipe):
    streams.client.set("gate", "shut")
    streams.register()
    streams.add("s:1", 3)
    wait_for(lambda: streams.ran())
    getattr(streams.client, wipe)(*(["s:1", "gate"] if wipe == "delete" else []))
    added = streams.add("s:2", 1)
    streams.wait_done("s:2")
    assert streams.ran("s:2") == added
    assert streams.counts()[2:] == [0, 0]


def test_two_registrations_of_a_stream(streams):
    streams.register()
    streams.register()
    added = streams.add("s:1", 10)
    streams.wait_done()
    assert sorted(streams.ran()) == sorted(added * 2)


def test_a_client_waits_for_a_sync_function(streams):
    streams.register(mode="sync")
    for count in range(1, 6):
        streams.add("s:1", 1)
        assert len(streams.ran()) == count


def test_a_sync_function_may_add_to_its_own_stream(streams):
    script = """
def run(record):
    left = int(record['value']['left'])
    if left:
        execute('XADD', 's:1', '*', 'left', left - 1)
    execute('RPUSH', 'ran', left)
GB('StreamReader').foreach(run).register('s:*', mode='sync')
"""
    streams.server.execute(script)
    streams.client.xadd("s:1", {"left": 3})
    wait_for(lambda: streams.client.lrange("ran", 0, -1) == ["3", "2", "1", "0"])


def test_a_batch_that_hangs_can_be_aborted(streams):
    streams.client.set("gate", "shut")
    streams.register(onFailedPolicy="retry", onFailedRetryInterval=1)
    added = streams.add("s:1", 2)
    wait_for(lambda: streams.ran())
    running = [
        id_
        for _, id_, _, status, *_ in streams.send("RG.DUMPEXECUTIONS")
        if status == "running"
    ]
    assert [streams.send("RG.ABORTEXECUTION", id_) for id_ in running] == ["OK"]
    streams.wait_status("WAITING_FOR_RETRY_ON_FAILURE")
    streams.client.delete("gate")
    streams.wait_done()
    assert streams.ran()[-2:] == added


def test_the_stream_of_a_write_behind_is_not_touched(streams, folder):
    with closing(sqlite3.connect(folder / "p.db")) as database:
        database.execute("CREATE TABLE persons (id TEXT PRIMARY KEY, name)")
    script = f"""
from rgsync import RGWriteBehind
from rgsync.Connectors import SQLiteConnection, SQLiteConnector
connector = SQLiteConnector(SQLiteConnection('{folder}/p.db'), 'persons', 'id')
RGWriteBehind(GB, keysPrefix='person', mappings={{'name': 'name'}},
              connector=connector, name='persons', version='1')
"""
    streams.server.execute(script)
    streams.send("RG.WRITEBEHIND", "PAUSE", "persons")
    streams.client.hset("person:1", "name", "a")
    own = streams.server.registration("persons")["stream"]
    streams.client.xadd("s:1", {"f": "v"})
    streams.server.execute(
        "GB('StreamReader').foreach(lambda r: execute('SADD', 'seen', r['key']))"
        ".register('*')"
    )
    wait_for(lambda: not streams.client.xlen("s:1"))
    streams.client.hset("person:2", "name", "b")
    streams.add("s:2", 1)
    wait_for(lambda: not streams.client.xlen("s:2"))
    assert streams.client.smembers("seen") == {"s:1", "s:2"}
    assert streams.client.xlen(own) == 2
    assert streams.client.xinfo_groups(own) == []


def test_a_function_that_exits_has_failed(streams):
    script = """
def leave(record):
    raise SystemExit
GB('StreamReader').foreach(leave).register('s:*')
"""
    streams.server.execute(script)
    streams.add("s:1", 2)
    streams.wait_done()
    wait_for(lambda: streams.counts() == [3, 1, 2, 0])
    assert "SystemExit" in streams.data("lastError")
