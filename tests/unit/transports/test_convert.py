"""Custom data and conditions from the wire: large and odd objects are refused before they cost anything."""

from __future__ import annotations

from typing import Any

import pytest
from google.protobuf.struct_pb2 import Struct

from rolecall.domain.errors import InvalidInput
from rolecall.transports.convert import condition_of, custom_of


def test_plain_values_come_back_as_they_were() -> None:
    message = Struct()
    message.update({"a": 1, "b": 1.5, "c": [True, None, "x"], "d": {"e": -3}})
    assert custom_of(message, "custom") == {"a": 1, "b": 1.5, "c": [True, None, "x"], "d": {"e": -3}}


def test_an_object_far_too_large_is_refused_before_it_is_walked() -> None:
    message = Struct()
    message.update({"k" * 30_000: [0] * 5_000})
    with pytest.raises(InvalidInput, match="`custom` is too large") as refused:
        custom_of(message, "custom")
    assert refused.value.field == "custom"


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_a_number_that_is_not_finite_is_refused_however_deep(number: float) -> None:
    message = Struct()
    message.update({"a": {"b": [1, number]}})
    with pytest.raises(InvalidInput, match="not finite"):
        custom_of(message, "users[0].custom")


def test_a_condition_comes_back_as_it_was_with_what_is_wrong_in_it() -> None:
    message = Struct()
    message.update({"$subject.a": {"$in": [18, 1.5, True, None]}, "b": float("inf")})
    assert condition_of(message, "condition") == {"$subject.a": {"$in": [18, 1.5, True, None]}, "b": float("inf")}
    (whole, *_) = condition_of(message, "condition")["$subject.a"]["$in"]
    assert type(whole) is int


def test_a_condition_far_too_large_is_refused_before_it_is_walked() -> None:
    message = Struct()
    message.update({"$subject.a": "x" * 70_000})
    with pytest.raises(InvalidInput, match="`condition` is too large: at most 8 KiB") as refused:
        condition_of(message, "condition")
    assert refused.value.field == "condition"


def test_the_largest_condition_there_can_be_is_not_too_large_for_the_wire() -> None:
    message = Struct()
    message.update({"$subject.a": {"$in": [1] * 4_000}})  # two bytes of JSON each, and eleven of the wire
    assert condition_of(message, "condition") == {"$subject.a": {"$in": [1] * 4_000}}


@pytest.mark.parametrize("convert", [custom_of, condition_of])
@pytest.mark.parametrize("lists", [True, False])
def test_what_no_parser_has_measured_is_measured_here(convert: Any, lists: bool) -> None:
    message = Struct()
    value = message.fields["a"]
    for _ in range(101):
        value = value.list_value.values.add() if lists else value.struct_value.fields["a"]
    value.bool_value = True
    with pytest.raises(InvalidInput, match="`x` is nested deeper than 100 levels") as refused:
        convert(message, "x")
    assert refused.value.field == "x"
