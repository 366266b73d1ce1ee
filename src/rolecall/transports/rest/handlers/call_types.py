"""Call types: what each role may do on their calls, and their settings."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import msgspec
from msgspec import UNSET

from rolecall.service.administration.changes import TypeChange
from rolecall.service.state import CALL_SCOPE_PREFIX
from rolecall.transports.rest.exchange import Exchange
from rolecall.transports.rest.extras import sent_extras
from rolecall.transports.rest.handlers.types import Kind, SentGrants, grants_of
from rolecall.transports.rest.many import written
from rolecall.transports.rest.operation import Answer, Operation
from rolecall.transports.rest.shapes.call_settings import sent_settings
from rolecall.transports.rest.shapes.call_type import EXTRAS, CallType, call_type

_TAG: Final = "call types"
_ALL: Final = ("/api/v2/video/calltypes", "/video/calltypes")
_ONE: Final = ("/api/v2/video/calltypes/{name}", "/video/calltypes/{name}")
_TYPES: Final = Kind("call", 'call type "{}" does not exist')


class UpdateCallTypeRequest(msgspec.Struct, kw_only=True):
    """Changes of a call type: settings merge field by field.

    Each role that `grants` names gets its list whole; `grants: null` puts all of them back to the defaults.
    """

    grants: SentGrants = UNSET
    settings: dict[str, Any] | None = None
    notification_settings: dict[str, Any] | None = None
    external_storage: str | None = None


class CreateCallTypeRequest(UpdateCallTypeRequest, kw_only=True):
    """A call type; it starts from the grants and settings of `default`."""

    name: str


class ListCallTypesResponse(Answer):
    """Every call type by name."""

    call_types: dict[str, CallType]


async def create_call_type(exchange: Exchange) -> CallType:
    """Create a call type."""
    body: CreateCallTypeRequest = exchange.body
    change = replace(_change(exchange, body.name, body), expected_revision=0)
    return call_type(await _TYPES.create(exchange, change))


async def update_call_type(exchange: Exchange) -> CallType:
    """Change a call type."""
    change = replace(_change(exchange, exchange.path["name"], exchange.body), must_exist=True)
    return call_type(await _TYPES.update(exchange, change))


async def get_call_type(exchange: Exchange) -> CallType:
    """Get a call type."""
    return call_type(await _TYPES.get(exchange, exchange.path["name"]))


async def list_call_types(exchange: Exchange) -> ListCallTypesResponse:
    """List every call type with its roles and permissions."""
    found = await _TYPES.list(exchange)
    types = await written(exchange.surface, found, call_type)
    names = (record.scope.removeprefix(CALL_SCOPE_PREFIX) for record in found)
    return ListCallTypesResponse(call_types=dict(zip(names, types, strict=True)))


async def delete_call_type(exchange: Exchange) -> Answer:
    """Delete a custom call type that has no calls."""
    await _TYPES.delete(exchange, exchange.path["name"])
    return Answer()


def _change(exchange: Exchange, name: str, body: UpdateCallTypeRequest) -> TypeChange:
    settings, extras = sent_settings(body.settings)
    return TypeChange(
        name=name,
        grants=grants_of(body.grants),
        settings=settings,
        reset_grants=body.grants is None,
        extras={**extras, **sent_extras(EXTRAS, exchange.sent)},
    )


OPERATIONS: Final = (
    Operation(
        "CreateCallType",
        "POST",
        _ALL,
        create_call_type,
        CallType,
        "Create a call type",
        201,
        CreateCallTypeRequest,
        tag=_TAG,
    ),
    Operation(
        "UpdateCallType",
        "PUT",
        _ONE,
        update_call_type,
        CallType,
        "Change a call type",
        200,
        UpdateCallTypeRequest,
        tag=_TAG,
    ),
    Operation("GetCallType", "GET", _ONE, get_call_type, CallType, "Get a call type", tag=_TAG),
    Operation("ListCallTypes", "GET", _ALL, list_call_types, ListCallTypesResponse, "List call types", tag=_TAG),
    Operation("DeleteCallType", "DELETE", _ONE, delete_call_type, Answer, "Delete a call type", tag=_TAG),
)
