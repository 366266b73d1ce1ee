"""Values between the wire and the domain: settings, times, custom data, conditions, lists. No rules here."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, Final

from google.protobuf import struct_pb2
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from rolecall.api.v1 import core_pb2
from rolecall.domain.errors import InvalidInput
from rolecall.domain.records import Grants

_LAST_SECOND: Final = 9_223_372_036  # the last one whose nanoseconds fit 64 bits: year 2262
_NANOSECONDS: Final = 1_000_000_000
_LARGEST_EXACT: Final = 2**53
_LARGEST_STRUCT_BYTES: Final = 64 * 1024  # more than 8 KiB of JSON ever take on the wire
_DEEPEST_STRUCT: Final = 100  # more than any that is accepted; parsers of the wire stop before


def flat(message: Message, prefix: str = "") -> dict[str, Any]:
    """Return the leaves that are set in a tree of settings messages: dotted path -> value; lists as tuples."""
    leaves: dict[str, Any] = {}
    for field, value in message.ListFields():
        path = prefix + field.name
        if isinstance(value, core_pb2.StringList):
            leaves[path] = tuple(value.values)
        elif isinstance(value, Message):
            leaves.update(flat(value, f"{path}."))
        else:
            leaves[path] = value
    return leaves


def fill(message: Message, leaves: Mapping[str, Any]) -> None:
    """Set the leaves of a tree of settings messages by dotted path."""
    for path, value in leaves.items():
        *groups, name = path.split(".")
        target = message
        for group in groups:
            target = getattr(target, group)
        if isinstance(value, tuple):
            strings: core_pb2.StringList = getattr(target, name)
            strings.SetInParent()
            strings.values.extend(value)
        else:
            setattr(target, name, value)


def nanoseconds(message: Timestamp, field: str) -> int:
    """Return a time as Unix nanoseconds; it must lie between 1970 and 2262."""
    if not 0 <= message.seconds < _LAST_SECOND or not 0 <= message.nanos < _NANOSECONDS:
        raise InvalidInput(f"`{field}` must be a time between the years 1970 and 2262", field=field)
    return message.seconds * _NANOSECONDS + message.nanos


def timestamp(time: int | None) -> Timestamp | None:
    """Return Unix nanoseconds as a message; None stays unset."""
    return None if time is None else Timestamp(seconds=time // _NANOSECONDS, nanos=time % _NANOSECONDS)


def custom_of(message: struct_pb2.Struct, field: str) -> dict[str, Any]:
    """Return a custom object as plain JSON values; whole numbers come back as such.

    One that is far larger or deeper than any that is accepted is refused before, or while, it is walked.
    """
    plain = _walked(message, field, "5 KiB")
    if not _finite(plain):
        raise InvalidInput(f"`{field}` holds a number that is not finite", field=field)
    return plain


def condition_of(message: struct_pb2.Struct, field: str) -> dict[str, Any]:
    """Return a condition as plain JSON values, as `custom_of` does; numbers that are not finite are left in.

    Whether it is well formed, and where it is not, is for the domain to say.
    """
    return _walked(message, field, "8 KiB")


def _walked(message: struct_pb2.Struct, field: str, limit: str) -> dict[str, Any]:
    if message.ByteSize() > _LARGEST_STRUCT_BYTES:
        raise InvalidInput(f"`{field}` is too large: at most {limit} of JSON", field=field)
    try:
        return _object(message, _DEEPEST_STRUCT)
    except _TooDeepError:
        raise InvalidInput(f"`{field}` is nested deeper than {_DEEPEST_STRUCT} levels", field=field) from None


class _TooDeepError(ValueError):
    pass


def _object(message: struct_pb2.Struct, levels: int) -> dict[str, Any]:
    return {key: _plain(value, levels - 1) for key, value in message.fields.items()}


def _plain(value: struct_pb2.Value, levels: int) -> Any:
    kind = value.WhichOneof("kind")
    if kind == "number_value":
        number = value.number_value
        return int(number) if number.is_integer() and abs(number) < _LARGEST_EXACT else number
    if kind in {"struct_value", "list_value"}:
        if not levels:
            raise _TooDeepError
        if kind == "struct_value":
            return _object(value.struct_value, levels)
        return [_plain(item, levels - 1) for item in value.list_value.values]
    return None if kind in {None, "null_value"} else getattr(value, kind)


def _finite(plain: Any) -> bool:
    if isinstance(plain, float):
        return math.isfinite(plain)
    inner = plain.values() if isinstance(plain, dict) else plain if isinstance(plain, list) else ()
    return all(map(_finite, inner))


def struct(custom: Mapping[str, Any]) -> struct_pb2.Struct:
    """Return a custom object as a message."""
    message = struct_pb2.Struct()
    message.update(dict(custom))
    return message


def grants_of(lists: Mapping[str, core_pb2.PermissionList]) -> dict[str, tuple[str, ...]]:
    """Return role -> permission ids."""
    return {role: tuple(permissions.permissions) for role, permissions in lists.items()}


def permission_lists(grants: Grants) -> dict[str, core_pb2.PermissionList]:
    """Return grants as the wire has them."""
    return {role: core_pb2.PermissionList(permissions=ids) for role, ids in grants.items()}


def check_mask(paths: Iterable[str], allowed: Iterable[str], field: str = "update_mask") -> frozenset[str]:
    """Return the paths of an update mask; one that is not maskable is refused."""
    known = frozenset(allowed)
    for path in paths:
        if path not in known:
            options = ", ".join(f"`{name}`" for name in sorted(known))
            raise InvalidInput(f"`{field}` takes {options}, got `{path[:80]}`", field=field)
    return frozenset(paths)
