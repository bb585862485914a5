"""Todos in MongoDB: a JSON.SET of one returns once MongoDB has it.

    db.todos.createIndex({todo_id: 1}, {unique: true})

    export MONGO_URI=mongodb://127.0.0.1:27017/
    regear host recipes/mongo_json_write_through.py --redis redis://127.0.0.1:6379

    redis-cli JSON.SET todos:1 $ '{"text": "feed the cat", "done": false}'
    redis-cli JSON.SET todos:1 $.done true

Redis needs the module RedisJSON, loaded before regear. MONGO_URI is read in the
environment of the host.
"""

import os

from rgsync import RGJSONWriteThrough
from rgsync.Connectors import MongoConnection, MongoConnector

connection = MongoConnection("", "", "", "", os.environ["MONGO_URI"])
todos = MongoConnector(connection, "app", "todos", "todo_id")

RGJSONWriteThrough(
    GB, keysPrefix="todos", connector=todos, name="TodosWriteThrough", version="1.0"
)
