"""The MongoDB connector, on a real server."""

from __future__ import annotations

import json
import re
import uuid

import pytest
from bson import Binary, ObjectId

from regear.errors import LeaseLost, Reject, Retry, TargetError, TargetUnavailable
from rgsync.Connectors import MongoConnection, MongoConnector
from tests.integration._mongo import MongoWriter
from tests.integration._mongo_transactions import TransactionalWriter

OID = "65f0c0ffee65f0c0ffee65f0"
UUID = "550e8400-e29b-41d4-a716-446655440000"


@pytest.fixture
def new_writer(ferretdb):
    writers = []

    def make(**options) -> MongoWriter:
        writers.append(MongoWriter(ferretdb.url, ferretdb.name, **options))
        return writers[-1]

    yield make
    for writer in writers:
        writer.documents.close()


@pytest.fixture
def writer(new_writer) -> MongoWriter:
    return new_writer()


@pytest.fixture
def found(ferretdb):
    """The documents of the collection, by their ids' texts."""
    return lambda: sorted(ferretdb.documents("docs"), key=lambda one: str(one["id"]))


EXACT = {
    "integers": [0, -1, 2**31, 2**53 + 1, 2**63 - 1, -(2**63)],
    "doubles": [0.0, 1.0, -0.5, 1e308, 5e-324, 0.1 + 0.2],
    "texts": ["", 'O\'Brien said "hi"', "Сталкер · 映画 · 🎬", "\\ \n \u0007 \u2028"],
    "nested nulls": {"a": None, "b": [None, {"c": None}], "d": {"e": {"f": None}}},
    "empty": {"array": [], "object": {}, "text": ""},
    "booleans": [True, False],
    "names": {"with blank": 1, "ключ": 2, "#": 3, "a-b": {"": 4}},
    "a megabyte": "x" * 2**20,
    "a deep one": json.loads('{"a":' * 60 + "1" + "}" * 60),
}


@pytest.mark.parametrize("mode", ["set", "replace"])
@pytest.mark.parametrize("name", EXACT)
def test_values_keep_their_types(name, mode, new_writer, found):
    writer = new_writer(writeMode=mode)
    writer.must_write(("1", {"v": EXACT[name]}))
    (document,) = found()
    assert document == {"id": "1", "v": EXACT[name]}
    assert json.dumps(document["v"]) == json.dumps(EXACT[name])  # 1 is not 1.0


def test_top_level_names_are_as_in_redis(writer, found):
    document = {"with blank": 1, "ключ": 2, "#": 3, "O'Brien": 4, "a-b": 5}
    writer.must_write(("1", document))
    assert found() == [{"id": "1", **document}]


REFUSED = {
    "no JSON": ("{", "no JSON"),
    "an array": ("[1]", "no JSON object"),
    "a number": ("7", "no JSON object"),
    "2^63": ({"a": {"b": 2**63}}, "'a' holds a number of more than 64 bits"),
    "-2^63-1": ({"a": -(2**63) - 1}, "'a' holds a number of more than 64 bits"),
    "a lone surrogate": ('{"a": "\\ud800"}', "'a'"),
    "NUL in a name": ('{"a": {"b\\u0000c": 1}}', "'a'.*NULL"),
    "too large": ({"a": "x" * (16 * 2**20)}, "bytes, more than the 16777216"),
    "a dot in a name": ({"a.b": 1}, "'a.b'.*writeMode='replace'"),
    "a dollar before a name": ({"$a": 1}, "'\\$a'.*writeMode='replace'"),
    "an empty name": ({"": 1}, "''.*writeMode='replace'"),
    "an array for an id": ({"id": [1]}, "'id'.*no text or number"),
    "null for an id": ({"id": None}, "'id'.*no text or number"),
    "what this server refuses": ({"a": [[1]]}, r"nested arrays.*\(code 2\)"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_refused_document_is_named_and_the_others_can_be_written(case, writer, found):
    document, reason = REFUSED[case]
    rows = [("1", {"a": 1}), ("bad", document), ("3", {"a": 3})]
    ((row, told, kind),) = writer.write(*rows)
    assert (row, kind) == (1, "reject")
    assert re.search(reason, told)
    assert len(told) < 1000
    writer.count = 0  # the checkpoint has not moved
    writer.must_write(rows[0], rows[2])
    assert found() == [{"id": "1", "a": 1}, {"id": "3", "a": 3}]


def test_many_refused_among_many(writer, found):
    bad = {7, 8, 40, 99}
    rows = [(str(n), {"a": [[n]] if n in bad else n}) for n in range(100)]
    assert {row for row, _, _ in writer.write(*rows)} == bad
    writer.must_write(*(row for n, row in enumerate(rows) if n not in bad))
    assert sorted(one["a"] for one in found()) == sorted(set(range(100)) - bad)


def test_many_documents_more_than_once(writer, found):
    for v in range(2):
        writer.must_write(*((str(n), {"v": v, "n": n}) for n in range(300)))
    assert len(found()) == 300
    assert {one["v"] for one in found()} == {1}


@pytest.mark.parametrize(("others", "attempts"), [(3, 3), (0, 6)])
def test_a_failure_that_stays_unexplained_is_a_document_s(
    others, attempts, writer, found
):
    """This server is no friend of quotation marks in names."""
    rows = [(str(n), {"v": n}) for n in range(others)] + [("bad", {'"': 1})]
    for _ in range(attempts):
        with pytest.raises(Retry, match="malformed JSON"):
            writer.write(*rows)
        writer.open()
        writer.count = 0
    ((row, told, kind),) = writer.write(*rows)
    assert (row, kind) == (others, "reject")
    assert "malformed JSON" in told
    writer.count = 0
    writer.must_write(*rows[:others])
    assert len(found()) == others


def test_replace_mode_takes_any_name(new_writer, found):
    writer = new_writer(writeMode="replace")
    writer.must_write(("1", {"": 1, "x": 2}))
    writer.must_write(("1", {"y": 3}))
    assert found() == [{"id": "1", "y": 3}]


def test_members_that_disappeared_are_removed(writer, found):
    writer.must_write(("1", {"a": 1, "b": 2}), ("2", {"b": 1, "c": 2}))
    writer.must_write(("1", {"a": 1}), ("2", {}))
    assert found() == [{"id": "1", "a": 1}, {"id": "2"}]


def test_a_member_that_is_the_id_of_the_server_may_disappear(writer, found):
    writer.must_write(("1", {"_id": "mine", "a": 1}))
    writer.must_write(("1", {"b": 2}))
    assert found() == [{"id": "1", "b": 2}]


def test_members_of_others_survive(writer, found, ferretdb):
    writer.must_write(("1", {"a": 1, "b": 2}))
    ferretdb["docs"].update_one({"id": "1"}, {"$set": {"seen": 9}})
    writer.must_write(("1", {"a": 5}))
    assert found() == [{"id": "1", "a": 5, "seen": 9}]


def test_replace_mode_leaves_nothing(new_writer, found, ferretdb):
    writer = new_writer(writeMode="replace")
    writer.must_write(("1", {"a": 1}))
    ferretdb["docs"].update_one({"id": "1"}, {"$set": {"seen": 9}})
    writer.must_write(("1", {"b": 1}))
    assert found() == [{"id": "1", "b": 1}]


def test_a_later_connector_knows_the_members_of_an_earlier_one(new_writer, found):
    new_writer().must_write(("1", {"a": 1, "b": 2}))
    later = new_writer()
    later.count = 1
    later.must_write(("1", {"a": 3}))
    assert found() == [{"id": "1", "a": 3}]


def test_lanes_know_the_members_of_each_other(new_writer, found):
    one, other = new_writer(checkpoint="s/0"), new_writer(checkpoint="s/1")
    one.must_write(("1", {"a": 1, "b": 2}))
    other.must_write(("1", {"a": 1}))
    assert found() == [{"id": "1", "a": 1}]


@pytest.mark.parametrize("in_order", [False, True])
def test_more_names_than_one_update_unsets(in_order, writer, found, ferretdb):
    many = {f"m{n}": n for n in range(300)}
    writer.must_write(("1", many), ("2", {"other": 1}))
    ferretdb["docs"].update_one({"id": "1"}, {"$set": {"seen": 9}})
    writer.must_write(("1", {"m7": 1, "new": 2}), ("2", {"m1": 1}), in_order=in_order)
    assert found() == [
        {"id": "1", "m7": 1, "seen": 9, "new": 2},
        {"id": "2", "m1": 1},
    ]


def test_an_empty_document_is_one(writer, new_writer, found, ferretdb):
    writer.must_write(("1", {}))
    writer.must_write(("1", {}))
    other = new_writer(table="by_id", pk="_id", checkpoint="other")
    other.must_write(("x", {}))
    other.must_write(("x", {}))
    assert found() == [{"id": "1"}]
    assert list(ferretdb["by_id"].find()) == [{"_id": "x"}]


def plain(id_):
    """The driver's own choice of a class does not count."""
    return id_.as_uuid() if isinstance(id_, Binary) else id_


# What the collection holds, the key's id, and what it is there.
IDS = {
    "text": ("a", "b", "b"),
    "a number as text": ("1", "7", "7"),
    "a number": (1, "7", 7),
    "no number among numbers": (1, "x7", "x7"),
    "a zero before": (1, "07", "07"),
    "an ObjectId": (ObjectId(), OID, ObjectId(OID)),
    "a UUID": (Binary.from_uuid(uuid.uuid4()), UUID, uuid.UUID(UUID)),
    "nothing": (None, "7", "7"),
}


@pytest.mark.parametrize("pk", ["id", "_id"])
@pytest.mark.parametrize("case", IDS)
def test_an_id_is_what_the_collection_holds(case, pk, new_writer, ferretdb):
    there, text, id_ = IDS[case]
    if there is not None:
        ferretdb["docs"].insert_one({pk: there, "by": "others"})
    writer = new_writer(pk=pk)
    writer.must_write((text, {"a": 1}))
    assert plain(ferretdb["docs"].find_one({"a": 1})[pk]) == id_
    writer.must_write((text, {"a": 2}))
    assert ferretdb["docs"].count_documents({"by": {"$exists": False}}) == 1
    writer.must_write((text, None))
    assert [one.get("by") for one in ferretdb["docs"].find()] == (
        ["others"] if there is not None else []
    )


@pytest.mark.parametrize(
    ("id_type", "text", "id_"),
    [
        ("text", "7", "7"),
        ("int", "7", 7),
        ("int", "-7", -7),
        ("objectid", OID, ObjectId(OID)),
        ("uuid", UUID, uuid.UUID(UUID)),
    ],
)
def test_an_id_is_what_the_recipe_says(id_type, text, id_, new_writer, ferretdb):
    ferretdb["docs"].insert_one({"id": "others"})
    writer = new_writer(idType=id_type)
    writer.must_write((text, {"a": 1}))
    assert plain(ferretdb["docs"].find_one({"a": 1})["id"]) == id_
    writer.must_write((text, None))
    assert [one["id"] for one in ferretdb["docs"].find()] == ["others"]


@pytest.mark.parametrize(
    ("id_type", "text"),
    [("int", "x"), ("int", "9" * 19), ("int", ""), ("objectid", "7"), ("uuid", "7")],
)
def test_an_id_that_cannot_be_so_is_refused(id_type, text, new_writer):
    ((row, told, kind),) = new_writer(idType=id_type).write((text, {"a": 1}))
    assert (row, kind) == (0, "reject")
    assert told == f"the id {text!r} is no {id_type}"


def test_a_document_may_have_its_id_itself(writer, found):
    writer.must_write(("7", {"id": 7, "a": 1}), ("x", {"a": 1}))
    writer.must_write(("7", {"id": 7, "a": 2}), ("8", {"a": 3}))
    assert found() == [
        {"id": 7, "a": 2},
        {"id": 8, "a": 3},  # as the first document has it
        {"id": "x", "a": 1},
    ]
    writer.must_write(("7", None), ("x", None), ("8", None))
    assert found() == []


def test_a_number_is_no_second_document_when_types_are_mixed(writer, found, ferretdb):
    writer.must_write(("7", {"a": 1}))
    ferretdb["docs"].insert_one({"id": 8, "a": 1})
    writer.must_write(("7", {"a": 2}), ("8", {"a": 2}))
    assert found() == [{"id": "7", "a": 2}, {"id": 8, "a": 2}]


@pytest.mark.parametrize("in_order", [False, True])
def test_a_document_goes_with_its_key_whatever_its_id(in_order, new_writer, found):
    def write(*rows):
        writer = new_writer()  # each time another one, as after a restart
        writer.count = write.count
        writer.must_write(*rows, in_order=in_order)
        write.count += 1

    write.count = 0
    write(
        ("a", {"id": 5, "v": 1}), ("b", {"id": "x", "v": 1}), ("c", {"id": 8, "v": 1})
    )
    write(("a", {"id": 6, "v": 2}), ("b", {"v": 2}), ("c", {"id": 9, "v": 2}))
    assert found() == [
        {"id": 6, "v": 2},
        {"id": 9, "v": 2},
        {"id": "b", "v": 2},
    ]
    write(("d", {"id": 5, "v": 3}))  # which was another key's once
    write(("a", {"id": 6, "v": 3}), ("c", None))
    write(("b", None))
    assert found() == [{"id": 5, "v": 3}, {"id": 6, "v": 3}]
    write(("d", None), ("a", None))
    assert found() == []


def test_ids_change_places(writer, found, ferretdb):
    writer.must_write(("a", {"id": 1, "v": "a"}), ("b", {"id": 2, "v": "b"}))
    writer.must_write(("a", {"id": 2, "v": "a"}), ("b", {"id": 1, "v": "b"}))
    assert found() == [{"id": 1, "v": "b"}, {"id": 2, "v": "a"}]
    writer.must_write(("a", None), ("b", None))
    assert found() == []
    kept = {one["_id"] for one in ferretdb["regear_checkpoint"].find()}
    assert kept == {"stream", "stream/members"}


def test_in_order_an_unfit_document_does_not_count_if_a_fit_one_follows(writer, found):
    rows = [("1", {"a.b": 1}), ("1", {"a": 1}), ("2", {"a": 2}), ("2", {"a": 2**64})]
    ((row, _, kind),) = writer.write(*rows, in_order=True)
    assert (row, kind) == (3, "reject")
    writer.count = 0
    writer.must_write(*rows[:3], in_order=True)
    assert found() == [{"id": "1", "a": 1}, {"id": "2", "a": 2}]


def test_two_keys_with_one_id_are_written_in_order(writer, found):
    rows = [("a", {"id": 1, "v": 1}), ("b", {"id": 1, "v": 2})]
    ((row, _, kind),) = writer.write(*rows)
    assert (row, kind) == (1, "conflict")
    writer.must_write(*rows, in_order=True)
    assert found() == [{"id": 1, "v": 2}]


def test_a_key_takes_over_the_id_of_a_deleted_one(writer, found):
    writer.must_write(("7", {"v": 1}))
    writer.must_write(("a", {"id": "7", "v": 2}), ("7", None))
    assert found() == [{"id": "7", "v": 2}]


def test_values_that_change_places(writer, found, ferretdb):
    """A second unique index, and an order in which it never is violated."""
    ferretdb["docs"].create_index("mail", unique=True)
    writer.must_write(("1", {"mail": "a"}), ("2", {"mail": "b"}))
    refused = writer.write(("1", {"mail": "b"}), ("2", {"mail": "c"}))
    assert [(row, kind) for row, _, kind in refused] == [(0, "conflict")]
    assert "code" in refused[0][1]
    writer.count = 1
    writer.must_write(
        ("2", {"mail": "c"}),
        ("1", {"mail": "b"}),
        in_order=True,
    )
    assert found() == [{"id": "1", "mail": "b"}, {"id": "2", "mail": "c"}]


def test_in_order_only_what_stays_refused_counts(writer, found, ferretdb):
    ferretdb["docs"].create_index("mail", unique=True)
    writer.must_write(("1", {"mail": "a"}))
    rows = [
        ("2", {"mail": "a"}),  # refused, and its id is written later
        ("2", {"mail": "b"}),
        ("3", {"mail": "a"}),  # refused for good
        ("4", {"mail": "c"}),
        ("4", None),
    ]
    refused = writer.write(*rows, in_order=True)
    assert [(row, kind) for row, _, kind in refused] == [(2, "reject")]
    writer.count = 1
    writer.must_write(*rows[:2], *rows[3:], in_order=True)
    assert found() == [{"id": "1", "mail": "a"}, {"id": "2", "mail": "b"}]


def test_the_checkpoint_is_loaded_by_the_next_one(new_writer, ferretdb):
    writer = new_writer()
    assert writer.stored is None
    writer.must_write(("1", {"a": 1}))
    writer.must_write(journal=b"\xff\0journal")
    assert new_writer().stored == ("1:stream:2-0:1", b"\xff\0journal")
    ids = {one["_id"] for one in ferretdb["regear_checkpoint"].find({}, {"_id": 1})}
    assert ids == {"stream", "stream/members"}


def test_a_journal_longer_than_a_document(new_writer, ferretdb):
    writer = new_writer()
    for size in (20 * 2**20, 9 * 2**20, 7):
        journal = bytes(range(256)) * (size // 256) + b"end"
        writer.must_write(journal=journal)
        val = f"1:stream:{writer.count}-0:1"
        assert new_writer().stored == (val, journal)
    kept = ferretdb["regear_checkpoint"].find({}, {"_id": 1})
    assert [one["_id"] for one in kept] == ["stream"]


def test_another_table_for_the_checkpoint(new_writer, ferretdb):
    new_writer(exactlyOnceTableName="mine").must_write(("1", {}))
    assert ferretdb["mine"].count_documents({"_id": "stream"}) == 1
    assert "regear_checkpoint" not in ferretdb["docs"].database.list_collection_names()


@pytest.mark.parametrize("begun", [False, True])
def test_who_has_lost_the_checkpoint_writes_nothing(begun, new_writer, found):
    if begun:
        new_writer().must_write(("1", {"a": 1}))
    older, newer = new_writer(), new_writer()
    newer.count = 10
    newer.must_write(("1", {"a": 2}))
    older.count = 5
    with pytest.raises(LeaseLost, match="another host"):
        older.write(("1", {"a": 3}), ("2", {"a": 3}))
    assert found() == [{"id": "1", "a": 2}]
    newer.must_write(("1", {"a": 4}))


def test_who_crashed_before_the_checkpoint_writes_again(new_writer, found, ferretdb):
    first = new_writer()
    first.must_write(("1", {"a": 1, "b": 1}))
    kept = ferretdb["regear_checkpoint"].find_one({"_id": "stream"})
    first.must_write(("1", {"a": 2}), ("2", {"a": 2}), ("3", None))
    ferretdb["regear_checkpoint"].replace_one({"_id": "stream"}, kept)
    second = new_writer()
    assert second.stored == ("1:stream:1-0:1", b"")
    second.count = 1
    second.must_write(("1", {"a": 2}), ("2", {"a": 2}), ("3", None))
    assert found() == [{"id": "1", "a": 2}, {"id": "2", "a": 2}]


@pytest.mark.parametrize(
    ("index", "warned"),
    [
        (None, True),
        ({"keys": "id"}, True),
        ({"keys": [("id", 1), ("a", 1)], "unique": True}, True),
        ({"keys": "id", "unique": True}, False),
    ],
)
def test_a_missing_unique_index_is_a_warning(index, warned, new_writer, ferretdb):
    if index is not None:
        ferretdb["docs"].create_index(**index)
    warnings = new_writer().warnings
    assert bool(warnings) == warned
    if warned:
        ((message, hint),) = warnings
        assert "no unique index on id" in message
        assert hint == 'db.docs.createIndex({"id": 1}, {unique: true})'
    assert new_writer(pk="_id", table="others").warnings == []


def test_the_server_goes_and_comes_back(new_ferretdb):
    server = new_ferretdb()
    writer = MongoWriter(server.url + "?serverSelectionTimeoutMS=300", "app")
    writer.must_write(("1", {"a": 1}))
    server.stop()
    for _ in range(2):
        with pytest.raises(TargetUnavailable) as raised:
            writer.write(("1", {"a": 2}))
        assert len(raised.value.message) < 300
    with pytest.raises(TargetUnavailable, match="refused"):
        writer.open()
    server.start()
    writer.open()
    assert writer.stored == ("1:stream:1-0:1", b"")
    writer.must_write(("1", {"a": 3}))
    found = server.client["app"]["docs"].find_one({}, {"_id": 0})
    assert found == {"id": "1", "a": 3}
    writer.documents.close()


UNUSABLE = {
    "an unknown host": (
        "mongodb://no-such-host.invalid/?serverSelectionTimeoutMS=200",
        TargetUnavailable,
    ),
    "no URL": ("postgres://h/", TargetError),
    "a password that is not escaped": ("mongodb://u:s3cret@x@h/", TargetError),
    "an unknown port": ("mongodb://u:s3cret@h:99999/", TargetError),
}


@pytest.mark.parametrize("case", UNUSABLE)
def test_connections_that_cannot_be(case):
    url, error = UNUSABLE[case]
    with pytest.raises(error) as raised:
        MongoWriter(url, "app")
    assert "s3cret" not in str(raised.value)


PASSWORD = "p@:/%w'd ?#&+ü"


@pytest.fixture
def guarded(new_ferretdb):
    return new_ferretdb(user="an@app", password=PASSWORD)


def test_credentials_are_asked_at_every_connect(guarded):
    password = "wrong-secret"
    connection = MongoConnection(
        lambda: "an@app", lambda: password, f"127.0.0.1:{guarded.port}"
    )
    documents = MongoConnector(connection, "app", "docs", "id").documents()
    with pytest.raises(TargetError, match="MongoConnection") as raised:
        documents.open("s", "s")
    assert "wrong-secret" not in str(raised.value)
    password = PASSWORD
    documents.open("s", "s")
    assert documents.load_checkpoint() is None
    assert documents.write([("1", '{"a":1}')], False, ("v", b"")) == []
    documents.close()
    with connection.Connect() as client:
        assert client["app"]["docs"].find_one({}, {"_id": 0}) == {"id": "1", "a": 1}


def test_without_credentials_an_operator_is_told(guarded):
    with pytest.raises(TargetError) as raised:
        MongoWriter(f"mongodb://127.0.0.1:{guarded.port}/", "app")
    assert "grantRolesToUser" in raised.value.hint


def test_write_data(ferretdb, found):
    connection = MongoConnection("", "", "", conn_string=ferretdb.url)
    connector = MongoConnector(connection, ferretdb.name, "docs", "id")

    def record(id_, document):
        operation = "~" if document is None else "="
        value = {"id": id_, "#": operation, "doc": document}
        return {"id": "1-0", "value": value}

    connector.WriteData(
        [record("1", '{"a":1,"b":2}'), record("2", "{}"), record("1", '{"a":2}')],
        "doc",
    )
    assert found() == [{"id": "1", "a": 2}, {"id": "2"}]
    bad = record("3", '{"a":[[1]]}')
    with pytest.raises(Reject, match="nested arrays") as raised:
        connector.WriteData([record("2", None), bad, record("4", "{}")], "doc")
    assert raised.value.rows == [bad]
    assert found() == [{"id": "1", "a": 2}, {"id": "4"}]
    connector._direct.close()


@pytest.fixture
def transactional(ferretdb):
    writer = TransactionalWriter(ferretdb.url, ferretdb.name)
    yield writer
    writer.documents.close()


def test_a_transaction_has_the_batch_and_its_checkpoint(transactional, found, ferretdb):
    transactional.must_write(("1", {"a": 1}), ("2", {"a": 2}), ("3", None))
    transactional.must_write(("1", {"b": 1}), ("2", None), journal=b"j")
    assert transactional.transactions.outcomes == ["committed"] * 2
    assert found() == [{"id": "1", "b": 1}]
    stored = MongoWriter(ferretdb.url, ferretdb.name)
    assert stored.stored == ("1:stream:2-0:1", b"j")
    stored.documents.close()


def test_a_refusal_undoes_the_transaction(transactional, found):
    transactional.must_write(("1", {"a": 1}))
    rows = [("2", {"a": 2}), ("bad", {"a": [[1]]}), ("3", {"a": [[1]]}), ("1", None)]
    for bad in (1, 1):  # one at a time
        ((row, _, kind),) = transactional.write(*rows)
        assert (row, kind) == (bad, "reject")
        assert found() == [{"id": "1", "a": 1}]
        del rows[bad]
        transactional.count = 1
    transactional.must_write(*rows)
    assert found() == [{"id": "2", "a": 2}]
    outcomes = ["committed", "aborted", "aborted", "committed"]
    assert transactional.transactions.outcomes == outcomes


def test_in_order_a_transaction_begins_anew_without_what_was_refused(
    transactional, found
):
    rows = [
        ("1", {"a": [[1]]}),  # refused, and its id is written later
        ("1", {"a": 1}),
        ("2", {"a": 2}),
        ("2", None),
        ("3", {"a": [[1]]}),  # refused for good
        ("4", {"a": 4}),
    ]
    ((row, _, kind),) = transactional.write(*rows, in_order=True)
    assert (row, kind) == (4, "reject")
    assert found() == []
    assert transactional.transactions.outcomes == ["aborted"] * 3
    del rows[4]
    transactional.count = 0
    transactional.must_write(*rows, in_order=True)
    assert found() == [{"id": "1", "a": 1}, {"id": "4", "a": 4}]
    assert transactional.transactions.outcomes[3:] == ["aborted", "committed"]


def test_a_transaction_of_who_is_fenced_writes_nothing(
    transactional, new_writer, found
):
    transactional.must_write(("1", {"a": 1}))
    newer = new_writer()
    newer.count = 10
    newer.must_write(("1", {"a": 2}))
    with pytest.raises(LeaseLost, match="another host"):
        transactional.write(("1", {"a": 3}))
    assert found() == [{"id": "1", "a": 2}]
