"""Persons, kept in hashes of another Redis: `person:1` here is `copy:1` there.

    regear host recipes/redis_write_behind.py --redis redis://127.0.0.1:6379 \
        --set RedisHost=127.0.0.1 --set RedisPort=6380 --set RedisPassword=secret

Instead of --set, the values may be arguments of the module or variables of the
host's environment. They are asked for at every connect: a new password counts
from the next one on. For a cluster take RedisClusterConnection(host, port).
"""

from rgsync import RGWriteBehind
from rgsync.Connectors import RedisConnection, RedisConnector


def host():
    return configGet("RedisHost")


def port():
    return configGet("RedisPort")


def password():
    return configGet("RedisPassword")


RGWriteBehind(
    GB,
    keysPrefix="person",
    mappings={"first_name": "first", "last_name": "last", "age": "age"},
    connector=RedisConnector(RedisConnection(host, port, password), "copy"),
    name="PersonsWriteBehind",
    version="1.0.0",
)
