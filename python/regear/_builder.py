"""``GearsBuilder``: builders take it; its own steps come later."""

from __future__ import annotations

from typing import Any

from regear.errors import NotAvailable, RecipeError

_READERS = frozenset(
    {
        "KeysReader",
        "KeysOnlyReader",
        "StreamReader",
        "CommandReader",
        "PythonReader",
        "ShardsIDReader",
    }
)
_STEPS = frozenset(
    [
        "map",
        "filter",
        "flatmap",
        "foreach",
        "limit",
        "accumulate",
        "aggregate",
        "groupby",
        "localgroupby",
        "batchgroupby",
        "aggregateby",
        "collect",
        "repartition",
        "count",
        "countby",
        "avg",
        "sort",
        "distinct",
        "run",
        "register",
    ]
)


class GearsBuilder:
    """Names a reader, as recipes pass it to RGWriteBehind."""

    def __init__(
        self,
        reader: str = "KeysReader",
        defaultArg: str = "*",  # noqa: N803
        desc: str | None = None,
    ) -> None:
        if not isinstance(reader, str):
            raise RecipeError("reader argument must be a string")
        if reader not in _READERS:
            raise RecipeError("The given reader does not exists")
        if desc is not None and not isinstance(desc, str):
            raise RecipeError("desc argument must be a string")
        self.reader = reader
        self.default_argument = defaultArg
        self.description = desc

    def __getattr__(self, name: str) -> Any:
        if name in _STEPS:
            raise NotAvailable(f"GearsBuilder.{name}")
        raise AttributeError(name)
