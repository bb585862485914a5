"""``regear run``: gears-cli's run."""

from __future__ import annotations

import click

from regear.cli.gears import run_arguments


@click.command(
    context_settings={
        "ignore_unknown_options": True,
        "allow_interspersed_args": False,
        "help_option_names": [],
    }
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
@click.pass_context
def run(context: click.Context, arguments: tuple[str, ...]) -> None:
    """Send a recipe to a server, as gears-cli run does."""
    context.exit(run_arguments(["run", *arguments], "regear"))
