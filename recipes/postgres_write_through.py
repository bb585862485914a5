"""Users in PostgreSQL: a write to __{users:1} returns once it is committed.

CREATE TABLE users (
    user_id serial PRIMARY KEY,
    username text NOT NULL UNIQUE,
    password text NOT NULL,
    email text NOT NULL UNIQUE,
    first_name text,
    last_name text,
    country text NOT NULL DEFAULT 'unknown',
    created_at timestamp NOT NULL DEFAULT now(),
    last_login timestamp
)

redis-cli HSET __{users:1} username ada password secret email ada@example.org
"""

from rgsync import RGWriteThrough
from rgsync.Connectors import PostgresConnection, PostgresConnector


def user():
    return configGet("PgUser")


def password():
    return configGet("PgPassword")


def database():
    return configGet("PgDatabase")


connection = PostgresConnection(user, password, database)
connector = PostgresConnector(connection, "users", "user_id")
mapping = {
    "username": "username",
    "password": "password",
    "email": "email",
    "first_name": "first_name",
    "last_name": "last_name",
    "country": "country",
    "created_at": "created_at",
    "last_login": "last_login",
}
RGWriteThrough(GB, keysPrefix="__", mappings=mapping, connector=connector, name="Users")
