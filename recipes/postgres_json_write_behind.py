"""Orders that are JSON documents in Redis, kept in two tables of PostgreSQL.

CREATE TABLE orders (
    order_id text PRIMARY KEY,
    total numeric(12, 2),
    city text,
    document jsonb
);

CREATE TABLE order_items (
    order_id text NOT NULL REFERENCES orders,
    line int NOT NULL,
    sku text,
    quantity int,
    PRIMARY KEY (order_id, line)
);

    regear host recipes/postgres_json_write_behind.py --redis redis://127.0.0.1:6379 \
        --set PgUser=app --set PgPassword=secret --set PgDatabase=127.0.0.1:5432/app

    redis-cli JSON.SET order:7 $ '{"total": 12.5, "address": {"city": "Oslo"},
        "items": [{"sku": "pen", "quantity": 3}, {"sku": "ink", "quantity": 1}]}'

Redis needs the module RedisJSON, loaded before regear. The order above becomes
one row of orders and two of order_items.
"""

from rgsync import ChildTable, RGJSONWriteBehind
from rgsync.Connectors import PostgresConnection, PostgresConnector


def user():
    return configGet("PgUser")


def password():
    return configGet("PgPassword")


def database():
    return gearsConfigGet("PgDatabase", "127.0.0.1:5432/postgres")


connection = PostgresConnection(user, password, database)

RGJSONWriteBehind(
    GB,
    keysPrefix="order",
    connector=PostgresConnector(connection, "orders", "order_id"),
    name="Orders",
    version="1.0.0",
    mappings={
        "$.total": "total",
        "$.address.city": "city",
        "$": "document",
        "$.items[*]": ChildTable(
            "order_items",
            parent="order_id",
            mappings={"$.sku": "sku", "$.quantity": "quantity"},
            position="line",
        ),
    },
)
