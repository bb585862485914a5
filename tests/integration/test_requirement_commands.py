"""RG.PYDUMPREQS, RG.PYEXPORTREQ, RG.PYIMPORTREQ: replies and error texts."""

from __future__ import annotations

from pathlib import Path

import pytest
import redis as redis_py

from tests._packages import make_wheel


@pytest.fixture
def links(folder) -> Path:
    """A folder of wheels, where there is no package index."""
    place = folder / "links"
    make_wheel(place, "thing", "1.0", requires=["thing-part"])
    make_wheel(place, "thing-part", "2.0")
    return place


@pytest.fixture
def redis(redis_with_module, new_host, folder, links):
    config = {"RequirementsFindLinks": str(links), "RequirementsNoIndex": "yes"}
    new_host(redis_with_module, DataDir=str(folder / "data"), **config)
    return redis_with_module


def pairs(words: list) -> dict:
    return dict(zip(words[::2], words[1::2]))


def fails(redis, *words) -> str:
    with pytest.raises(redis_py.ResponseError) as caught:
        redis.client.execute_command(*words)
    return str(caught.value)


def test_nothing_yet(redis) -> None:
    assert redis.client.execute_command("RG.PYDUMPREQS") == []


def test_one_of_each_kind(redis, folder) -> None:
    register = "GB('CommandReader').register(trigger='t')"
    redis.execute(register, "REQUIREMENTS", "thing==1.0", "rgsync", "redis>=3")
    environment, ours, thing = redis.client.execute_command("RG.PYDUMPREQS")
    assert thing[::2] == [
        "GearReqVersion", "Name", "IsDownloaded", "IsInstalled", "CompiledOs",
        "Wheels", "Path", "RefCount", "IsInReqDictionary",
    ]  # fmt: skip
    assert thing[1:8:2] == [2, "thing==1.0", "yes", "yes"]
    assert thing[9].startswith("linux-")
    assert thing[11] == [
        "thing-1.0-py3-none-any.whl",
        "thing_part-2.0-py3-none-any.whl",
    ]
    assert thing[13].startswith(str(folder / "data" / "requirements" / "thing-1.0-"))
    assert thing[15:] == [2, "IsInReqDictionary", "yes"]
    assert pairs(ours)["Name"] == "rgsync"
    assert (pairs(ours)["IsDownloaded"], pairs(ours)["Wheels"]) == ("yes", [])
    assert pairs(environment)["Name"] == "redis>=3"
    assert pairs(environment)["IsDownloaded"] == "no"
    assert pairs(environment)["IsInstalled"] == "yes"
    assert pairs(environment)["Wheels"] == (
        "Requirement was not yet downloaded so wheels are not available"
    )


def test_what_failed_is_not_listed(redis) -> None:
    assert "satisfy requirements" in fails(
        redis, "RG.PYEXECUTE", "x = 1", "REQUIREMENTS", "nothing==1"
    )
    assert redis.client.execute_command("RG.PYDUMPREQS") == []


def test_sessions_tell_them(redis) -> None:
    register = "GB('CommandReader').register(trigger='t')"
    redis.execute(register, "ID", "mine", "REQUIREMENTS", "thing==1.0")
    (short,) = redis.client.execute_command("RG.PYDUMPSESSIONS")
    assert pairs(short)["requirements"] == ["thing==1.0"]
    (verbose,) = redis.client.execute_command("RG.PYDUMPSESSIONS", "VERBOSE")
    assert pairs(verbose)["requirements"] == redis.client.execute_command(
        "RG.PYDUMPREQS"
    )


def test_export(redis) -> None:
    redis.execute("x = 1", "REQUIREMENTS", "thing==1.0")
    metadata, chunks = redis.client.execute_command("RG.PYEXPORTREQ", "thing==1.0")
    assert [metadata] == redis.client.execute_command("RG.PYDUMPREQS")
    assert len(chunks) == 1
    client = redis.connect()
    _, chunks = client.execute_command("RG.PYEXPORTREQ", "thing==1.0")
    assert client.execute_command("RG.PYIMPORTREQ", *chunks) == b"OK"


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["RG.PYEXPORTREQ", "thing"], "requirement does not exists"),
        (
            ["RG.PYIMPORTREQ", "nonsense"],
            "Bad serialization format on reading requirement version",
        ),
        (
            ["RG.PYDUMPREQS", "x"],
            "wrong number of arguments for 'rg.pydumpreqs' command",
        ),
        (["RG.PYEXPORTREQ"], "wrong number of arguments for 'rg.pyexportreq' command"),
        (["RG.PYIMPORTREQ"], "wrong number of arguments for 'rg.pyimportreq' command"),
    ],
)
def test_errors(redis, words, text) -> None:
    assert fails(redis, *words) == text
