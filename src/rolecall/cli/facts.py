"""The what-if flags as the facts of a request."""

from __future__ import annotations

import argparse
import difflib
from collections.abc import Iterator
from typing import Any, Final

from google.protobuf.descriptor import Descriptor, FieldDescriptor

from rolecall.api.v1 import authorization_pb2 as pb
from rolecall.api.v1 import core_pb2
from rolecall.cli.documents import read_struct
from rolecall.cli.problem import Problem, bad_input
from rolecall.domain.names import shown
from rolecall.transports.convert import fill

_PLAIN: Final = {
    "member_role": "member_role",
    "created_by": "created_by_id",
    "team": "team",
    "blocked": "blocked",
    "frozen": "frozen",
    "disabled": "disabled",
    "cooldown": "cooldown",
}
"""Flag -> field."""

_SWITCH: Final = {"true": True, "on": True, "yes": True, "false": False, "off": False, "no": False}
_LARGEST: Final = 2**32 - 1


def facts_of(args: argparse.Namespace) -> pb.Facts | None:
    """Return the facts that the flags give, None when there are none."""
    given = {field: getattr(args, flag) for flag, field in _PLAIN.items() if getattr(args, flag) is not None}
    if not given and not args.setting and args.custom is None:
        return None
    if given.get("cooldown", 0) > _LARGEST:
        raise bad_input(f"`--cooldown` must be a whole number up to {_LARGEST}")
    facts = pb.Facts(**given, custom=None if args.custom is None else read_struct(args.custom, "--custom"))
    if args.setting:
        if args.call is None and args.channel is None:
            raise bad_input("`--setting` needs `--call` or `--channel`")
        _fill_settings(facts.settings_override if args.call is not None else facts.config_override, args.setting)
    return facts


def _fill_settings(message: Any, texts: list[str]) -> None:
    fields = dict(_leaves(message.DESCRIPTOR))
    message.SetInParent()
    for text in texts:
        path, equals, value = text.partition("=")
        if not equals:
            raise bad_input(f"`--setting` takes PATH=VALUE, such as video.enabled=false, got {shown(text)}")
        if path not in fields:
            raise _unknown(path, fields)
        fill(message, {path: _value(path, fields[path], value)})


def _leaves(message: Descriptor, prefix: str = "") -> Iterator[tuple[str, FieldDescriptor]]:
    for field in message.fields:
        path = prefix + field.name
        if field.message_type is None or field.message_type is core_pb2.StringList.DESCRIPTOR:
            yield path, field
        else:
            yield from _leaves(field.message_type, f"{path}.")


def _value(path: str, field: FieldDescriptor, text: str) -> object:
    if field.message_type is not None:
        return tuple(text.split(",")) if text else ()
    if field.type == FieldDescriptor.TYPE_BOOL:
        if text.lower() not in _SWITCH:
            raise bad_input(f"setting `{path}` is on or off, got {shown(text)}")
        return _SWITCH[text.lower()]
    if field.type == FieldDescriptor.TYPE_UINT32:
        if not (text.isascii() and text.isdigit()) or len(text) > len(str(_LARGEST)) or int(text) > _LARGEST:
            raise bad_input(f"setting `{path}` is a whole number, got {shown(text)}")
        return int(text)
    return text


def _unknown(path: str, known: dict[str, FieldDescriptor]) -> Problem:
    close = difflib.get_close_matches(path[:80], known, n=2)
    hint = f"; did you mean {' or '.join(f'`{name}`' for name in close)}?" if close else ""
    return bad_input(f"there is no setting {shown(path)}{hint}")
