"""Filters and orders of queries: the JSON that Stream's clients send, read as what the store searches by.

Which fields there are, and what a condition means, is the store's. An error names the place in what was sent, such as
`filter_conditions.$and[0].name.$in[3]`.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from rolecall.domain.errors import InvalidInput
from rolecall.domain.names import printable, shown
from rolecall.domain.times import nanoseconds
from rolecall.store.search import (
    MOST_SKIPPED,
    AllOf,
    AnyOf,
    Comparison,
    Condition,
    NoneOf,
    Operand,
    Operator,
    Order,
    Scalar,
)
from rolecall.store.search_fields import Field, Kind, Sort

MAX_COMPARISONS: Final = 100
MAX_WORDS: Final = 10
"""How many comparisons look into text: no index helps with these."""
MAX_DEPTH: Final = 8
MAX_OBJECTS: Final = 500
MAX_VALUES: Final = 1_000
MAX_VALUES_TOGETHER: Final = 5_000
"""How many values the lists of one filter hold together."""
MAX_SORT: Final = 10
MAX_TEXT: Final = 5 * 1024
MAX_WORD_BYTES: Final = 255

_LOGIC: Final[Mapping[str, Callable[[tuple[Condition, ...]], Condition]]] = {
    "$and": AllOf,
    "$or": AnyOf,
    "$nor": NoneOf,
}
_OPERATORS: Final[Mapping[str, Operator]] = {operator.value: operator for operator in Operator}
_LISTS: Final = frozenset({Operator.IN, Operator.NIN})
_EQUALITY: Final = frozenset({Operator.EQ, Operator.NE, Operator.IN, Operator.NIN})
_WORDS: Final = frozenset({Operator.AUTOCOMPLETE, Operator.Q})
_ORDERING: Final = frozenset({Operator.GT, Operator.GTE, Operator.LT, Operator.LTE})
_LATEST: Final = 2**63 - 1
_LARGEST: Final = 2**1000
_NOT_STORED: Final = re.compile("[\0\ud800-\udfff]")


def parsed_filter(conditions: Any, kind: Kind, field: str = "filter_conditions") -> Condition:
    """Return a filter as a tree; null is an empty filter, which everything passes."""
    sent = _object({} if conditions is None else conditions, field)
    _Size(field).count(sent)
    return _all_of(sent, kind, field, 1)


def parsed_sort(sort: Any, kind: Kind, field: str = "sort") -> tuple[Order, ...]:
    """Return an order; null and an empty list are the kind's own."""
    entries = _list([] if sort is None else sort, field, MAX_SORT)
    return tuple(_order(entry, kind, f"{field}[{place}]") for place, entry in enumerate(entries))


def comparisons(where: Condition) -> Iterator[Comparison]:
    """Yield every comparison of a filter."""
    if isinstance(where, Comparison):
        yield where
        return
    for part in where.parts:
        yield from comparisons(part)


def query_name(of: str, conditions: Any, sort: Any) -> str:
    """Name a query for the tokens of its pages: they count for no other filter or order."""
    text = json.dumps([conditions or {}, sort or []], sort_keys=True)
    return f"{of} {hashlib.sha256(text.encode()).hexdigest()[:32]}"


def offset(after: str, field: str = "next") -> int:
    """Return how many rows come before a page: what its token holds, "" for the first page."""
    if not after:
        return 0
    if not (after.isascii() and after.isdigit() and len(after) <= len(str(MOST_SKIPPED))) or int(after) > MOST_SKIPPED:
        raise InvalidInput(f"`{field}` leads further than {MOST_SKIPPED} entries, or is no token of this", field=field)
    return int(after)


# --- how much ---


class _Size:
    """Counts what a filter holds, and refuses one that holds too much before any of it is looked at more closely."""

    def __init__(self, field: str) -> None:
        self._field = field
        self._counts: dict[str, int] = {}

    def add(self, what: str, most: int, count: int = 1) -> None:
        count += self._counts.get(what, 0)
        if count > most:
            raise InvalidInput(f"`{self._field}` may hold at most {most} {what}", field=self._field)
        self._counts[what] = count

    def count(self, conditions: Any, depth: int = 1) -> None:
        """Count what conditions hold; what is no filter, and a list too long, is told of at its place when read."""
        self.add("objects", MAX_OBJECTS)
        if not isinstance(conditions, dict) or depth > MAX_DEPTH:
            return
        for name, value in conditions.items():
            if name in _LOGIC and isinstance(value, list):
                for entry in value if len(value) <= MAX_COMPARISONS else ():
                    self.count(entry, depth + 1)
            else:
                self._compared(value)

    def _compared(self, value: Any) -> None:
        compared = value if isinstance(value, dict) else {"$eq": value}
        self.add("comparisons", MAX_COMPARISONS, len(compared))
        for operator, operand in compared.items():
            if operator in _WORDS:
                self.add("of `$autocomplete` and `$q`", MAX_WORDS)
            if isinstance(operand, list):
                self.add("values in lists", MAX_VALUES_TOGETHER, min(len(operand), MAX_VALUES + 1))


# --- logic ---


def _all_of(conditions: Mapping[str, Any], kind: Kind, field: str, depth: int) -> Condition:
    if depth > MAX_DEPTH:
        raise InvalidInput(f"`{field}` is nested deeper than {MAX_DEPTH} levels", field=field)
    parts = tuple(
        _logic(name, value, kind, f"{field}.{name}", depth)
        if name in _LOGIC
        else _on_field(name, value, kind, f"{field}.{printable(name)}")
        for name, value in conditions.items()
    )
    return parts[0] if len(parts) == 1 else AllOf(parts)


def _logic(name: str, value: Any, kind: Kind, field: str, depth: int) -> Condition:
    entries = _list(value, field, MAX_COMPARISONS)
    if not entries:
        raise InvalidInput(f"`{field}` must not be empty", field=field)
    places = ((f"{field}[{place}]", entry) for place, entry in enumerate(entries))
    return _LOGIC[name](tuple(_all_of(_object(entry, place), kind, place, depth + 1) for place, entry in places))


def _on_field(name: str, value: Any, kind: Kind, field: str) -> Condition:
    """Return what is asked of one field: a value it equals, or an object of operators."""
    if name.startswith("$"):
        raise InvalidInput(f"`{field}`: there is no such operator between conditions", field=field)
    of = _known(name, kind, field)
    if not isinstance(value, dict):
        return Comparison(name, Operator.EQ, _operand(value, Operator.EQ, of, field))
    if not value:
        raise InvalidInput(f"`{field}` must be a value or an object of operators", field=field)
    parts = tuple(_compared(name, of, key, operand, f"{field}.{printable(key)}") for key, operand in value.items())
    return parts[0] if len(parts) == 1 else AllOf(parts)


def _known(name: str, kind: Kind, field: str) -> Field:
    of = kind.field(name)
    if of is None:
        reason = "is not kept by Rolecall" if name in kind.unkept else f"is not a field that {kind.plural} have"
        raise InvalidInput(f"`{field}` {reason}, so nothing is found by it", field=field)
    return of


def _compared(name: str, of: Field, key: str, value: Any, field: str) -> Comparison:
    operator = _OPERATORS.get(key)
    if operator is None:
        raise InvalidInput(f"`{field}`: there is no operator {shown(key)}", field=field)
    if operator not in of.sort.operators:
        raise InvalidInput(f"`{field}`: `{key}` is not for a field that holds {of.sort.values}", field=field)
    return Comparison(name, operator, _operand(value, operator, of, field))


# --- operands ---


def _operand(value: Any, operator: Operator, of: Field, field: str) -> Operand:
    """Return what a field is compared with, of the sort that the operator and the field take."""
    if operator is Operator.EXISTS:
        return _flag(value, field)
    if operator in _WORDS:
        return _word(value, field)
    if operator in _LISTS or (of.sort is Sort.TEXTS and operator in _EQUALITY and isinstance(value, list)):
        items = _list(value, field, MAX_VALUES)
        return tuple(_value(item, operator, of, f"{field}[{place}]") for place, item in enumerate(items))
    return _value(value, operator, of, field)


def _value(value: Any, operator: Operator, of: Field, field: str) -> Scalar:
    if value is None:
        if operator in _EQUALITY or (operator is Operator.CONTAINS and of.sort is Sort.JSON):
            return None
        raise InvalidInput(f"`{field}` must be {of.sort.values}, got null", field=field)
    match of.sort:
        case Sort.TEXT | Sort.TEXTS:
            return _text(value, field)
        case Sort.TIME:
            return _time(value, field)
        case Sort.NUMBER:
            return _number(value, field)
        case Sort.FLAG:
            return _flag(value, field)
        case Sort.JSON:
            return _json(value, operator, field)


def _json(value: Any, operator: Operator, field: str) -> Scalar:
    if isinstance(value, bool) and operator not in _ORDERING:
        return value
    if isinstance(value, str):
        return _text(value, field)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return _number(value, field)
    wanted = "text or a number" if operator in _ORDERING else Sort.JSON.values
    raise InvalidInput(f"`{field}` must be {wanted}", field=field)


def _text(value: Any, field: str) -> str:
    if not isinstance(value, str):
        raise InvalidInput(f"`{field}` must be text", field=field)
    if len(value) > MAX_TEXT:
        raise InvalidInput(f"`{field}` may hold at most {MAX_TEXT} characters, got {len(value)}", field=field)
    if _NOT_STORED.search(value):
        raise InvalidInput(f"`{field}` holds a character that is not stored: {shown(value)}", field=field)
    return value


def _word(value: Any, field: str) -> str:
    text = _text(value, field).strip()
    if not text:
        raise InvalidInput(f"`{field}` must not be empty", field=field)
    if len(text.encode()) > MAX_WORD_BYTES:
        raise InvalidInput(f"`{field}` may hold at most {MAX_WORD_BYTES} bytes", field=field)
    return text


def _flag(value: Any, field: str) -> bool:
    if not isinstance(value, bool):
        raise InvalidInput(f"`{field}` must be true or false", field=field)
    return value


def _number(value: Any, field: str) -> int | float:
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        raise InvalidInput(f"`{field}` must be a number", field=field)
    if not -_LARGEST < value < _LARGEST:  # neither is NaN between them
        raise InvalidInput(f"`{field}` is a number too large to compare", field=field)
    return value


def _time(value: Any, field: str) -> int:
    """Return a time, in text or nanoseconds, as one that can be stored: others are before or after all of those."""
    if not isinstance(value, str) and (not isinstance(value, int) or isinstance(value, bool)):
        raise InvalidInput(
            f"`{field}` must be a time: text such as `2026-01-31T12:00:00Z`, or nanoseconds", field=field
        )
    time = nanoseconds(value, field) if isinstance(value, str) else value
    return min(max(time, -_LATEST), _LATEST)


# --- the rest ---


def _order(entry: Any, kind: Kind, field: str) -> Order:
    sent = _object(entry, field)
    name, direction = sent.get("field"), sent.get("direction")
    if not isinstance(name, str) or not name:
        raise InvalidInput(f"`{field}.field` must be the name of a field", field=f"{field}.field")
    if direction not in (None, 1, -1) or isinstance(direction, bool):
        raise InvalidInput(f"`{field}.direction` must be 1 or -1", field=f"{field}.direction")
    if _known(name, kind, f"{field}.{printable(name)}").sort is Sort.TEXTS:
        raise InvalidInput(f"`{field}.field`: {kind.plural} can't be sorted by {shown(name)}", field=f"{field}.field")
    return Order(name, direction == -1)


def _object(value: Any, field: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise InvalidInput(f"`{field}` must be an object", field=field)
    return value


def _list(value: Any, field: str, most: int) -> Sequence[Any]:
    if not isinstance(value, list):
        raise InvalidInput(f"`{field}` must be a list", field=field)
    if len(value) > most:
        raise InvalidInput(f"`{field}` may hold at most {most} entries, got {len(value)}", field=field)
    return value
