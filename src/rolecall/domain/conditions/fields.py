"""What a condition may look at, and how each field is found: built-in ones by position, the rest in custom data."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from functools import lru_cache
from typing import Any, Final, NamedTuple, NoReturn, TypeAlias

from rolecall.domain.conditions.operands import FIELD_PREFIXES, refuse
from rolecall.domain.conditions.operators import CUSTOM, MISSING, TEAMS, TEXT, Shape, Test
from rolecall.domain.names import shown
from rolecall.domain.roles import canonical


class About(NamedTuple):
    """Who acts on what, as far as conditions may look; an empty string is a field that is missing.

    `subject_role` is the role acted with: that of the resource's team where the user has one there. Custom data is
    JSON text of an object.
    """

    subject_id: str
    subject_role: str
    subject_teams: Collection[str]
    subject_custom: str
    resource_id: str
    resource_type: str
    resource_cid: str
    resource_team: str
    resource_created_by_id: str
    resource_custom: str


Bind: TypeAlias = Callable[[Test], Test]
"""Makes the test of a field's value one of an `About`. Reading and testing is one call, for it is done often."""


def _as_is(operand: Any) -> Any:
    return operand


def _as_role(operand: Any) -> Any:
    if type(operand) is list:
        return [_as_role(item) for item in operand]
    return canonical(operand) if type(operand) is str else operand


class Field(NamedTuple):
    """One field: where its value is, its shape, and how what it is compared with is spelled."""

    bind: Bind
    shape: Shape
    spelled: Callable[[Any], Any] = _as_is


def _built_in(name: str, shape: Shape = TEXT, spelled: Callable[[Any], Any] = _as_is) -> Field:
    position = About._fields.index(name)
    return Field(lambda test: lambda about: test(about[position]), shape, spelled)


_BUILT_IN: Final[Mapping[str, Field]] = {
    "$subject.id": _built_in("subject_id"),
    "$subject.role": _built_in("subject_role", TEXT, _as_role),
    "$subject.teams": _built_in("subject_teams", TEAMS),
    "$resource.id": _built_in("resource_id"),
    "$resource.type": _built_in("resource_type"),
    "$resource.cid": _built_in("resource_cid"),
    "$resource.team": _built_in("resource_team"),
    "$resource.created_by_id": _built_in("resource_created_by_id"),
}
_CUSTOM_AT: Final[Mapping[str, int]] = {
    "$subject": About._fields.index("subject_custom"),
    "$resource": About._fields.index("resource_custom"),
}


def is_field(key: str) -> bool:
    """Whether a key means a field, well written or not."""
    return key in _CUSTOM_AT or key.startswith(FIELD_PREFIXES)


def find_field(key: str, place: str) -> Field:
    """Return the field of a key such as `$subject.role` or `$resource.custom.plan.tier`."""
    if key in _BUILT_IN:
        return _BUILT_IN[key]
    whose, *path = key.split(".")
    if path and path[0] == "custom":
        del path[0]
    elif path and f"{whose}.{path[0]}" in _BUILT_IN:
        _refuse_inside(whose, path, place)
    if not path:
        refuse(place, f"is no field: name one of it, as in `{key}.plan`")
    if "" in path:
        refuse(place, f"must have a name between its dots and after the last, got {shown(key)}")
    return Field(_custom(_CUSTOM_AT[whose], tuple(path)), CUSTOM)


def _refuse_inside(whose: str, path: list[str], place: str) -> NoReturn:
    meant = f"{whose}.custom.{'.'.join(path)}"
    refuse(place, f"looks into `{whose}.{path[0]}`, which has no fields; custom data of that name is {shown(meant)}")


def _custom(position: int, path: tuple[str, ...]) -> Bind:
    first, *rest = path

    def flat(test: Test) -> Test:
        return lambda about: test(_parsed(about[position]).get(first, MISSING))

    def nested(test: Test) -> Test:
        def of_nested(about: tuple[Any, ...]) -> bool:
            value = _parsed(about[position]).get(first, MISSING)
            for name in rest:
                value = value.get(name, MISSING) if type(value) is dict else MISSING
            return test(value)

        return of_nested

    return nested if rest else flat


@lru_cache(256)
def _parsed(text: str) -> dict[str, Any]:
    """Return custom data, the same object for the same text: nobody may change it. ValueError when it is no object."""
    data = json.loads(text, parse_constant=_refuse_constant) if text else {}
    if type(data) is not dict:
        raise ValueError("custom data is a JSON object")
    return data


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
