"""Spelling of ids and names: what is accepted, and the error that says what would be right."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from rolecall.domain.errors import InvalidInput

MAX_ID_BYTES: Final = 255
_SHOWN: Final = 80
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_UNENCODABLE: Final = re.compile(r"[\ud800-\udfff]")
_UNSHOWN: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_TYPE_NAME: Final = re.compile(r"[a-z0-9_-]{1,64}")
_ROLE_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")


class Cid(NamedTuple):
    """The two halves of `<type>:<id>`; only the first colon divides."""

    type: str
    id: str


def shown(value: str) -> str:
    """Return user input for an error text: shortened, control characters escaped, in backticks."""
    text = value if len(value) <= _SHOWN else value[: _SHOWN - 3] + "..."
    return f"`{printable(text)}`"


def printable(text: str) -> str:
    """Return text in which control characters and lone surrogates are escaped."""
    return _UNSHOWN.sub(_escaped, text)


def _escaped(match: re.Match[str]) -> str:
    return match[0].encode("unicode_escape", "surrogatepass").decode("ascii")


def check_id(value: str, field: str) -> str:
    """Return a user, call or channel id; ids are compared as bytes, 1 to 255 of them, without control characters."""
    if not value:
        raise InvalidInput(f"`{field}` is required", field=field)
    return check_text(value, field)


def check_text(value: str, field: str, *, limit: int = MAX_ID_BYTES) -> str:
    """Return text that may be empty: at most `limit` bytes, without control characters."""
    if _UNENCODABLE.search(value):
        raise InvalidInput(f"`{field}` is not valid Unicode: {shown(value)}", field=field)
    if len(value.encode()) > limit:
        raise InvalidInput(f"`{field}` is longer than {limit} bytes: {shown(value)}", field=field)
    if _CONTROL.search(value):
        raise InvalidInput(f"`{field}` holds a control character: {shown(value)}", field=field)
    return value


def parse_cid(value: str, field: str) -> Cid:
    """Split a cid such as `default:standup`."""
    type_name, colon, identifier = value.partition(":")
    if not colon or not type_name or not identifier:
        raise InvalidInput(f"`{field}` must be `<type>:<id>`, got {shown(value)}", field=field)
    check_type_name(type_name, field)
    check_id(identifier, field)
    return Cid(type_name, identifier)


def check_type_name(value: str, field: str) -> str:
    """Return the name of a call or channel type."""
    if not _TYPE_NAME.fullmatch(value):
        raise InvalidInput(
            f"`{field}` must be a type name of 1 to 64 characters of a-z, 0-9, `_` and `-`, got {shown(value)}",
            field=field,
        )
    return value


def check_role_name(value: str, field: str) -> str:
    """Return the name of a role."""
    if not _ROLE_NAME.fullmatch(value):
        raise InvalidInput(
            f"`{field}` must be a role name of 1 to 64 characters of a-z, A-Z, 0-9, `_` and `-`, got {shown(value)}",
            field=field,
        )
    return value
