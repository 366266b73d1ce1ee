"""What a filter means, said a second time: over plain dicts, one at a time, straight from the JSON that clients send.

Shares nothing with the service: neither its reading of filters nor its tables of fields.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any

MISSING: Any = object()
EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")

Fields = Mapping[str, str]
"""Field -> `text`, `time`, `flag`, `number` or `texts`; every other name is a customer's own data."""


def passes(thing: Mapping[str, Any], wanted: Mapping[str, Any], fields: Fields) -> bool:
    """Tell whether a thing passes a filter."""
    verdicts = []
    for name, asked in wanted.items():
        match name:
            case "$and":
                verdicts.append(all(passes(thing, part, fields) for part in asked))
            case "$or":
                verdicts.append(any(passes(thing, part, fields) for part in asked))
            case "$nor":
                verdicts.append(not any(passes(thing, part, fields) for part in asked))
            case _:
                operators = asked if isinstance(asked, dict) else {"$eq": asked}
                verdicts += [_holds(thing, name, *operator, fields) for operator in operators.items()]
    return all(verdicts)


def _holds(  # noqa: PLR0911  # as many as there are meanings
    thing: Mapping[str, Any], name: str, operator: str, operand: Any, fields: Fields
) -> bool:
    sort = fields.get(name, "json")
    value = _own(thing["custom"], name) if sort == "json" else thing[name]
    absent = value is MISSING if sort == "json" else value is None or value in ("", [])
    match operator:
        case "$ne":
            return not _holds(thing, name, "$eq", operand, fields)
        case "$nin":
            return not _holds(thing, name, "$in", operand, fields)
        case "$exists":
            return absent is not operand
        case "$gt" | "$gte" | "$lt" | "$lte":
            return not absent and _compared(value, operator, _moment(operand) if sort == "time" else operand)
        case "$autocomplete" | "$q":
            return isinstance(value, str) and _looked_into(value, operator, operand.strip())
        case "$contains" if sort == "json":
            return isinstance(value, list) and any(_same(item, operand) for item in value)
        case "$eq" if sort == "texts" and isinstance(operand, list):
            return sorted(value) == sorted(set(operand))
    return _equals(value, operand if operator == "$in" else [operand], sort, absent=absent)


def _equals(value: Any, choices: Sequence[Any], sort: str, *, absent: bool) -> bool:
    if sort == "time":
        choices = [choice if choice is None else _moment(choice) for choice in choices]
    held = value if isinstance(value, list) else [value]
    if absent:
        held = ["", None] if sort == "text" else [None]
    return any(_same(item, choice) for item in held for choice in choices)


def in_order(things: Sequence[Any], sort: Sequence[Mapping[str, Any]], fields: Fields, identity: str) -> list[Any]:
    """Return things as an order says; those alike are in the order of their ids."""
    ordered = sorted(things, key=lambda thing: thing[identity].encode())
    for entry in reversed(sort):
        name = entry["field"]

        def place(thing: Any, name: str = name) -> tuple[Any, ...]:
            value = thing[name] if name in fields else _own(thing["custom"], name)
            return _place("" if value is None and fields.get(name) == "text" else value)

        ordered.sort(key=place, reverse=entry.get("direction") == -1)
    return ordered


def _place(value: Any) -> tuple[Any, ...]:
    if isinstance(value, str):
        return 2, value.encode()
    if isinstance(value, (bool, int, float)):
        return 1, Fraction(value)
    return (0,)


def _own(custom: Any, name: str) -> Any:
    for key in name.removeprefix("custom.").split("."):
        if not isinstance(custom, dict) or key not in custom:
            return MISSING
        custom = custom[key]
    return custom


def _sort_of(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "flag"
        case int() | float():
            return "number"
        case str():
            return "text"
        case _:
            return "other"


def _same(value: Any, other: Any) -> bool:
    return _sort_of(value) == _sort_of(other) != "other" and bool(value == other)


def _compared(value: Any, operator: str, operand: Any) -> bool:
    if _sort_of(value) != _sort_of(operand) or _sort_of(value) not in ("number", "text"):
        return False
    if isinstance(value, str):
        value, operand = value.encode(), operand.encode()
    return bool(
        {"$gt": value > operand, "$gte": value >= operand, "$lt": value < operand, "$lte": value <= operand}[operator]
    )


def _moment(operand: Any) -> int:
    if isinstance(operand, int):
        return operand
    return (datetime.fromisoformat(operand) - EPOCH) // timedelta(microseconds=1) * 1_000


def _looked_into(text: str, operator: str, start: str) -> bool:
    text, start = text.casefold(), start.casefold()
    if operator == "$q":
        return start in text
    return any(
        text[place:].startswith(start)
        for place in range(len(text))
        if place == 0 or unicodedata.category(text[place - 1])[0] not in ("L", "M", "N")
    )
