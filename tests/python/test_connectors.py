from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from regear.errors import NotAvailable, RecipeError
from rgsync import Connectors
from rgsync.Connectors import (
    MySqlConnection,
    PostgresConnection,
    SimpleHashConnector,
    SQLiteConnection,
    SQLiteConnector,
    simple_hash,
)


@pytest.mark.parametrize(
    ("db", "parameters"),
    [
        ("host:5433/db", {"host": "host", "port": "5433", "dbname": "db"}),
        ("host/db", {"host": "host", "dbname": "db"}),
        ("[::1]:5432/db", {"host": "::1", "port": "5432", "dbname": "db"}),
        ("[::1]/db", {"host": "::1", "dbname": "db"}),
        ("/run/postgresql/db", {"host": "/run/postgresql", "dbname": "db"}),
        ("/db", {"dbname": "db"}),
        (
            "h:1/db?sslmode=require&application_name=a%20b",
            {
                "host": "h",
                "port": "1",
                "dbname": "db",
                "sslmode": "require",
                "application_name": "a b",
            },
        ),
    ],
)
def test_postgres_address(db: str, parameters: dict[str, str]) -> None:
    connection = PostgresConnection("u", "p%40'", db)
    assert connection.parameters() == {
        "user": "u",
        "password": "p%40'",
        **parameters,
    }


@pytest.mark.parametrize("db", ["db", "host:5432", "host:5432/", ""])
def test_postgres_address_without_database(db: str) -> None:
    with pytest.raises(RecipeError) as caught:
        PostgresConnection("u", "p", db).parameters()
    assert caught.value.hint == "host:port/database"


def test_postgres_address_with_a_port_that_is_none() -> None:
    with pytest.raises(RecipeError, match="'x' is not a port"):
        PostgresConnection("u", "p", "h:x/db").parameters()


@pytest.mark.parametrize(
    ("db", "parameters"),
    [
        ("host:3307/db", {"host": "host", "port": "3307", "dbname": "db"}),
        ("host/db", {"host": "host", "dbname": "db"}),
        ("[::1]:3306/db", {"host": "::1", "port": "3306", "dbname": "db"}),
        ("/run/mysqld.sock/db", {"unix_socket": "/run/mysqld.sock", "dbname": "db"}),
        ("/db", {"dbname": "db"}),
        (
            "h:1/db?ssl_ca=/etc/ca.pem&read_timeout=9",
            {
                "host": "h",
                "port": "1",
                "dbname": "db",
                "ssl_ca": "/etc/ca.pem",
                "read_timeout": "9",
            },
        ),
    ],
)
def test_mysql_address(db: str, parameters: dict[str, str]) -> None:
    connection = MySqlConnection("u", lambda: "p%40'", db)
    assert connection.parameters() == {
        "user": "u",
        "password": "p%40'",
        **parameters,
    }


@pytest.mark.parametrize("db", ["db", "host:3306", "host:3306/", "", "h:x/db"])
def test_mysql_address_that_is_none(db: str) -> None:
    with pytest.raises(RecipeError) as caught:
        MySqlConnection("u", "p", db).parameters()
    assert caught.value.hint == "host:port/database"


def test_mysql_url_keeps_special_characters() -> None:
    connection = MySqlConnection("u@x", "p%:/@ w", "h:1/d%b?ssl_ca=/ca&bulk=0")
    url = connection.url()
    assert (url.username, url.password, url.database) == ("u@x", "p%:/@ w", "d%b")
    assert (url.host, url.port) == ("h", 1)
    assert dict(url.query) == {"charset": "utf8mb4", "ssl_ca": "/ca"}


def test_credentials_are_asked_at_every_connect() -> None:
    answers = iter(["one", "two"])
    connection = PostgresConnection("u", lambda: next(answers), lambda: "h/d")
    assert connection.parameters()["password"] == "one"
    assert connection.parameters()["password"] == "two"


def test_postgres_url_keeps_special_characters() -> None:
    connection = PostgresConnection("u@x", "p%:/@ w", "h:1/d%b")
    url = connection.url()
    assert dict(url.query) == connection.parameters()


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ("/tmp/a.db", "/tmp/a.db"),
        ("sqlite:////tmp/a.db", "/tmp/a.db"),
        ("sqlite:////tmp/a.db?check_same_thread=False", "/tmp/a.db"),
        ("//tmp/a.db", "/tmp/a.db"),
        ("/tmp/a ?%20.db", "/tmp/a ?%20.db"),
    ],
)
def test_sqlite_path(given: str, path: str) -> None:
    assert SQLiteConnection(given).parameters() == {"path": path}
    assert SQLiteConnection(lambda: given).filePath == path


@pytest.mark.parametrize("given", ["", "a.db", "sqlite:///a.db", None])
def test_sqlite_path_must_be_absolute(given: str | None) -> None:
    with pytest.raises(RecipeError):
        SQLiteConnection(given).parameters()


def test_sqlite_connects_with_sqlalchemy(tmp_path: Path) -> None:
    from sqlalchemy import text

    with SQLiteConnection(str(tmp_path / "a b%.db")).Connect() as connection:
        assert connection.execute(text("SELECT 41 + 1")).scalar() == 42
    assert (tmp_path / "a b%.db").exists()


def test_all_names_of_the_contract_can_be_imported() -> None:
    for name in Connectors.__all__:
        assert isinstance(getattr(Connectors, name), type)


def test_connections_to_come_can_be_made_and_say_so() -> None:
    made = [
        Connectors.OracleSqlConnection("u", "p", "h:1/d"),
        Connectors.DB2Connection("u", "p", "h:1/d"),
        Connectors.MsSqlConnection("u", "p", "d", "s", 1433, "driver"),
        Connectors.SnowflakeSqlConnection("u", "p", "d/s", "account"),
        Connectors.CqlConnection("u", "p", "h1 h2", "keyspace"),
    ]
    for connection in made:
        with pytest.raises(NotAvailable, match=type(connection).__name__):
            connection.Connect()


class Overridden(SQLiteConnector):
    def WriteData(self, data):  # noqa: N802
        super().WriteData(data)


@pytest.fixture
def table(tmp_path: Path):
    """A connector that writes by itself, and the rows it wrote."""
    path = tmp_path / "rows.db"
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE t (k PRIMARY KEY, a, b NOT NULL DEFAULT 'b0')")
    database.close()
    connector = Overridden(SQLiteConnection(str(path)), "t", "k")

    def rows() -> list[tuple]:
        with sqlite3.connect(path) as database:
            found = database.execute("SELECT * FROM t ORDER BY k").fetchall()
        database.close()
        return found

    yield connector, rows
    connector._close()


def record(key: str, operation: str = "=", **columns: object) -> dict:
    return {"id": "1-0", "value": {"k": key, "#": operation, **columns}}


def test_overridden_connector_writes_row_by_row(table) -> None:
    connector, rows = table
    connector.WriteData([record("1", a="x"), record("2", a="y", b="z"), record("3")])
    assert rows() == [("1", "x", "b0"), ("2", "y", "z"), ("3", None, "b0")]
    connector.WriteData([record("1", b="q"), record("2", "~"), record("3", a="w")])
    assert rows() == [("1", "x", "q"), ("3", "w", "b0")]


def test_overridden_connector_writes_all_or_nothing(table) -> None:
    connector, rows = table
    with pytest.raises(Exception, match="no_such_column"):
        connector.WriteData([record("1", a="x"), record("2", no_such_column="y")])
    assert rows() == []
    connector.WriteData([record("1", a="x")])
    assert rows() == [("1", "x", "b0")]


def test_queries_of_the_recipe_are_used(table) -> None:
    connector, rows = table
    connector.addQuery = "INSERT INTO t (k, a) VALUES (:k, upper(:a))"
    connector.delQuery = "UPDATE t SET a = 'gone' WHERE k = :k"
    connector.WriteData([record("1", a="x"), record("2", a="y"), record("1", "~")])
    assert rows() == [("1", "gone", "b0"), ("2", "Y", "b0")]


def test_simple_hash_mirrors_fields(monkeypatch: pytest.MonkeyPatch) -> None:
    commands: list[tuple] = []
    monkeypatch.setattr(simple_hash, "execute", lambda *words: commands.append(words))
    connector = SimpleHashConnector("copy")
    assert connector.TableName() == "copy"
    connector.WriteData(
        [
            {"id": "1-0", "value": {"_id": "7", "#": "=", "a": "1", "b": None}},
            {"id": "1-1", "value": {"_id": "8", "#": "~"}},
        ]
    )
    assert commands == [
        ("HSET", "copy:7", "a", "1"),
        ("HDEL", "copy:7", "b"),
        ("DEL", "copy:8"),
    ]
