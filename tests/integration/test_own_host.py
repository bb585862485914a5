"""A server that starts its host by itself."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import sqlite3
import stat
import sys
import threading
from pathlib import Path

import pytest
import redis

import regear
from tests.integration._raw import Raw
from tests.integration._servers import RedisServer, wait_for

WRITES = "execute('SET', 'ran', 'yes')"
HANGS = "import time; execute('SET', 'ran', 'hangs'); time.sleep(600)"
RECIPE = """
from rgsync import RGWriteBehind
from rgsync.Connectors import SQLiteConnection, SQLiteConnector
persons = SQLiteConnector(SQLiteConnection({path!r}), "persons", "id")
RGWriteBehind(GB, keysPrefix="person", mappings={{"name": "name"}},
              connector=persons, name="Persons", version="1")
"""


@pytest.fixture
def server(new_redis) -> RedisServer:
    return new_redis(own_host=True)


@pytest.fixture
def persons(folder) -> Path:
    path = folder / "persons.db"
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE persons (id TEXT PRIMARY KEY, name TEXT)")
    return path


def names(path: Path) -> list[str]:
    with sqlite3.connect(path) as database:
        return [name for (name,) in database.execute("SELECT name FROM persons")]


def runs_scripts(server: RedisServer) -> bool:
    server.client.delete("ran")
    server.execute(WRITES)
    return server.client.get("ran") == "yes"


def host_of(server: RedisServer, but: int = 0) -> int:
    """The id of its process, once it serves; of another one than ``but``."""

    def attached() -> int:
        host = server.status()["host"]
        return host["attached"] and host.get("pid", 0) not in (0, but) and host["pid"]

    return wait_for(attached, 30.0, "a host has attached")


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def ends(pid: int) -> bool:
    return wait_for(lambda: not is_alive(pid), 10.0, f"process {pid} ends")


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"password": "secret"},
        {"socket": True, "password": "secret"},
        {"arguments": ["--bind", "127.0.0.1", "-::1"]},
    ],
    ids=str,
)
def test_the_module_alone_runs_the_first_script(new_redis, folder, options):
    arguments = options.pop("arguments", [])
    if options.pop("socket", False):
        arguments += ["--unixsocket", str(folder / "redis socket")]
    server = new_redis(*arguments, own_host=True, **options)
    assert runs_scripts(server)


def test_neither_passwords_nor_users_nor_ports_concern_it(new_redis, folder):
    server = new_redis("--unixsocket", str(folder / "redis.sock"), own_host=True)
    assert runs_scripts(server)
    server.client.config_set("requirepass", "later")
    assert runs_scripts(server)
    server.client.execute_command(
        *("ACL", "SETUSER", "root", "on", "nopass", "+@all", "~*")
    )
    server.client.execute_command("AUTH", "root", "")
    server.client.execute_command("ACL", "SETUSER", "default", "off")
    server.client.config_set("port", 0)
    pid = host_of(server)
    os.kill(pid, signal.SIGKILL)
    host_of(server, but=pid)
    assert runs_scripts(server)


def test_a_server_that_it_cannot_reach_says_so(server):
    pid = host_of(server)
    server.client.config_set("port", 0)
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: "set unixsocket" in server.status()["host"].get("absence", ""))
    assert server.log.read_text().count("set unixsocket") == 1


def test_its_command_is_open_to_nobody_else(new_redis):
    server = new_redis(own_host=True, password="secret")
    host_of(server)
    with Raw(server.port) as stranger:
        for secret in ("0" * 64, "secret", "0"):
            assert stranger("RG.HOSTAUTH", secret).startswith("-WRONGPASS")
        assert stranger("GET", "key").startswith("-NOAUTH")


def test_the_secret_is_nowhere(server):
    pid = host_of(server)
    home = Path(f"/proc/{pid}")
    places = [home / "cmdline", home / "environ", server.log]
    text = b"".join(place.read_bytes() for place in places)
    assert b"regear-host:" not in text
    assert b"HOSTAUTH" not in text
    assert stat.S_IMODE((server.folder / "regear.key").stat().st_mode) == 0o600


def files_of(pid: int) -> set[str]:
    names = set()
    for file in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # it was closed meanwhile
            names.add(os.readlink(file))
    return {name for name in names if not name.startswith(("anon_inode:", "/dev/"))}


def test_the_process_inherits_standard_output_alone(new_redis):
    server = new_redis("--appendonly", "yes", own_host=True)
    shared = files_of(host_of(server)) & files_of(server.process.pid)
    assert shared == {str(server.log)}


def test_killed_while_a_script_runs_it_is_there_again(server):
    pid = host_of(server)
    errors: list[str] = []

    def run() -> None:
        try:
            server.connect().execute_command("RG.PYEXECUTE", HANGS)
        except redis.ResponseError as error:
            errors.append(str(error))

    client = threading.Thread(target=run)
    client.start()
    wait_for(lambda: server.client.get("ran"))
    os.kill(pid, signal.SIGKILL)
    client.join(1.0)
    assert errors
    assert errors[0].startswith("NOHOST the host went away")
    host_of(server, but=pid)
    assert runs_scripts(server)
    assert f"(pid {pid}) was killed by signal 9" in server.log.read_text()


def test_registrations_outlive_it(server, persons):
    assert server.execute(RECIPE.format(path=str(persons)), "REQUIREMENTS") == "OK"
    os.kill(host_of(server), signal.SIGKILL)
    server.client.hset("person:1", "name", "Ada")
    wait_for(lambda: names(persons) == ["Ada"])


def test_one_that_somebody_starts_goes_before_it(server, new_host):
    pid = host_of(server)
    fence = server.status()["host"]["fence"]
    key = server.folder / "regear.key"
    host = new_host(server, key=key)
    assert "regear host attached" in host.text()
    assert server.status()["host"]["fence"] == fence + 1
    assert runs_scripts(server)
    wait_for(lambda: "host: standby" in server.log.read_text())
    host.stop()
    assert host_of(server) == pid
    assert runs_scripts(server)


def test_an_application_goes_before_it(server, persons, folder):
    assert host_of(server)
    recipe = folder / "recipe.py"
    recipe.write_text(RECIPE.format(path=str(persons)))
    host = regear.Host(server.url, state_key=server.folder / "regear.key")
    with host.load(recipe):
        assert host.state == "attached"
        server.client.hset("person:1", "name", "Ada")
        wait_for(lambda: names(persons) == ["Ada"])
    server.client.hset("person:2", "name", "Grace")
    wait_for(lambda: names(persons) == ["Ada", "Grace"])


@pytest.mark.parametrize("how", ["stop", "kill"])
def test_it_ends_with_the_server(server, how):
    pid = host_of(server)
    assert is_alive(pid)
    getattr(server, how)()
    assert ends(pid)


def test_it_ends_with_the_server_whatever_it_is_doing(server):
    """A regular expression holds the interpreter, and looks at no signal."""
    client = server.connect()
    pid = host_of(server)
    client.connection_pool.get_connection().send_command(
        "RG.PYEXECUTE",
        "import re; execute('SET', 'ran', 'x'); re.match('(a+)+$', 'a' * 60 + 'b')",
    )
    wait_for(lambda: server.client.get("ran"))
    server.kill()
    assert ends(pid)


def test_it_ends_with_the_server_though_a_snapshot_is_written(new_redis):
    server = new_redis("--rdb-key-save-delay", "100000", own_host=True)
    pid = host_of(server)
    for number in range(50):
        server.client.set(f"key:{number}", "value")
    server.client.bgsave()
    server.kill()
    assert ends(pid)


def test_a_replica_has_none_until_it_is_promoted(new_redis, persons):
    master = new_redis(own_host=True)
    replica = new_redis(own_host=True)
    assert host_of(master)
    pid = host_of(replica)
    shutil.copy(master.folder / "regear.key", replica.folder)
    replica.client.replicaof("127.0.0.1", master.port)
    assert ends(pid)
    assert master.execute(RECIPE.format(path=str(persons))) == "OK"
    master.client.hset("person:1", "name", "Ada")
    wait_for(lambda: names(persons) == ["Ada"])
    wait_for(lambda: replica.client.hget("person:1", "name") == "Ada")
    assert "pid" not in replica.status()["host"]
    master.kill()
    replica.client.replicaof("NO", "ONE")
    replica.client.hset("person:2", "name", "Grace")
    wait_for(lambda: names(persons) == ["Ada", "Grace"], 30.0)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["HostPython", "/nowhere/python3"], "/nowhere/python3: No such file"),
        (["Host", "/etc/passwd"], "/etc/passwd: Permission denied"),
        (["Host", "false"], "false: No such file"),
    ],
    ids=str,
)
def test_a_host_that_cannot_be_started_is_one_line(new_redis, arguments, reason):
    server = new_redis(
        *("--loadmodule", regear.module_path(), *arguments), module=False
    )
    wait_for(lambda: reason in server.log.read_text())
    with pytest.raises(redis.ResponseError, match=r"NOHOST none could be started"):
        server.execute(WRITES)
    assert reason in server.status()["host"]["absence"]
    assert server.log.read_text().count(reason) == 1


def test_a_host_that_ends_at_once_is_tried_again_and_again(new_redis):
    server = new_redis(
        *("--loadmodule", regear.module_path(), "Host", "/bin/false"), module=False
    )
    wait_for(lambda: "again and again" in server.status()["host"]["absence"])
    with pytest.raises(redis.ResponseError, match="NOHOST the host ends again"):
        server.execute(WRITES)
    assert "ended with exit code 1" in server.log.read_text()


def test_a_module_away_from_its_package_says_so(new_redis, folder):
    copy = shutil.copy(regear.module_path(), folder / "regear.so")
    server = new_redis("--loadmodule", str(copy), module=False)
    with pytest.raises(redis.ResponseError, match="copied away from its package"):
        server.execute(WRITES)


def test_a_command_of_ones_own(new_redis, folder):
    regear_command = Path(sys.executable).parent / "regear"
    script = folder / "host"
    script.write_text(f"#!/bin/sh\nexec {regear_command} host --spawned\n")
    script.chmod(0o755)
    server = new_redis(
        *("--loadmodule", regear.module_path(), "Host", str(script)), module=False
    )
    assert runs_scripts(server)


def test_what_it_keeps_is_where_it_is_told(new_redis, folder):
    data = folder / "data"
    server = new_redis(
        *("--loadmodule", regear.module_path(), "HostData", str(data)), module=False
    )
    assert runs_scripts(server)
    assert (data / "regear.key").is_file()
    assert not (server.folder / "regear.key").exists()


def test_its_log_is_the_server_s(server):
    server.execute("import sys; print('a line', file=sys.stderr)")
    wait_for(lambda: "host: a line" in server.log.read_text())
    assert "host: attached: fence 1" in server.log.read_text()


def test_a_folder_that_cannot_be_used_is_named(new_redis, folder):
    (folder / "file").touch()
    server = new_redis(
        *("--loadmodule", regear.module_path(), "HostData", str(folder / "file/data")),
        module=False,
    )
    wait_for(lambda: "nothing can be kept in" in server.log.read_text())
    assert "(try: loadmodule …/regear.so HostData DIR)" in server.log.read_text()


WAITS = """
import time

def answer(x):
    execute("SET", "ran", "waits")
    time.sleep(int(x[1]))
    return "done"

GB("CommandReader").map(answer).register(trigger="answer")
"""


def test_killed_while_a_function_runs_it_is_there_again(server):
    server.execute(WAITS)
    pid = host_of(server)
    errors: list[str] = []

    def run() -> None:
        try:
            server.connect().execute_command("RG.TRIGGER", "answer", "600")
        except redis.ResponseError as error:
            errors.append(str(error))

    client = threading.Thread(target=run)
    client.start()
    wait_for(lambda: server.client.get("ran"))
    os.kill(pid, signal.SIGKILL)
    client.join(1.0)
    assert errors
    assert errors[0].startswith("NOHOST")
    host_of(server, but=pid)
    assert server.client.execute_command("RG.TRIGGER", "answer", "0") == ["done"]
