"""The servers that other tests build on do what those tests take for granted."""

from __future__ import annotations

import pytest
from pymongo.errors import OperationFailure

from tests.integration._servers import wait_for

DOCUMENT = {"name": 'O\'Brien "π"', "n": 2**53 + 1, "f": 1.0, "a": [], "o": {"x": None}}


@pytest.mark.parametrize("module", [False, True])
def test_redis_with_rejson(new_redis, module):
    json = new_redis(json=True, module=module).client.json()
    assert json.set("d:1", "$", DOCUMENT)
    assert json.get("d:1") == DOCUMENT


def test_ferretdb_keeps_types_and_survives_a_crash(ferretdb):
    ferretdb["things"].insert_one({"_id": 1, **DOCUMENT})
    ferretdb.server.kill()
    ferretdb.server.start()
    wait_for(lambda: ferretdb.documents("things") == [DOCUMENT])
    assert type(ferretdb.documents("things")[0]["f"]) is float


def test_ferretdb_with_a_password(new_ferretdb):
    server = new_ferretdb(user="writer", password="s3cret%'w/rd")
    server.client["app"]["things"].insert_one({"_id": 1})
    server.password = "wrong"
    server.close()
    with pytest.raises(OperationFailure, match=r"(?i)auth"):
        server.client["app"]["things"].find_one()
