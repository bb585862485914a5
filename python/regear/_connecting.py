"""Connections to the Redis server, whoever has started the host."""

from __future__ import annotations

from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

#: redis-py sends again by itself what is not answered in time.
ONCE: dict[str, Any] = {"retry": Retry(NoBackoff(), 0)}
#: For commands of others: they take as long as they take, and are sent once.
PATIENT: dict[str, Any] = {**ONCE, "socket_timeout": None}

#: The user of a host that the server has started by itself; its password is
#: the secret for RG.HOSTAUTH, as modules had no say in AUTH before Redis 7.2.
SPAWNED_USER = "regear-host"


def open_client(url: str, **options: Any) -> redis.Redis:
    """A client of the server at ``url``; speaks RESP2."""
    scheme, _, rest = url.partition("://")
    who, _, place = rest.partition("@")
    user, _, secret = who.partition(":")
    if user == SPAWNED_USER:
        url = f"{scheme}://{place}"
        options["redis_connect_func"] = _Authenticate(secret)
    if scheme != "unix":
        options["socket_keepalive"] = True
    return redis.Redis.from_url(url, protocol=2, **options)


class _Authenticate:
    """What redis-py calls with each new connection."""

    def __init__(self, secret: str) -> None:
        self._secret = secret

    def __call__(self, connection: Any) -> None:
        connection._parser.on_connect(connection)
        connection.send_command("RG.HOSTAUTH", self._secret, check_health=False)
        connection.read_response()  # raises what the server refuses
        connection.on_connect()
