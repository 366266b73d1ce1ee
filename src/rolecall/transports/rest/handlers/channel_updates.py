"""Channels changed: whole, in parts, and field by field."""

from __future__ import annotations

from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from rolecall.domain.channel_config import MAX_COOLDOWN_SECONDS
from rolecall.service.administration.changes import KEEP
from rolecall.service.administration.channels.updates import ChannelUpdate, Part
from rolecall.service.administration.channels.values import ChannelChange
from rolecall.transports.rest.exchange import Exchange
from rolecall.transports.rest.handlers.channels import cid_of
from rolecall.transports.rest.operation import Operation
from rolecall.transports.rest.shapes.bounded import Fields, Texts
from rolecall.transports.rest.shapes.channel import MODERATOR, ChannelWithMembers, channel_with_members
from rolecall.transports.rest.shapes.channel_request import (
    ChannelDataRequest,
    Members,
    UserId,
    changed_channel,
    member_parts,
    partly_changed_channel,
    role_parts,
)

_TAG: Final = "channels"
_ONE: Final = ("/api/v2/chat/channels/{type}/{id}", "/channels/{type}/{id}")
_MEMBER: Final = "channel_member"


class UpdateChannelRequest(msgspec.Struct, kw_only=True):
    """Changes of a channel, all made together or none; null says nothing.

    `data` replaces all custom data. No messages are sent or hidden. `user_id` or `user` says, server side, whose
    invite is accepted or rejected.
    """

    data: ChannelDataRequest | None = None
    add_members: Members | None = None
    remove_members: Texts | None = None
    invites: Members | None = None
    add_moderators: Texts | None = None
    demote_moderators: Texts | None = None
    assign_roles: Members | None = None
    add_filter_tags: Texts | None = None
    remove_filter_tags: Texts | None = None
    cooldown: Annotated[int, Meta(ge=0, le=MAX_COOLDOWN_SECONDS)] | None = None
    accept_invite: bool | None = None
    reject_invite: bool | None = None
    user_id: str | None = None
    user: UserId | None = None
    message: Any = None
    hide_history: bool | None = None
    hide_history_before: Any = None
    skip_push: bool | None = None


class UpdateChannelPartialRequest(msgspec.Struct, kw_only=True):
    """Single fields to set and to take away; what is no field of a channel is custom data, at a path with dots."""

    set: Fields | None = None
    unset: Texts | None = None
    user_id: str | None = None
    user: UserId | None = None


async def update_channel(exchange: Exchange) -> ChannelWithMembers:
    """Change a channel's data, members and roles."""
    body: UpdateChannelRequest = exchange.body
    surface, sent = exchange.surface, exchange.sent
    change = _change(exchange, cid_of(exchange))
    update = ChannelUpdate(
        change,
        parts=(
            *member_parts(surface, Part.ADD, body.add_members, sent.get("add_members"), "add_members"),
            *member_parts(surface, Part.INVITE, body.invites, sent.get("invites"), "invites"),
            *role_parts(body.add_moderators, Part.ADD, MODERATOR, "add_moderators"),
            *role_parts(body.demote_moderators, Part.CHANGE, _MEMBER, "demote_moderators"),
            *member_parts(surface, Part.CHANGE, body.assign_roles, sent.get("assign_roles"), "assign_roles"),
        ),
        removals=tuple(body.remove_members or ()),
        add_tags=tuple(body.add_filter_tags or ()),
        remove_tags=tuple(body.remove_filter_tags or ()),
        accept=body.accept_invite or False,
        reject=body.reject_invite or False,
        user_id=body.user_id or (body.user.id if body.user else ""),
    )
    view = await exchange.administration.channel_updates.change(exchange.caller, update)
    return channel_with_members(surface, view)


def _change(exchange: Exchange, cid: str) -> ChannelChange:
    """Return what a request changes of the channel itself."""
    body: UpdateChannelRequest = exchange.body
    if body.data is None:
        return ChannelChange(cid, cooldown=KEEP if body.cooldown is None else body.cooldown)
    data = body.data if body.cooldown is None else msgspec.structs.replace(body.data, cooldown=body.cooldown)
    return changed_channel(exchange.surface, cid, data, exchange.sent["data"])


async def update_channel_partial(exchange: Exchange) -> ChannelWithMembers:
    """Change single fields of a channel."""
    body: UpdateChannelPartialRequest = exchange.body
    values, removed = body.set or {}, body.unset or []
    change = partly_changed_channel(exchange.surface, cid_of(exchange), values, removed)
    update = ChannelUpdate(change, named=(*values, *removed))
    view = await exchange.administration.channel_updates.change(exchange.caller, update)
    return channel_with_members(exchange.surface, view)


OPERATIONS: Final = (
    Operation(
        "UpdateChannel",
        "POST",
        _ONE,
        update_channel,
        ChannelWithMembers,
        "Change a channel's data, members and roles",
        201,
        UpdateChannelRequest,
        tag=_TAG,
        needs=(
            "UpdateChannel",
            "UpdateChannelMembers",
            "AddOwnChannelMembership",
            "RemoveOwnChannelMembership",
            "UpdateChannelFrozen",
            "UpdateChannelCooldown",
            "ReadChannel",
            "ReadChannelMembers",
        ),
    ),
    Operation(
        "UpdateChannelPartial",
        "PATCH",
        _ONE,
        update_channel_partial,
        ChannelWithMembers,
        "Change single fields of a channel",
        200,
        UpdateChannelPartialRequest,
        tag=_TAG,
        needs=("UpdateChannel", "UpdateChannelFrozen", "UpdateChannelCooldown", "ReadChannel"),
    ),
)
