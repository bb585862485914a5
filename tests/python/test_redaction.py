from __future__ import annotations

import pytest

from regear._redaction import Secrets, redact_url


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("redis://127.0.0.1:6379", "redis://127.0.0.1:6379"),
        ("redis://user:pa:ss@host:1/0", "redis://***@host:1/0"),
        ("redis://:hidden@host", "redis://***@host"),
        ("unix:///run/redis.sock", "unix:///run/redis.sock"),
    ],
)
def test_url_shows_no_credentials(url: str, shown: str) -> None:
    assert redact_url(url) == shown


def test_known_secrets_are_masked_also_quoted() -> None:
    secrets = Secrets()
    secrets.add("p%s'w/d")
    text = secrets.redact("a p%s'w/d b p%25s%27w%2Fd c")
    assert text == "a *** b *** c"


def test_longer_secret_is_masked_whole() -> None:
    secrets = Secrets()
    secrets.add("abcd")
    secrets.add("abcdef")
    assert secrets.redact("abcdef abcd") == "*** ***"


@pytest.mark.parametrize("value", ["", "abc", None, 5])
def test_what_is_too_short_or_no_text_masks_nothing(value: object) -> None:
    secrets = Secrets()
    secrets.add(value)
    assert secrets.redact("abc 5") == "abc 5"
