"""What an append-only file has: the commands that Redis would run again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

Unit = list[list[str]]  # commands that go together


def commands(folder: Path) -> list[list[str]]:
    """Those of a server's folder since its last rewrite."""
    files = sorted((folder / "appendonlydir").glob("*.incr.aof"))
    return [words for file in files for words in _parse(file.read_bytes())]


def _parse(data: bytes) -> Iterator[list[str]]:
    place = 0

    def line() -> bytes:
        nonlocal place
        end = data.index(b"\r\n", place)
        start, place = place, end + 2
        return data[start:end]

    while place < len(data):
        head = line()
        if head.startswith(b"#"):  # a note, of the time
            continue
        words = []
        for _ in range(int(head[1:])):
            length = int(line()[1:])
            words.append(data[place : place + length].decode(errors="replace"))
            place += length + 2
        yield words


def units(commands: Iterable[list[str]]) -> list[Unit]:
    """Each transaction, and each command that stands alone."""
    found: list[Unit] = []
    inside = False
    for words in commands:
        name = words[0].upper()
        if name == "MULTI":
            assert not inside, "MULTI in MULTI"
            found.append([])
            inside = True
        elif name == "EXEC":
            assert inside, "EXEC without MULTI"
            inside = False
        elif inside:
            found[-1].append(words)
        else:
            found.append([words])
    assert not inside, "a transaction has no end"
    return found
