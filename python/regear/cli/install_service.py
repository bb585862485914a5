"""``regear install-service``."""

from __future__ import annotations

import sys
from pathlib import Path

import click

import regear
from regear.cli import _options

_HOST = """\
# /etc/systemd/system/regear-host.service; useradd --system {user}
[Unit]
Description=Host of regear for {url}
After=network.target {unit}

[Service]
# REGEAR_REDIS=redis://regear:password@… and what recipes read by configGet;
# mode 0600, as it holds passwords.
EnvironmentFile=-/etc/regear/environment
Environment=REGEAR_REDIS={url} PYTHONUNBUFFERED=1
ExecStart={python} -m regear host \\
  --state-key /var/lib/regear/host.key --data-dir /var/lib/regear
User={user}
StateDirectory=regear
StateDirectoryMode=0700
UMask=0077
Restart=always
RestartSec=1
NoNewPrivileges=true
PrivateTmp=true
PrivateDevices=true
ProtectSystem=strict
ProtectHome=true
ProtectKernelTunables=true
ProtectControlGroups=true
RestrictSUIDSGID=true

[Install]
WantedBy=multi-user.target
"""

_DROP_IN = """\
# /etc/systemd/system/{unit}.d/regear.conf
[Service]
# Debian's unit lets nothing but the server run, nor be mapped as code.
ExecPaths={paths}
"""

_CONFIGURATION = """\
# redis.conf
loadmodule {module}{arguments}
"""


@click.command("install-service")
@_options.redis_url
@click.option(
    "--own-host",
    is_flag=True,
    help="The server starts its host by itself: no unit for it.",
)
@click.option(
    "--unit",
    metavar="NAME",
    default="redis-server.service",
    show_default=True,
    help="The server's own unit.",
)
@click.option(
    "--user",
    metavar="NAME",
    default="regear",
    show_default=True,
    help="Whom the host runs as.",
)
def install_service(url: str, own_host: bool, unit: str, user: str) -> None:
    """Print what to install for systemd and redis.conf; changes nothing."""
    module = Path(regear.module_path())
    parts = [_CONFIGURATION.format(module=module, arguments="" if own_host else _NONE)]
    paths = [module.parent]
    if own_host:
        paths = [Path(sys.prefix), Path(sys.executable).resolve()]
    wanted = " ".join(str(path) for path in dict.fromkeys(paths))
    parts.append(_DROP_IN.format(unit=unit, paths=wanted))
    if not own_host:
        # Its password, if it has one, stays out of what others may read.
        scheme, _, place = url.partition("://")
        url = f"{scheme}://{place.rpartition('@')[2]}"
        parts.append(_HOST.format(url=url, unit=unit, user=user, python=sys.executable))
    click.echo("\n".join(parts), nl=False)


_NONE = " Host none"
