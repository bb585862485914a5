"""Where the parts of the wheel are."""

from __future__ import annotations

from pathlib import Path

from regear.errors import RegearError


def module_path() -> str:
    """The module that ``redis-server --loadmodule`` loads."""
    place = Path(__file__).resolve().parent / "regear.so"
    if not place.is_file():
        raise RegearError(
            "regear.so is missing from this installation of regear",
            "pip install --force-reinstall regear",
        )
    return str(place)
