"""Redis servers that hashes are written to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from rgsync.Connectors import RedisConnector
from tests.conftest import redis_program
from tests.integration._servers import START_SECONDS, RedisServer, free_port, wait_for

CHECKPOINTS = "regear_checkpoint"
SLOTS = ((0, 5460), (5461, 10922), (10923, 16383))


def _serves(node: RedisServer) -> bool:
    info = node.client.execute_command("CLUSTER INFO")
    return (info["cluster_state"], info["cluster_known_nodes"]) == (
        "ok",
        str(len(SLOTS)),
    )


@contextmanager
def redis_cluster(folder: Path) -> Iterator[list[RedisServer]]:
    """Three servers, each with a third of the slots."""
    program = redis_program()
    assert program is not None
    with ExitStack() as stack:
        nodes: list[RedisServer] = []
        buses: list[int] = []
        for number, (first, last) in enumerate(SLOTS):
            home = folder / f"node-{number}"
            home.mkdir()
            buses.append(free_port())
            options = ("--cluster-enabled", "yes", "--cluster-port", str(buses[-1]))
            node = RedisServer(program, home, *options, module=False)
            stack.callback(node.stop)
            stack.callback(node.close)
            nodes.append(node)
            run = node.client.execute_command
            run("CLUSTER SET-CONFIG-EPOCH", number + 1)
            run("CLUSTER ADDSLOTSRANGE", first, last)
            if number > 0:
                run("CLUSTER MEET", "127.0.0.1", nodes[0].port, buses[0])
        for node in nodes:
            wait_for(partial(_serves, node), START_SECONDS, "the cluster serves")
        yield nodes


class HashWriter:
    """Writes to a target as the engine does, each batch with a checkpoint."""

    def __init__(self, connector: RedisConnector, checkpoint_id: str = "s") -> None:
        self.hashes = connector.hashes()
        self._id = checkpoint_id
        self.count = 0
        self.open()

    def open(self) -> None:
        self.warnings = self.hashes.open("stream", self._id)
        stored = self.hashes.load_checkpoint()
        self.count = 0 if stored is None else int(stored[0])

    def write(self, *rows: tuple[str, Any], in_order: bool = False, journal=b""):
        checkpoint = (str(self.count + 1), journal)
        refused = self.hashes.write(list(rows), in_order, checkpoint)
        if not refused:
            self.count += 1
        return refused

    def must_write(self, *rows: tuple[str, Any], **options: Any) -> None:
        assert self.write(*rows, **options) == []
