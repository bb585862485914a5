"""What errors of redis-py mean for a batch."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from redis import exceptions

from regear.errors import RegearError, Retry, TargetError, TargetUnavailable

#: A server that is going, or is not the one to write to any more.
_GONE = (
    exceptions.ConnectionError,
    exceptions.TimeoutError,
    exceptions.ReadOnlyError,
    exceptions.MasterDownError,
    exceptions.ClusterDownError,
    exceptions.TryAgainError,
    exceptions.SlotNotCoveredError,
)
#: To clients of one server, which redis-py 5 gives as any other error.
_CLUSTER = (
    exceptions.MovedError,
    exceptions.AskError,
    exceptions.ClusterCrossSlotError,
)
#: What a script's own commands say, before and since Redis 7.2.
_RIGHT = ("The user executing the script can't", "ACL failure in script")
_PASSWORD = ("NOAUTH", "WRONGPASS", "ERR invalid password", "ERR AUTH")


@contextmanager
def translated() -> Iterator[None]:
    """Errors of redis-py leave as those that the engine knows."""
    try:
        yield
    except (exceptions.RedisError, exceptions.RedisClusterException) as error:
        raise _translation(error) from None


def _translation(error: Exception) -> RegearError:
    told = str(error)
    if isinstance(error, exceptions.NoPermissionError) or any(
        words in told for words in _RIGHT
    ):
        return TargetError(told, "ACL SETUSER <user> ~* +@read +@write +@scripting")
    if isinstance(error, exceptions.AuthenticationError) or told.startswith(_PASSWORD):
        return TargetError(told, "the password of the connection is wrong")
    if isinstance(error, _CLUSTER) or told.startswith(("MOVED ", "ASK ", "CROSSSLOT")):
        return TargetError(
            f"the server belongs to a cluster: {told}", "RedisClusterConnection"
        )
    if "Cluster mode is not enabled" in told or "cluster support disabled" in told:
        return TargetError("the server belongs to no cluster", "RedisConnection")
    if isinstance(error, (*_GONE, exceptions.RedisClusterException)):
        return TargetUnavailable(told)
    if told.startswith("WRONGTYPE"):
        return TargetError(
            f"the key of the checkpoints is no hash: {told}",
            "another exactlyOnceTableName in the recipe",
        )
    return Retry(told)
