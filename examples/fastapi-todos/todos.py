"""Todos: written to Redis with JSON.SET, read from MongoDB.

MongoDB has a todo when the request that wrote it returns, so a list that is
read from there right after shows it.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pymongo
import redis
from fastapi import FastAPI, HTTPException
from pydantic import BaseModel

server = redis.Redis.from_url(
    os.environ.get("REDIS_URL", "redis://127.0.0.1:6379"), decode_responses=True
)
mongo: pymongo.MongoClient[dict[str, Any]] = pymongo.MongoClient(
    os.environ.get("MONGO_URI", "mongodb://127.0.0.1:27017/")
)
collection = mongo["app"]["todos"]
app = FastAPI(title="Todos")


class Todo(BaseModel):
    text: str
    done: bool = False
    priority: int = 0
    tags: list[str] = []


class Change(BaseModel):
    text: str | None = None
    done: bool | None = None
    priority: int | None = None
    tags: list[str] | None = None


@contextmanager
def written() -> Iterator[None]:
    """Says by the status who did not take a write."""
    try:
        yield
    except redis.ResponseError as error:
        code, _, text = str(error).partition(" ")
        if code == "WRITETHROUGH":  # refused: neither side has changed
            raise HTTPException(422, text) from error
        if code in ("NOHOST", "INDOUBT"):
            raise HTTPException(503, str(error)) from error
        raise


@app.post("/todos", status_code=201)
def create(todo: Todo) -> dict[str, Any]:
    todo_id = uuid.uuid4().hex
    with written():
        server.json().set(f"todos:{todo_id}", "$", todo.model_dump())
    return {"todo_id": todo_id, **todo.model_dump()}


@app.patch("/todos/{todo_id}")
def change(todo_id: str, change: Change) -> dict[str, Any]:
    key = f"todos:{todo_id}"
    if not server.exists(key):
        raise HTTPException(404)
    with written():
        server.json().merge(key, "$", change.model_dump(exclude_none=True))
    return read(todo_id)


@app.delete("/todos/{todo_id}", status_code=204)
def remove(todo_id: str) -> None:
    with written():
        if not server.delete(f"todos:{todo_id}"):
            raise HTTPException(404)


@app.get("/todos")
def everything() -> list[dict[str, Any]]:
    return list(collection.find({}, {"_id": False}).sort("priority", -1))


@app.get("/todos/{todo_id}")
def read(todo_id: str) -> dict[str, Any]:
    todo = collection.find_one({"todo_id": todo_id}, {"_id": False})
    if todo is None:
        raise HTTPException(404)
    return todo
