"""Channels: got or created, by id or by their members, deleted, and found."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from rolecall.domain.names import check_id, check_type_name
from rolecall.service.administration.channels.queries import ChannelQuery
from rolecall.service.administration.channels.views import MEMBERS_SHOWN, check_members_limit
from rolecall.service.questions import Question
from rolecall.transports.rest.exchange import Exchange
from rolecall.transports.rest.many import written
from rolecall.transports.rest.operation import Answer, Operation
from rolecall.transports.rest.shapes.channel import ChannelAnswer, ChannelState, channel, channel_state
from rolecall.transports.rest.shapes.channel_request import ChannelDataRequest, UserId, new_channel

_TAG: Final = "channels"
_ALL: Final = ("/api/v2/chat/channels", "/channels")
_ONE: Final = tuple(f"{path}/{{type}}/{{id}}" for path in _ALL)
_GET_OR_CREATE: Final = tuple(f"{path}/query" for path in _ONE)
_GET_OR_CREATE_DISTINCT: Final = tuple(f"{path}/{{type}}/query" for path in _ALL)


class PagePart(msgspec.Struct, kw_only=True):
    """Which part of a list to answer with."""

    limit: int | None = None
    offset: int | None = None


class GetOrCreateChannelRequest(msgspec.Struct, kw_only=True):
    """What to create the channel from when it is not there yet; `watch`: tell of it on the connection."""

    data: ChannelDataRequest | None = None
    members: PagePart | None = None
    watch: bool | None = None
    state: bool | None = None
    presence: bool | None = None
    hide_for_creator: bool | None = None


class QueryChannelsRequest(msgspec.Struct, kw_only=True):
    """A filter, an order and which part of what is found; `watch`: tell of them on the connection."""

    filter_conditions: dict[str, Any] | None = None
    sort: list[dict[str, Any]] | None = None
    limit: int | None = None
    offset: int | None = None
    member_limit: int | None = None
    message_limit: int | None = None
    watch: bool | None = None
    state: bool | None = None
    presence: bool | None = None
    user_id: str | None = None
    user: UserId | None = None


class QueryChannelsResponse(Answer, kw_only=True):
    """The channels that were found."""

    channels: list[ChannelState]


async def get_or_create_channel(exchange: Exchange) -> ChannelState:
    """Get a channel, or create it."""
    body: GetOrCreateChannelRequest = exchange.body
    asked = body.members.limit if body.members else None
    limit = MEMBERS_SHOWN if asked is None else check_members_limit(asked, "members.limit")
    data = body.data or ChannelDataRequest()
    sent = exchange.sent.get("data") or {}
    distinct = "id" not in exchange.path
    cid = "" if distinct else cid_of(exchange)
    change = new_channel(exchange.surface, cid, data, sent)
    channels = exchange.administration.channels
    if body.watch:
        exchange.check_connection()
    if distinct:
        kind = check_type_name(exchange.path["type"], "type")
        view = await channels.get_or_create_distinct(exchange.caller, kind, change, members_limit=limit)
    else:
        view = await channels.get_or_create(exchange.caller, change, members_limit=limit)
    if body.watch:
        await exchange.watch(Question(channel=view.record.cid), view.own_capabilities)
    return channel_state(exchange.surface, view)


async def get_channel(exchange: Exchange) -> ChannelState:
    """Get a channel."""
    view = await exchange.administration.channels.show(exchange.caller, cid_of(exchange))
    return channel_state(exchange.surface, view)


async def delete_channel(exchange: Exchange) -> ChannelAnswer:
    """Delete a channel with its members."""
    view = await exchange.administration.channels.delete_shown(exchange.caller, cid_of(exchange))
    return ChannelAnswer(channel=channel(exchange.surface, view))


async def query_channels(exchange: Exchange) -> QueryChannelsResponse:
    """Find channels."""
    body: QueryChannelsRequest = exchange.body
    limit = MEMBERS_SHOWN if body.member_limit is None else check_members_limit(body.member_limit, "member_limit")
    query = ChannelQuery(body.filter_conditions, body.sort, body.limit, body.offset or 0)
    queries = exchange.administration.channel_queries
    if body.watch:
        exchange.check_connection()
    views = await queries.query(exchange.caller, query, members_limit=limit)
    for view in views if body.watch else ():
        await exchange.watch(Question(channel=view.record.cid), view.own_capabilities)
    return QueryChannelsResponse(
        channels=await written(exchange.surface, views, lambda view: channel_state(exchange.surface, view))
    )


def cid_of(exchange: Exchange) -> str:
    """Return the cid of the channel that a path names."""
    type_name = check_type_name(exchange.path["type"], "type")
    return f"{type_name}:{check_id(exchange.path['id'], 'id')}"


OPERATIONS: Final = (
    Operation(
        "GetOrCreateChannel",
        "POST",
        _GET_OR_CREATE + _GET_OR_CREATE_DISTINCT,
        get_or_create_channel,
        ChannelState,
        "Get a channel, or create it",
        201,
        GetOrCreateChannelRequest,
        query=("connection_id",),
        tag=_TAG,
        needs=("ReadChannel", "CreateChannel", "UpdateChannelFrozen", "UpdateChannelCooldown"),
    ),
    Operation("GetChannel", "GET", _ONE, get_channel, ChannelState, "Get a channel", tag=_TAG, needs=("ReadChannel",)),
    Operation(
        "DeleteChannel",
        "DELETE",
        _ONE,
        delete_channel,
        ChannelAnswer,
        "Delete a channel",
        tag=_TAG,
        needs=("DeleteChannel",),
    ),
    Operation(
        "QueryChannels",
        "POST",
        _ALL,
        query_channels,
        QueryChannelsResponse,
        "Find channels",
        201,
        QueryChannelsRequest,
        query=("connection_id",),
        tag=_TAG,
        needs=("ReadChannel", "ReadChannelMembers"),
    ),
)
