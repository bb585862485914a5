"""docs/cli.md describes every command with every option, and no other."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from regear.cli import commands
from regear.cli.gears import gears_cli

TEXT = (Path(__file__).parents[2] / "docs" / "cli.md").read_text()
SECTIONS = dict(
    re.findall(r"^### ([^\n]+)\n(.*?)(?=^##|\Z)", TEXT, re.MULTILINE | re.DOTALL)
)
INTRODUCTION = TEXT.partition("\n## ")[0]


def options_of(group: click.Group, section: str) -> Iterator[tuple[str, str]]:
    for name, command in group.commands.items():
        for parameter in command.params:
            if isinstance(parameter, click.Option):
                yield from ((section.format(name), option) for option in parameter.opts)


OPTIONS = [*options_of(commands, "regear {}"), *options_of(gears_cli, "gears-cli")]


def test_every_command_has_a_section() -> None:
    expected = {f"regear {name}" for name in commands.commands}
    assert set(SECTIONS) == {*expected, "gears-cli"}


@pytest.mark.parametrize(("section", "option"), sorted(set(OPTIONS)))
def test_every_option_is_described(section: str, option: str) -> None:
    described = SECTIONS[section] + INTRODUCTION
    assert re.search(rf"{re.escape(option)}\b", described)


def test_no_option_is_described_that_does_not_exist() -> None:
    known = {option for _, option in OPTIONS} | {"--version", "--help"}
    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", TEXT)) <= known


def test_every_metric_is_described() -> None:
    sources = Path(__file__).parents[2] / "python" / "regear" / "_metrics.py"
    text = sources.read_text()
    names = re.findall(r'"regear_(\w+)"', text) + re.findall(
        r'^    \("\w+", "(\w+)", "', text, re.MULTILINE
    )
    assert len(names) > 12
    for name in names:
        assert f"regear_{name}" in TEXT
