"""Commands that come in the very turn in which a host's wait for some ends.

Redis 7.0 drops the reply to a client whose module unblocks it just as its time
is over.
"""

from __future__ import annotations

import time

import pytest

from tests.integration._users import ADA

#: The host would ask again after so long.
LOST = 4.0  # s


def seconds_for(client, pause: float, *words: str) -> float:
    """How long a command takes that is run after a pause, in the same turn of
    the server's event loop."""
    with client.pipeline(transaction=False) as pipeline:
        pipeline.execute_command("DEBUG", "SLEEP", pause)
        pipeline.execute_command(*words)
        began = time.monotonic()
        pipeline.execute()
        return time.monotonic() - began - pause


def test_a_script_is_run(redis_with_module, host):
    for _ in range(3):
        taken = seconds_for(redis_with_module.client, 0.4, "RG.PYEXECUTE", "1")
        assert taken < LOST


@pytest.mark.parametrize("users", ["sqlite"], indirect=True)
def test_a_write_is_committed(users_server, users):
    words = [word for pair in ADA.items() for word in pair]
    for _ in range(3):
        command = ["HSET", "__{users:1}", *words]
        assert seconds_for(users_server.client, 0.8, *command) < LOST
    assert users.row()["username"] == ADA["username"]
