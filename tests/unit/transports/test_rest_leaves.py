"""Settings between nested JSON and flat leaves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from rolecall.domain.builtin.call_types import SETTINGS as STARTING
from rolecall.domain.errors import InvalidInput
from rolecall.domain.settings import SETTINGS
from rolecall.transports.rest.leaves import flattened, nested

KNOWN = frozenset({"a.b", "a.c.d", "e", "names"})


@pytest.mark.parametrize(
    ("tree", "leaves"),
    [
        ({}, {}),
        ({"e": 1}, {"e": 1}),
        ({"a": {"b": False, "c": {"d": ""}}}, {"a.b": False, "a.c.d": ""}),
        ({"a": {}}, {}),
        ({"a": {"b": None}, "e": None}, {}),
        ({"a": None}, {}),
        ({"names": ["x", "y"]}, {"names": ("x", "y")}),
        ({"names": []}, {"names": ()}),
        ({"who": 1, "a": {"who": {"b": 1}, "b": 2}}, {"a.b": 2}),
        ({"a.b": 1}, {}),
        ({"a": {"c.d": 1}, "a.c": {"d": 2}}, {}),
        ({"a": {"b": 1}, "a.b": 2}, {"a.b": 1}),
        ({"x.y": {"e": 1}, "e": 2}, {"e": 2}),
        ({"x": {"e": 1}}, {}),
    ],
)
def test_known_leaves_are_found(tree: dict[str, Any], leaves: dict[str, Any]) -> None:
    assert flattened(tree, KNOWN) == leaves


def test_an_object_in_the_place_of_a_value_is_left_for_its_check_to_refuse() -> None:
    assert flattened({"e": {"x": 1}}, KNOWN) == {"e": {"x": 1}}


@pytest.mark.parametrize("value", [1, "x", True, []])
@pytest.mark.parametrize(("path", "group"), [(("a",), "a"), (("a", "c"), "a.c")])
def test_a_value_in_the_place_of_a_group_is_refused(path: tuple[str, ...], group: str, value: Any) -> None:
    tree: Any = value
    for name in reversed(path):
        tree = {name: tree}
    with pytest.raises(InvalidInput) as caught:
        flattened(tree, KNOWN, within="settings")
    assert (caught.value.field, caught.value.message) == (
        f"settings.{group}",
        f"`settings.{group}` must be an object",
    )


class Table(frozenset[str]):
    """A table of leaves that counts how often it is walked."""

    walks = 0

    def __iter__(self) -> Iterator[str]:
        self.walks += 1
        return super().__iter__()


def test_the_table_is_not_walked_for_each_key() -> None:
    table = Table({"a.b", "a.c", "e"})
    assert flattened({"a": dict.fromkeys(map(str, range(50)), 1), **dict.fromkeys(map(str, range(50)), 1)}, table) == {}
    assert table.walks <= 1


def test_leaves_make_a_tree() -> None:
    assert nested({"a.b": 1, "a.c.d": 2, "e": ()}) == {"a": {"b": 1, "c": {"d": 2}}, "e": ()}
    assert nested({}) == {}


@pytest.mark.parametrize("name", sorted(STARTING))
def test_what_a_type_starts_with_comes_back_from_its_tree(name: str) -> None:
    settings = dict(STARTING[name])
    assert settings
    assert flattened(nested(settings), SETTINGS) == settings
