"""Policies of channel types, for people and for machines, and `rolecall channel-type set`, which replaces them."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from rolecall.api.v1 import channel_type_pb2 as pb
from rolecall.cli.documents import read_file
from rolecall.cli.doors import Door, Rpc, ask
from rolecall.cli.output import show_json, show_table
from rolecall.cli.problem import OK, Problem, bad_input
from rolecall.domain.names import shown

_SERVICE: Final = "ChannelTypeService"
GET: Final = Rpc(_SERVICE, "GetChannelType", pb.GetChannelTypeRequest, pb.GetChannelTypeResponse)
UPSERT: Final = Rpc(_SERVICE, "UpsertChannelType", pb.UpsertChannelTypeRequest, pb.UpsertChannelTypeResponse)
HEADERS: Final = ("policy", "priority", "action", "roles", "only own", "resources")
_FLAG: Final = "--policies"
_MASK: Final = "permissions"
_UNENCODABLE: Final = re.compile(r"[\ud800-\udfff]")
_LARGEST: Final = 2**32 - 1
_ACTIONS: Final[Mapping[str, Any]] = {"allow": pb.POLICY_ACTION_ALLOW, "deny": pb.POLICY_ACTION_DENY}


def rows(policies: Iterable[pb.Policy]) -> list[tuple[str, ...]]:
    """Return a row for each policy, in their order."""
    return [
        (
            policy.name,
            str(policy.priority),
            _action(policy),
            ", ".join(policy.roles) or "any",
            "yes" if policy.owner else "",
            ", ".join(policy.resources),
        )
        for policy in policies
    ]


def as_json(policies: Iterable[pb.Policy]) -> list[dict[str, object]]:
    """Return policies as `channel-type set` takes them."""
    return [
        {
            "name": policy.name,
            "priority": policy.priority,
            "action": _action(policy),
            "roles": list(policy.roles),
            "owner": policy.owner,
            "resources": list(policy.resources),
        }
        for policy in policies
    ]


def _action(policy: pb.Policy) -> str:
    return next((name for name, action in _ACTIONS.items() if action == policy.action), str(policy.action))


# --- setting them ----------------------------------------------------------------------------------------------------


def replace(args: argparse.Namespace) -> int:
    """Replace the policies of a channel type that is there, and show them."""
    request = pb.UpsertChannelTypeRequest(
        name=args.name, permissions=_given(read_file(args.policies, _FLAG)), dry_run=args.dry_run
    )
    request.update_mask.paths.append(_MASK)
    response = ask(args, lambda door: _replace(door, request))
    item = response.channel_type
    if args.json:
        show_json({"name": item.name, "policies": as_json(item.permissions), "revision": response.revision})
        return OK
    show_table(HEADERS, rows(item.permissions))
    if args.dry_run:
        print("\nnothing was changed: this is how it would be")
    return OK


async def _replace(door: Door, request: pb.UpsertChannelTypeRequest) -> pb.UpsertChannelTypeResponse:
    """Write to a type that exists: a mistyped name makes no new one."""
    stored = await door.ask(GET, pb.GetChannelTypeRequest(name=request.name))
    request.expected_revision = stored.channel_type.revision
    return await door.ask(UPSERT, request)


def _given(document: Any) -> list[pb.Policy]:
    if not isinstance(document, list):
        raise bad_input(f"`{_FLAG}` must hold a JSON list of policies", _HINT)
    return [_policy(item, f"permissions[{place}]") for place, item in enumerate(document)]


def _policy(item: Any, place: str) -> pb.Policy:
    if not isinstance(item, dict):
        raise _wrong(place, "must be an object")
    for key in item:
        if key not in _READS:
            raise _wrong(place, f"has no {shown(key)}; it has {', '.join(_READS)}")
    for key in _REQUIRED:
        if key not in item:
            raise _wrong(place, f"needs {shown(key)}")
    return pb.Policy(**{key: _READS[key](value, f"{place}.{key}") for key, value in item.items()})


def _text(value: Any, place: str) -> str:
    if not isinstance(value, str) or _UNENCODABLE.search(value):
        raise _wrong(place, "must be text")
    return value


def _texts(value: Any, place: str) -> list[str]:
    if not isinstance(value, list):
        raise _wrong(place, "must be a list of text")
    return [_text(item, f"{place}[{number}]") for number, item in enumerate(value)]


def _whole(value: Any, place: str) -> int:
    if type(value) is not int or not 0 <= value <= _LARGEST:
        raise _wrong(place, "must be a whole number, from 1 to 999")
    return value


def _switch(value: Any, place: str) -> bool:
    if not isinstance(value, bool):
        raise _wrong(place, "must be true or false")
    return value


def _verdict(value: Any, place: str) -> Any:
    if not isinstance(value, str) or value.lower() not in _ACTIONS:
        raise _wrong(place, "must be `allow` or `deny`")
    return _ACTIONS[value.lower()]


_READS: Final[Mapping[str, Callable[[Any, str], Any]]] = {
    "name": _text,
    "priority": _whole,
    "action": _verdict,
    "roles": _texts,
    "owner": _switch,
    "resources": _texts,
}
_REQUIRED: Final = ("name", "priority", "action", "resources")
_HINT: Final = "`rolecall channel-type show NAME --json` prints them, under `policies`"


def _wrong(place: str, problem: str) -> Problem:
    return bad_input(f"`{place}` {problem}", _HINT)
