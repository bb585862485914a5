"""What recipes import from RedisGears, served by regear."""

from regear._builder import GearsBuilder
from regear._functions.coroutines import PyFuture
from regear._functions.helpers import flat_error as flatError
from regear._globals import RecipeApi, missing
from regear._globals import gears_context as gearsCtx
from regear._globals import ignore as _saveGlobals
from regear._globals import ignore as registerGearsThread
from regear._globals import is_async_allowed as isAsyncAllowed
from regear._globals import is_in_atomic_block as isInAtomicBlock
from regear._session import Session as PyExecutionSession
from regear._session import current_session
from regear._session import current_session as getGearsSession
from regear._session import set_current as setGearsSession
from regear.errors import GearsError, GearsFlatError, GearsForceStopped

_api = RecipeApi(current_session)

executeCommand = _api.execute
log = _api.log
config_get = _api.config_get
getMyHashTag = _api.hashtag
registerTimeEvent = _api.every

PyFlatExecution = GearsBuilder
gearsFutureCtx = PyFuture

PyAtomic = atomicCtx = _api.atomic
callNext = missing("callNext")
getCommand = missing("getCommand")
overrideReply = missing("overrideReply")

__all__ = [
    "GearsBuilder",
    "GearsError",
    "GearsFlatError",
    "GearsForceStopped",
    "PyAtomic",
    "PyExecutionSession",
    "PyFlatExecution",
    "PyFuture",
    "_saveGlobals",
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
