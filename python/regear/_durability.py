"""Whether a server can do what ``commitAfter`` asks of it."""

from __future__ import annotations

from regear._commands import Commands
from regear.errors import RecipeError


def check_commit_after(commands: Commands, commit_after: str) -> None:
    """Raise if changes could never be written to the target."""
    if commit_after != "fsync":
        return
    # Of a command that a server does not know it tells nothing.
    if not any(commands.execute("COMMAND", "INFO", "WAITAOF") or ()):
        raise RecipeError(
            "commitAfter='fsync' needs WAITAOF, which this server does not have",
            "Redis 7.2 or later, or commitAfter='replica'",
        )
    if "yes" not in commands.execute("CONFIG", "GET", "appendonly"):
        raise RecipeError(
            "commitAfter='fsync' needs an AOF, and this server keeps none",
            "CONFIG SET appendonly yes",
        )
