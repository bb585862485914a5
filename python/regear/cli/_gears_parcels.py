"""``gears-cli export-requirements`` and ``import-requirements``.

A requirement is a zip file, redisgears-requirement-v2-<name>-<system>.zip, of
Data.bin (the chunks of RG.PYEXPORTREQ) and MetaData.json (its pairs).
"""

from __future__ import annotations

import ast
import io
import json
import re
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import click

from regear.cli._gears_arguments import server_of, server_options
from regear.cli._gears_client import Send, connected, text_of
from regear.errors import RegearError

_DATA, _METADATA = "Data.bin", "MetaData.json"
_MEGABYTE = 1024 * 1024
_UNSAFE = re.compile(r"[/\\\0]")


@click.command("export-requirements")
@click.option("--save-directory", metavar="DIR", default=".", help="[default: .]")
@click.option("--output-prefix", metavar="TEXT", help="Of the files' names.")
@click.option(
    "--registration-id", metavar="ID", multiple=True, help="What it requires."
)
@click.option("--requirement", metavar="NAME", multiple=True, help="As it was typed.")
@click.option("--all", "everything", is_flag=True, help="All of the server.")
@server_options
def export_requirements(
    save_directory: str,
    output_prefix: str | None,
    registration_id: Sequence[str],
    requirement: Sequence[str],
    everything: bool,
    **options: Any,
) -> None:
    """Save requirements of a server, a zip file each."""
    if not (registration_id or requirement or everything):
        raise click.UsageError("--requirement, --registration-id or --all is missing")
    folder = Path(save_directory)
    folder.mkdir(parents=True, exist_ok=True)
    with connected(server_of(options)) as send:
        names = dict.fromkeys(requirement)
        if everything:
            names.update(dict.fromkeys(_all_names(send)))
        for one in registration_id:
            names.update(dict.fromkeys(_names_of_registration(send, one)))
        for name in names:
            prefix = output_prefix
            if prefix and len(names) > 1:
                prefix = f"{prefix}-{name}"
            print(_export(send, name, folder, prefix))


def _all_names(send: Send) -> Iterator[str]:
    for metadata in send("RG.PYDUMPREQS"):
        yield _pairs(metadata)["Name"]


def _names_of_registration(send: Send, wanted: str) -> list[str]:
    for registration in send("RG.DUMPREGISTRATIONS"):
        if text_of(registration[1]) == wanted:
            data = ast.literal_eval(text_of(registration[9]))
            return [one["name"] for one in data["depsList"]]
    raise RegearError(f"there is no registration {wanted}")


def _export(send: Send, name: str, folder: Path, prefix: str | None) -> Path:
    reply, chunks = send("RG.PYEXPORTREQ", name)
    metadata = _pairs(reply)
    version, system = f"v{metadata['GearReqVersion']}", metadata["CompiledOs"]
    start = prefix or f"redisgears-requirement-{version}-{metadata['Name']}"
    file = folder / (_UNSAFE.sub("_", f"{start}-{system}") + ".zip")
    with zipfile.ZipFile(file, "x") as archive:
        archive.writestr(_METADATA, json.dumps(metadata, indent=2))
        with archive.open(_DATA, "w", force_zip64=True) as data:
            for chunk in chunks:
                data.write(chunk)
    return file


def _pairs(words: Sequence[Any]) -> dict[str, Any]:
    return {text_of(key): _plain(value) for key, value in zip(words[::2], words[1::2])}


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return text_of(value) if isinstance(value, bytes) else value


@click.command("import-requirements")
@click.option(
    "--requirements-path",
    metavar="PATH",
    type=click.Path(exists=True, path_type=Path),
    default=".",
    show_default=True,
    help="A folder of files that were exported, or a zip file of them, or one.",
)
@click.option("--all", "everything", is_flag=True, help="All that are there.")
@click.option(
    "--bulk-size",
    metavar="MB",
    type=click.IntRange(1, 512),
    default=10,
    show_default=True,
    help="What is sent at once.",
)
@click.argument("names", metavar="[FILE|NAME]...", nargs=-1)
@server_options
def import_requirements(
    requirements_path: Path,
    everything: bool,
    bulk_size: int,
    names: Sequence[str],
    **options: Any,
) -> None:
    """Give requirements that were exported to a server.

    Without FILE or NAME all those of a zip file.
    """
    everything = everything or not (names or requirements_path.is_dir())
    if not (names or everything):
        raise click.UsageError("--all, or a FILE or NAME, is missing")
    missing = set(names)
    with connected(server_of(options)) as send:
        for file, archive in _archives(requirements_path, names):
            name = str(json.loads(archive.read(_METADATA))["Name"])
            if everything or missing.intersection([name, file]):
                data, size = archive.read(_DATA), bulk_size * _MEGABYTE
                chunks = [data[at : at + size] for at in range(0, len(data), size)]
                print(f"{name}: {text_of(send('RG.PYIMPORTREQ', *chunks))}")
                missing -= {name, file}
    if missing:
        raise RegearError(f"{requirements_path} has no {', '.join(sorted(missing))}")


def _archives(
    path: Path, names: Sequence[str]
) -> Iterator[tuple[str, zipfile.ZipFile]]:
    """Those of requirements, by the names of their files."""
    if path.is_dir():
        there = {file.name: file for file in sorted(path.glob("*.zip"))}
        there.update({name: Path(name) for name in names if "/" in name})
        for name, file in there.items():
            with _opened(file) as archive:
                if _DATA in archive.namelist():
                    yield name, archive
        return
    with _opened(path) as archive:
        if _DATA in archive.namelist():
            yield path.name, archive
            return
        for name in archive.namelist():
            if name.endswith(".zip"):
                with _opened(io.BytesIO(archive.read(name))) as inner:
                    yield name, inner


def _opened(file: Path | BinaryIO) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(file)
    except zipfile.BadZipFile:
        raise RegearError(f"{file} is not a zip file") from None
