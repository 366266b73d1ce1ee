"""`rolecall call-type` and `rolecall channel-type`: settings, grants and policies of types."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

from rolecall.api.v1 import call_type_pb2 as calls
from rolecall.api.v1 import channel_type_pb2 as channels
from rolecall.api.v1.core_pb2 import PermissionList
from rolecall.cli import policies
from rolecall.cli.doors import Rpc, ask, every
from rolecall.cli.grants import grants_as_json, grants_rows
from rolecall.cli.output import nested, rfc3339, show_fields, show_json, show_table
from rolecall.cli.problem import OK
from rolecall.transports.convert import flat


class Kind(NamedTuple):
    """Call types or channel types: their RPCs, and the fields that differ."""

    list: Rpc[Any, Any]
    get: Rpc[Any, Any]
    one: str
    many: str
    settings: str


_CALL: Final = Kind(
    Rpc("CallTypeService", "ListCallTypes", calls.ListCallTypesRequest, calls.ListCallTypesResponse),
    Rpc("CallTypeService", "GetCallType", calls.GetCallTypeRequest, calls.GetCallTypeResponse),
    "call_type",
    "call_types",
    "settings",
)
_CHANNEL: Final = Kind(
    Rpc("ChannelTypeService", "ListChannelTypes", channels.ListChannelTypesRequest, channels.ListChannelTypesResponse),
    policies.GET,
    "channel_type",
    "channel_types",
    "config",
)


def list_call_types(args: argparse.Namespace) -> int:
    """List the call types."""
    return _list(args, _CALL)


def show_call_type(args: argparse.Namespace) -> int:
    """Show one call type."""
    return _show(args, _CALL)


def list_channel_types(args: argparse.Namespace) -> int:
    """List the channel types."""
    return _list(args, _CHANNEL)


def show_channel_type(args: argparse.Namespace) -> int:
    """Show one channel type."""
    return _show(args, _CHANNEL)


def _list(args: argparse.Namespace, kind: Kind) -> int:
    found = ask(args, lambda door: every(door, kind.list, kind.list.request(), kind.many))
    if args.json:
        show_json([_as_json(item, kind) for item in found])
        return OK
    show_table(
        ("name", "revision", "updated", "roles with grants"),
        [
            (item.name, str(item.revision), rfc3339(item.updated_at.seconds), ", ".join(sorted(_holding(item.grants))))
            for item in found
        ],
    )
    return OK


def _show(args: argparse.Namespace, kind: Kind) -> int:
    response = ask(args, lambda door: door.ask(kind.get, kind.get.request(name=args.name)))
    item = getattr(response, kind.one)
    if args.json:
        show_json(_as_json(item, kind))
        return OK
    show_fields(
        (
            (kind.one.replace("_", " "), item.name),
            ("created", rfc3339(item.created_at.seconds)),
            ("updated", rfc3339(item.updated_at.seconds)),
            ("revision", str(item.revision)),
        )
    )
    print()
    leaves = flat(getattr(item, kind.settings))
    show_table((kind.settings, "value"), [(path, _text(leaves[path])) for path in sorted(leaves)])
    print()
    show_table(("role", "permissions"), grants_rows(item.grants))
    if kind is _CHANNEL:
        print()
        show_table(policies.HEADERS, policies.rows(item.permissions))
    return OK


def _holding(grants: Mapping[str, PermissionList]) -> Iterable[str]:
    return (role for role, granted in grants.items() if granted.permissions)


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return (", ".join(value) or "none") if isinstance(value, tuple) else str(value)


def _as_json(item: Any, kind: Kind) -> dict[str, object]:
    return {
        "name": item.name,
        kind.settings: nested(flat(getattr(item, kind.settings))),
        "grants": grants_as_json(item.grants),
        **({"policies": policies.as_json(item.permissions)} if kind is _CHANNEL else {}),
        "created_at": rfc3339(item.created_at.seconds),
        "updated_at": rfc3339(item.updated_at.seconds),
        "revision": item.revision,
    }
