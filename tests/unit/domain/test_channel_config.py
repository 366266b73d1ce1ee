"""Channel config: fields, their values, and which of them a channel may override for itself."""

from __future__ import annotations

from typing import Any

import pytest

from rolecall.domain.builtin.channel_types import CONFIG as BUILT_IN
from rolecall.domain.channel_config import CONFIG, FLAGS, merge_config
from rolecall.domain.errors import InvalidInput


@pytest.mark.parametrize("name", BUILT_IN)
def test_built_in_config_passes_its_own_checks(name: str) -> None:
    assert merge_config({}, BUILT_IN[name]) == BUILT_IN[name]


def test_what_is_sent_replaces_and_the_rest_stays() -> None:
    before = {"polls": False, "replies": True}
    assert merge_config(before, {"polls": True}) == {"polls": True, "replies": True}
    assert before == {"polls": False, "replies": True}


@pytest.mark.parametrize("flag", sorted(FLAGS))
def test_a_flag_takes_true_and_false_only(flag: str) -> None:
    assert merge_config({}, {flag: False}) == {flag: False}
    for value in (0, 1, "true", None):
        with pytest.raises(InvalidInput):
            merge_config({}, {flag: value})


@pytest.mark.parametrize(("value", "fits"), [(1, True), (20_000, True), (0, False), (20_001, False), (True, False)])
def test_message_length(value: Any, fits: bool) -> None:
    if fits:
        assert merge_config({}, {"max_message_length": value}) == {"max_message_length": value}
        return
    with pytest.raises(InvalidInput):
        merge_config({}, {"max_message_length": value})


@pytest.mark.parametrize(
    ("name", "value"), [("automod", "on"), ("push_level", "some"), ("commands", "giphy"), ("grants", {}), ("", True)]
)
def test_other_values_and_fields_are_refused_under_their_path(name: str, value: Any) -> None:
    with pytest.raises(InvalidInput) as refused:
        merge_config({}, {name: value})
    assert refused.value.field == f"config.{name}"


def test_flags_are_the_fields_that_are_true_or_false() -> None:
    assert len(CONFIG) == 26
    assert len(FLAGS) == 20
    assert {"max_message_length", "automod", "automod_behavior", "commands", "message_retention", "push_level"} == (
        set(CONFIG) - FLAGS
    )
