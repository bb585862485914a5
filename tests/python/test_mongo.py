"""The connector to MongoDB, as far as it needs no server."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from regear._registration import Keys
from regear._session import Session
from regear.errors import RecipeError, TargetError, TargetUnavailable
from rgsync._targets import target_of
from rgsync.Connectors import MongoConnection, MongoConnector
from rgsync.Connectors._mongo_ids import candidates, converted

pymongo = pytest.importorskip("pymongo")

ODD = "p@:/%w'd ?#&ü"
QUOTED = "p%40%3A%2F%25w%27d%20%3F%23%26%C3%BC"
URL = "mongodb+srv://u:x%40y@cluster.example/?tls=true"


@pytest.mark.parametrize(
    ("arguments", "uri"),
    [
        (("", "", "h:1"), "mongodb://h:1/"),
        (("", "", "h:1/"), "mongodb://h:1/"),
        (("", "", "h1:1,h2:2/?replicaSet=rs"), "mongodb://h1:1,h2:2/?replicaSet=rs"),
        (("u", "p", "h:1"), "mongodb://u:p@h:1/?authSource=admin"),
        (("u", "p", "h:1/db"), "mongodb://u:p@h:1/db?authSource=admin"),
        (("u", "p", "h:1", "other"), "mongodb://u:p@h:1/?authSource=other"),
        (("u", "p", "h/?authsource=x"), "mongodb://u:p@h/?authsource=x"),
        (("u", "p", "h/?tls=true"), "mongodb://u:p@h/?tls=true&authSource=admin"),
        ((ODD, ODD, "h"), f"mongodb://{QUOTED}:{QUOTED}@h/?authSource=admin"),
        (
            (lambda: "u", lambda: "p", lambda: "h"),
            "mongodb://u:p@h/?authSource=admin",
        ),
        (("u", "p", "h", "admin", URL), URL),
        ((None, None, None, "admin", lambda: URL), URL),
    ],
)
def test_where_a_connection_leads(arguments: tuple[Any, ...], uri: str) -> None:
    assert MongoConnection(*arguments).uri() == uri


@pytest.mark.parametrize(
    ("db", "address"),
    [
        ("h:1", "h:1"),
        ("h1:1,h2:2/db?x=y", "h1:1,h2:2"),
    ],
)
def test_its_address_tells_no_secret(db: str, address: str) -> None:
    assert MongoConnection("user", "s3cret", db).address() == address
    url = f"mongodb://user:s3cret@{db}"
    assert MongoConnection("", "", "", conn_string=url).address() == address


def test_a_connection_without_a_server_is_refused() -> None:
    with pytest.raises(RecipeError, match="names no server"):
        MongoConnection("u", "p", "").Connect()


@pytest.mark.skipif(pymongo.version_tuple < (4,), reason="pymongo 4 shows them")
def test_its_client_has_the_options_of_the_address() -> None:
    url = "mongodb://127.0.0.1:1/?serverselectiontimeoutms=70&appName=mine"
    with MongoConnection("", "", "", conn_string=url).Connect() as client:
        assert client.options.server_selection_timeout == 0.07
        assert client.options.pool_options.socket_timeout == 60
        assert client.options.pool_options.appname == "mine"


@pytest.mark.parametrize(
    "url",
    ["mongodb://user:p%40ss-word@h/db", "mongodb://user:p%40ss-word@h1,h2"],
)
def test_secrets_do_not_leave_a_session(url: str) -> None:
    session = Session("id", "", None)  # type: ignore[arg-type]
    connection = MongoConnection("", "", "", conn_string=url)

    def fail() -> None:
        connection.uri()
        raise TargetError(f"no {url}: p%40ss-word, p@ss-word", "not p@ss-word")

    with pytest.raises(TargetError) as raised:
        session.bind(fail)()
    assert raised.value.message == "no ***: ***, ***"
    assert raised.value.hint == "not ***"


@pytest.mark.parametrize("error", [TargetError, TargetUnavailable])
def test_the_engine_is_told_the_class_of_an_error(error: type) -> None:
    """The object that a session's connector makes is bound to the session."""

    class Connection(MongoConnection):
        def Connect(self):  # noqa: N802
            self.uri()
            raise error("it is p@ss-word")

    connection = Connection("user", "p@ss-word", "h")
    target = target_of(MongoConnector(connection, "db", "t", "k"), {}, "doc")
    assert (target.kind, target.table, target.primary_key) == ("python", "t", "k")
    assert target.connect() == {"host": "h", "dbname": "db"}
    session = Session("id", "", None)  # type: ignore[arg-type]
    worker = _registration(target).worker(Keys.named("t", "n", "x"), session.bind)
    with pytest.raises(error, match=r"^it is \*\*\*$"):
        worker["connector"]().open("stream", "stream")


def _registration(target: Any) -> Any:
    from regear._key_template import KeyPattern
    from regear._registration import Registration

    return Registration(
        name="n",
        version=None,
        keys=KeyPattern("doc:"),
        events=(),
        columns=(("doc", "doc"),),
        target=target,
        batch=1,
        duration=1,
        retry_interval=1.0,
        documents="doc",
    )


def test_a_recipe_s_own_write_data_is_called() -> None:
    class Mine(MongoConnector):
        def WriteData(self, data, dataKey="d"):  # noqa: N802, N803
            raise AssertionError(data, dataKey)

    target = target_of(Mine(MongoConnection("", "", "h"), "d", "t", "k"), {}, "doc")
    assert target.kind == "callback"


def test_hashes_are_not_written_to_mongodb() -> None:
    connector = MongoConnector(MongoConnection("", "", "h"), "d", "t", "k")
    with pytest.raises(RecipeError, match="RGJSONWriteBehind"):
        target_of(connector, {"a": "a"})


@pytest.mark.parametrize(
    "options",
    [
        {"pk": ""},
        {"pk": "a.b"},
        {"pk": "$a"},
        {"pk": "k", "writeMode": "both"},
        {"pk": "k", "idType": "float"},
    ],
)
def test_options_are_checked(options: dict[str, Any]) -> None:
    with pytest.raises(RecipeError):
        MongoConnector(MongoConnection("", "", "h"), "d", "t", **options)


@pytest.mark.parametrize(
    ("text", "others"),
    [
        ("", []),
        ("x", []),
        ("7", [7]),
        ("-7", [-7]),
        ("-0", []),
        ("07", []),
        ("7.0", []),
        (" 7", []),
        ("\u0667", []),
        (str(2**63 - 1), [2**63 - 1]),
        (str(2**63), []),
        (str(-(2**63)), [-(2**63)]),
        (
            "550e8400-e29b-41d4-a716-446655440000",
            [UUID(int=0x550E8400E29B41D4A716446655440000)],
        ),
        ("65F0C0FFEE65F0C0FFEE65F0", []),
    ],
)
def test_what_an_id_may_stand_for(text: str, others: list[Any]) -> None:
    assert candidates(text) == [text, *others]


@pytest.mark.parametrize(
    ("text", "id_type", "value"),
    [
        ("x", "int", None),
        ("9" * 20, "int", None),
        ("7", "uuid", None),
        ("65f0", "objectid", None),
        ("65F0C0FFEE65F0C0FFEE65F0", "objectid", "65f0c0ffee65f0c0ffee65f0"),
    ],
)
def test_an_id_of_one_type(text: str, id_type: str, value: str | None) -> None:
    typed = converted(text, id_type)
    assert (None if typed is None else str(typed)) == value
