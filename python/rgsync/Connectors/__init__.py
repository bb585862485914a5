"""The connections and connectors of rgsync, by their names."""

from rgsync.Connectors._sql import BaseSqlConnection, BaseSqlConnector
from rgsync.Connectors._unavailable import (
    CqlConnection,
    CqlConnector,
    DB2Connection,
    DB2Connector,
    MsSqlConnection,
    MsSqlConnector,
    OracleSqlConnection,
    OracleSqlConnector,
    SnowflakeSqlConnection,
    SnowflakeSqlConnector,
)
from rgsync.Connectors.mongo import MongoConnection, MongoConnector
from rgsync.Connectors.mysql import MySqlConnection, MySqlConnector
from rgsync.Connectors.postgres import PostgresConnection, PostgresConnector
from rgsync.Connectors.redis import (
    RedisClusterConnection,
    RedisConnection,
    RedisConnector,
)
from rgsync.Connectors.simple_hash import SimpleHashConnector
from rgsync.Connectors.sqlite import SQLiteConnection, SQLiteConnector

__all__ = [
    "BaseSqlConnection",
    "BaseSqlConnector",
    "CqlConnection",
    "CqlConnector",
    "DB2Connection",
    "DB2Connector",
    "MongoConnection",
    "MongoConnector",
    "MsSqlConnection",
    "MsSqlConnector",
    "MySqlConnection",
    "MySqlConnector",
    "OracleSqlConnection",
    "OracleSqlConnector",
    "PostgresConnection",
    "PostgresConnector",
    "RedisClusterConnection",
    "RedisConnection",
    "RedisConnector",
    "SQLiteConnection",
    "SQLiteConnector",
    "SimpleHashConnector",
    "SnowflakeSqlConnection",
    "SnowflakeSqlConnector",
]
