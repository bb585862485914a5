"""What can keep regear from working on this machine, for ``regear doctor``."""

from __future__ import annotations

import ctypes
import json
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import redis

import regear
from regear._connecting import open_client
from regear._redaction import redact_url
from regear._unit_files import Unit
from regear.errors import RegearError

OK, WARNING, ERROR = "ok", "warning", "error"


@dataclass(frozen=True)
class Finding:
    level: str
    text: str
    hint: str = ""


def examine_installation() -> Iterator[Finding]:
    """The package itself, as the interpreter that runs this sees it."""
    yield _module()
    yield Finding(OK, f"the interpreter is {sys.executable}")
    for name in ("rgsync", "redisgears"):
        try:
            found = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            continue
        yield Finding(
            ERROR,
            f"the package {name} {found.version} is installed beside regear, which"
            " brings the modules of that name itself",
            f"pip uninstall {name}, then pip install --force-reinstall regear",
        )


def _module() -> Finding:
    try:
        path = regear.module_path()
        ctypes.CDLL(path)
    except RegearError as error:
        return Finding(ERROR, error.message, error.hint)
    except OSError as error:
        return Finding(
            ERROR,
            f"the module cannot be loaded: {error}",
            "pip install --force-reinstall regear",
        )
    return Finding(OK, f"the module is {path}")


def examine_service(unit: Unit, data: Path) -> Iterator[Finding]:
    """Whether a server under systemd can load the module and start a host."""
    package = Path(regear.module_path()).parent
    python = Path(sys.executable)
    needs_to_run = {
        str(path): path
        for path in (package, python, python.resolve())
        if not unit.may_execute(path)
    }
    if needs_to_run:
        yield Finding(
            ERROR,
            f"{unit.name} lets nothing run from {' and '.join(needs_to_run)}",
            f"systemctl edit {unit.name}: the lines that `regear install-service"
            " --own-host` prints",
        )
    for path in (package, python):
        if not unit.may_read(path):
            yield Finding(
                ERROR,
                f"{unit.name} hides {path} from its service (ProtectHome)",
                "an environment elsewhere: python3 -m venv /opt/regear",
            )
    if not unit.may_write(data):
        yield Finding(
            ERROR,
            f"{unit.name} lets its service write nothing in {data}",
            f"systemctl edit {unit.name}: ReadWritePaths={data}",
        )
    yield Finding(OK, f"{unit.name} was read")


def examine_server(url: str) -> Iterator[Finding]:
    """A server that runs, with or without the module."""
    client: Any = open_client(url, decode_responses=True)
    place = redact_url(url)
    try:
        yield from _examine(client, place)
    except redis.AuthenticationError as error:
        yield Finding(ERROR, f"{place}: {error}", "--redis redis://user:password@…")
    except redis.ConnectionError:
        yield Finding(WARNING, f"{place} does not answer", "--redis URL")
    except redis.RedisError as error:
        yield Finding(WARNING, f"{place} does not let itself be examined: {error}")
    finally:
        client.close()


def _examine(client: Any, place: str) -> Iterator[Finding]:
    info = client.info()
    version = str(info.get("valkey_version") or info["redis_version"])
    if int(info["redis_version"].split(".")[0]) < 7:
        yield Finding(ERROR, f"{place} is version {version}", "Redis 7.0 or later")
        return
    yield Finding(OK, f"{place} is version {version}, process {info['process_id']}")
    modules = {one["name"] for one in client.module_list()}
    if "regear" not in modules:
        yield Finding(
            ERROR,
            f"{place} has not loaded the module",
            f"in its configuration: loadmodule {regear.module_path()}",
        )
        yield from _examine_settings(client, place)
    else:  # it has warnings of its own about the settings
        yield from _examine_module(client, place)
    yield from _examine_access(client, place)


def _examine_module(client: Any, place: str) -> Iterator[Finding]:
    status = json.loads(client.execute_command("RG.STATUS"))
    installed = metadata.version("regear")
    if status["version"] != installed:
        yield Finding(
            ERROR,
            f"{place} has loaded regear.so {status['version']}, and {installed} is"
            " installed",
            "restart the server, then its host",
        )
    host = status["host"]
    if host["attached"]:
        yield Finding(OK, f"a host is attached, fence {host['fence']}")
    elif status["role"] == "replica":
        yield Finding(OK, "a replica has no host until it is promoted")
    else:
        yield Finding(
            ERROR, "no host is attached", host.get("absence", "regear host --redis URL")
        )
    for warning in status.get("warnings") or ():
        yield Finding(WARNING, str(warning))


def _examine_settings(client: Any, place: str) -> Iterator[Finding]:
    settings = client.config_get("*")
    if settings["appendonly"] == "no":
        yield Finding(
            WARNING,
            f"{place} keeps no append-only file: what it has captured since its last"
            " snapshot is lost in a crash",
            "CONFIG SET appendonly yes",
        )
    policy = settings["maxmemory-policy"]
    if policy.startswith("allkeys-"):
        yield Finding(
            ERROR,
            f"maxmemory-policy {policy} may evict changes that are in no database yet",
            "CONFIG SET maxmemory-policy volatile-lru or noeviction",
        )


def _examine_access(client: Any, place: str) -> Iterator[Finding]:
    settings = client.config_get("*")
    if settings.get("port") == "0" and not settings.get("unixsocket"):
        yield Finding(
            ERROR,
            f"{place} listens for TLS only, which hosts do not speak",
            "unixsocket in its configuration",
        )
    key = Path(settings.get("dir", "/")) / "regear.key"
    if key.exists() and os.stat(key).st_mode & 0o077:
        yield Finding(ERROR, f"others may read the key file {key}", f"chmod 600 {key}")
