"""Servers of the integration tests, and a seed that is printed."""

from __future__ import annotations

import os
import random

import pytest

from tests.integration.conftest import (
    folder,
    mariadb_server,
    new_redis,
    postgres_server,
    redis_with_module,
)

__all__ = [
    "folder",
    "mariadb_server",
    "new_redis",
    "postgres_server",
    "redis_with_module",
]


@pytest.fixture
def seed() -> int:
    chosen = int(os.environ.get("REGEAR_SEED", random.randrange(2**32)))
    print(f"REGEAR_SEED={chosen}")
    return chosen
