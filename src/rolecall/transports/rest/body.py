"""Reading requests: bytes in, typed values out, and errors that name the field.

Nothing a client sends gets further than here without having the shape that the operation wants.
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Iterable, Iterator
from math import isfinite
from typing import Any, Final, NoReturn, TypeVar

import msgspec

from rolecall.domain.errors import InvalidInput
from rolecall.domain.names import printable, shown

S = TypeVar("S", bound=msgspec.Struct)

MAX_DEPTH: Final = 64
MAX_KEYS: Final = 10_000
"""How many keys one object may have: far more than anything takes, and few enough to be looked at while others wait."""
MAX_MARKS: Final = 100_000
"""How many commas and opening brackets there may be, of which each value but the first has one before it.

Json's parser lets no other thread go on while it reads, so this is known before.
"""
_PLACE: Final = re.compile(r"^(?P<said>.*?)(?: - at `(?P<key>key in )?\$(?P<path>[^`]*)`)?$", re.DOTALL)
_LONE: Final = re.compile(r"[\ud800-\udfff]")
_SMALLEST: Final = -(2**63)
_LARGEST: Final = 2**63 - 1
_GZIP: Final = 16 + zlib.MAX_WBITS


def unpacked(body: bytes, encoding: str, limit: int) -> bytes:
    """Return a body as it was before `Content-Encoding`; at most `limit` bytes, however small it was packed."""
    if encoding in {"", "identity"}:
        return body
    if encoding != "gzip":
        raise InvalidInput(f"Content-Encoding {shown(encoding)} is not supported, only gzip", field="Content-Encoding")
    try:
        stream = zlib.decompressobj(_GZIP)
        plain = stream.decompress(body, limit + 1)
    except zlib.error:
        raise InvalidInput("the body is not gzip, as Content-Encoding says", field="Content-Encoding") from None
    if len(plain) > limit:
        raise too_large(limit)
    if stream.unused_data:
        raise InvalidInput("the body goes on after its gzip stream", field="body")
    if not stream.eof:
        raise InvalidInput("the body ends in the middle of its gzip stream", field="body")
    return plain


def too_large(limit: int) -> InvalidInput:
    """Make the error for a body that is too large."""
    return InvalidInput(f"the body is larger than {limit} bytes", field="body", reason="BODY_TOO_LARGE")


def parsed(text: bytes, field: str = "body") -> Any:
    """Return JSON as plain values; keys named twice, nesting too deep and values that nothing can hold are refused."""
    if sum(map(text.count, (b",", b"[", b"{"))) > MAX_MARKS:
        raise InvalidInput(f"`{field}` holds more than {MAX_MARKS} commas and brackets", field=field)
    try:
        value = json.loads(text.decode(), object_pairs_hook=_once, parse_constant=_no_constant)
    except UnicodeDecodeError:
        raise InvalidInput(f"`{field}` is not UTF-8", field=field) from None
    except _DuplicateKeyError as error:
        raise InvalidInput(f"`{field}` names the key {shown(error.key)} twice", field=error.key[:80]) from None
    except _ManyKeysError:
        raise InvalidInput(f"`{field}` holds an object with more than {MAX_KEYS} keys", field=field) from None
    except RecursionError:
        raise InvalidInput(f"`{field}` is nested deeper than {MAX_DEPTH} levels", field=field) from None
    except ValueError as error:
        raise InvalidInput(f"`{field}` is not valid JSON: {printable(str(error))}", field=field) from None
    _check_values(value, field)
    return value


class _DuplicateKeyError(ValueError):
    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


class _ManyKeysError(ValueError):
    pass


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(pairs) > MAX_KEYS:
        raise _ManyKeysError
    table = dict(pairs)
    if len(table) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise _DuplicateKeyError(key)
            seen.add(key)
    return table


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")


def _check_values(value: Any, field: str) -> None:
    """Refuse nesting that is too deep, and values that are JSON but that neither the store nor an answer can hold."""
    level: list[Any] = [value]
    for _ in range(MAX_DEPTH + 1):
        if any(map(_unfit, level)):
            raise _unfit_value(value, field)
        level = [item for one in level if isinstance(one, (dict, list)) for item in _within(one)]
        if not level:
            return
    raise InvalidInput(f"`{field}` is nested deeper than {MAX_DEPTH} levels", field=field)


def _within(value: Any) -> Iterable[Any]:
    """Return what is in an object or a list: the keys of an object are texts too."""
    return (*value, *value.values()) if isinstance(value, dict) else value


def _unfit(value: Any) -> str:
    """Return what is wrong with a value itself, "" when nothing is."""
    if isinstance(value, str):
        return "holds half a character (a lone surrogate)" if not value.isascii() and _LONE.search(value) else ""
    if isinstance(value, int):
        return "" if _SMALLEST <= value <= _LARGEST else "is a number beyond 64 bits"
    return "is a number beyond 64 bits" if isinstance(value, float) and not isfinite(value) else ""


def _unfit_value(value: Any, field: str) -> InvalidInput:
    """Return the error for the first value that is unfit, with its path."""
    place, what = next(_unfit_places(value, ""))
    place = place or field
    return InvalidInput(f"`{printable(place)}` {what}", field=place)


def _unfit_places(value: Any, place: str) -> Iterator[tuple[str, str]]:
    if what := _unfit(value):
        yield place, what
    if isinstance(value, dict):
        for key, item in value.items():
            inner = f"{place}.{key}" if place else key
            if what := _unfit(key):
                yield inner, what
            yield from _unfit_places(item, inner)
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _unfit_places(item, f"{place}[{number}]")


def shaped(value: Any, shape: type[S], within: str = "") -> S:
    """Return plain values as the shape an operation takes; InvalidInput names the field that does not fit.

    `within` is the field that the value was sent in, "" for the body itself.
    """
    try:
        return msgspec.convert(value, shape, strict=True)
    except msgspec.ValidationError as error:
        raise _misfit(str(error), within) from None


def _misfit(message: str, within: str) -> InvalidInput:
    """Turn `Expected `int`, got `str` - at `$.data.x`` into an error in our words."""
    match = _PLACE.match(message)
    said, path = (match["said"], match["path"] or "") if match else (message, "")
    path = path.partition("[...]")[0]  # within a map, whose key msgspec does not tell
    path = f"{within}{path}".removeprefix(".")
    place = path or "body"
    missing = re.match(r"Object missing required field `(.+)`", said)
    if missing:
        place = f"{path}.{missing[1]}".removeprefix(".")
        return InvalidInput(f"`{place}` is required", field=place)
    text = said.replace("Expected", "expected", 1)
    return InvalidInput(f"`{place}`: {printable(text)}", field=place)
