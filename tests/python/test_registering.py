"""Arguments of ``register``, and what is said about wrong ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from regear._runner import ScriptFailed
from regear._session import Session

Run = Callable[[str], Session]

#: What a registration is made of unless the script says otherwise.
DEFAULTS = {
    "kind": "function",
    "id": "0-1",
    "number": 0,
    "reader": "KeysReader",
    "description": None,
    "mode": "async",
    "prefix": "*",
    "events": None,
    "key_types": None,
    "read_value": True,
    "trigger": "",
    "inorder": False,
    "batch": 1,
    "duration": 0,
    "policy": "continue",
    "retry_interval": 1,
    "trim": True,
    "paused": False,
}


@pytest.mark.parametrize(
    ("source", "differs"),
    [
        ("GB().register()", {}),
        ("GB(desc='what for').register('person:*')", {"prefix": "person:*"}),
        ("GB().register(regex='person:*')", {"prefix": "person:*"}),
        ("GB().register('a', unheard=1, noScan=True)", {"prefix": "a"}),
        ("GB().register(mode='sync')", {"mode": "sync"}),
        ("GB().register(mode='async_local')", {"mode": "async_local"}),
        (
            "GB().register(eventTypes=['HSET', 'del'], keyTypes=['hash', 'empty'])",
            {"events": ["hset", "del"], "key_types": ["hash", "empty"]},
        ),
        ("GB().register(readValue=False)", {"read_value": False}),
        (
            "GB('CommandReader').register(trigger='t', inorder=True)",
            {"reader": "CommandReader", "trigger": "t", "inorder": True},
        ),
        ("GB('StreamReader').register('s')", {"reader": "StreamReader", "prefix": "s"}),
        (
            "GB('StreamReader').register(batch=10, duration=20, trimStream=False,"
            " onFailedPolicy='Retry', onFailedRetryInterval=0.5)",
            {
                "reader": "StreamReader",
                "batch": 10,
                "duration": 20,
                "trim": False,
                "policy": "retry",
                "retry_interval": 0.5,
            },
        ),
    ],
)
def test_arguments(run: Run, source: str, differs: dict[str, Any]) -> None:
    (function,) = run(source).functions
    if "desc=" in source:
        differs = {**differs, "description": "what for"}
    assert function.document() == {**DEFAULTS, **differs}


def test_id_is_returned(run: Run) -> None:
    session = run(
        "first = GB().register()\n"
        "assert first == '0-1'\n"
        "assert GB('CommandReader').register(trigger=first) == '0-2'"
    )
    assert [one.id for one in session.functions] == ["0-1", "0-2"]
    assert [one.number for one in session.functions] == [0, 1]


KEYS = "GB()"
STREAM = "GB('StreamReader')"
COMMAND = "GB('CommandReader')"


@pytest.mark.parametrize(
    ("builder", "arguments", "message"),
    [
        (
            "GB('PythonReader')",
            "",
            "given reader does not exists or does not support register",
        ),
        (KEYS, "mode=1", "execution mode must be a string"),
        (KEYS, "mode='x'", "unknown execution mode"),
        (KEYS, "onRegistered=1", "OnRegistered argument must be a function"),
        (KEYS, "prefix=1", "regex argument must be a string"),
        (STREAM, "prefix=1", "regex argument must be a string"),
        (KEYS, "eventTypes=1", "given eventTypes is not iterable"),
        (KEYS, "eventTypes='hset'", "given eventTypes is not iterable"),
        (KEYS, "eventTypes=[1]", "given event type is not string"),
        (KEYS, "keyTypes=1", "given keyTypes is not iterable"),
        (KEYS, "keyTypes=[1]", "given key type is not string"),
        (KEYS, "keyTypes=['hash', 'x']", "unknown key type"),
        (KEYS, "readValue=1", "readValue is not boolean"),
        (KEYS, "commands=1", "given commands is not iterable"),
        (KEYS, "commands=[1]", "given command type is not string"),
        (STREAM, "batch='1'", "batch argument must be a number"),
        (STREAM, "batch=0", "batch must not be less than 1"),
        (STREAM, "duration='1'", "duration argument must be a number"),
        (
            STREAM,
            "onFailedPolicy='x'",
            "onFailedPolicy must be Continue/Abort/Retry",
        ),
        (
            STREAM,
            "onFailedPolicy=1",
            "onFailedPolicy must be a string (Continue/Abort/Retry)",
        ),
        (
            STREAM,
            "mode='sync', onFailedPolicy='retry'",
            "ExecutionMode sync can only be combined with OnFailedPolicy Continue",
        ),
        (
            STREAM,
            "onFailedRetryInterval='x'",
            "retryInterval argument must be a number",
        ),
        (STREAM, "trimStream=1", "pyTrimmStream argument must be a boolean"),
        (COMMAND, "", "no trigger or hook argument was given"),
        (COMMAND, "trigger=1", "trigger argument is not string"),
        (COMMAND, "hook=1", "hook argument is not string"),
        (COMMAND, "hook='x', keyprefix=1", "keyprefix argument is not string"),
        (COMMAND, "trigger='t', inorder=1", "inorder argument is be boolean"),
        (
            COMMAND,
            "trigger='t', hook='hset'",
            "trigger argument can not be given with keyprefix or hook",
        ),
        (
            COMMAND,
            "hook='hset'",
            "register(hook=…) is not available in this version of regear",
        ),
    ],
)
def test_wrong_arguments(run: Run, builder: str, arguments: str, message: str) -> None:
    with pytest.raises(ScriptFailed) as caught:
        run(f"{builder}.register({arguments})")
    assert caught.value.reply.endswith(f"{message}\\n']")
    assert '  File "<string>", line 1' in caught.value.reply
