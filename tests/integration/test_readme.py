"""What the documentation shows is what happens."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path

import pytest

from tests.integration._servers import wait_for

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()


def fences(text, language=""):
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def session(fence):
    """Commands behind ``$``, of as many lines as the shell would read, and what
    they print."""
    steps = []
    for line in fence.splitlines():
        if steps and not is_complete(steps[-1][0]):
            steps[-1][0] += "\n" + line
        elif line.startswith("$ "):
            steps.append([line[2:], ""])
        else:
            steps[-1][1] += line + "\n"
    return steps


def is_complete(command):
    try:
        return bool(shlex.split(command, comments=True))
    except ValueError:  # a quotation goes on
        return False


def sessions_of_redis_cli(name):
    """Those that need nothing but a server with a host."""
    for fence in fences((ROOT / name).read_text()):
        if fence.startswith("$ "):
            steps = session(fence)
            if all(command.startswith("redis-cli ") for command, _ in steps):
                yield pytest.param(steps, id=f"{name}: {steps[0][0][:40]}")


SESSIONS = [
    *sessions_of_redis_cli("README.md"),
    *sessions_of_redis_cli("docs/functions.md"),
]


def test_there_are_sessions():
    assert len(SESSIONS) >= 2


@pytest.mark.parametrize("steps", SESSIONS)
def test_a_session_of_redis_cli_goes_as_shown(redis_with_module, host, steps):
    for number in range(3):
        redis_with_module.client.hset(f"person:{number}", "age", number)
    port = redis_with_module.port
    alias = f'redis-cli() {{ command redis-cli -p {port} --no-raw "$@"; }}\n'
    for command, expected in steps:
        done = subprocess.run(
            ["bash", "-c", alias + command],
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        assert done.stdout == expected, command


@pytest.fixture
def first_recipe(folder, sqlite_db):
    """The one at the top, on a database of the test's."""
    recipe = next(code for code in fences(README, "python") if "RGWriteBehind" in code)
    assert "/var/lib/shop/shop.db" in recipe
    path = folder / "recipe.py"
    path.write_text(recipe.replace("/var/lib/shop/shop.db", str(sqlite_db.path)))
    return path


def test_the_first_recipe(redis_with_module, new_host, sqlite_db, first_recipe):
    new_host(redis_with_module, first_recipe)
    client = redis_with_module.client
    (command,) = re.findall(r"`(HSET person:5 [^`]+)`", README)
    client.execute_command(*command.split())
    wait_for(lambda: sqlite_db.persons() == {"5": ("Marek", "Michalski", 27)})
    client.delete("person:5")
    wait_for(lambda: sqlite_db.persons() == {})


def test_inside_an_application(
    redis_with_module, sqlite_db, first_recipe, folder, monkeypatch
):
    monkeypatch.setenv("XDG_STATE_HOME", str(folder / "state"))
    monkeypatch.chdir(first_recipe.parent)
    (code,) = [code for code in fences(README, "python") if "regear.Host" in code]
    assert "redis://127.0.0.1:6379" in code
    assert "..." in code
    client = redis_with_module.client
    code = code.replace("redis://127.0.0.1:6379", redis_with_module.url)
    code = code.replace("...", "write()")
    exec(code, {"write": lambda: client.hset("person:1", "first_name", "Ada")})
    assert sqlite_db.persons() == {"1": ("Ada", None, None)}


def test_the_targets_of_make():
    shown = re.findall(r"(?:^|`|=1 )make ([a-z]+)", README, re.MULTILINE)
    makefile = (ROOT / "Makefile").read_text()
    assert {"demo", "test", "wheel", "soak"} <= set(shown)
    for target in set(shown):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_links_lead_somewhere():
    for page in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]:
        for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text()):
            assert (page.parent / link).exists(), f"{page.name}: {link}"
