"""The kinds of values that settings take: how each is read from text and from TOML, described and shown.

A kind knows nothing of settings, sources or other values.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Generic, Literal, TypeVar

from rolecall.config.address import Address, parse_address
from rolecall.config.errors import Refused

T_co = TypeVar("T_co", covariant=True)
Word = TypeVar("Word", bound=str)

_WHOLE: Final = re.compile(r"[+-]?[0-9]{1,18}")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_SWITCH: Final = {
    "true": True,
    "yes": True,
    "on": True,
    "1": True,
    "false": False,
    "no": False,
    "off": False,
    "0": False,
}
_OFF: Final = "off"
_ORIGIN: Final = re.compile(r"[a-z][a-z0-9+.-]*://(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?")
_ANY_ORIGIN: Final = "*"


def plain(value: object) -> str:
    """Return a value as `rolecall config` and the reference page print it."""
    if value is None:
        return "not set"
    if isinstance(value, bool):
        return "true" if value else "false"
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


@dataclass(frozen=True, slots=True)
class Kind(Generic[T_co]):
    """One kind of value; `takes` completes "must be …". Both readers raise Refused.

    `text` reads a flag or an environment variable, `value` what TOML or a repeated flag holds. `shape` is how the flag
    is given: with `one` value, as a `switch`, or `many` times.
    """

    takes: str
    metavar: str
    text: Callable[[str], T_co]
    value: Callable[[object], T_co]
    shape: Literal["one", "switch", "many"] = "one"
    show: Callable[[Any], str] = plain


def whole(low: int, high: int) -> Kind[int]:
    """Make the kind of whole numbers in a range, both ends included."""

    def within(number: int) -> int:
        if not low <= number <= high:
            raise Refused
        return number

    def text(given: str) -> int:
        if not _WHOLE.fullmatch(given):
            raise Refused
        return within(int(given))

    def value(given: object) -> int:
        if not isinstance(given, int) or isinstance(given, bool):
            raise Refused
        return within(given)

    return Kind(f"a whole number from {low} to {high}", "N", text, value)


def choice(*words: Word) -> Kind[Word]:
    """Make the kind that takes one of a few words."""

    def text(given: str) -> Word:
        for word in words:
            if word == given:
                return word
        raise Refused

    takes = "one of " + ", ".join(f"`{word}`" for word in words)
    return Kind(takes, "{" + ",".join(words) + "}", text, _from_string(text))


def _from_string(text: Callable[[str], T_co]) -> Callable[[object], T_co]:
    """Return a reader of TOML values that takes strings alone."""

    def value(given: object) -> T_co:
        if not isinstance(given, str):
            raise Refused
        return text(given)

    return value


def _switch_from_text(given: str) -> bool:
    try:
        return _SWITCH[given.lower()]
    except KeyError:
        raise Refused from None


def _switch_from_value(given: object) -> bool:
    if not isinstance(given, bool):
        raise Refused
    return given


def _words(given: str) -> str:
    if not given:
        raise Refused("it is empty")
    if _CONTROL.search(given):
        raise Refused("it holds a control character")
    return given


def _path(given: str) -> Path:
    return Path(_words(given))


def _readable(given: str) -> Path:
    path = _path(given)
    try:
        with path.open("rb"):
            return path
    except OSError as error:
        raise Refused((error.strerror or "it can't be opened").lower()) from error


def _listener(given: str) -> Address:
    return parse_address(given.strip())


def _listeners(given: Sequence[object]) -> tuple[Address, ...]:
    if not given or not all(isinstance(item, str) for item in given):
        raise Refused
    return tuple(_listener(str(item)) for item in given)


def _listeners_from_text(given: str) -> tuple[Address, ...]:
    return _listeners(given.split(","))


def _listeners_from_value(given: object) -> tuple[Address, ...]:
    if isinstance(given, str):
        return _listeners_from_text(given)
    if not isinstance(given, (list, tuple)):
        raise Refused
    return _listeners(given)


def _door(given: str) -> Address | None:
    return None if given == _OFF else parse_address(given, unix=False)


def _door_from_value(given: object) -> Address | None:
    return None if given is False else _from_string(_door)(given)


def _show_door(value: Address | None) -> str:
    return _OFF if value is None else str(value)


def _origins(given: str) -> tuple[str, ...]:
    return () if given in {"", _OFF} else _origins_of(given.split(","))


def _origins_of(given: Sequence[object]) -> tuple[str, ...]:
    origins = tuple(str(item).strip().lower() for item in given)
    if _ANY_ORIGIN in origins and len(origins) > 1:
        raise Refused("`*` is every origin, so nothing goes with it")
    if not all(item == _ANY_ORIGIN or _ORIGIN.fullmatch(item) for item in origins):
        raise Refused
    return origins


def _origins_from_value(given: object) -> tuple[str, ...]:
    if given is False:
        return ()
    return _origins_of(given) if isinstance(given, (list, tuple)) else _from_string(_origins)(given)


def _show_origins(value: tuple[str, ...]) -> str:
    return plain(value) if value else _OFF


def _server(given: str) -> Address:
    return parse_address(given, lowest_port=1)


SWITCH: Final = Kind("`true` or `false`", "", _switch_from_text, _switch_from_value, "switch")
PATH: Final = Kind("a path", "PATH", _path, _from_string(_path))
READABLE: Final = Kind("the path of a file that can be read", "FILE", _readable, _from_string(_readable))
TEXT: Final = Kind("text", "TEXT", _words, _from_string(_words))
SERVER: Final = Kind("`host:port`, `[::1]:port` or `unix:///path`", "ADDR", _server, _from_string(_server))
LISTENERS: Final = Kind(
    "`host:port`, `[::1]:port` or `unix:///path`, one or several",
    "ADDR",
    _listeners_from_text,
    _listeners_from_value,
    "many",
)
DOOR: Final[Kind[Address | None]] = Kind(
    "`host:port`, `[::1]:port` or `off`", "ADDR", _door, _door_from_value, show=_show_door
)
ORIGINS: Final = Kind(
    "origins such as `https://app.example.com`, separated by commas, `*` or `off`",
    "ORIGINS",
    _origins,
    _origins_from_value,
    show=_show_origins,
)
