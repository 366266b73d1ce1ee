"""What may stand for comparison in a condition: its type, its text, and the size of all of it together.

Each check takes the raw JSON value, its place in the condition and the meter of the whole, and returns the value or
raises InvalidInput for the place. No operator or field is known here.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from typing import Any, Final, NoReturn

from rolecall.domain.errors import InvalidInput
from rolecall.domain.names import printable, shown

MAX_BYTES: Final = 8192
FIELD_PREFIXES: Final = ("$subject.", "$resource.")
_UNENCODABLE: Final = re.compile(r"[\ud800-\udfff]")
_STEP: Final = 80
_SCALARS: Final = "a string, a number or a boolean"


class Meter:
    """Counts the strings, numbers and booleans of a condition at what they take at least, to leave a huge one early.

    Every object and list that is accepted holds one of them, so nothing grows without being counted.
    """

    def __init__(self, field: str) -> None:
        self._field = field
        self._left = MAX_BYTES

    def charge(self, size: int) -> None:
        """Count `size` more bytes; InvalidInput once there are too many."""
        self._left -= size
        if self._left < 0:
            self._refuse()

    def check(self, plain: Mapping[str, Any]) -> None:
        """Refuse a whole condition whose exact size is over the limit."""
        if len(compact(plain).encode()) > MAX_BYTES:
            self._refuse()

    def _refuse(self) -> NoReturn:
        raise InvalidInput(f"`{self._field}` takes more than {MAX_BYTES} bytes as compact JSON", field=self._field)


def compact(plain: Any) -> str:
    """Return JSON without a byte too many."""
    return json.dumps(plain, ensure_ascii=False, separators=(",", ":"))


def below(place: str, key: str) -> str:
    """Return the place of a key, in characters that any log and any wire carries."""
    return f"{place}.{printable(key if len(key) <= _STEP else key[: _STEP - 3] + '...')}"


def refuse(place: str, problem: str) -> NoReturn:
    """Say what would be right at a place."""
    raise InvalidInput(f"`{place}` {problem}", field=place)


def seen(raw: object) -> str:
    """Return what was found instead, for an error text."""
    if isinstance(raw, str):
        return shown(raw)
    if isinstance(raw, Mapping):
        return "an object"
    if isinstance(raw, bool):
        return f"`{str(raw).lower()}`"
    kinds: Mapping[type, str] = {type(None): "null", list: "a list", int: "a number", float: "a number"}
    return kinds.get(type(raw), "what JSON can't hold")


def check_string(raw: str, place: str, meter: Meter) -> str:
    """Return text that can be stored and sent."""
    meter.charge(len(raw) + 2)
    if _UNENCODABLE.search(raw):
        refuse(place, f"is not valid Unicode: {shown(raw)}")
    return raw


def scalar(raw: object, place: str, meter: Meter) -> Any:
    """Return a string, a number or a boolean."""
    if type(raw) is bool:
        meter.charge(4)
        return raw
    return _comparable(raw, place, meter, _SCALARS)


def ordered(raw: object, place: str, meter: Meter) -> Any:
    """Return what has an order: a string or a number."""
    return _comparable(raw, place, meter, "a string or a number")


def scalars(raw: object, place: str, meter: Meter) -> list[Any]:
    """Return a list of strings, numbers and booleans; it may be empty."""
    if type(raw) is not list:
        refuse(place, f"must be a list of strings, numbers and booleans, got {seen(raw)}")
    return [scalar(item, f"{place}[{position}]", meter) for position, item in enumerate(raw)]


def boolean(raw: object, place: str, meter: Meter) -> bool:
    """Return true or false."""
    if type(raw) is not bool:
        refuse(place, f"must be `true` or `false`, got {seen(raw)}")
    meter.charge(4)
    return raw


def _comparable(raw: object, place: str, meter: Meter, wanted: str) -> str | int | float:
    if type(raw) is str:
        return _text(raw, place, meter)
    if type(raw) is int or type(raw) is float:
        return _number(raw, place, meter)
    refuse(place, f"must be {wanted}, got {seen(raw)}{_hint(raw)}")


def _text(raw: str, place: str, meter: Meter) -> str:
    check_string(raw, place, meter)
    if raw.startswith(FIELD_PREFIXES):
        refuse(place, f"would be compared as the plain text {shown(raw)}: a field can't be compared with a field")
    return raw


def _number(raw: float, place: str, meter: Meter) -> int | float:
    meter.charge(1)
    if not abs(raw) <= sys.float_info.max:  # of NaN, too, this is not true
        refuse(place, "must be a finite number that fits a double")
    return raw


def _hint(raw: object) -> str:
    if raw is None:
        return "; to ask whether a field is there, use `$exists`"
    if type(raw) is list:
        return "; to compare with several values, use `$in` or `$nin`"
    return ""
