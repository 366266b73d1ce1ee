"""The three faces of the HTTP API, and how each writes times and custom data."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import Enum
from typing import Any, Final

import msgspec
from msgspec import UNSET

_NANOSECONDS: Final = 1_000_000_000


class Surface(Enum):
    """Which face was asked: it follows from the path."""

    V2 = "/api/v2"
    VIDEO = "/video"
    CHAT = ""


def surface_of(path: str) -> Surface:
    """Return the surface that a path belongs to."""
    if path.startswith("/api/v2/"):
        return Surface.V2
    return Surface.VIDEO if path.startswith("/video/") else Surface.CHAT


class Time:
    """A time in Unix nanoseconds, which each surface writes in its own way."""

    __slots__ = ("nanoseconds",)

    def __init__(self, nanoseconds: int) -> None:
        self.nanoseconds = nanoseconds


def rfc3339(nanoseconds: int) -> str:
    """Return a time as RFC 3339 in UTC, to the microsecond: `2025-11-21T14:40:00.123456Z`."""
    seconds, rest = divmod(nanoseconds, _NANOSECONDS)
    moment = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{moment}.{rest // 1000:06d}Z"


class WithCustom(msgspec.Struct, kw_only=True):
    """The base of shapes that go through `with_custom`: it has no fields, and tells the reference of custom data."""


def with_custom(surface: Surface, thing: WithCustom, custom: Mapping[str, Any]) -> Any:
    """Return an object with its custom data where the surface has it: under `custom`, or among its own fields.

    Where both have a name, the object's own field stays.
    """
    own = {name: value for name, value in msgspec.structs.asdict(thing).items() if value is not UNSET}
    return {**custom, **own} if surface is Surface.CHAT else {**own, "custom": custom}


def _encoder(write: Any) -> msgspec.json.Encoder:
    def hook(value: object) -> object:
        if isinstance(value, Time):
            return write(value.nanoseconds)
        raise TypeError(f"{type(value)} is no part of a response")

    return msgspec.json.Encoder(enc_hook=hook)


_IN_NANOSECONDS: Final = _encoder(int)
_IN_TEXT: Final = _encoder(rfc3339)


def encoded(surface: Surface, response: object) -> bytes:
    """Return a response as the surface writes it."""
    return (_IN_NANOSECONDS if surface is Surface.V2 else _IN_TEXT).encode(response)
