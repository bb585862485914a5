"""Key templates: ``order:{region}:{id}`` names the columns of a key."""

from __future__ import annotations

import re
from dataclasses import dataclass

from regear.errors import RecipeError

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True)
class KeyPattern:
    """Which keys belong to a registration, and what they say of the row."""

    #: What the keys start with: ``order:``.
    prefix: str
    #: None where all that follows the prefix is the id of the row.
    template: str | None = None
    #: The key columns that the template names, in its order.
    columns: tuple[str, ...] = ()


def key_pattern(keys_prefix: str) -> KeyPattern:
    """``person`` stands for ``person:<id>``; with braces it is a template."""
    if "{" not in keys_prefix and "}" not in keys_prefix:
        return KeyPattern(keys_prefix + ":")
    pieces = _PLACEHOLDER.split(keys_prefix)
    texts, columns = pieces[::2], tuple(pieces[1::2])
    wrong = _fault(texts, columns)
    if wrong:
        raise RecipeError(
            f"keysPrefix {keys_prefix!r}: {wrong}",
            "a key template looks like 'order:{region}:{id}'",
        )
    return KeyPattern(texts[0], keys_prefix, columns)


def _fault(texts: list[str], columns: tuple[str, ...]) -> str | None:
    if any("{" in text or "}" in text for text in texts):
        return "the braces do not pair"
    if not texts[0]:
        return "the keys must have a text in front of the first placeholder"
    if not all(texts[1:-1]):
        return "nothing separates two placeholders"
    if not all(columns):
        return "a placeholder names no column"
    if len(set(columns)) < len(columns):
        return "a column is named twice"
    return None
