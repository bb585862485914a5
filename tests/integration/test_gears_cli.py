"""gears-cli, ours and the published one, with real servers."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Callable

import pytest
import redis as redis_py

from tests._certificates import make_certificate
from tests._packages import make_wheel
from tests.conftest import missing, published_gears_cli
from tests.integration._servers import free_port, wait_for

#: Runs a program with words and the options of a server; wants an exit code.
GearsCli = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(params=["ours", "published"])
def gears_cli(request, folder) -> GearsCli:
    program: list[str] | None = [str(Path(sys.executable).with_name("gears-cli"))]
    if request.param == "published":
        program = published_gears_cli()
    if program is None:
        missing("the published gears-cli")
    return runs(program, folder)


@pytest.fixture
def our_gears_cli(folder) -> GearsCli:
    return runs([str(Path(sys.executable).with_name("gears-cli"))], folder)


def runs(program: list[str], folder: Path) -> GearsCli:
    def run(line: str, server, code: int = 0) -> subprocess.CompletedProcess[str]:
        words = line.replace("@", f"--host 127.0.0.1 --port {server.port}").split()
        done = subprocess.run(
            [*program, *words],
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done

    return run


@pytest.fixture
def links(folder) -> Path:
    """A folder of wheels, where there is no package index."""
    place = folder / "links"
    make_wheel(place, "thing", "1.0", requires=["thing-part"])
    make_wheel(place, "thing-part", "2.0")
    make_wheel(place, "other", "3.0")
    return place


@pytest.fixture
def source(redis_with_module, new_host, folder, links):
    """A server whose host has wheels."""
    config = {"RequirementsFindLinks": str(links), "RequirementsNoIndex": "yes"}
    new_host(redis_with_module, DataDir=str(folder / "data"), **config)
    return redis_with_module


@pytest.fixture
def target(new_redis, new_host, folder):
    """A server whose host has none, and no network."""
    server = new_redis()
    new_host(server, DataDir=str(folder / "other"), RequirementsNoIndex="yes")
    return server


def names(server) -> list[str]:
    return [one[3] for one in server.client.execute_command("RG.PYDUMPREQS")]


def write(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(text)


@pytest.mark.parametrize(
    "line", ["run @ s.py", "run s.py @", "run s.py REQUIREMENTS thing @"]
)
def test_spellings_of_both(source, gears_cli, folder, line) -> None:
    write(folder, "s.py", "execute('SET', 'ran', 'yes')")
    assert gears_cli(line, source).stdout == "OK\n"
    assert source.client.get("ran") == "yes"


@pytest.mark.parametrize(
    "line", ["@ run s.py REQUIREMENTS thing", "@ s.py REQUIREMENTS thing"]
)
def test_spellings_of_ours(source, our_gears_cli, folder, line) -> None:
    write(folder, "s.py", "import thing; execute('SET', 'ran', thing.version)")
    assert our_gears_cli(line, source).stdout == "OK\n"
    assert source.client.get("ran") == "1.0"


def test_a_script_that_takes_long_runs_once(source, gears_cli, folder) -> None:
    # redis-py's own patience is 5 s.
    write(folder, "s.py", "import time; time.sleep(6); execute('INCR', 'ran')")
    assert gears_cli("run @ s.py", source).stdout == "OK\n"
    assert source.client.get("ran") == "1"


def test_requirements_file(source, gears_cli, folder) -> None:
    write(folder, "r.txt", "# all\n\nthing==1.0\nrgsync\n")
    write(folder, "s.py", "import thing")
    assert gears_cli("run @ --requirements r.txt s.py", source).stdout == "OK\n"
    assert names(source) == ["rgsync", "thing==1.0"]


def test_results_and_errors(source, gears_cli, folder) -> None:
    source.client.set("person:1", "x")
    write(folder, "s.py", "GB().map(lambda r: r['key']).run('person:*')")
    shown = gears_cli("run @ s.py", source).stdout
    assert "Results" in shown
    assert "person:1" in shown
    write(folder, "s.py", "GB().map(lambda r: r['none']).run('person:*')")
    failed = gears_cli("run @ s.py", source, code=1)
    assert "KeyError" in failed.stdout + failed.stderr
    write(folder, "s.py", "unknown_name")
    failed = gears_cli("run @ s.py", source, code=1)
    assert "unknown_name" in failed.stdout + failed.stderr


def test_from_server_to_server(source, target, gears_cli, folder) -> None:
    write(
        folder, "s.py", "import thing, thing_part; execute('SET', 'v', thing.version)"
    )
    gears_cli("install-requirements @ thing==1.0 other rgsync", source)
    assert names(source) == ["other", "rgsync", "thing==1.0"]
    gears_cli("export-requirements @ --all", source)
    files = sorted(file.name for file in folder.glob("redisgears-requirement-v2-*.zip"))
    assert [name.split("-")[3] for name in files] == ["other", "rgsync", "thing==1.0"]

    assert names(target) == []
    gears_cli("run @ s.py REQUIREMENTS thing==1.0", target, code=1)
    for file in files:
        gears_cli(f"import-requirements @ {file}", target)
    assert names(target) == names(source)
    gears_cli("run @ s.py REQUIREMENTS thing==1.0", target)
    assert target.client.get("v") == "1.0"


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_pymongo_to_a_server_without_a_network(
    redis_with_module, new_host, target, our_gears_cli, folder, pymongo_is_there
) -> None:
    """Its wheel was built by the host, for its own Python."""
    new_host(redis_with_module, DataDir=str(folder / "data"))
    our_gears_cli("install-requirements @ pymongo==3.12.0", redis_with_module)
    our_gears_cli("export-requirements @ --all", redis_with_module)
    our_gears_cli("import-requirements @ --all", target)
    write(folder, "s.py", "import pymongo; execute('SET', 'v', pymongo.version)")
    our_gears_cli("run @ s.py REQUIREMENTS pymongo==3.12.0", target)
    assert target.client.get("v") == "3.12.0"


def test_unknown_requirement(source, gears_cli) -> None:
    failed = gears_cli("export-requirements @ --requirement no", source, code=1)
    assert "requirement does not exists" in failed.stdout + failed.stderr


@pytest.mark.parametrize("kind", ["recipe", "function"])
def test_requirements_of_a_registration(
    source, gears_cli, folder, sqlite_recipe, kind
) -> None:
    registers = sqlite_recipe()
    if kind == "function":
        registers = "GB('CommandReader').register(trigger='t')"
    write(folder, "s.py", "import thing\n" + registers)
    gears_cli("run @ s.py REQUIREMENTS rgsync thing==1.0", source)
    registration = source.client.execute_command("RG.DUMPREGISTRATIONS")[0]
    gears_cli(f"export-requirements @ --registration-id {registration[1]}", source)
    assert len(list(folder.glob("redisgears-requirement-v2-*.zip"))) == 2


def test_requirements_file_of_the_other(source, target, folder, our_gears_cli) -> None:
    """What one of the two exports the other one imports."""
    program = published_gears_cli()
    if program is None:
        missing("the published gears-cli")
    published = runs(program, folder)
    published("install-requirements @ thing==1.0 other", source)
    published("export-requirements @ --requirement other --output-prefix A", source)
    our_gears_cli("export-requirements @ --requirement thing==1.0", source)
    theirs, ours = sorted(file.name for file in folder.glob("*.zip"))
    our_gears_cli(f"import-requirements @ {theirs}", target)
    published(f"import-requirements @ {ours}", target)
    assert names(target) == ["other", "thing==1.0"]


def test_names_survive_a_restart(source, our_gears_cli) -> None:
    our_gears_cli("install-requirements @ thing==1.0 rgsync", source)
    source.client.execute_command("DEBUG", "RELOAD")

    def remembered() -> bool:
        try:
            return names(source) == ["rgsync", "thing==1.0"]
        except redis_py.ResponseError:  # until the host has attached again
            return False

    wait_for(remembered)


@pytest.fixture
def tls(new_redis, new_host, folder):
    """A server that wants a certificate of its clients; the options for it."""
    make_certificate(folder, "secret")
    port = free_port()
    files = [("cert", "cert.pem"), ("key", "key.pem"), ("ca-cert", "cert.pem")]
    options = [
        word
        for name, file in files
        for word in (f"--tls-{name}-file", str(folder / file))
    ]
    server = new_redis("--tls-port", str(port), *options)
    new_host(server)
    write(folder, "s.py", "execute('SET', 'ran', 'yes')")
    return server, f"run --host 127.0.0.1 --port {port} s.py --ssl true"


WITH_KEY = "--ssl-certfile cert.pem --ssl-keyfile"


@pytest.mark.parametrize(
    "options",
    [
        f"{WITH_KEY} key.pem --ssl-ca-certs cert.pem --ssl-verify-ca true",
        f"{WITH_KEY} key.pem --ssl-verify-ca false",
        f"{WITH_KEY} locked.pem --ssl-password secret --ssl-ca-certs cert.pem",
    ],
)
def test_tls(tls, gears_cli, options) -> None:
    server, line = tls
    assert gears_cli(f"{line} {options}", server).stdout == "OK\n"
    assert server.client.get("ran") == "yes"


@pytest.mark.parametrize(
    "options", [f"{WITH_KEY} key.pem --ssl-verify-ca true", "--ssl-verify-ca false"]
)
def test_tls_that_is_refused(tls, our_gears_cli, options) -> None:
    server, line = tls
    failed = our_gears_cli(f"{line} {options}", server, code=1)
    assert failed.stderr.startswith("gears-cli: cannot reach the server: ")
    assert server.client.get("ran") is None


def test_user_and_password(redis_with_module, new_host, gears_cli, folder) -> None:
    new_host(redis_with_module)
    redis_with_module.client.execute_command(
        "ACL", "SETUSER", "ann", "on", ">pw", "+@all", "~*"
    )
    write(folder, "s.py", "execute('SET', 'ran', 'yes')")
    gears_cli("run @ --user ann --password pw s.py", redis_with_module)
    failed = gears_cli("run @ --user ann --password no s.py", redis_with_module, 1)
    assert "invalid username-password pair" in failed.stdout + failed.stderr
