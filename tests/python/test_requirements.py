"""What requirements ask for, and what is there already."""

from __future__ import annotations

import pytest

from regear._redaction import redact_urls
from regear._requirements import CheckedRequirements
from regear._requirements_parsing import specifications
from regear.errors import RequirementError


@pytest.mark.parametrize(
    "text",
    [
        "rgsync",
        "rgsync==1.2.0",
        "RGSync>=1",
        "/tmp/wheels/rgsync-1.2.0-py3-none-any.whl",
        "git+https://github.com/x/rgsync.git",
        "git+https://github.com/x/rgsync.git@master",
        "git+https://github.com/x/y.git#egg=rgsync",
        "https://example.org/rgsync-1.2.0.tar.gz",
        "redisgears==1.0",
        "regear",
        "no-such-thing; python_version < '3'",
    ],
)
def test_nothing_is_needed_for(text: str) -> None:
    assert specifications([text]) == []


@pytest.mark.parametrize(
    ("text", "name", "folder"),
    [
        ("pymongo==3.12.0", "pymongo", "pymongo-3.12.0-"),
        ("PyMySQL[rsa]>=1, <2", "pymysql", "PyMySQL-rsa-1-2-"),
        ("/w/other-1.0-py3-none-any.whl", "other", "other-1.0-py3-none-any.whl-"),
        ("x @ https://e.org/x.zip", "x", "x.zip-"),
        (
            "git+https://github.com/RedisGears/redisgears-py.git",
            "gearsclient",
            "redisgears-py.git-",
        ),
        ("git+https://me:tok@e.org/rgsync-tools.git", None, "rgsync-tools.git-"),
        ("https://example.org/thing.tar.gz", None, "thing.tar.gz-"),
    ],
)
def test_names(text: str, name: str | None, folder: str) -> None:
    (found,) = specifications([f" {text} "])
    assert found.name == name
    assert found.folder_name.startswith(folder)
    assert "tok" not in found.folder_name + str(found)


def test_each_spelling_has_a_folder_of_its_own() -> None:
    texts = ["a==1.0", "a==1", "a", "A", "a>=1.0", "a~=1.0"]
    assert len({one.folder_name for one in specifications(texts)}) == len(texts)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("/tmp/nonsense.whl", "is not the name of a wheel"),
        ("???", "is not a requirement"),
        ("", "is not a requirement"),
        ("--index-url=https://example.org", "is not a requirement"),
        ("-r other.txt", "is not a requirement"),
        ("redis\n--pre", "is not a requirement"),
        ("https://me:tok@e.org/x.zip --pre", "is not a requirement"),
    ],
)
def test_nonsense(text: str, reason: str) -> None:
    with pytest.raises(RequirementError, match="Could not satisfy") as caught:
        specifications(["redis", text])
    assert reason in str(caught.value)
    assert "tok" not in str(caught.value)


@pytest.mark.parametrize(
    "text", ["redis", "redis>=3", "SQLAlchemy", "rgsync==9", "Prometheus-Client"]
)
def test_installed_already(text: str) -> None:
    CheckedRequirements().provide([text])


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("no-such-thing", "no-such-thing is not installed"),
        ("redis==0.1", "redis==0.1 is asked for,"),
        ("redis[ocsp]", "redis[ocsp] is asked for,"),
        ("/tmp/other-1.0-py3-none-any.whl", "other-1.0-py3-none-any.whl is not"),
        ("git+https://e.org/x.git", "does not install"),
    ],
)
def test_what_an_application_lacks_is_named(text: str, reason: str) -> None:
    with pytest.raises(RequirementError, match="Could not satisfy") as caught:
        CheckedRequirements().ready(["redis", text])
    assert reason in str(caught.value)
    assert f"(try: pip install '{text}' where the host runs)" in str(caught.value)


def test_users_of_urls_are_masked() -> None:
    text = "tried https://me:p%40ss@e.org/simple/ and git+ssh://git@e.org/x, a@b.c"
    assert redact_urls(text) == (
        "tried https://***@e.org/simple/ and git+ssh://***@e.org/x, a@b.c"
    )
