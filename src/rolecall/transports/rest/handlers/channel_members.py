"""Members of channels: found, and changed field by field."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from msgspec import UNSET, UnsetType

from rolecall.domain.names import check_id, check_type_name
from rolecall.service.administration.channels.distinct import distinct_cid
from rolecall.service.administration.channels.queries import ChannelQuery
from rolecall.service.administration.channels.updates import Part
from rolecall.transports.rest.exchange import Exchange
from rolecall.transports.rest.handlers.channels import cid_of
from rolecall.transports.rest.many import written
from rolecall.transports.rest.operation import Answer, Operation
from rolecall.transports.rest.shapes.bounded import Fields, Texts
from rolecall.transports.rest.shapes.channel import ChannelMember, channel_member
from rolecall.transports.rest.shapes.channel_request import (
    Members,
    UserId,
    member_parts,
    partly_changed_member,
)
from rolecall.transports.rest.surface import Surface

_TAG: Final = "channels"
_QUERY: Final = ("/api/v2/chat/members", "/members")
_MEMBER: Final = (
    "/api/v2/chat/channels/{type}/{id}/member",
    "/channels/{type}/{id}/member",
    "/channels/{type}/{id}/member/{user_id}",
)
_BOUNDS: Final = {
    f"{field}_{suffix}": (field, operator)
    for field, names in {
        "created_at": {"after": "$gt", "after_or_equal": "$gte", "before": "$lt", "before_or_equal": "$lte"},
        "user_id": {"gt": "$gt", "gte": "$gte", "lt": "$lt", "lte": "$lte"},
    }.items()
    for suffix, operator in names.items()
}


class QueryMembersPayload(msgspec.Struct, kw_only=True):
    """A channel, by id or by its members, a filter, an order and which part of what is found; null says nothing."""

    type: str
    id: str | None = None
    members: Members | None = None
    filter_conditions: dict[str, Any] | None = None
    sort: list[dict[str, Any]] | None = None
    limit: int | None = None
    offset: int | None = None
    created_at_after: str | None = None
    created_at_after_or_equal: str | None = None
    created_at_before: str | None = None
    created_at_before_or_equal: str | None = None
    user_id_gt: str | None = None
    user_id_gte: str | None = None
    user_id_lt: str | None = None
    user_id_lte: str | None = None
    user_id: str | None = None
    user: UserId | None = None


class UpdateMemberPartialRequest(msgspec.Struct, kw_only=True):
    """Single fields to set and to take away; what is no field of a member is custom data, at a path with dots."""

    set: Fields | None = None
    unset: Texts | None = None


class MembersResponse(Answer, kw_only=True):
    """The members that were found."""

    members: list[ChannelMember]


class UpdateMemberPartialResponse(Answer, kw_only=True):
    """The member after the change; older clients look for it under `member`."""

    channel_member: ChannelMember
    member: ChannelMember | UnsetType = UNSET


async def query_members(exchange: Exchange) -> MembersResponse:
    """Find members of a channel."""
    payload: QueryMembersPayload = exchange.payload
    bounds = {
        name: {field: {operator: value}}
        for name, (field, operator) in _BOUNDS.items()
        if (value := getattr(payload, name)) is not None
    }
    query = ChannelQuery(payload.filter_conditions, payload.sort, payload.limit, payload.offset or 0, bounds)
    cid, field = _cid(payload)
    found = await exchange.administration.channel_queries.query_members(exchange.caller, cid, query, field)
    return MembersResponse(
        members=await written(exchange.surface, found, lambda view: channel_member(exchange.surface, view))
    )


def _cid(payload: QueryMembersPayload) -> tuple[str, str]:
    """Return the channel that is asked about, and the field that names it."""
    type_name = check_type_name(payload.type, "type")
    if payload.id or payload.members is None:
        return f"{type_name}:{check_id(payload.id or '', 'id')}", "id"
    named = member_parts(Surface.V2, Part.ADD, payload.members, payload.members, "members")
    return distinct_cid(type_name, (part.change.user_id for part in named), "members"), "members"


async def update_member_partial(exchange: Exchange) -> UpdateMemberPartialResponse:
    """Change single fields of a member, the caller itself when none is named."""
    body: UpdateMemberPartialRequest = exchange.body
    values, removed = body.set or {}, body.unset or []
    user_id = exchange.path.get("user_id") or exchange.query.get("user_id", "")
    change = partly_changed_member(exchange.surface, user_id, values, removed)
    updates = exchange.administration.channel_updates
    view = await updates.change_member(exchange.caller, cid_of(exchange), change, (*values, *removed))
    member = channel_member(exchange.surface, view)
    legacy = member if exchange.surface is Surface.CHAT else UNSET
    return UpdateMemberPartialResponse(channel_member=member, member=legacy)


OPERATIONS: Final = (
    Operation(
        "QueryMembers",
        "GET",
        _QUERY,
        query_members,
        MembersResponse,
        "Find members of a channel",
        payload=QueryMembersPayload,
        tag=_TAG,
        needs=("ReadChannel",),
    ),
    Operation(
        "UpdateMemberPartial",
        "PATCH",
        _MEMBER,
        update_member_partial,
        UpdateMemberPartialResponse,
        "Change single fields of a member",
        200,
        UpdateMemberPartialRequest,
        query=("user_id",),
        tag=_TAG,
        needs=("ReadChannel", "ReadChannelMembers", "UpdateChannelMembers", "AddOwnChannelMembership"),
    ),
)
