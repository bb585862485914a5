"""Persons and cars, kept in two tables of a SQLite database.

    regear up recipes/sqlite_quickstart.py

    HSET person:1 first_name Ada last_name Lovelace age 36
    HSET car:1 brand Fiat color red mileage 12000

The file is /tmp/regear.db, or what --set SqlitePath=FILE says.
"""

import sqlite3

from rgsync import RGWriteBehind
from rgsync.Connectors import SQLiteConnection, SQLiteConnector

path = gearsConfigGet("SqlitePath", "/tmp/regear.db")

# So that one command is enough to try it: a database of yours has its tables.
with sqlite3.connect(path) as database:
    database.executescript(
        """
        CREATE TABLE IF NOT EXISTS persons (
            person_id TEXT PRIMARY KEY, first TEXT, last TEXT, age INTEGER);
        CREATE TABLE IF NOT EXISTS cars (
            car_id TEXT PRIMARY KEY, brand TEXT, color TEXT, mileage INTEGER);
        """
    )
database.close()

connection = SQLiteConnection(path)

RGWriteBehind(
    GB,
    keysPrefix="person",
    mappings={"first_name": "first", "last_name": "last", "age": "age"},
    connector=SQLiteConnector(connection, "persons", "person_id"),
    name="PersonsWriteBehind",
    version="1.0.0",
)

RGWriteBehind(
    GB,
    keysPrefix="car",
    mappings={"brand": "brand", "color": "color", "mileage": "mileage"},
    connector=SQLiteConnector(connection, "cars", "car_id"),
    name="CarsWriteBehind",
    version="1.0.0",
)
