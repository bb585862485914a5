"""The ACL user that docs/operations.md gives to a host."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path

from tests.integration._servers import wait_for

DOCS = Path(__file__).parents[2] / "docs" / "operations.md"
RECIPE = """
from rgsync import RGWriteBehind
from rgsync.Connectors import SQLiteConnection, SQLiteConnector
persons = SQLiteConnector(SQLiteConnection({path!r}), "persons", "id")
RGWriteBehind(GB, keysPrefix="person", mappings={{"name": "name"}},
              connector=persons, name="Persons", version="1")
"""


def rules() -> list[str]:
    (text,) = re.findall(r"^ACL SETUSER (regear .*?)```", DOCS.read_text(), re.S | re.M)
    return text.split()


def test_it_is_enough_to_write_behind(new_redis, new_host, folder):
    server = new_redis()
    server.client.execute_command("ACL", "SETUSER", *rules())
    server.client.hset("person:0", "name", "before")
    database = sqlite3.connect(folder / "persons.db")
    database.execute("CREATE TABLE persons (id TEXT PRIMARY KEY, name TEXT)")
    recipe = folder / "recipe.py"
    recipe.write_text(RECIPE.format(path=str(folder / "persons.db")))
    new_host(server, recipe, url=server.url_of("regear", "password"))
    server.client.execute_command("RG.CONFIGSET", "Key", "value")
    server.client.hset("person:1", "name", "Ada")
    wait_for(lambda: database.execute("SELECT name FROM persons").fetchall())
    server.client.execute_command("RG.WRITEBEHIND", "DRAIN", "Persons")
    wait_for(lambda: "uncaptured" in server.registration("Persons")["notes"])
    server.wait_drained()
    database.close()
    assert server.client.execute_command("ACL", "LOG") == []
