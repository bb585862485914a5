"""Small packages for pip, made without a build tool or a network."""

from __future__ import annotations

import io
import tarfile
import zipfile
from collections.abc import Sequence
from pathlib import Path


def make_wheel(
    folder: Path,
    name: str,
    version: str,
    *,
    requires: Sequence[str] = (),
    extras: Sequence[str] = (),
    body: str = "",
) -> Path:
    """A package with one module that knows its ``version``."""
    module = name.replace("-", "_")
    info = f"{module}-{version}.dist-info"
    metadata = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
    metadata += [f"Provides-Extra: {extra}" for extra in extras]
    metadata += [f"Requires-Dist: {text}" for text in requires]
    files = {
        f"{module}/__init__.py": f"version = {version!r}\n{body}\n",
        f"{info}/METADATA": "\n".join(metadata) + "\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\n"
        "Tag: py3-none-any\n",
        f"{info}/top_level.txt": module + "\n",
    }
    record = "".join(f"{path},,\n" for path in (*files, f"{info}/RECORD"))
    folder.mkdir(parents=True, exist_ok=True)
    place = folder / f"{module}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(place, "w") as archive:
        for path, text in {**files, f"{info}/RECORD": record}.items():
            archive.writestr(path, text)
    return place


def make_sdist(folder: Path, name: str, version: str, setup: str) -> Path:
    """Sources whose ``setup.py`` starts with the text."""
    text = f"{setup}\nfrom setuptools import setup\n"
    text += f"setup(name={name!r}, version={version!r}, py_modules=[])\n"
    folder.mkdir(parents=True, exist_ok=True)
    place = folder / f"{name}-{version}.tar.gz"
    with tarfile.open(place, "w:gz") as archive:
        entry = tarfile.TarInfo(f"{name}-{version}/setup.py")
        entry.size = len(text.encode())
        archive.addfile(entry, io.BytesIO(text.encode()))
    return place


def unpack(wheel: Path, folder: Path) -> None:
    """As if it had been installed there."""
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)


#: A setup.py that waits until the file exists.
def waits_for(file: Path) -> str:
    return (
        f"import os, time\nwhile not os.path.exists({str(file)!r}):\n"
        "    time.sleep(0.05)\n"
    )
