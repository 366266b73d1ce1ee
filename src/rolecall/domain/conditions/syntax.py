"""The one walk over a condition: it checks, copies and compiles at once, so what is accepted is what is evaluated.

It goes as deep as conditions may be and no deeper, and stops where a condition is over its size, so nothing that is
sent can exhaust it.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, NoReturn, TypeAlias

from rolecall.domain.conditions.fields import About, Field, find_field, is_field
from rolecall.domain.conditions.operands import Meter, below, check_string, compact, refuse, scalar, seen
from rolecall.domain.conditions.operators import OPERATORS, Test, all_of, any_of, inverted, never
from rolecall.domain.errors import InvalidInput
from rolecall.domain.names import shown

Condition: TypeAlias = Callable[[About], bool]
"""Whether a condition holds. It never raises: what can't be evaluated does not hold."""

MAX_DEPTH: Final = 8
_DESCRIBED: Final = 200
_CONDITION_KEYS: Final = ("$and", "$or", "$not")
_LONGEST_TYPO: Final = 32

_Parsed: TypeAlias = tuple[Any, Test]
"""A copy of what was read, in plain JSON, and its test."""


def check_condition(condition: object, field: str = "condition") -> dict[str, Any]:
    """Return a copy of a well-formed condition, roles spelled as answers spell them; an empty one is none.

    InvalidInput names the place at fault as its field, such as `condition.$and[1].$subject.age.$gt`.
    """
    plain, _ = _parse(condition, field)
    return plain


def compile_condition(condition: Mapping[str, Any]) -> Condition:
    """Return the test of a condition; that of a malformed one never holds.

    The test without its guard against what raises is the function's `__wrapped__`.
    """
    try:
        _, test = _parse(condition, "condition")
    except InvalidInput:
        return never

    def holds(about: About) -> bool:
        try:
            return test(about)
        except Exception:  # noqa: BLE001 (custom data that can't be read must deny, whatever is wrong with it)
            return False

    holds.__wrapped__ = test  # type: ignore[attr-defined]
    return holds


def describe(condition: Mapping[str, Any]) -> str:
    """Return a condition as one line for people, at most 200 characters, all printable."""
    line = compact(dict(condition))[: _DESCRIBED + 1]
    text = "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in line)
    return text if len(text) <= _DESCRIBED else text[: _DESCRIBED - 3] + "..."


def _parse(raw: object, field: str) -> tuple[dict[str, Any], Test]:
    if isinstance(raw, Mapping) and not raw:
        return {}, all_of([])
    walk = _Walk(field)
    plain, test = walk.condition(raw, field, 1)
    walk.meter.check(plain)
    return plain, test


class _Walk:
    """A walk over one condition; depth 1 is that of the outermost object."""

    def __init__(self, field: str) -> None:
        self.meter = Meter(field)

    def condition(self, raw: object, place: str, depth: int) -> _Parsed:
        """Read a condition object: all of its keys must hold."""
        return self._object(raw, place, depth, self._condition_key)

    def _object(self, raw: object, place: str, depth: int, read: Callable[[str, Any, str, int], _Parsed]) -> _Parsed:
        parsed = {key: read(key, value, at, depth) for key, value, at in self._entries(raw, place, depth)}
        return {key: plain for key, (plain, _) in parsed.items()}, all_of([test for _, test in parsed.values()])

    def _entries(self, raw: object, place: str, depth: int) -> Iterator[tuple[str, Any, str]]:
        if not isinstance(raw, Mapping):
            refuse(place, f"must be an object, got {seen(raw)}")
        if depth > MAX_DEPTH:
            refuse(place, f"is nested deeper than {MAX_DEPTH} objects")
        if not raw:
            refuse(place, "must not be empty")
        for key, value in raw.items():
            if type(key) is not str:
                refuse(place, f"must have strings for keys, got {seen(key)}")
            at = below(place, key)
            yield check_string(key, at, self.meter), value, at

    def _condition_key(self, key: str, value: Any, place: str, depth: int) -> _Parsed:
        if key == "$and":
            return self._conditions(value, place, depth, all_of)
        if key == "$or":
            return self._conditions(value, place, depth, any_of)
        if key == "$not":
            plain, test = self.condition(value, place, depth + 1)
            return plain, inverted(test)
        if not is_field(key):
            _refuse_condition_key(key, place)
        return self._field(find_field(key, place), value, place, depth)

    def _conditions(self, raw: object, place: str, depth: int, joined: Callable[[list[Test]], Test]) -> _Parsed:
        if type(raw) is not list or not raw:
            got = "an empty one" if raw == [] else seen(raw)
            refuse(place, f"must be a list of at least one condition, got {got}")
        parsed = [self.condition(item, f"{place}[{position}]", depth + 1) for position, item in enumerate(raw)]
        return [plain for plain, _ in parsed], joined([test for _, test in parsed])

    def _field(self, field: Field, value: Any, place: str, depth: int) -> _Parsed:
        if isinstance(value, Mapping):
            plain, test = self._operators(field, value, place, depth + 1)
        else:
            plain = field.spelled(scalar(value, place, self.meter))
            test = OPERATORS["$eq"].test(field.shape, plain)
        return plain, field.bind(test)

    def _operators(self, field: Field, raw: object, place: str, depth: int) -> _Parsed:
        def read(key: str, value: Any, at: str, depth: int) -> _Parsed:
            if key == "$not":
                plain, test = self._operators(field, value, at, depth + 1)
                return plain, inverted(test)
            if key not in OPERATORS:
                _refuse_operator(key, at)
            row = OPERATORS[key]
            operand = field.spelled(row.operand(value, at, self.meter))
            return operand, row.test(field.shape, operand)

        return self._object(raw, place, depth, read)


def _refuse_condition_key(key: str, place: str) -> NoReturn:
    if key in OPERATORS:
        refuse(place, f'must stand under a field, as in {{"$subject.id": {{"{key}": ...}}}}')
    head, dot, rest = key.partition(".")
    known = [f"{name}.{rest}" for name in _nearest(head, ("$subject", "$resource"))] if dot else []
    hint = _did_you_mean(known or _nearest(key, _CONDITION_KEYS))
    refuse(place, f"is neither a field (`$subject.` or `$resource.` and a name) nor `$and`, `$or` or `$not`{hint}")


def _refuse_operator(key: str, place: str) -> NoReturn:
    if is_field(key) or key in _CONDITION_KEYS:
        refuse(place, "must stand around fields, not under one")
    known = (*OPERATORS, "$not")
    hint = f": use one of {', '.join(known)}"
    refuse(place, f"is no operator{_did_you_mean(_nearest(key, known)) or hint}")


def _nearest(typo: str, known: tuple[str, ...]) -> list[str]:
    return difflib.get_close_matches(typo, known, n=1) if len(typo) <= _LONGEST_TYPO else []


def _did_you_mean(names: list[str]) -> str:
    return f"; did you mean {' or '.join(map(shown, names))}?" if names else ""
