"""What redgrease, a client library, needs where its functions run.

It makes a client without connections by arguments that a redis-py of today does
not take, in a module of its own; this one stands in for that.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

import redis

from regear._globals import RecipeApi
from regear._session import current_session

_api = RecipeApi(current_session)


class RuntimeClient(redis.Redis):
    """Methods of redis-py; the session that calls them executes commands."""

    def __init__(self) -> None:
        super().__init__(protocol=2)  # connects when a command is sent: never

    def execute_command(self, *args: Any, **options: Any) -> Any:
        name, *arguments = args
        reply = _api.execute(*name.split(), *arguments)
        options.pop("keys", None)
        if name in self.response_callbacks:
            return self.response_callbacks[name](reply, **options)
        return reply

    @property
    def gears(self) -> Any:
        """redgrease's methods for ``RG.*``."""
        return import_module("redgrease.client").Gears(self)


cmd = RuntimeClient()


def get_runtime_client() -> RuntimeClient:
    return cmd


def install() -> None:
    """For the import of redgrease by any session."""
    sys.modules["redgrease.runtime_client"] = sys.modules[__name__]
