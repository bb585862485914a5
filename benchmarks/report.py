"""Results: a JSON line each as they come, a table at the end."""

from __future__ import annotations

import json

from rich.console import Console
from rich.table import Table


class Report:
    def __init__(self, title: str, columns: list[str]) -> None:
        self._columns = columns
        self._title = title
        self._table = Table(title=title)
        for column in columns:
            self._table.add_column(column)

    def row(self, *values: object) -> None:
        named = dict(zip(self._columns, values))
        print(json.dumps({"benchmark": self._title, **named}), flush=True)
        self._table.add_row(*map(str, values))

    def print(self) -> None:
        Console().print(self._table)
