"""Custom data from the wire: large and odd objects are refused before they cost anything."""

from __future__ import annotations

import pytest
from google.protobuf.struct_pb2 import Struct

from rolecall.domain.errors import InvalidInput
from rolecall.transports.convert import custom_of


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
