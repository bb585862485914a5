"""What recipes import from RedisGears, served by regear."""

from regear._builder import GearsBuilder
from regear._globals import RecipeApi, missing
from regear._session import current_session
from regear.errors import GearsError

_api = RecipeApi(current_session)

executeCommand = _api.execute
log = _api.log
config_get = _api.config_get
getMyHashTag = _api.hashtag

gearsCtx = missing("gearsCtx")
registerGearsThread = missing("registerGearsThread")
getGearsSession = missing("getGearsSession")
setGearsSession = missing("setGearsSession")
isInAtomicBlock = missing("isInAtomicBlock")
gearsFutureCtx = missing("gearsFutureCtx")
atomicCtx = missing("atomicCtx")
registerTimeEvent = missing("registerTimeEvent")
callNext = missing("callNext")
getCommand = missing("getCommand")
overrideReply = missing("overrideReply")
isAsyncAllowed = missing("isAsyncAllowed")
flatError = missing("flatError")
PyExecutionSession = missing("PyExecutionSession")
PyFlatExecution = missing("PyFlatExecution")
PyAtomic = missing("PyAtomic")
PyFuture = missing("PyFuture")


class GearsForceStopped(Exception):
    """An execution was aborted."""


class GearsFlatError(Exception):
    """An error that is reported without its traceback."""


__all__ = [
    "GearsBuilder",
    "GearsError",
    "GearsFlatError",
    "GearsForceStopped",
    "PyAtomic",
    "PyExecutionSession",
    "PyFlatExecution",
    "PyFuture",
    "atomicCtx",
    "callNext",
    "config_get",
    "executeCommand",
    "flatError",
    "gearsCtx",
    "gearsFutureCtx",
    "getCommand",
    "getGearsSession",
    "getMyHashTag",
    "isAsyncAllowed",
    "isInAtomicBlock",
    "log",
    "overrideReply",
    "registerGearsThread",
    "registerTimeEvent",
    "setGearsSession",
]
