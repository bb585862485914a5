"""The id in a key, as the type of id that a collection holds."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

ID_TYPES = ("text", "int", "objectid", "uuid")

_FIRST = frozenset("-0123456789abcdef")
_INTEGER = re.compile(r"0|-?[1-9][0-9]{0,18}", re.ASCII)
_OBJECT_ID = re.compile(r"[0-9a-f]{24}", re.ASCII)
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)


def type_of(value: Any) -> str | None:
    """Of an id in a document; None: no key is written like this."""
    if isinstance(value, str):
        return "text"
    if isinstance(value, bool):
        return None
    if isinstance(value, int) or (isinstance(value, float) and value.is_integer()):
        return "int"
    if isinstance(value, UUID):
        return "uuid"
    return "objectid" if type(value).__name__ == "ObjectId" else None


def converted(text: str, id_type: str) -> Any:
    """``text`` as such an id; None if it cannot be one."""
    if id_type == "text":
        return text
    if id_type == "int":
        number = int(text) if _INTEGER.fullmatch(text) else None
        return number if number is not None and fits_int64(number) else None
    if id_type == "uuid":
        return UUID(text) if _UUID.fullmatch(text.lower()) else None
    if _OBJECT_ID.fullmatch(text.lower()):
        from bson import ObjectId

        return ObjectId(text)
    return None


def candidates(text: str) -> list[Any]:
    """All that ``text`` can stand for, the text first. Only what is written
    back in the same way counts."""
    found: list[Any] = [text]
    if text[:1] not in _FIRST:
        return found
    for id_type in ID_TYPES[1:]:
        value = converted(text, id_type)
        if value is not None and str(value) == text:
            found.append(value)
    return found


def fits_int64(number: int) -> bool:
    return -(2**63) <= number < 2**63


class IdTypes:
    """What ids become, by the recipe's option or as the collection has them."""

    def __init__(self, option: str | None, found: str | None) -> None:
        self._option = option
        self._found = found

    @property
    def preferred(self) -> str:
        return self._option or self._found or "text"

    def learn(self, value: Any) -> None:
        """``value`` is the id of a document to be written."""
        if self._found is None:
            self._found = type_of(value)

    def own(self, value: Any) -> Any:
        """The id that a document has itself: JSON knows neither ObjectId nor
        UUID, and holds them as text."""
        if isinstance(value, str) and self.preferred in ("objectid", "uuid"):
            typed = converted(value, self.preferred)
            return value if typed is None else typed
        return value

    def of_key(self, text: str) -> list[Any]:
        """All ids that ``text`` may stand for, the likeliest first; none if
        the recipe wants a type that it cannot be."""
        if self._option is not None:
            typed = converted(text, self._option)
            return [] if typed is None else [typed]
        found = candidates(text)
        if len(found) == 1:
            return found
        likely = [value for value in found if type_of(value) == self.preferred]
        return likely + [value for value in found if value not in likely]
