"""Channel types: what each role may do in their channels, their config, and the policies of permission version v1."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from msgspec import UNSET, UnsetType

from rolecall.domain.channel_config import CONFIG
from rolecall.domain.errors import InvalidInput, NotFound, RevisionConflict
from rolecall.domain.names import printable
from rolecall.service.administration.changes import KEEP, TypeChange, TypeResult
from rolecall.transports.rest.exchange import Exchange
from rolecall.transports.rest.operation import Answer, Operation
from rolecall.transports.rest.paging import every
from rolecall.transports.rest.shapes.channel_type import (
    COMMANDS,
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
_EVERY_COMMAND: Final = "all"


class ChannelTypeFields(msgspec.Struct, kw_only=True):
    """What a write of a channel type may say; what is left out or null stays.

    Each role that `grants` names gets its list whole; `grants: null` puts all of them back to the defaults.
    `permissions` are the policies of permission version v1, which replace all there are.
    """

    automod: str | None = None
    automod_behavior: str | None = None
    commands: list[str] | None = None
    connect_events: bool | None = None
    count_messages: bool | None = None
    custom_events: bool | None = None
    delivery_events: bool | None = None
    grants: dict[str, list[str] | None] | UnsetType | None = UNSET
    mark_messages_pending: bool | None = None
    max_message_length: int | None = None
    message_retention: str | None = None
    mutes: bool | None = None
    permissions: list[ChannelPolicy] | None = None
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
    try:
        result = await _written(exchange, body.name, body, expected=0)
    except RevisionConflict as error:
        raise RevisionConflict(f'channel type "{body.name}" already exists', field="name") from error
    return written_channel_type(result.record)


async def update_channel_type(exchange: Exchange) -> WrittenChannelType:
    """Change a channel type."""
    body: UpdateChannelTypeRequest = exchange.body
    for field, value in (("name", body.name), ("updated_at", body.updated_at)):
        if value is not UNSET:
            raise InvalidInput(f"`{field}` can't be changed", field=field)
    name = exchange.path["name"]
    await _existing(exchange, name)
    return written_channel_type((await _written(exchange, name, body)).record)


async def get_channel_type(exchange: Exchange) -> ChannelType:
    """Get a channel type."""
    return await _existing(exchange, exchange.path["name"])


async def list_channel_types(exchange: Exchange) -> ListChannelTypesResponse:
    """List every channel type."""
    types = exchange.administration.channel_types
    found = [channel_type(one) for one in await every(lambda page: types.list(exchange.caller, page))]
    return ListChannelTypesResponse(channel_types={one.name: one for one in found})


async def delete_channel_type(exchange: Exchange) -> Answer:
    """Delete a custom channel type that has no channels."""
    name = exchange.path["name"]
    try:
        await exchange.administration.channel_types.delete(exchange.caller, name)
    except NotFound as error:
        raise _undefined(name) from error
    return Answer()


async def _existing(exchange: Exchange, name: str) -> ChannelType:
    try:
        record, _ = await exchange.administration.channel_types.get(exchange.caller, name)
    except NotFound as error:
        raise _undefined(name) from error
    return channel_type(record)


def _undefined(name: str) -> NotFound:
    return NotFound(f'"{name}" is not a defined channel type', field="name", reason="CHANNEL_TYPE_NOT_FOUND")


async def _written(exchange: Exchange, name: str, body: ChannelTypeFields, expected: int | None = None) -> TypeResult:
    change = TypeChange(
        name=name,
        grants={role: tuple(ids or ()) for role, ids in (body.grants or {}).items()},
        settings=_config(body),
        policies=KEEP if body.permissions is None else tuple(map(policy_record, body.permissions)),
        reset_grants=body.grants is None,
        expected_revision=expected,
    )
    return await exchange.administration.channel_types.upsert(exchange.caller, change)


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
