"""regear runs RedisGears and rgsync recipes on any current Redis or Valkey."""

from importlib.metadata import version as _version

from regear._documents import ChildTable
from regear._paths import module_path
from regear.errors import (
    ConnectionFailed,
    GearsError,
    HostStopped,
    LeaseLost,
    NotAvailable,
    OptionError,
    RecipeError,
    RegearError,
    Reject,
    RequirementError,
    Retry,
    SealError,
    TargetError,
    TargetUnavailable,
    VersionConflict,
)
from regear.host import Host

__version__ = _version("regear")

__all__ = [
    "ChildTable",
    "ConnectionFailed",
    "GearsError",
    "Host",
    "HostStopped",
    "LeaseLost",
    "NotAvailable",
    "OptionError",
    "RecipeError",
    "RegearError",
    "Reject",
    "RequirementError",
    "Retry",
    "SealError",
    "TargetError",
    "TargetUnavailable",
    "VersionConflict",
    "__version__",
    "module_path",
]
