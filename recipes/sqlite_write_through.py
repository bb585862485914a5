"""Users in SQLite: a write to __{users:1} returns once it is committed.

    regear up recipes/sqlite_write_through.py

    HSET __{users:1} username ada password secret email ada@example.org
    HGETALL users:1

The file is /tmp/regear.db, or what --set SqlitePath=FILE says.
"""

import sqlite3

from rgsync import RGWriteThrough
from rgsync.Connectors import SQLiteConnection, SQLiteConnector

path = gearsConfigGet("SqlitePath", "/tmp/regear.db")

# So that one command is enough to try it: a database of yours has its table.
with sqlite3.connect(path) as database:
    database.executescript(
        """
        CREATE TABLE IF NOT EXISTS users (
            user_id INTEGER PRIMARY KEY,
            username TEXT NOT NULL UNIQUE,
            password TEXT NOT NULL,
            email TEXT NOT NULL UNIQUE,
            first_name TEXT,
            last_name TEXT,
            country TEXT NOT NULL DEFAULT 'unknown',
            created_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP,
            last_login TEXT);
        """
    )
database.close()

connector = SQLiteConnector(SQLiteConnection(path), "users", "user_id")
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
