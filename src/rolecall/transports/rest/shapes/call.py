"""Calls and their members on the wire: how answers show them, and how requests describe them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final

import msgspec
from msgspec import UNSET, UnsetType

from rolecall.domain.names import parse_cid
from rolecall.domain.records import CallMemberRecord, CallRecord, UserRecord
from rolecall.domain.settings import flag
from rolecall.service.administration.calls.values import CallMemberChange, CallView
from rolecall.service.administration.changes import KEEP
from rolecall.transports.rest.extras import Extra, ExtraFields, line
from rolecall.transports.rest.operation import Answer
from rolecall.transports.rest.shapes.bounded import BOUNDED
from rolecall.transports.rest.shapes.call_settings import settings_tree
from rolecall.transports.rest.shapes.user import User, user
from rolecall.transports.rest.surface import Surface, Time

EXTRAS: Final[ExtraFields] = {"channel_cid": Extra(line(255)), "video": Extra(flag())}
"""What a new call takes beside what decisions know."""

_JOIN_AHEAD: Final = "backstage.join_ahead_time_seconds"
_NO_LIMIT: Final = {"limits.max_duration_seconds": 0}
"""A call tells that it has no longest duration: clients read back the 0 that took it away."""

_INGRESS: Final = "ingress.invalid"
"""The host of addresses to which nothing can be streamed: Rolecall takes in no media. The name can't exist."""


class Address(msgspec.Struct, kw_only=True):
    """Where a call could be streamed to."""

    address: str


class Ingress(msgspec.Struct, kw_only=True):
    """Where a call could be streamed to, one address for each way; nothing listens there."""

    rtmp: Address
    srt: Address
    whip: Address


class Egress(msgspec.Struct, kw_only=True):
    """Where a call is streamed to: nowhere."""

    broadcasting: bool = False
    rtmps: list[str] = []


class Call(msgspec.Struct, kw_only=True):
    """A call. Fields with a default are there for clients that expect them, and have no effect."""

    cid: str
    type: str
    id: str
    created_by: User
    settings: dict[str, Any]
    custom: dict[str, Any]
    backstage: bool
    blocked_user_ids: tuple[str, ...]
    ingress: Ingress
    created_at: Time
    updated_at: Time
    team: str | UnsetType = UNSET
    starts_at: Time | UnsetType = UNSET
    ended_at: Time | UnsetType = UNSET
    join_ahead_time_seconds: int | UnsetType = UNSET
    channel_cid: str | UnsetType = UNSET

    captioning: bool = False
    current_session_id: str = ""
    egress: Egress = msgspec.field(default_factory=Egress)
    recording: bool = False
    transcribing: bool = False
    translating: bool = False


class Member(msgspec.Struct, kw_only=True):
    """A member of a call."""

    user_id: str
    user: User
    role: str
    custom: dict[str, Any]
    created_at: Time
    updated_at: Time


class MemberRequest(msgspec.Struct, kw_only=True):
    """A user who is to be a member; of one who is a member already, what is left out or null stays."""

    user_id: str
    role: str | None = None
    custom: dict[str, Any] | None = None


MemberRequests = Annotated[list[MemberRequest], BOUNDED]


class CallAnswer(Answer, kw_only=True):
    """A call."""

    call: Call


class CallState(CallAnswer, kw_only=True):
    """A call, its newest members first, and what the caller may do on it."""

    members: list[Member]
    own_capabilities: tuple[str, ...]


def call(surface: Surface, view: CallView) -> Call:
    """Return a call as the wire has it."""
    record = view.record
    name = parse_cid(record.cid, "cid")
    return Call(
        cid=record.cid,
        type=name.type,
        id=name.id,
        created_by=user(surface, view.users.get(record.created_by_id), record.created_by_id),
        settings=settings_tree({**_NO_LIMIT, **record.settings}, record.extras),
        custom=dict(record.custom),
        backstage=record.backstage,
        blocked_user_ids=view.blocked_user_ids,
        ingress=_ingress(record),
        created_at=Time(record.created_at),
        updated_at=Time(record.updated_at),
        team=record.team or UNSET,
        starts_at=_time(record.starts_at),
        ended_at=_time(record.ended_at),
        join_ahead_time_seconds=record.settings.get(_JOIN_AHEAD, UNSET),
        channel_cid=record.extras.get("channel_cid", UNSET),
    )


def members(surface: Surface, records: tuple[CallMemberRecord, ...], users: Mapping[str, UserRecord]) -> list[Member]:
    """Return members as the wire has them; `users` are those of them that exist."""
    return [
        Member(
            user_id=record.user_id,
            user=user(surface, users.get(record.user_id), record.user_id),
            role=record.role,
            custom=dict(record.custom),
            created_at=Time(record.created_at),
            updated_at=Time(record.updated_at),
        )
        for record in records
    ]


def member_changes(sent: MemberRequests | None) -> tuple[CallMemberChange, ...]:
    """Return members as the administration takes them."""
    return tuple(
        CallMemberChange(
            user_id=one.user_id,
            role=KEEP if one.role is None else one.role,
            custom=KEEP if one.custom is None else one.custom,
        )
        for one in sent or ()
    )


def _time(nanoseconds: int | None) -> Time | UnsetType:
    return UNSET if nanoseconds is None else Time(nanoseconds)


def _ingress(record: CallRecord) -> Ingress:
    cid = record.cid
    return Ingress(
        rtmp=Address(address=f"rtmps://{_INGRESS}/{cid}"),
        srt=Address(address=f"srt://{_INGRESS}?streamid={cid}&passphrase={{passphrase}}&token={{token}}"),
        whip=Address(address=f"https://{_INGRESS}/whip/{cid}"),
    )
