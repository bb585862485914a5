"""regear at work: a private Redis, a SQLite database, many writes.

Starts `regear up`, loads recipes as any client would, and shows write-behind
(behind.py) and write-through (through.py): both end with a comparison of every
row with its hash.

    OPS=20000   as many writes behind (default 100000)
    THROUGH=10  so many seconds of writing through (default 3)
    KEEP=1      leave the servers up until Ctrl-C
"""

from __future__ import annotations

import os
import signal
import sys
import tempfile
from contextlib import ExitStack, closing
from pathlib import Path

import redis
from scripts.demo import behind, through
from scripts.demo.server import console, regear_up


def keep_up(url: str, database: Path) -> None:
    console.print(f"\nRedis is at {url}, the database is {database}:")
    console.print(f"  redis-cli -u {url} HSET person:1 first_name Ada")
    console.print(f"  redis-cli -u {url} HSET '__{{users:1}}' first_name Ada")
    console.print(f"  sqlite3 {database} 'SELECT * FROM persons LIMIT 5'")
    console.print(f"  regear status --watch --redis {url}")
    console.print("Ctrl-C stops.")
    try:
        signal.pause()
    except KeyboardInterrupt:
        console.print()


def main() -> int:
    with ExitStack() as stack:
        folder = Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix="regear-demo-"))
        )
        database = folder / "demo.db"
        url = stack.enter_context(regear_up(folder, database))
        client = redis.Redis.from_url(url, socket_timeout=60)
        stack.enter_context(closing(client))
        console.print(f"regear up: {url}")
        console.rule("write-behind: SQLite follows", align="left")
        operations = int(os.environ.get("OPS", "100000"))
        well = behind.show(client, url, database, operations)
        console.rule("write-through: SQLite first, then the reply", align="left")
        seconds = float(os.environ.get("THROUGH", "3"))
        well = through.show(client, database, folder, seconds) and well
        if os.environ.get("KEEP") == "1":
            keep_up(url, database)
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())
