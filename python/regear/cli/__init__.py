"""``regear``: one file a command."""

from __future__ import annotations

from importlib.metadata import version

import click

from regear.cli._errors import run_command
from regear.cli.check import check
from regear.cli.dead_letters import dead_letters
from regear.cli.doctor import doctor
from regear.cli.drain import drain
from regear.cli.host import host
from regear.cli.install_service import install_service
from regear.cli.module_path import module_path
from regear.cli.pause import pause
from regear.cli.pending import pending
from regear.cli.purge import purge
from regear.cli.replay import replay
from regear.cli.resume import resume
from regear.cli.run import run
from regear.cli.skip import skip
from regear.cli.status import status
from regear.cli.sync import sync
from regear.cli.up import up
from regear.cli.wait import wait


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(version("regear"), prog_name="regear")
def commands() -> None:
    """Runs RedisGears and rgsync recipes on any current Redis or Valkey."""


for _command in (
    *(up, host, run, check, status, module_path),
    *(doctor, install_service),
    *(pause, resume, drain, wait, sync),
    *(pending, dead_letters, replay, skip, purge),
):
    commands.add_command(_command)


def main() -> None:
    """The console script."""
    run_command(commands, "regear")


__all__ = ["commands", "main"]
