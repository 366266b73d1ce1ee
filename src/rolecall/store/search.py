"""What a search asks for: a tree of conditions on fields by name, an order and a part of what is found.

Pure values. Which fields there are is in `search_fields.py`, what a condition means exactly in `search_sql.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, NamedTuple, TypeAlias

MOST_SKIPPED: Final = 10_000


class Operator(StrEnum):
    """How a field is compared; the values are how filters spell them."""

    EQ = "$eq"
    NE = "$ne"
    GT = "$gt"
    GTE = "$gte"
    LT = "$lt"
    LTE = "$lte"
    IN = "$in"
    NIN = "$nin"
    EXISTS = "$exists"
    CONTAINS = "$contains"
    AUTOCOMPLETE = "$autocomplete"
    Q = "$q"


Scalar: TypeAlias = str | int | float | bool | None
"""What JSON holds beside arrays and objects. `true` is no number, and text is none either."""
Operand: TypeAlias = Scalar | tuple[Scalar, ...]


class Comparison(NamedTuple):
    """One condition on one field. A time is Unix nanoseconds; `$in` and `$nin` take a tuple."""

    field: str
    operator: Operator
    value: Operand


class AllOf(NamedTuple):
    """True when every part is; without parts it is true."""

    parts: tuple[Condition, ...] = ()


class AnyOf(NamedTuple):
    """True when some part is; without parts it is false."""

    parts: tuple[Condition, ...]


class NoneOf(NamedTuple):
    """True when no part is."""

    parts: tuple[Condition, ...]


Condition: TypeAlias = Comparison | AllOf | AnyOf | NoneOf

EVERYTHING: Final = AllOf()


class Order(NamedTuple):
    """One field to sort by."""

    field: str
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Search:
    """What to find, in what order, and which part of it; without an order it is the kind's own.

    Things that sort alike are in the order of their ids, so one search always answers in one order.
    """

    where: Condition = EVERYTHING
    sort: tuple[Order, ...] = field(default=())
    limit: int = 100
    offset: int = 0
