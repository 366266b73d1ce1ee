"""What may stand in a log line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jwt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rolecall.domain.decision import Reason
from rolecall.observe.redaction import REDACTED, clean, clean_fields, is_secret, without_secrets

TOKEN = jwt.encode({"user_id": "ada"}, "k" * 32, algorithm="HS256")
UNSIGNED = jwt.encode({"user_id": "ada"}, "", algorithm="none")


@pytest.mark.parametrize(
    "key",
    [
        "authorization",
        "Authorization",
        "token",
        "secret",
        "app_secret",
        "X-Auth-Token",
        "accessToken",
        "password",
        "cookie",
        "private-key",
    ],
)
def test_keys_that_hold_secrets(key: str) -> None:
    assert is_secret(key)
    assert clean_fields([(key, "opaque")]) == {key: REDACTED}
    assert clean({"deep": [{key: "opaque"}]}) == {"deep": [{key: REDACTED}]}
    assert clean([(key, "opaque"), ["user-agent", "x"]]) == [[key, REDACTED], ["user-agent", "x"]]


@pytest.mark.parametrize("key", ["user_id", "tokens_issued_before", "secretary", "api_key", "token_id", ""])
def test_keys_that_do_not(key: str) -> None:
    assert not is_secret(key)
    assert clean_fields([(key, "shown")]) == {key: "shown"}


def test_a_secret_that_is_missing_may_be_seen_to_be() -> None:
    assert clean_fields([("token", None)]) == {"token": None}


@pytest.mark.parametrize("token", [TOKEN, UNSIGNED, TOKEN[:-1], TOKEN + "x"])
@pytest.mark.parametrize(
    ("before", "after"),
    [("", ""), ("got ", " from x"), ("x=", "&y=1"), ("prefix_", ""), ("a.b.", ""), ("(", ")"), ('"', '"')],
)
def test_tokens_are_known_by_their_look(token: str, before: str, after: str) -> None:
    assert without_secrets(before + token + after) == before + REDACTED + after


def test_every_token_of_a_text_goes() -> None:
    assert without_secrets(f"{TOKEN} and {TOKEN}") == f"{REDACTED} and {REDACTED}"


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("authorization=Bearer abc", "authorization=[redacted] [redacted]"),
        ("sent Bearer  abc.def to x", "sent Bearer [redacted] to x"),
        ("GET /?token=abc&user=ada", "GET /?token=[redacted]&user=ada"),
        ("App(secret='a b', name='x')", "App(secret=[redacted], name='x')"),
        ('app_secret="a b" x', "app_secret=[redacted] x"),
    ],
)
def test_what_is_said_to_be_a_secret_goes(text: str, left: str) -> None:
    assert without_secrets(text) == left


@pytest.mark.parametrize(
    "text", ["", "default:standup", "eyJ", "eyJab.cd", "1.2.3", "the token expired", "a.eyJ", "a.b.eyJ"]
)
def test_other_text_stays(text: str) -> None:
    assert without_secrets(text) == text


def test_a_token_inside_other_values_goes() -> None:
    assert TOKEN not in json.dumps(
        clean({"list": [TOKEN], TOKEN: 1, "error": ValueError(TOKEN), "raw": TOKEN.encode()})
    )


def test_a_token_cut_by_the_length_limit_goes_whole() -> None:
    text = without_secrets("x " * 4090 + TOKEN + " y" * 8000)
    assert "eyJ" not in text
    assert "characters left out" in text


def test_long_text_loses_its_middle() -> None:
    assert without_secrets("a" * 10_000 + "b" * 10_000) == "a" * 8192 + "[3616 characters left out]" + "b" * 8192
    assert without_secrets("a" * 16_384) == "a" * 16_384


@pytest.mark.parametrize("part", ["eyJ", "eyJ.", "token=", 'token="', "bearer ", "bearer  \t", "eyJ-_", "_secret"])
def test_hostile_text_takes_no_longer_than_its_length(part: str) -> None:
    # Patterns that start over at each repetition would run for hours here; the time-out of the suite ends them.
    without_secrets(part * 300_000)


@pytest.mark.parametrize(
    ("value", "cleaned"),
    [
        (None, None),
        (True, True),
        (7, 7),
        (2**63 - 1, 2**63 - 1),
        (2**63, str(2**63)),
        (1.5, 1.5),
        (float("nan"), "nan"),
        (float("-inf"), "-inf"),
        (Reason.BLOCKED, "BLOCKED"),
        (Path("/a/b"), "/a/b"),
        (ValueError("no"), "ValueError('no')"),
        (b"ab", "b'ab'"),
        (("a", 1), ["a", 1]),
        ({1: {"a"}}, {"1": ["a"]}),
        (list(range(101)), [*range(100), "[1 left out]"]),
        ("\ud800", "\ud800"),
    ],
)
def test_values_become_what_json_can_hold(value: object, cleaned: object) -> None:
    assert clean(value) == cleaned
    assert type(clean(value)) is type(cleaned)


def test_what_holds_itself_comes_to_an_end() -> None:
    loop: list[Any] = [1]
    loop.append(loop)
    assert json.dumps(clean(loop)).count("1") > 1


def test_a_value_that_cannot_be_printed_is_named() -> None:
    class Broken:
        def __str__(self) -> str:
            raise RuntimeError

    assert clean(Broken()) == "<Broken>"
    assert clean(10**5000) == "<int>"


@settings(deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(), st.lists, max_leaves=9
    )
)
def test_whatever_comes_is_json_afterwards(value: object) -> None:
    json.dumps(clean({"x": value}), allow_nan=False)
