"""Reading HTTP bodies: what is refused before any handler sees it, and how the error names the field."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from functools import partial
from typing import Any

import msgspec
import pytest

from rolecall.domain.errors import InvalidInput
from rolecall.transports.rest.body import MAX_DEPTH, MAX_KEYS, MAX_MARKS, parsed, shaped, too_large, unpacked

LIMIT = 1_000


class Leaf(msgspec.Struct):
    count: int


class Shape(msgspec.Struct, kw_only=True):
    name: str
    grants: dict[str, list[str]] = {}
    leaf: Leaf | None = None
    leaves: list[Leaf] = []


def refused(call: Callable[[], Any]) -> InvalidInput:
    with pytest.raises(InvalidInput) as caught:
        call()
    return caught.value


# --- how much --------------------------------------------------------------------------------------------------------


def test_an_object_has_only_so_many_keys_and_a_body_so_many_values() -> None:
    keys = {str(number): number for number in range(MAX_KEYS)}
    assert parsed(json.dumps({"a": keys}).encode()) == {"a": keys}
    error = refused(lambda: parsed(json.dumps({"a": {**keys, "more": 1}}).encode()))
    assert (error.field, error.message) == ("body", "`body` holds an object with more than 10000 keys")
    most = [1] * MAX_MARKS  # one bracket, and no comma before the first
    assert parsed(json.dumps(most).encode()) == most
    for more in ([*most, 1], [most], [{}, *most[1:]]):
        error = refused(partial(parsed, json.dumps(more).encode(), "payload"))
        assert (error.field, error.message) == ("payload", "`payload` holds more than 100000 commas and brackets")


# --- unpacking -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["", "identity"])
def test_a_plain_body_stays_as_it_is(encoding: str) -> None:
    assert unpacked(b"abc", encoding, LIMIT) == b"abc"


@pytest.mark.parametrize("size", [0, 1, LIMIT - 1, LIMIT])
def test_a_gzip_body_up_to_the_limit_is_unpacked(size: int) -> None:
    assert unpacked(gzip.compress(b"a" * size), "gzip", LIMIT) == b"a" * size


@pytest.mark.parametrize("size", [LIMIT + 1, 50_000_000])
def test_a_small_gzip_body_that_unpacks_beyond_the_limit_is_too_large(size: int) -> None:
    error = refused(lambda: unpacked(gzip.compress(bytes(size)), "gzip", LIMIT))
    assert (error.code_reason, error.field) == ("BODY_TOO_LARGE", "body")
    assert error.message == "the body is larger than 1000 bytes"


def test_a_gzip_body_is_refused_wherever_it_is_cut() -> None:
    packed = gzip.compress(b'{"name":"a role"}')
    for length in range(len(packed)):
        error = refused(lambda length=length: unpacked(packed[:length], "gzip", LIMIT))  # type: ignore[misc]
        assert error.code_reason == "INVALID_FIELD"
        assert error.field in {"body", "Content-Encoding"}


@pytest.mark.parametrize("body", [b'{"name":"x"}', b"\x1f\x8b" + b"\xff" * 40])
def test_what_is_not_gzip_is_refused(body: bytes) -> None:
    assert refused(lambda: unpacked(body, "gzip", LIMIT)).field == "Content-Encoding"


def test_a_checksum_that_does_not_fit_is_refused() -> None:
    packed = bytearray(gzip.compress(b"{}"))
    packed[-5] ^= 0xFF
    assert refused(lambda: unpacked(bytes(packed), "gzip", LIMIT)).field == "Content-Encoding"


@pytest.mark.parametrize("encoding", ["br", "deflate", "gzip, gzip", "zstd\x00"])
def test_other_encodings_are_refused(encoding: str) -> None:
    error = refused(lambda: unpacked(b"{}", encoding, LIMIT))
    assert error.field == "Content-Encoding"
    assert "only gzip" in error.message
    assert "\x00" not in error.message


def test_the_error_for_a_large_body_tells_the_limit() -> None:
    assert too_large(7).message == "the body is larger than 7 bytes"


# --- JSON ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [{}, [], None, 1, -1.5, "ä\u2028", {"a": [1, {"b": None}], "c": True}])
def test_json_is_read(value: Any) -> None:
    assert parsed(json.dumps(value).encode()) == value
    assert parsed(json.dumps(value, ensure_ascii=False).encode()) == value


@pytest.mark.parametrize("text", [b"\xff", b'{"name":"\xc3("}', b'"\xed\xa0\x80"', b"\xff\xfe{\x00}\x00"])
def test_what_is_not_utf_8_is_refused(text: bytes) -> None:
    error = refused(lambda: parsed(text))
    assert (error.message, error.field) == ("`body` is not UTF-8", "body")


@pytest.mark.parametrize(
    "text", [b"", b"{", b'{"a":1', b'{"a":1}x', b"{'a':1}", b'{"a":1,}', b"nul", b'"\x00"', b"1" * 5_000]
)
def test_what_is_not_json_is_refused(text: bytes) -> None:
    error = refused(lambda: parsed(text))
    assert error.message.startswith("`body` is not valid JSON: ")
    assert error.field == "body"


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
def test_what_is_no_json_number_is_refused(number: str) -> None:
    assert f"{number} is no JSON number" in refused(lambda: parsed(f'{{"a":[{number}]}}'.encode())).message


@pytest.mark.parametrize(
    ("text", "key"),
    [
        (b'{"a":1,"a":1}', "a"),
        (b'{"a":{"b":1,"c":2,"b":3}}', "b"),
        (b'[{"x":[{"d":1,"\\u0064":2}]}]', "d"),
        (b'{"":1,"":2}', ""),
    ],
)
def test_a_key_that_is_named_twice_is_refused_and_named(text: bytes, key: str) -> None:
    error = refused(lambda: parsed(text))
    assert error.message == f"`body` names the key `{key}` twice"
    assert error.field == key


def test_a_key_that_is_named_twice_is_shown_short_and_without_control_characters() -> None:
    key = "\x00" + "k" * 500
    error = refused(lambda: parsed(f"{{{json.dumps(key)}:1,{json.dumps(key)}:1}}".encode()))
    assert "\\x00" in error.message
    assert len(error.message) < 200
    assert len(error.field) == 80


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
def test_the_deepest_nesting_is_read_and_one_more_is_refused(opening: str, closing: str) -> None:
    def text(depth: int) -> bytes:
        return (opening * depth + "1" + closing * depth).encode()

    assert parsed(text(MAX_DEPTH))
    assert refused(lambda: parsed(text(MAX_DEPTH + 1))).message == f"`body` is nested deeper than {MAX_DEPTH} levels"


@pytest.mark.parametrize("text", [b"[" * 100_000, b'{"a":' * 100_000, b"[" * 100_000 + b"]" * 100_000])
def test_nesting_without_end_is_refused(text: bytes) -> None:
    assert refused(lambda: parsed(text)).field == "body"


def test_the_error_names_the_parameter_that_was_read() -> None:
    error = refused(lambda: parsed(b"{", "payload"))
    assert error.field == "payload"
    assert error.message.startswith("`payload` ")


# --- shapes ----------------------------------------------------------------------------------------------------------


def test_a_shape_is_made_and_unknown_fields_are_ignored() -> None:
    value = shaped({"name": "x", "grants": {"user": ["a"]}, "leaves": [{"count": 1, "other": 2}], "who": 1}, Shape)
    assert value == Shape(name="x", grants={"user": ["a"]}, leaves=[Leaf(1)])


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ([], "body"),
        (None, "body"),
        ("x", "body"),
        ({"name": 1}, "name"),
        ({"name": None}, "name"),
        ({"name": ["x"]}, "name"),
        ({"name": "x", "grants": []}, "grants"),
        ({"name": "x", "grants": {"user": "a"}}, "grants"),
        ({"name": "x", "grants": {"user": None}}, "grants"),
        ({"name": "x", "grants": {"user": ["a", 1]}}, "grants"),
        ({"name": "x", "leaf": []}, "leaf"),
        ({"name": "x", "leaf": {"count": "1"}}, "leaf.count"),
        ({"name": "x", "leaf": {"count": True}}, "leaf.count"),
        ({"name": "x", "leaf": {"count": 1.5}}, "leaf.count"),
        ({"name": "x", "leaves": {}}, "leaves"),
        ({"name": "x", "leaves": [{"count": 1}, {"count": None}]}, "leaves[1].count"),
    ],
)
def test_a_misfit_is_refused_and_its_field_named(sent: Any, field: str) -> None:
    error = refused(lambda: shaped(sent, Shape))
    assert error.field == field
    assert error.message.startswith(f"`{field}`: expected ")


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({}, "name"),
        ({"name": "x", "leaf": {}}, "leaf.count"),
        ({"name": "x", "leaves": [{"count": 1}, {}]}, "leaves[1].count"),
    ],
)
def test_a_field_that_is_missing_is_named(sent: Any, field: str) -> None:
    error = refused(lambda: shaped(sent, Shape))
    assert (error.message, error.field) == (f"`{field}` is required", field)


def test_what_follows_a_gzip_stream_is_refused_and_not_dropped() -> None:
    packed = gzip.compress(b"{}")
    assert unpacked(packed, "gzip", 100) == b"{}"
    with pytest.raises(InvalidInput, match="goes on after"):
        unpacked(packed + gzip.compress(b"x"), "gzip", 100)


# --- values that nothing can hold -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "field"),
    [
        (b'"\\ud800"', "body"),
        (b'{"a":{"b":["x","\\udfff"]}}', "a.b[1]"),
        (b'{"a":{"\\ud800":1}}', "a.\ud800"),
        (b'{"a":9223372036854775808}', "a"),
        (b'{"a":[-9223372036854775809]}', "a[0]"),
        (b'{"a":1e999}', "a"),
        (b'{"a":-1e999}', "a"),
    ],
)
def test_values_that_nothing_can_hold_are_refused_with_their_place(text: bytes, field: str) -> None:
    assert refused(lambda: parsed(text)).field == field


def test_the_largest_values_are_read() -> None:
    text = '{"a":9223372036854775807,"b":-9223372036854775808,"c":1e308,"d":"\\ud83d\\ude00€\\u0000","e":true}'
    assert parsed(text.encode()) == json.loads(text)
