"""``regear module-path``."""

from __future__ import annotations

import click

import regear


@click.command("module-path")
def module_path() -> None:
    """Print the path of the module for redis-server --loadmodule."""
    click.echo(regear.module_path())
