from __future__ import annotations

from pathlib import Path

import pytest

from regear._sealing import Sealer, default_key_path
from regear.errors import RegearError, SealError


def test_what_is_sealed_opens_with_the_same_file(tmp_path: Path) -> None:
    key = tmp_path / "state" / "host.key"
    blob = Sealer.from_file(key).seal({"source": "secret"})
    assert b"secret" not in blob
    assert Sealer.from_file(key).open(blob) == {"source": "secret"}


def test_key_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    key = tmp_path / "host.key"
    Sealer.from_file(key)
    assert key.stat().st_mode & 0o777 == 0o600
    assert [entry.name for entry in tmp_path.iterdir()] == ["host.key"]


def test_key_file_that_others_may_read_is_refused(tmp_path: Path) -> None:
    key = tmp_path / "host.key"
    Sealer.from_file(key)
    key.chmod(0o644)
    with pytest.raises(RegearError) as caught:
        Sealer.from_file(key)
    assert caught.value.hint == f"chmod 600 {key}"


@pytest.mark.parametrize("blob", [b"", b"nonsense", b"\xff\x00"])
def test_damaged_blob_does_not_open(tmp_path: Path, blob: bytes) -> None:
    with pytest.raises(SealError):
        Sealer.from_file(tmp_path / "k").open(blob)


def test_blob_of_another_key_does_not_open(tmp_path: Path) -> None:
    blob = Sealer.from_file(tmp_path / "one").seal({})
    with pytest.raises(SealError, match="sealed by another key"):
        Sealer.from_file(tmp_path / "two").open(blob)


def test_file_that_is_no_key_is_refused(tmp_path: Path) -> None:
    key = tmp_path / "host.key"
    key.write_text("hello")
    key.chmod(0o600)
    with pytest.raises(RegearError, match="is not a key file"):
        Sealer.from_file(key)


def test_default_place_follows_xdg(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", "/state")
    assert default_key_path() == Path("/state/regear/host.key")
    monkeypatch.delenv("XDG_STATE_HOME")
    monkeypatch.setenv("HOME", "/me")
    assert default_key_path() == Path("/me/.local/state/regear/host.key")
