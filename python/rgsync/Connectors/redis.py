"""Other Redis servers, and Redis Clusters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Union

from redis import Redis
from redis.cluster import ClusterNode, RedisCluster

from regear._connecting import ONCE
from regear._registration import DEFAULT_CHECKPOINT_TABLE
from regear.errors import RecipeError, Reject, TargetError
from rgsync.Connectors._credentials import Credential, resolved, resolved_secret
from rgsync.Connectors._redis_hashes import RedisHashes, write_rows

if TYPE_CHECKING:
    from regear._row_connector import HashConnector, HashRow

#: Before anything is sent again the engine looks at the checkpoint.
_OPTIONS: dict[str, Any] = {
    **ONCE,
    "socket_connect_timeout": 5.0,
    "socket_timeout": 60.0,
    "socket_keepalive": True,
}

Node = Union[Mapping[str, Any], tuple[str, Any], str]


class RedisConnection:
    """A server. Each argument may be a function, asked at every connect."""

    def __init__(
        self, host: Credential, port: Any = 6379, password: Credential = None
    ) -> None:
        self._host, self._port, self._password = host, port, password

    def address(self) -> str:
        """Where it is, without the password."""
        host, port = _place(self._host, self._port)
        return f"{host}:{port}"

    def Connect(self) -> Redis:
        host, port = _place(self._host, self._port)
        password = resolved_secret(self._password) or None
        return Redis(host=host, port=port, password=password, **_OPTIONS)


class RedisClusterConnection:
    """A cluster: ``host`` and ``port`` of one of its nodes, or
    ``cluster_nodes``, several of them: ``[{"host": …, "port": …}, …]``, pairs,
    or texts ``"host:port"``."""

    def __init__(
        self,
        host: Credential = None,
        port: Any = None,
        cluster_nodes: Sequence[Node] | None = None,
        password: Credential = None,
    ) -> None:
        self._host, self._port = host, port
        self._nodes, self._password = cluster_nodes, password

    def nodes(self) -> list[tuple[str, int]]:
        """Where the cluster is asked for its other nodes."""
        if self._nodes:
            return [_node(node) for node in self._nodes]
        return [_place(self._host, self._port)]

    def address(self) -> str:
        """Where it is, without the password."""
        return ",".join(f"{host}:{port}" for host, port in self.nodes())

    def Connect(self) -> RedisCluster:
        password = resolved_secret(self._password) or None
        nodes = [
            ClusterNode(host, port)  # type: ignore[no-untyped-call]
            for host, port in self.nodes()
        ]
        return RedisCluster(startup_nodes=nodes, password=password, **_OPTIONS)


class RedisConnector:
    """Keeps hashes ``<newPrefix>:<id>`` equal to the mapped fields of hashes
    of this Redis. Fields that the mapping does not name stay as they are.

    ``exactlyOnceTableName`` is the hash, over there, that says how far the
    target is. A single server writes a batch and that in one step. In a cluster
    the hash moves behind the batch: after a crash between them the batch is
    written again.
    """

    def __init__(
        self,
        connection: RedisConnection | RedisClusterConnection,
        newPrefix: str,
        exactlyOnceTableName: str | None = None,
    ) -> None:
        if not newPrefix:
            raise RecipeError("RedisConnector needs a prefix for the keys it writes")
        self.connection = connection
        self.newPrefix = newPrefix
        self.exactlyOnceTableName = exactlyOnceTableName

    def TableName(self) -> str:
        return self.newPrefix

    def PrimaryKey(self) -> str:
        return "_id"

    def hashes(self) -> HashConnector:
        """For one thread of the engine."""
        checkpoints = self.exactlyOnceTableName or DEFAULT_CHECKPOINT_TABLE
        return RedisHashes(self.connection.Connect, self.newPrefix, checkpoints)

    def parameters(self) -> dict[str, str]:
        """Which server this is."""
        return {"host": self.connection.address(), "dbname": ""}

    def WriteData(self, data: list[dict[str, Any]]) -> None:
        """Write ``data`` in order, for connectors that build on this one.

        Raises ``regear.Reject`` with those whose key holds something else than
        a hash over there, before it writes any.
        """
        rows = [self._row(record["value"]) for record in data]
        refused = write_rows(self.connection.Connect, self.newPrefix, rows)
        if refused:
            raise Reject([data[row] for row, _, _ in refused], refused[0][1])

    def _row(self, value: dict[str, Any]) -> HashRow:
        columns = {
            name: None if text is None else str(text)
            for name, text in value.items()
            if name not in (self.PrimaryKey(), "#")
        }
        deleted = value.get("#") == "~"
        return str(value[self.PrimaryKey()]), None if deleted else columns


def _node(node: Node) -> tuple[str, int]:
    if isinstance(node, Mapping):
        return _place(node.get("host"), node.get("port"))
    if isinstance(node, str):
        host, _, port = node.rpartition(":")
        return _place(host, port)
    return _place(*node)


def _place(given_host: Any, given_port: Any) -> tuple[str, int]:
    host, port = resolved(given_host), resolved(given_port)
    if not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise TargetError(
            f"{host!r} and {port!r} are no host and port of a Redis server",
            "RedisConnection('10.0.0.7', 6379)",
        )
    return host, int(port)
