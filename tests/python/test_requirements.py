from __future__ import annotations

import pytest

from regear._requirements import check_requirements
from regear.errors import RequirementError


@pytest.mark.parametrize(
    "specification",
    [
        "rgsync",
        "rgsync==1.2.0",
        "RGSync>=1",
        "/tmp/wheels/rgsync-1.2.0-py3-none-any.whl",
        "redisgears==1.0",
        "regear",
        "redis",
        "redis>=3",
        "SQLAlchemy",
        "no-such-thing; python_version < '3'",
    ],
)
def test_satisfied(specification: str) -> None:
    check_requirements([specification])


@pytest.mark.parametrize(
    ("specification", "reason"),
    [
        ("no-such-thing", "no-such-thing is not installed"),
        ("redis==0.1", "redis==0.1 is asked for,"),
        ("/tmp/other-1.0-py3-none-any.whl", "other 1.0 is not installed"),
        ("/tmp/nonsense.whl", "is not the name of a wheel"),
        ("???", "is not a requirement"),
    ],
)
def test_what_is_not_satisfied_is_named(specification: str, reason: str) -> None:
    with pytest.raises(RequirementError) as caught:
        check_requirements(["redis", specification])
    assert "satisfy requirements" in str(caught.value)
    assert reason in str(caught.value)
