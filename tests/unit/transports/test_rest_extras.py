"""Fields without effect: from a request's tree to flat extras and back, and the shapes made of their table."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from rolecall.domain.errors import InvalidInput
from rolecall.domain.settings import SETTINGS, flag, texts
from rolecall.transports.rest.extras import (
    Extra,
    answering,
    asking,
    block,
    line,
    one_of,
    sent_extras,
    shown_extras,
    tree,
    trees,
    whole,
)
from rolecall.transports.rest.shapes import app_fields, call_settings, call_type, channel_type

TABLE = {
    "on": Extra(flag(), default=False),
    "group.count": Extra(whole(0, 9), default=1),
    "group.words": Extra(texts()),
    "free": Extra(tree()),
}


class Own(msgspec.Struct, kw_only=True):
    """Fields with an effect."""

    name: str


def refused(value: Any, field: str, **within: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        sent_extras(TABLE, value, **within)
    assert caught.value.field == field


def test_a_tree_becomes_flat_and_a_tree_again() -> None:
    sent = {"on": True, "group": {"count": 2, "words": None, "other": 1}, "free": {"a": {"b": []}}, "unknown": 1}
    extras = sent_extras(TABLE, sent, prefix="p.")
    assert extras == {"p.on": True, "p.group.count": 2, "p.free": {"a": {"b": []}}}
    assert shown_extras(TABLE, extras, "p.") == {"on": True, "group": {"count": 2}, "free": {"a": {"b": []}}}
    assert shown_extras(TABLE, {"q.on": True}) == {"on": False, "group": {"count": 1}}


def test_what_does_not_fit_is_named_as_the_request_has_it() -> None:
    refused({"on": 1}, "on")
    refused({"group": {"count": 10}}, "group.count")
    refused({"group": 5}, "group")
    refused({"group": {"count": True}}, "within.group.count", within="within")
    refused({"free": []}, "free")


@pytest.mark.parametrize(
    ("leaf", "good", "bad"),
    [
        (line(3), ["", "abc"], ["abcd", "a\n", 1, None]),
        (block(3), ["", "a\nb\n"], ["abcd", "a\x00", 1]),
        (one_of("a", "b"), ["a"], ["c", "", 1, []]),
        (whole(-1, 1), [-1, 0, 1], [2, -2, 0.5, True, "1"]),
        (tree(), [{}, {"a": 1}], [[], "x", 1]),
        (trees(1), [[], [{}]], [[{}, {}], [1], {}, "x"]),
    ],
)
def test_leaves_take_what_they_say(leaf: Any, good: list[Any], bad: list[Any]) -> None:
    for value in good:
        assert leaf.check(value, "f") == value
    for value in bad:
        with pytest.raises(InvalidInput, match="f"):
            leaf.check(value, "f")


def test_shapes_have_the_fields_of_their_table() -> None:
    asked, answered = asking(Own, TABLE, "Asked"), answering(Own, TABLE, "Answered")
    assert {field.name for field in msgspec.structs.fields(asked)} == {"name", "on", "group", "free"}
    body: Any = msgspec.convert({"name": "x", "group": {"count": 3}}, asked)
    assert (body.name, body.on, body.group.count, body.group.words) == ("x", None, 3, None)
    assert msgspec.to_builtins(answered(name="x")) == {"name": "x", "on": False, "group": {"count": 1}}
    for wrong in ({"name": "x", "on": 1}, {"name": "x", "group": []}, {"name": "x", "group": {"words": "x"}}):
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert(wrong, asked)


@pytest.mark.parametrize("table", [app_fields.SENT, call_settings.EXTRAS, call_type.EXTRAS, channel_type.EXTRAS])
def test_every_default_is_a_value_that_its_field_takes_or_says_unset(table: Any) -> None:
    for path, field in table.items():
        if field.default is not msgspec.UNSET and path != "cdn_expiration_seconds":  # 0 until it is set
            assert field.leaf.check(field.default, path) in (field.default, list(field.default or ()))


def test_no_setting_is_kept_twice() -> None:
    assert not SETTINGS.keys() & call_settings.EXTRAS.keys()
