"""``regear check``."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

import click

from regear._checking import Checked, CheckedRecipe, Finding, check_recipe
from regear._commands import Commands
from regear._config import Config
from regear.cli import _options


@click.command()
@click.argument(
    "recipes",
    metavar="RECIPE...",
    nargs=-1,
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
)
@_options.configuration
@click.option(
    "--redis",
    "url",
    metavar="URL",
    help="A server for recipes that call execute(). [default: none]",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def check(
    context: click.Context,
    recipes: tuple[Path, ...],
    config: dict[str, str],
    url: str | None,
    as_json: bool,
) -> None:
    """Say what the RECIPEs need before they can be loaded.

    Runs each RECIPE without registering anything and looks at its tables: all
    that is missing is listed with the statement to type. Exit code 1 if
    something is to be done. Needs no Redis.
    """
    from regear import _engine

    commands = Commands(url) if url else None
    checked = [
        check_recipe(path, Config(config), commands, _engine.inspect_target, sys.stderr)
        for path in recipes
    ]
    if as_json:
        click.echo(json.dumps([_document(one) for one in checked], indent=2))
    else:
        for line in report(checked):
            click.echo(line)
    context.exit(0 if all(one.ok for one in checked) else 1)


def report(checked: Sequence[CheckedRecipe]) -> Iterator[str]:
    """What a person reads; each statement is a line of its own."""
    for recipe in checked:
        if recipe.error is not None:
            yield from _finding("", recipe.error)
        for registration in recipe.registrations:
            yield from _registration(registration)


def _registration(checked: Checked) -> Iterator[str]:
    verdict = "to be mended" if checked.problems else "OK"
    yield (
        f"{checked.name}: {checked.keys} -> {checked.table}"
        f" ({checked.target}): {verdict}"
    )
    for problem in checked.problems:
        yield from _finding("  ", problem)
    for warning in checked.warnings:
        yield from _finding("  warning: ", warning)


def _finding(start: str, finding: Finding) -> Iterator[str]:
    yield start + finding.message
    if finding.hint:
        yield "    " + finding.hint


def _document(recipe: CheckedRecipe) -> dict[str, object]:
    return {**asdict(recipe), "ok": recipe.ok}
