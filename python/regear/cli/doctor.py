"""``regear doctor``."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click
from rich.console import Console
from rich.text import Text

from regear._examination import (
    ERROR,
    OK,
    WARNING,
    Finding,
    examine_installation,
    examine_server,
    examine_service,
)
from regear._unit_files import Unit, find_units
from regear.cli import _options

_STYLES = {OK: "green", WARNING: "yellow", ERROR: "red"}


@click.command()
@_options.redis_url
@click.option(
    "--unit",
    "units",
    metavar="FILE",
    multiple=True,
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="The server's systemd unit. [default: those that are installed]",
)
@click.option(
    "--data-dir",
    "data",
    metavar="DIR",
    default="/var/lib/redis",
    show_default=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="The server's data folder, under that unit.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def doctor(
    context: click.Context,
    url: str,
    units: tuple[Path, ...],
    data: Path,
    as_json: bool,
) -> None:
    """Find out what keeps regear from working here.

    Looks at the installation, at what systemd lets a Redis service do, and at
    the server, if one runs. Exit code 1 if there is an error.
    """
    findings = list(examine_installation())
    for file in units or find_units():
        findings += examine_service(Unit(file), data)
    findings += examine_server(url)
    if as_json:
        click.echo(json.dumps([asdict(one) for one in findings], indent=2))
    else:
        console = Console(highlight=False, soft_wrap=True)
        for one in findings:
            console.print(_line(one))
    context.exit(any(one.level == ERROR for one in findings))


def _line(finding: Finding) -> Text:
    text = Text(f"{finding.level:8}", style=_STYLES[finding.level])
    text.append(finding.text, style="default")
    if finding.hint:
        text.append(f" (try: {finding.hint})", style="default")
    return text
