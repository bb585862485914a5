"""Persons and cars, kept in two tables of a PostgreSQL database.

    CREATE TABLE persons (person_id text PRIMARY KEY, first text, last text, age int);
    CREATE TABLE cars (car_id text PRIMARY KEY, brand text, color text, mileage int);

    regear host recipes/postgres_write_behind.py --redis redis://127.0.0.1:6379 \
        --set PgUser=app --set PgPassword=secret --set PgDatabase=127.0.0.1:5432/app

Instead of --set, the values may be arguments of the module or variables of the
host's environment. They are asked for at every connect: a new password counts
from the next one on.
"""

from rgsync import RGWriteBehind
from rgsync.Connectors import PostgresConnection, PostgresConnector


def user():
    return configGet("PgUser")


def password():
    return configGet("PgPassword")


def database():
    return gearsConfigGet("PgDatabase", "127.0.0.1:5432/postgres")


connection = PostgresConnection(user, password, database)

RGWriteBehind(
    GB,
    keysPrefix="person",
    mappings={"first_name": "first", "last_name": "last", "age": "age"},
    connector=PostgresConnector(connection, "persons", "person_id"),
    name="PersonsWriteBehind",
    version="1.0.0",
)

RGWriteBehind(
    GB,
    keysPrefix="car",
    mappings={"brand": "brand", "color": "color", "mileage": "mileage"},
    connector=PostgresConnector(connection, "cars", "car_id"),
    name="CarsWriteBehind",
    version="1.0.0",
)
