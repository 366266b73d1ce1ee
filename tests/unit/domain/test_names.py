"""Ids and names: what is accepted, to the byte, and what the refusal says."""

from __future__ import annotations

import pytest

from rolecall.domain.errors import InvalidInput
from rolecall.domain.names import Cid, check_id, check_role_name, check_text, check_type_name, parse_cid, shown


@pytest.mark.parametrize("value", ["a", "jane.doe@example.com", "a:b", " ", "日本", "x" * 255, "é" * 127 + "x"])
def test_an_id_is_1_to_255_bytes_and_comes_back_as_it_was(value: str) -> None:
    assert check_id(value, "user_id") == value


@pytest.mark.parametrize("value", ["x" * 256, "é" * 128, "a\nb", "\x00", "a\x7f", "a\x9fb", "tab\t"])
def test_an_id_too_long_or_with_control_characters_is_refused(value: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        check_id(value, "user_id")
    assert refused.value.field == "user_id"


def test_an_empty_id_is_refused_and_empty_text_is_not() -> None:
    with pytest.raises(InvalidInput, match="`user_id` is required"):
        check_id("", "user_id")
    assert check_text("", "note") == ""


def test_a_lone_surrogate_is_refused_as_input_and_not_as_a_crash() -> None:
    with pytest.raises(InvalidInput):
        check_id("\ud800", "user_id")


def test_the_limit_of_text_counts_bytes() -> None:
    assert check_text("é", "note", limit=2) == "é"
    with pytest.raises(InvalidInput, match="longer than 1 bytes"):
        check_text("é", "note", limit=1)


@pytest.mark.parametrize(
    ("value", "cid"),
    [("default:standup", ("default", "standup")), ("a:b:c", ("a", "b:c")), ("a_b-1::", ("a_b-1", ":"))],
)
def test_a_cid_divides_at_its_first_colon(value: str, cid: tuple[str, str]) -> None:
    assert parse_cid(value, "call") == Cid(*cid)


@pytest.mark.parametrize("value", ["", "standup", ":standup", "default:", "Default:x", "de fault:x", "default:a\n"])
def test_a_malformed_cid_is_refused_under_its_field(value: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        parse_cid(value, "call")
    assert refused.value.field == "call"


@pytest.mark.parametrize("value", ["a", "9", "_", "-", "town-hall_2", "x" * 64])
def test_a_type_name(value: str) -> None:
    assert check_type_name(value, "name") == value


@pytest.mark.parametrize("value", ["", "x" * 65, "A", "ä", "a b", "a.b", "a\n", "a:b", "²"])
def test_no_type_name(value: str) -> None:
    with pytest.raises(InvalidInput, match="`name` must be a type name"):
        check_type_name(value, "name")


@pytest.mark.parametrize("value", ["a", "Speaker", "NIGHT-shift_2", "x" * 64])
def test_a_role_name(value: str) -> None:
    assert check_role_name(value, "role") == value


@pytest.mark.parametrize("value", ["", "x" * 65, "a b", "röle", "a\n", "*", "a:b"])
def test_no_role_name(value: str) -> None:
    with pytest.raises(InvalidInput, match="`role` must be a role name"):
        check_role_name(value, "role")


def test_user_input_is_shown_in_backticks_short_and_without_control_characters() -> None:
    assert shown("a\nb\x9f") == r"`a\nb\x9f`"
    assert shown("x" * 80) == "`" + "x" * 80 + "`"
    assert shown("x" * 81) == "`" + "x" * 77 + "...`"
