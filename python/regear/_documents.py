"""Where the parts of JSON documents go: paths to columns and child tables."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from regear.errors import RecipeError

Columns = tuple[tuple[str, str], ...]

#: `.name`, `[0]`, `['any name']`; cpp/change/json_path.h reads the same.
_STEP = re.compile(
    r"""\.[^\s.\[\]'"*?@()$,:\\]+"""
    r"""|\[(?:0|[1-9][0-9]{0,8})\]"""
    r"""|\['(?:[^'\\]|\\['\\])*'\]"""
    r"""|\["(?:[^"\\]|\\["\\])*"\]"""
)

_ELEMENTS = "[*]"


@dataclass(frozen=True)
class ChildTable:
    """A table that has a row for each element of an array in a document.

    ``parent`` is its column, or columns in the order of the key template, that
    take the document's id; ``mappings`` is path → column, ``$`` being the
    element; ``position``, if named, takes the element's index, from 0. When a
    document changes its rows are deleted and inserted anew, in the transaction
    of the document's own row.
    """

    table: str
    parent: str | Sequence[str]
    mappings: Mapping[str, str]
    position: str | None = None

    def __post_init__(self) -> None:
        if not _is_name(self.table):
            raise RecipeError("a ChildTable needs the name of its table")
        wrong = self._fault()
        if wrong:
            raise RecipeError(f"the child table {self.table!r}: {wrong[0]}", wrong[1])

    def parents(self) -> list[str]:
        names = self.parent
        return [names] if isinstance(names, str) else list(names)

    def columns(self) -> Columns:
        """Checked: pairs of a path in the element and a column."""
        return tuple(
            (_checked_path(path, "an element"), column)
            for path, column in self.mappings.items()
        )

    def _fault(self) -> tuple[str, str] | None:
        parents = self.parents()
        if not parents or not all(map(_is_name, parents)):
            return (
                "parent must name the column that takes the document's id",
                "parent='order_id'",
            )
        if self.position is not None and not _is_name(self.position):
            return "position must name a column", "position='line', or leave it out"
        if not isinstance(self.mappings, Mapping) or not all(
            _is_name(path) and _is_name(column)
            for path, column in self.mappings.items()
        ):
            return (
                "mappings must be a dict of path to column",
                "mappings={'$.sku': 'sku'}, and '$' for the element itself",
            )
        if not self.mappings and self.position is None:
            return "mappings names no path", "mappings={'$': 'value'}"
        names = [*parents, *self.mappings.values()]
        if self.position is not None:
            names.append(self.position)
        twice = _twice(names)
        if twice:
            return f"the column {twice!r} is named twice", "name each column once"
        self.columns()
        return None


def document_mapping(
    mappings: object,
) -> tuple[Columns, tuple[dict[str, Any], ...]]:
    """The columns of the documents' table, as pairs of path and column, and
    its child tables as the engine takes them."""
    if not isinstance(mappings, Mapping) or not mappings:
        raise RecipeError(
            "mappings must be a dict of path to column",
            "mappings={'$.address.city': 'city', '$': 'document'}",
        )
    columns: list[tuple[str, str]] = []
    children: list[dict[str, Any]] = []
    for path, target in mappings.items():
        if isinstance(target, ChildTable):
            children.append(_child(path, target))
        elif _is_name(target):
            columns.append((_checked_path(path, "the document"), target))
        else:
            raise RecipeError(
                f"the path {path!r} must be mapped to the name of a column",
                "or to ChildTable(…), if it ends with [*]",
            )
    twice = _twice([column for _, column in columns])
    if twice:
        raise RecipeError(f"two paths are mapped to the column {twice!r}")
    twice = _twice([child["table"] for child in children])
    if twice:
        raise RecipeError(
            f"two arrays go to the child table {twice!r}",
            "give each array a table of its own",
        )
    return tuple(columns), tuple(children)


def _child(path: object, child: ChildTable) -> dict[str, Any]:
    if not isinstance(path, str) or not path.endswith(_ELEMENTS):
        raise RecipeError(
            f"the path {path!r} of the child table {child.table!r} must end with [*]",
            f"'{path}{_ELEMENTS}' stands for the elements of the array",
        )
    array = path[: -len(_ELEMENTS)]
    if _ELEMENTS in array:
        raise RecipeError(
            f"the path {path!r} has more than one [*]",
            "map the elements' own arrays to a column for JSON",
        )
    return {
        "path": _checked_path(array, "the document"),
        "table": child.table,
        "parent": child.parents(),
        "columns": [list(pair) for pair in child.columns()],
        "position": child.position,
    }


def _checked_path(path: object, of: str) -> str:
    if not isinstance(path, str):
        raise RecipeError(f"the path {path!r} is not a text")
    if not path.startswith("$"):
        raise RecipeError(
            f"the path {path!r} does not begin with $, which is {of}",
            f"'$.{path.lstrip('.')}'",
        )
    at = 1
    while at < len(path):
        step = _STEP.match(path, at)
        if step is None:
            raise RecipeError(
                f"the path {path!r} is not understood from {path[at:]!r} on",
                _advice(path[at:]),
            )
        at = step.end()
    return path


def _advice(rest: str) -> str:
    if rest.startswith(_ELEMENTS):
        return "[*] may only end the path of a ChildTable"
    if rest.startswith(".."):
        return "'..' would find many values: name the path to one"
    if rest.startswith("[-"):
        return "elements are counted from the front: [0] is the first"
    if rest.startswith(("[?", "[(", ".*")) or re.match(r"\[[\d,:\s]*[,:]", rest):
        return "a column takes one value: name the path to it"
    return "paths look like $.a.b, $['a b'], $.a[0]"


def _is_name(value: object) -> bool:
    return isinstance(value, str) and bool(value)


def _twice(names: Sequence[str]) -> str | None:
    return next((name for name in names if names.count(name) > 1), None)
