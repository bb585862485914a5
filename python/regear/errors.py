"""What can go wrong, as one tree.

RegearError
├── ConnectionFailed       the Redis server cannot be reached
├── LeaseLost              another host, or nobody, serves this Redis now
├── HostStopped            the host cannot be used any more
├── SealError              a stored session does not open with our key
├── TargetError            a database needs an operator
├── TargetUnavailable      a database cannot be reached now
├── Reject                 raised by a recipe: records that no retry will help
├── Retry                  raised by a recipe: try the same again, for ever
├── GearsError             Redis answered a recipe's command with an error
├── GearsFlatError         raised by a recipe: reported without a traceback
├── CommandError           an RG.* command of a client is wrong
└── RecipeError            a recipe, or how it was sent, is wrong
    ├── OptionError        of RG.PYEXECUTE
    ├── RequirementError   something that the recipe needs is not installed
    ├── VersionConflict    the same or a newer version is registered
    └── NotAvailable       this version of regear does not do it

GearsForceStopped is no Exception: it ends an execution that is aborted.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


class RegearError(Exception):
    """``message`` says what happened, ``hint`` what to try."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message, hint)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} (try: {self.hint})" if self.hint else self.message


class ConnectionFailed(RegearError):
    """The Redis server cannot be reached, or refuses us."""


class LeaseLost(RegearError):
    """This host serves the Redis server no longer; it may attach again."""


class HostStopped(RegearError):
    """The host was stopped, or belongs to the parent of this process."""


class SealError(RegearError):
    """A sealed session does not open with this host's key."""


class TargetError(RegearError):
    """The database refuses until an operator acts: table, password, right."""


class TargetUnavailable(RegearError):
    """The database cannot be reached at the moment; asking again may help."""


class Reject(RegearError):
    """Raised by a connector's ``WriteData`` or a transform: never try these again.

    ``rows`` are the records that were passed in, or their indexes; a transform
    has only one and needs to name none. They become dead letters with
    ``reason``, and the others are written without them.
    """

    def __init__(self, rows: Iterable[Any] = (), reason: str = "rejected") -> None:
        super().__init__(reason)
        self.rows = list(rows)


class Retry(RegearError):
    """Raised by a connector's ``WriteData`` or a transform: the records are
    fine, the target is not; try again for ever."""


class GearsError(RegearError):
    """Redis answered a command of a recipe with an error."""


class GearsFlatError(RegearError):
    """Raised by a recipe: its text is all that is reported of it."""


class GearsForceStopped(BaseException):
    """The execution was aborted; no ``except Exception`` keeps it alive."""


class CommandError(RegearError):
    """The whole error reply of an RG.* command."""


class RecipeError(RegearError):
    """A recipe, or the way it was sent, is wrong."""


class OptionError(RecipeError):
    """RG.PYEXECUTE was called with options that make no sense."""


class RequirementError(RecipeError):
    """A requirement of a recipe is not installed where the host runs."""


class VersionConflict(RecipeError):
    """The same or a newer version of a registration exists."""


class NotAvailable(RecipeError):
    """A known name that this version of regear does not implement."""

    def __init__(self, name: str, hint: str = "") -> None:
        super().__init__(f"{name} is not available in this version of regear", hint)
        self.name = name

    def __reduce__(self) -> tuple[type[NotAvailable], tuple[str, str]]:
        return type(self), (self.name, self.hint)
