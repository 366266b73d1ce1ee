"""Call types: what each role may do on their calls, and their settings."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from msgspec import UNSET, UnsetType

from rolecall.domain.errors import NotFound, RevisionConflict
from rolecall.domain.settings import SETTINGS
from rolecall.service.administration.changes import TypeChange, TypeResult
from rolecall.transports.rest.exchange import Exchange
from rolecall.transports.rest.leaves import flattened
from rolecall.transports.rest.operation import Answer, Operation
from rolecall.transports.rest.paging import every
from rolecall.transports.rest.shapes.call_type import CallType, call_type

_TAG: Final = "call types"
_ALL: Final = ("/api/v2/video/calltypes", "/video/calltypes")
_ONE: Final = ("/api/v2/video/calltypes/{name}", "/video/calltypes/{name}")


class UpdateCallTypeRequest(msgspec.Struct, kw_only=True):
    """Changes of a call type: settings merge field by field.

    Each role that `grants` names gets its list whole; `grants: null` puts all of them back to the defaults.
    """

    grants: dict[str, list[str] | None] | UnsetType | None = UNSET
    settings: dict[str, Any] | UnsetType | None = UNSET
    notification_settings: dict[str, Any] | UnsetType | None = UNSET
    external_storage: str | UnsetType | None = UNSET


class CreateCallTypeRequest(UpdateCallTypeRequest, kw_only=True):
    """A call type; it starts from the grants and settings of `default`."""

    name: str


class ListCallTypesResponse(Answer):
    """Every call type by name."""

    call_types: dict[str, CallType]


async def create_call_type(exchange: Exchange) -> CallType:
    """Create a call type."""
    body: CreateCallTypeRequest = exchange.body
    try:
        result = await _written(exchange, body.name, body, expected=0)
    except RevisionConflict as error:
        raise RevisionConflict(f'call type "{body.name}" already exists', field="name") from error
    return call_type(result.record)


async def update_call_type(exchange: Exchange) -> CallType:
    """Change a call type."""
    name = exchange.path["name"]
    await _existing(exchange, name)
    return call_type((await _written(exchange, name, exchange.body)).record)


async def get_call_type(exchange: Exchange) -> CallType:
    """Get a call type."""
    return await _existing(exchange, exchange.path["name"])


async def list_call_types(exchange: Exchange) -> ListCallTypesResponse:
    """List every call type with its roles and permissions."""
    types = exchange.administration.call_types
    found = [call_type(one) for one in await every(lambda page: types.list(exchange.caller, page))]
    return ListCallTypesResponse(call_types={one.name: one for one in found})


async def delete_call_type(exchange: Exchange) -> Answer:
    """Delete a custom call type that has no calls."""
    name = exchange.path["name"]
    await _existing(exchange, name)
    await exchange.administration.call_types.delete(exchange.caller, name)
    return Answer()


async def _existing(exchange: Exchange, name: str) -> CallType:
    try:
        record, _ = await exchange.administration.call_types.get(exchange.caller, name)
    except NotFound as error:
        raise NotFound(f'call type "{name}" does not exist', field="name", reason="CALL_TYPE_NOT_FOUND") from error
    return call_type(record)


async def _written(
    exchange: Exchange, name: str, body: UpdateCallTypeRequest, expected: int | None = None
) -> TypeResult:
    change = TypeChange(
        name=name,
        grants={role: tuple(ids or ()) for role, ids in (body.grants or {}).items()},
        settings=flattened(body.settings or {}, SETTINGS),
        reset_grants=body.grants is None,
        expected_revision=expected,
    )
    return await exchange.administration.call_types.upsert(exchange.caller, change)


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
