"""How many arguments commands take."""

from __future__ import annotations

from regear.errors import CommandError


def check_arity(command: str, is_right: bool) -> None:
    """CommandError in Redis' words unless it ``is_right``."""
    if not is_right:
        raise CommandError(f"ERR wrong number of arguments for '{command}' command")
