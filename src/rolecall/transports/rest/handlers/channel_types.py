"""Channel types: what each role may do in their channels, their config, and the policies of permission version v1."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any, Final

import msgspec
from msgspec import UNSET, Meta

from rolecall.domain.channel_config import CONFIG
from rolecall.domain.errors import InvalidInput
from rolecall.domain.names import printable
from rolecall.service.administration.changes import KEEP, TypeChange
from rolecall.transports.rest.exchange import Exchange
from rolecall.transports.rest.extras import sent_extras
from rolecall.transports.rest.handlers.types import MOST_POLICIES, Ids, Kind, SentGrants, grants_of
from rolecall.transports.rest.many import written
from rolecall.transports.rest.operation import Answer, Operation
from rolecall.transports.rest.shapes.channel_type import (
    COMMANDS,
    EXTRAS,
    ChannelPolicy,
    ChannelType,
    WrittenChannelType,
    channel_type,
    policy_record,
    written_channel_type,
)

_TAG: Final = "channel types"
_ALL: Final = ("/api/v2/chat/channeltypes", "/channeltypes")
_ONE: Final = ("/api/v2/chat/channeltypes/{name}", "/channeltypes/{name}")
_TYPES: Final = Kind("channel", '"{}" is not a defined channel type')
_EVERY_COMMAND: Final = "all"


class ChannelTypeFields(msgspec.Struct, kw_only=True):
    """What a write of a channel type may say; what is left out or null stays.

    Each role that `grants` names gets its list whole; `grants: null` puts all of them back to the defaults.
    `permissions` are the policies of permission version v1, which replace all there are.
    """

    allowed_flag_reasons: list[str] | None = None
    automod: str | None = None
    automod_behavior: str | None = None
    automod_thresholds: dict[str, Any] | None = None
    blocklist: str | None = None
    blocklist_behavior: str | None = None
    blocklists: list[dict[str, Any]] | None = None
    chat_preferences: dict[str, Any] | None = None
    commands: Ids | None = None
    connect_events: bool | None = None
    count_messages: bool | None = None
    custom_events: bool | None = None
    delivery_events: bool | None = None
    grants: SentGrants = UNSET
    mark_messages_pending: bool | None = None
    max_message_length: int | None = None
    message_retention: str | None = None
    mutes: bool | None = None
    partition_size: int | None = None
    partition_ttl: str | None = None
    permissions: Annotated[list[ChannelPolicy], Meta(max_length=MOST_POLICIES)] | None = None
    polls: bool | None = None
    push_level: str | None = None
    push_notifications: bool | None = None
    quotes: bool | None = None
    reactions: bool | None = None
    read_events: bool | None = None
    reminders: bool | None = None
    replies: bool | None = None
    search: bool | None = None
    shared_locations: bool | None = None
    skip_last_msg_update_for_system_msgs: bool | None = None
    typing_events: bool | None = None
    uploads: bool | None = None
    url_enrichment: bool | None = None
    user_message_reminders: bool | None = None


class CreateChannelTypeRequest(ChannelTypeFields, kw_only=True):
    """A channel type; it starts from the grants, config and policies of `messaging`."""

    name: str


class UpdateChannelTypeRequest(ChannelTypeFields, kw_only=True):
    """Changes of a channel type. `name` and `updated_at` can't be changed, so they are refused."""

    name: Any = UNSET
    updated_at: Any = UNSET


class ListChannelTypesResponse(Answer):
    """Every channel type by name."""

    channel_types: dict[str, ChannelType]


async def create_channel_type(exchange: Exchange) -> WrittenChannelType:
    """Create a channel type."""
    body: CreateChannelTypeRequest = exchange.body
    change = replace(_change(exchange, body.name, body), expected_revision=0)
    return written_channel_type(await _TYPES.create(exchange, change))


async def update_channel_type(exchange: Exchange) -> WrittenChannelType:
    """Change a channel type."""
    body: UpdateChannelTypeRequest = exchange.body
    for field, value in (("name", body.name), ("updated_at", body.updated_at)):
        if value is not UNSET:
            raise InvalidInput(f"`{field}` can't be changed", field=field)
    change = replace(_change(exchange, exchange.path["name"], body), must_exist=True)
    return written_channel_type(await _TYPES.update(exchange, change))


async def get_channel_type(exchange: Exchange) -> ChannelType:
    """Get a channel type."""
    return channel_type(await _TYPES.get(exchange, exchange.path["name"]))


async def list_channel_types(exchange: Exchange) -> ListChannelTypesResponse:
    """List every channel type."""
    found = await _TYPES.list(exchange)
    types = await written(exchange.surface, found, channel_type)
    names = (record.scope for record in found)
    return ListChannelTypesResponse(channel_types=dict(zip(names, types, strict=True)))


async def delete_channel_type(exchange: Exchange) -> Answer:
    """Delete a custom channel type that has no channels."""
    await _TYPES.delete(exchange, exchange.path["name"])
    return Answer()


def _change(exchange: Exchange, name: str, body: ChannelTypeFields) -> TypeChange:
    return TypeChange(
        name=name,
        grants=grants_of(body.grants),
        settings=_config(body),
        policies=KEEP if body.permissions is None else tuple(map(policy_record, body.permissions)),
        reset_grants=body.grants is None,
        extras=sent_extras(EXTRAS, exchange.sent),
    )


def _config(body: ChannelTypeFields) -> dict[str, Any]:
    """Return the config that was sent, checked here so that errors name the fields as the request has them."""
    sent = {name: getattr(body, name) for name in CONFIG}
    config = {name: CONFIG[name].check(value, name) for name, value in sent.items() if value is not None}
    return {**config, "commands": _commands(config["commands"])} if "commands" in config else config


def _commands(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return commands sorted, `all` as every one there is."""
    for place, name in enumerate(names):
        if name not in COMMANDS and name != _EVERY_COMMAND:
            raise InvalidInput(f'unknown command "{printable(name)}"', field=f"commands[{place}]")
    return tuple(sorted(COMMANDS if _EVERY_COMMAND in names else set(names)))


OPERATIONS: Final = (
    Operation(
        "CreateChannelType",
        "POST",
        _ALL,
        create_channel_type,
        WrittenChannelType,
        "Create a channel type",
        201,
        CreateChannelTypeRequest,
        tag=_TAG,
    ),
    Operation(
        "UpdateChannelType",
        "PUT",
        _ONE,
        update_channel_type,
        WrittenChannelType,
        "Change a channel type",
        201,
        UpdateChannelTypeRequest,
        tag=_TAG,
    ),
    Operation("GetChannelType", "GET", _ONE, get_channel_type, ChannelType, "Get a channel type", tag=_TAG),
    Operation(
        "ListChannelTypes", "GET", _ALL, list_channel_types, ListChannelTypesResponse, "List channel types", tag=_TAG
    ),
    Operation("DeleteChannelType", "DELETE", _ONE, delete_channel_type, Answer, "Delete a channel type", tag=_TAG),
)
