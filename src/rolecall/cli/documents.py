"""JSON that a command is given, as an argument, from a file or from stdin: read strictly, with one-line errors."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, Final, NoReturn

from google.protobuf.struct_pb2 import Struct

from rolecall.cli.problem import Problem, bad_input
from rolecall.domain.names import printable, shown

STDIN: Final = "-"
_TOO_DEEP: Final = "is nested too deep"
_MOST_LEVELS: Final = 32  # more are taken nowhere, and three times as many messages of the wire stay within its limit


def read_file(path: str, flag: str) -> Any:
    """Return the JSON in a file, or on stdin for `-`."""
    if path == STDIN:
        return _parsed(_stdin(flag), flag)
    try:
        text = Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise Problem(f"can't read {shown(path)}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise bad_input(f"`{flag}`: {shown(path)} is not UTF-8 text") from error
    return _parsed(text, flag)


def read_struct(text: str, flag: str) -> Struct:
    """Return the JSON object in an argument, or on stdin for `-`, as the wire has it."""
    plain = _parsed(_stdin(flag) if text == STDIN else text, flag)
    if not isinstance(plain, dict):
        raise bad_input(f'`{flag}` must be a JSON object, such as \'{{"plan": "paid"}}\'')
    if _levels(plain) > _MOST_LEVELS:
        raise bad_input(f"`{flag}` {_TOO_DEEP}")
    message = Struct()
    try:
        message.update(plain)
    except (ValueError, OverflowError) as error:  # a lone surrogate, or a number that no double holds
        raise bad_input(f"`{flag}` holds text or a number that can't be sent") from error
    return message


def _levels(plain: Any) -> int:
    """Count the levels of nesting, as far as they matter."""
    levels, inner = 0, [plain]
    while inner and levels <= _MOST_LEVELS:
        levels += 1
        values = (value for item in inner for value in (item.values() if isinstance(item, dict) else item))
        inner = [value for value in values if isinstance(value, (dict, list))]
    return levels


def _stdin(flag: str) -> str:
    try:
        return sys.stdin.read()
    except UnicodeDecodeError as error:
        raise bad_input(f"`{flag}`: what came on stdin is not UTF-8 text") from error


def _parsed(text: str, flag: str) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_each_once, parse_constant=_refuse_constant)
    except RecursionError as error:
        raise bad_input(f"`{flag}` {_TOO_DEEP}") from error
    except ValueError as error:
        raise bad_input(f"`{flag}` is not JSON: {printable(str(error))}") from error


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse a key that is given twice: one of them would be passed over in silence, and a condition be wider."""
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"{shown(twice)} is given twice in one object")
    return found


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{shown(name)} is no number there")
