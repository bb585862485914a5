"""Writes hashes of another Redis, for the engine."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Union

from redis import Redis
from redis.cluster import RedisCluster
from redis.exceptions import NoPermissionError

from regear._row_connector import moved_by_another
from rgsync.Connectors._redis_errors import translated

if TYPE_CHECKING:
    from regear._row_connector import HashRow, Refused, StoredCheckpoint

Client = Union[Redis, RedisCluster]

#: All rows, if any, and the checkpoint, or nothing.
#: KEYS: the checkpoints, the rows' hashes. ARGV: the checkpoint's field, its
#: value now, its next value, its journal; for each row how many fields are set
#: and how many are removed (-1: the key is), and these.
_WRITE = """
local stored = redis.call('HGET', KEYS[1], ARGV[1])
if (stored or '') ~= ARGV[2] then return {'moved', stored or ''} end
local others = {}
for row = 2, #KEYS do
  local kind = redis.call('TYPE', KEYS[row]).ok
  if kind ~= 'hash' and kind ~= 'none' then
    others[#others + 1] = {row - 2, kind}
  end
end
if #others > 0 then return {'refused', others} end
local at = 5
local function run(command, key, words)
  local last = at + words - 1
  while at <= last do
    local stop = math.min(at + 999, last)
    redis.call(command, key, unpack(ARGV, at, stop))
    at = stop + 1
  end
end
for row = 2, #KEYS do
  local set, removed = tonumber(ARGV[at]), tonumber(ARGV[at + 1])
  at = at + 2
  if removed < 0 then
    redis.call('DEL', KEYS[row])
  else
    run('HSET', KEYS[row], 2 * set)
    run('HDEL', KEYS[row], removed)
  end
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3], ARGV[1] .. '/journal', ARGV[4])
return {'written'}
"""


class RedisHashes:
    """A ``HashConnector`` with a client of its own."""

    def __init__(
        self, connect: Callable[[], Client], prefix: str, checkpoints: str
    ) -> None:
        self._connect = connect
        self._prefix = prefix
        self._checkpoints = checkpoints
        self._id = ""
        self._stored = b""
        self._client: Client | None = None

    def open(self, stream: str, checkpoint_id: str) -> list[tuple[str, str]]:
        self.close()
        self._id = checkpoint_id
        with translated():
            self._client = self._connect()
            return _warnings(self._client)

    def close(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            client.close()

    def load_checkpoint(self) -> StoredCheckpoint | None:
        with translated():
            fields = [self._id, f"{self._id}/journal"]
            found: Any = self._opened().hmget(self._checkpoints, fields)
        stored, journal = found
        self._stored = stored or b""
        return None if stored is None else (stored.decode(), journal or b"")

    def write(
        self, rows: list[HashRow], in_order: bool, checkpoint: StoredCheckpoint
    ) -> list[Refused]:
        client = self._opened()
        with translated():
            if isinstance(client, RedisCluster):
                refused = self._write_in_cluster(client, rows, checkpoint)
            else:
                refused = self._write_at_once(client, rows, checkpoint)
        if not refused:
            self._stored = checkpoint[0].encode()
        return refused

    def _opened(self) -> Client:
        assert self._client is not None
        return self._client

    def _write_at_once(
        self, client: Redis, rows: list[HashRow], checkpoint: StoredCheckpoint
    ) -> list[Refused]:
        words: list[Any] = []
        for _, columns in rows:
            if columns is None:
                words += (0, -1)
                continue
            values, removed = _parted(columns)
            words += (len(values) // 2, len(removed), *values, *removed)
        keys = [_key(self._prefix, id_) for id_, _ in rows]
        result = self._run(client, keys, checkpoint, words)
        if result[0] != b"refused":
            return []
        return [_refused(keys[row], row, kind) for row, kind in result[1]]

    def _write_in_cluster(
        self, client: RedisCluster, rows: list[HashRow], checkpoint: StoredCheckpoint
    ) -> list[Refused]:
        stored: Any = client.hget(self._checkpoints, self._id)
        self._check(stored or b"")
        refused = _write_one_by_one(client, self._prefix, rows)
        if not refused:
            self._run(client, [], checkpoint, [])
        return refused

    def _run(
        self,
        client: Client,
        keys: list[bytes],
        checkpoint: StoredCheckpoint,
        words: list[Any],
    ) -> Any:
        value, journal = checkpoint
        all_keys: list[Any] = [self._checkpoints, *keys]
        words = [self._id, self._stored, value, journal, *words]
        result: Any = client.register_script(_WRITE)(all_keys, words)
        if result[0] == b"moved":
            self._check(result[1])
        return result

    def _check(self, stored: bytes) -> None:
        if stored != self._stored:
            known = self._stored.decode() or None
            raise moved_by_another(self._id, self._checkpoints, known)


def _warnings(client: Client) -> list[tuple[str, str]]:
    """Of what makes a target forget what it has confirmed."""
    nodes: list[Any]
    try:
        if isinstance(client, RedisCluster):
            primaries = client.get_primaries()  # type: ignore[no-untyped-call]
            nodes = [client.info(target_nodes=one) for one in primaries]
        else:
            nodes = [client.info()]
    except NoPermissionError:
        return []
    warnings = []
    if not all(node["aof_enabled"] for node in nodes):
        warnings.append(
            (
                "a server over there has no AOF: in a crash it forgets what it has"
                " confirmed",
                "CONFIG SET appendonly yes",
            )
        )
    if any(node["maxmemory_policy"] != "noeviction" for node in nodes):
        warnings.append(
            (
                "a server over there evicts keys when its memory is full",
                "CONFIG SET maxmemory-policy noeviction",
            )
        )
    return warnings


def write_rows(
    connect: Callable[[], Client], prefix: str, rows: list[HashRow]
) -> list[Refused]:
    """Without a checkpoint; nothing is written if any row is refused."""
    with translated(), connect() as client:
        return _write_one_by_one(client, prefix, rows)


def _write_one_by_one(
    client: Client, prefix: str, rows: list[HashRow]
) -> list[Refused]:
    """Each of them at once, but not all of them together."""
    keys = [_key(prefix, id_) for id_, _ in rows]
    types = client.pipeline(transaction=False)
    for key in keys:
        types.type(key)
    refused = [
        _refused(keys[row], row, kind)
        for row, kind in enumerate(types.execute())
        if kind not in (b"hash", b"none")
    ]
    if refused:
        return refused
    writes = client.pipeline(transaction=False)
    for key, (_, columns) in zip(keys, rows):
        if columns is None:
            writes.delete(key)
            continue
        values, removed = _parted(columns)
        if values:
            writes.hset(key, items=values)
        if removed:
            writes.hdel(key, *removed)
    writes.execute()
    return []


def _parted(columns: dict[str, str | None]) -> tuple[list[bytes], list[bytes]]:
    """Field, value, field, …, and the fields that are removed."""
    values: list[bytes] = []
    removed: list[bytes] = []
    for name, text in columns.items():
        if text is None:
            removed.append(_bytes(name))
        else:
            values += (_bytes(name), _bytes(text))
    return values, removed


def _refused(key: bytes, row: int, kind: bytes) -> Refused:
    name = key.decode(errors="backslashreplace")
    return row, f"{name} is a {kind.decode()} over there, not a hash", "reject"


def _key(prefix: str, id_: str) -> bytes:
    return _bytes(f"{prefix}:{id_}")


def _bytes(text: str) -> bytes:
    return text.encode(errors="surrogateescape")
