"""Sessions at rest: sealed with a key that only hosts have."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet, InvalidToken

from regear.errors import RegearError, SealError


def default_key_path() -> Path:
    """``$XDG_STATE_HOME/regear/host.key``."""
    state = os.environ.get("XDG_STATE_HOME") or "~/.local/state"
    return Path(state).expanduser() / "regear" / "host.key"


class Sealer:
    """Seals JSON documents; hosts of one server share the key file."""

    def __init__(self, key: bytes) -> None:
        self._fernet = Fernet(key)

    @classmethod
    def from_file(cls, path: str | Path | None = None) -> Sealer:
        """Read the key file, which is made if it is missing."""
        place = Path(path) if path is not None else default_key_path()
        try:
            return cls(_read_or_create(place))
        except OSError as error:
            raise RegearError(
                f"the key file {place} cannot be used: {error.strerror}",
                "another place with --state-key FILE",
            ) from error
        except ValueError:
            raise RegearError(
                f"{place} is not a key file of regear",
                "another place with --state-key FILE",
            ) from None

    def seal(self, document: dict[str, Any]) -> bytes:
        return self._fernet.encrypt(json.dumps(document).encode())

    def open(self, blob: bytes) -> dict[str, Any]:
        try:
            document = json.loads(self._fernet.decrypt(blob))
        except (InvalidToken, ValueError):
            document = None
        if not isinstance(document, dict):
            raise SealError("sealed by another key, load the recipe again")
        return document


def _read_or_create(place: Path) -> bytes:
    if not place.exists():
        _create(place)
    if place.stat().st_mode & 0o077:
        raise RegearError(f"others may read the key file {place}", f"chmod 600 {place}")
    return place.read_bytes().strip()


def _create(place: Path) -> None:
    """Appears at once and whole: two hosts may start at the same time."""
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, draft = tempfile.mkstemp(dir=place.parent, prefix=".host.key-")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(Fernet.generate_key() + b"\n")
        os.link(draft, place)
    except FileExistsError:
        pass  # the other host was first: its key is as good
    finally:
        os.unlink(draft)
