"""A reader with its steps, as a builder leaves it to an execution."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from regear._functions.steps import Step


@dataclass
class Plan:
    """What ``run`` asks for."""

    reader: str
    argument: Any
    steps: list[Step]
    #: Arguments of the reader, by the names that ``run`` knows them by.
    options: dict[str, Any] = field(default_factory=dict)
