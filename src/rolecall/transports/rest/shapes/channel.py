"""Channels and their members on the wire: how answers show them."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from msgspec import UNSET, UnsetType

from rolecall.domain.channel_config import CONFIG
from rolecall.domain.names import parse_cid
from rolecall.domain.records import ChannelMemberRecord, ChannelRecord, Custom, TypeRecord
from rolecall.service.administration.channels.fields import MEMBER_RESERVED, RESERVED
from rolecall.service.administration.channels.views import ChannelView, MemberView
from rolecall.transports.rest.operation import Answer
from rolecall.transports.rest.shapes.channel_type import COMMANDS, ChannelConfig, Command, channel_type
from rolecall.transports.rest.shapes.user import User, user
from rolecall.transports.rest.surface import Surface, Time, WithCustom, with_custom

MODERATOR: Final = "channel_moderator"
CONFIG_OVERRIDES: Final = "config_overrides"
"""The extra that holds what a channel overrides beside grants and feature flags."""

_TIMES: Final = ("invite_accepted_at", "invite_rejected_at", "pinned_at", "archived_at")


class ChannelMember(WithCustom, kw_only=True):
    """A member of a channel. Fields with a default are there for clients that expect them, and have no effect."""

    user_id: str
    user: User
    channel_role: str
    role: str
    is_moderator: bool
    banned: bool
    invited: bool
    status: str
    created_at: Time
    updated_at: Time
    invite_accepted_at: Time | UnsetType = UNSET
    invite_rejected_at: Time | UnsetType = UNSET
    pinned_at: Time | UnsetType = UNSET
    archived_at: Time | UnsetType = UNSET
    notifications_muted: bool = False
    shadow_banned: bool = False


class ChannelConfigWithInfo(ChannelConfig, kw_only=True):
    """The config of one channel: its type's, with the channel's own changes; `grants` are those changes alone."""

    commands: list[Command]
    grants: dict[str, tuple[str, ...]]


class Channel(WithCustom, kw_only=True):
    """A channel, and what the caller may do in it."""

    cid: str
    type: str
    id: str
    created_by: User
    created_at: Time
    updated_at: Time
    frozen: bool
    disabled: bool
    own_capabilities: tuple[str, ...]
    config: ChannelConfigWithInfo
    member_count: int | UnsetType = UNSET
    team: str | UnsetType = UNSET
    cooldown: int | UnsetType = UNSET
    filter_tags: list[str] | UnsetType = UNSET
    auto_translation_enabled: bool = False
    auto_translation_language: str = ""


_CHANNEL: Final = frozenset(Channel.__struct_fields__) | RESERVED
_MEMBER: Final = frozenset(ChannelMember.__struct_fields__) | MEMBER_RESERVED


class ChannelAnswer(Answer, kw_only=True):
    """A channel."""

    channel: Channel


class ChannelWithMembers(ChannelAnswer, kw_only=True):
    """A channel and its oldest members."""

    members: list[ChannelMember]


class ChannelState(ChannelWithMembers, kw_only=True):
    """A channel, its oldest members, and the caller's own membership; there are no messages."""

    membership: ChannelMember | UnsetType = UNSET
    messages: tuple[dict[str, Any], ...] = ()
    pinned_messages: tuple[dict[str, Any], ...] = ()
    threads: tuple[dict[str, Any], ...] = ()
    read: tuple[dict[str, Any], ...] = ()


def channel(surface: Surface, view: ChannelView) -> Any:
    """Return a channel as a surface has it."""
    record = view.record
    name = parse_cid(record.cid, "cid")
    extras = record.extras
    shown = Channel(
        cid=record.cid,
        type=name.type,
        id=name.id,
        created_by=user(surface, view.users.get(record.created_by_id), record.created_by_id),
        created_at=Time(record.created_at),
        updated_at=Time(record.updated_at),
        frozen=record.frozen,
        disabled=record.disabled,
        own_capabilities=view.own_capabilities,
        config=_config(record, view.type or TypeRecord(name.type, {})),
        member_count=UNSET if view.member_count is None else view.member_count,
        team=record.team or UNSET,
        cooldown=record.cooldown or UNSET,
        filter_tags=extras.get("filter_tags", UNSET),
        auto_translation_enabled=extras.get("auto_translation_enabled", False),
        auto_translation_language=extras.get("auto_translation_language", ""),
    )
    return with_custom(surface, shown, _own_names(surface, record.custom, _CHANNEL))


def channel_state(surface: Surface, view: ChannelView) -> ChannelState:
    """Return all there is to tell of a channel."""
    own = view.membership
    return ChannelState(
        channel=channel(surface, view),
        members=members(surface, view),
        membership=UNSET if own is None else _member(surface, view, own),
    )


def channel_with_members(surface: Surface, view: ChannelView) -> ChannelWithMembers:
    """Return a channel with its members, after a write."""
    return ChannelWithMembers(channel=channel(surface, view), members=members(surface, view))


def members(surface: Surface, view: ChannelView) -> list[Any]:
    """Return the members of a channel that the caller may see: itself at least."""
    seen = view.members
    if seen is None:
        seen = () if view.membership is None else (view.membership,)
    return [_member(surface, view, member) for member in seen]


def _member(surface: Surface, view: ChannelView, member: ChannelMemberRecord) -> Any:
    creator = member.user_id == view.record.created_by_id
    return channel_member(surface, MemberView(member, view.users.get(member.user_id), creator=creator))


def channel_member(surface: Surface, view: MemberView) -> Any:
    """Return a member as a surface has it."""
    record, extras = view.member, view.member.extras
    moderator = record.channel_role == MODERATOR
    times: dict[str, Any] = {name: Time(extras[name]) for name in _TIMES if name in extras}
    shown = ChannelMember(
        user_id=record.user_id,
        user=user(surface, view.user, record.user_id),
        channel_role=record.channel_role,
        role="owner" if view.creator else "moderator" if moderator else "member",
        is_moderator=moderator,
        banned=record.banned,
        invited=bool(extras.get("invited")),
        status=str(extras.get("status", "member")),
        created_at=Time(record.created_at),
        updated_at=Time(record.updated_at),
        **times,
    )
    return with_custom(surface, shown, _own_names(surface, record.custom, _MEMBER))


def _own_names(surface: Surface, custom: Custom, taken: frozenset[str]) -> Custom:
    """Return custom data; among own fields nothing of it stands where one of those may be."""
    if surface is not Surface.CHAT or taken.isdisjoint(custom):
        return custom
    return {name: value for name, value in custom.items() if name not in taken}


def _config(record: ChannelRecord, of: TypeRecord) -> Any:
    """Return the type's config with what the channel overrides, also that which has no effect."""
    base = msgspec.structs.asdict(channel_type(of))
    own = dict(record.extras.get(CONFIG_OVERRIDES, {}))
    names = own.pop("commands", None)
    if names is not None:
        base["commands"] = [COMMANDS.get(name) or Command(name=name) for name in names]
    known = {name: own.pop(name) for name in tuple(own) if name in CONFIG}
    base |= known | dict(record.override_flags)
    told = {name: value for name, value in base.items() if value is not UNSET}
    fields = {name: told[name] for name in ChannelConfigWithInfo.__struct_fields__ if name in told}
    fields["grants"] = dict(record.override_grants)
    return {**own, **fields}
