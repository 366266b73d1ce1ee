"""The operators of a field, one row each: what each may be compared with, and its test.

A comparison is only of like with like: string, number, boolean. How it meets what a field holds depends on the
field's shape: built-in text, the list of teams, or custom data, which may be anything.
"""

# ruff: noqa: SIM110 (a generator costs more than the few comparisons it would make)

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple, TypeAlias

from rolecall.domain.conditions.operands import Meter, boolean, ordered, scalar, scalars

Test: TypeAlias = Callable[[Any], bool]
"""Whether something holds of what is given to it: of a field's value, or of an `About`."""

MISSING: Final = object()
"""What is found where custom data has no such field."""

_LIKE: Final[Mapping[type, frozenset[type]]] = {
    str: frozenset({str}),
    int: frozenset({int, float}),
    float: frozenset({int, float}),
    bool: frozenset({bool}),
}
"""Type of an operand -> the types it is comparable with."""

_PLAIN: Final[frozenset[type]] = frozenset({str, int, float, bool, type(None)})


class Comparison(NamedTuple):
    """One operator with its operand: values of `kinds` are compared, all others fail.

    Of a list, `every` element must compare, else one is enough.
    """

    kinds: frozenset[type]
    compare: Callable[[Any, Any], bool]
    operand: Any
    every: bool


# --- shapes of fields ------------------------------------------------------------------------------------------------


def _with_text(comparison: Comparison) -> Test:
    kinds, compare, operand, _ = comparison
    if str not in kinds:
        return never
    return lambda value: value != "" and compare(value, operand)


def _with_list(comparison: Comparison) -> Test:
    kinds, compare, operand, every = comparison

    def some_match(values: Any) -> bool:
        for value in values:
            if type(value) in kinds and compare(value, operand):
                return True
        return False

    def all_match(values: Any) -> bool:
        for value in values:
            if type(value) not in kinds or not compare(value, operand):
                return False
        return True

    return all_match if every else some_match


def _with_anything(comparison: Comparison) -> Test:
    kinds, compare, operand, _ = comparison
    elements_match = _with_list(comparison)

    def match(value: Any) -> bool:
        if type(value) in kinds:
            return compare(value, operand)
        return type(value) is list and elements_match(value)

    return match


class Shape(NamedTuple):
    """How a field holds its value: what stands for its absence, and how it is compared."""

    missing: object
    comparing: Callable[[Comparison], Test]


TEXT: Final = Shape("", _with_text)
TEAMS: Final = Shape(MISSING, _with_list)
CUSTOM: Final = Shape(MISSING, _with_anything)


# --- the table -------------------------------------------------------------------------------------------------------


class Operator(NamedTuple):
    """One operator: the check of its operand, and the test that the checked operand makes of a shape's values."""

    operand: Callable[[object, str, Meter], Any]
    test: Callable[[Shape, Any], Test]


def _comparing(compare: Callable[[Any, Any], bool], *, every: bool = False) -> Callable[[Shape, Any], Test]:
    return lambda shape, operand: shape.comparing(Comparison(_LIKE[type(operand)], compare, operand, every))


def _within(shape: Shape, operands: Any) -> Test:
    """Compare with each kind of operand apart: `true` is not among the numbers, though Python takes it for 1."""
    table: dict[type, frozenset[Any]] = {}
    for kind, like in _LIKE.items():
        if items := frozenset(item for item in operands if type(item) in like):
            table[kind] = items
    kinds = frozenset(table)
    return shape.comparing(Comparison(kinds, lambda value, known: value in known[type(value)], table, every=False))


def _without(shape: Shape, operands: Any) -> Test:
    """Every operand must be unlike the value and of its kind, so there are values for one kind of operand at most."""
    kinds = _PLAIN
    for item in operands:
        kinds &= _LIKE[type(item)]
    return shape.comparing(Comparison(kinds, lambda value, known: value not in known, frozenset(operands), every=True))


def _exists(shape: Shape, wanted: Any) -> Test:
    missing = shape.missing
    return lambda value: (value != missing) is wanted


OPERATORS: Final[Mapping[str, Operator]] = {
    "$eq": Operator(scalar, _comparing(operator.eq)),
    "$ne": Operator(scalar, _comparing(operator.ne, every=True)),
    "$in": Operator(scalars, _within),
    "$nin": Operator(scalars, _without),
    "$gt": Operator(ordered, _comparing(operator.gt)),
    "$gte": Operator(ordered, _comparing(operator.ge)),
    "$lt": Operator(ordered, _comparing(operator.lt)),
    "$lte": Operator(ordered, _comparing(operator.le)),
    "$exists": Operator(boolean, _exists),
}


# --- logic -----------------------------------------------------------------------------------------------------------


def never(_: object) -> bool:
    """Return no."""
    return False


def inverted(test: Test) -> Test:
    """Return the test that holds where the other does not."""
    return lambda thing: not test(thing)


def all_of(tests: list[Test]) -> Test:
    """Return the test that holds where each does; of none, it always holds."""
    if len(tests) == 1:
        return tests[0]

    def conjunction(thing: Any) -> bool:
        for test in tests:
            if not test(thing):
                return False
        return True

    return conjunction


def any_of(tests: list[Test]) -> Test:
    """Return the test that holds where one does."""
    if len(tests) == 1:
        return tests[0]

    def disjunction(thing: Any) -> bool:
        for test in tests:
            if test(thing):
                return True
        return False

    return disjunction
