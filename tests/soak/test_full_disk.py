"""A disk that is full for a while: nothing is lost, and it goes on by itself.

The disks are small ones in memory, which only root may mount.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import redis_program
from tests.integration._servers import wait_for
from tests.soak.behind_round import BehindRound
from tests.soak.redis_modes import RedisMode
from tests.soak.targets import PostgresTarget, SqliteTarget


class Disk:
    """A small file system."""

    def __init__(self, path: Path, megabytes: int) -> None:
        self.path = path
        self._ballast = path / "ballast"
        path.mkdir(mode=0o755)
        subprocess.run(
            [
                *("mount", "-t", "tmpfs", "-o"),
                *(f"size={megabytes}m,mode=0755", "regear-test", str(path)),
            ],
            check=True,
            capture_output=True,
        )

    def fill(self) -> None:
        """Another one's file takes what is left."""
        with self._ballast.open("wb", buffering=0) as file:
            try:
                while file.write(bytes(4096)):
                    pass
            except OSError:
                pass  # it is full

    def clear(self) -> None:
        self._ballast.unlink(missing_ok=True)

    def close(self) -> None:
        subprocess.run(["umount", "-l", str(self.path)], check=True)


@pytest.fixture
def disk(folder) -> Iterator[Disk]:
    if os.geteuid() != 0:
        pytest.skip("only root may mount a small disk")
    try:
        disk = Disk(folder / "disk", 24)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("mounting is not allowed here")
    yield disk
    disk.close()


@pytest.fixture
def new_round(folder, seed, disk):
    rounds: list[BehindRound] = []

    def start(mode, target) -> BehindRound:
        program = redis_program()
        rounds.append(BehindRound(mode(program, folder, seed), target, folder, seed))
        return rounds[-1]

    yield start
    for one in rounds:
        one.close()


def states(one: BehindRound) -> set[str]:
    found = one.mode.master.status()["registrations"]
    return {(each["status"] or {}).get("state", "") for each in found}


def fill_and_clear(one: BehindRound, disk: Disk) -> None:
    one.write_on()
    disk.fill()
    wait_for(lambda: "retrying" in states(one), 30, "the full disk shows")
    one.write_on()
    disk.clear()
    findings = one.finish()
    assert findings.good, findings.lines()


def test_disk_of_sqlite(disk, new_round):
    fill_and_clear(new_round(RedisMode, SqliteTarget(disk.path)), disk)


@pytest.fixture
def small_space(disk, postgres_server) -> Iterator[str]:
    """The name of a tablespace on the disk."""
    place = disk.path / "space"
    place.mkdir()
    shutil.chown(place, "postgres")
    postgres_server.query(f"CREATE TABLESPACE small LOCATION '{place}'")
    yield "small"
    postgres_server.query("DROP TABLESPACE small")


def test_disk_of_postgres(disk, postgres_server, small_space, new_round):
    target = PostgresTarget(postgres_server, f"TABLESPACE {small_space}")
    fill_and_clear(new_round(RedisMode, target), disk)


class OnDisk(RedisMode):
    """Its AOF is on the disk of the test."""

    name = "on-disk"
    options = ("--appendonly", "yes", "--appendfsync", "everysec")


def test_disk_of_redis(disk, folder, seed, new_round):
    """Redis refuses writes while its AOF cannot be written; none is torn."""
    mode = OnDisk(redis_program(), disk.path, seed)
    one = new_round(lambda *_: mode, SqliteTarget(folder))
    one.write_on()
    disk.fill()
    wait_for(lambda: one.workload.unserved > 10, 30, "Redis refuses writes")
    disk.clear()
    one.write_on()
    findings = one.finish()
    assert findings.good, findings.lines()
