"""Reading requests: bytes in, typed values out, and errors that name the field.

Nothing a client sends gets further than here without having the shape that the operation wants.
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Iterable
from typing import Any, Final, NoReturn, TypeVar

import msgspec

from rolecall.domain.errors import InvalidInput
from rolecall.domain.names import printable, shown

S = TypeVar("S", bound=msgspec.Struct)

MAX_DEPTH: Final = 64
_PLACE: Final = re.compile(r"^(?P<said>.*?)(?: - at `(?P<key>key in )?\$(?P<path>[^`]*)`)?$", re.DOTALL)
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
    """Return JSON as plain values; a key that is named twice, or nesting too deep, is refused."""
    try:
        value = json.loads(text.decode(), object_pairs_hook=_once, parse_constant=_no_constant)
    except UnicodeDecodeError:
        raise InvalidInput(f"`{field}` is not UTF-8", field=field) from None
    except _DuplicateKeyError as error:
        raise InvalidInput(f"`{field}` names the key {shown(error.key)} twice", field=error.key[:80]) from None
    except RecursionError:
        raise InvalidInput(f"`{field}` is nested deeper than {MAX_DEPTH} levels", field=field) from None
    except ValueError as error:
        raise InvalidInput(f"`{field}` is not valid JSON: {printable(str(error))}", field=field) from None
    _check_depth(value, field)
    return value


class _DuplicateKeyError(ValueError):
    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
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


def _check_depth(value: Any, field: str) -> None:
    level: Iterable[Any] = [value]
    for _ in range(MAX_DEPTH + 1):
        level = [
            item
            for one in level
            if isinstance(one, (dict, list))
            for item in (one.values() if isinstance(one, dict) else one)
        ]
        if not level:
            return
    raise InvalidInput(f"`{field}` is nested deeper than {MAX_DEPTH} levels", field=field)


def shaped(value: Any, shape: type[S]) -> S:
    """Return plain values as the shape an operation takes; InvalidInput names the field that does not fit."""
    try:
        return msgspec.convert(value, shape, strict=True)
    except msgspec.ValidationError as error:
        raise _misfit(str(error)) from None


def _misfit(message: str) -> InvalidInput:
    """Turn `Expected `int`, got `str` - at `$.data.x`` into an error in our words."""
    match = _PLACE.match(message)
    said, path = (match["said"], match["path"] or "") if match else (message, "")
    path = path.partition("[...]")[0]  # within a map, whose key msgspec does not tell
    place = path.removeprefix(".") or "body"
    missing = re.match(r"Object missing required field `(.+)`", said)
    if missing:
        place = f"{path.removeprefix('.')}.{missing[1]}".removeprefix(".")
        return InvalidInput(f"`{place}` is required", field=place)
    text = said.replace("Expected", "expected", 1)
    return InvalidInput(f"`{place}`: {printable(text)}", field=place)
