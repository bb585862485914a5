"""Persons and cars, kept in two tables of a MySQL or MariaDB database.

    CREATE TABLE persons (person_id varchar(64) PRIMARY KEY, first varchar(200),
                          last varchar(200), age int);
    CREATE TABLE cars (car_id varchar(64) PRIMARY KEY, brand varchar(200),
                       color varchar(200), mileage int);

    regear host recipes/mysql_write_behind.py --redis redis://127.0.0.1:6379 \
        --set MySqlUser=app --set MySqlPassword=secret --set MySqlDB=127.0.0.1:3306/app

Instead of --set, the values may be arguments of the module or variables of the
host's environment. They are asked for at every connect: a new password counts
from the next one on.
"""

from rgsync import RGWriteBehind
from rgsync.Connectors import MySqlConnection, MySqlConnector


def user():
    return configGet("MySqlUser")


def password():
    return configGet("MySqlPassword")


def database():
    return configGet("MySqlDB")


connection = MySqlConnection(user, password, database)

RGWriteBehind(
    GB,
    keysPrefix="person",
    mappings={"first_name": "first", "last_name": "last", "age": "age"},
    connector=MySqlConnector(connection, "persons", "person_id"),
    name="PersonsWriteBehind",
    version="1.0.0",
)

RGWriteBehind(
    GB,
    keysPrefix="car",
    mappings={"brand": "brand", "color": "color", "mileage": "mileage"},
    connector=MySqlConnector(connection, "cars", "car_id"),
    name="CarsWriteBehind",
    version="1.0.0",
)
