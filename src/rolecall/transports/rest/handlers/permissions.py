"""Permissions: what can be granted."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from msgspec import UNSET, UnsetType

from rolecall.domain.actions import INDEX
from rolecall.domain.errors import AlreadyExists, InvalidInput, NotFound
from rolecall.service.administration.changes import KEEP, PermissionChange, PermissionFilter
from rolecall.transports.rest.exchange import Exchange
from rolecall.transports.rest.operation import Answer, Operation
from rolecall.transports.rest.paging import every
from rolecall.transports.rest.shapes.permission import Permission, permission

_TAG: Final = "permissions"
_LIST: Final = ("/api/v2/permissions", "/permissions", "/api/v2/video/permissions")
_ONE: Final = ("/api/v2/permissions/{id}", "/permissions/{id}")


class ListPermissionsResponse(Answer):
    """Every permission, built in and custom."""

    permissions: list[Permission]


class GetPermissionResponse(Answer):
    """One permission."""

    permission: Permission


class CreatePermissionRequest(msgspec.Struct, kw_only=True):
    """A custom permission."""

    id: str
    name: str
    action: str
    condition: dict[str, Any] | None = None
    description: str = ""
    owner: bool = False
    same_team: bool = False


class UpdatePermissionRequest(msgspec.Struct, kw_only=True):
    """A change of a custom permission; what is left out stays."""

    action: str | UnsetType = UNSET
    name: str | UnsetType = UNSET
    condition: dict[str, Any] | UnsetType | None = UNSET
    description: str | UnsetType = UNSET
    owner: bool | UnsetType = UNSET
    same_team: bool | UnsetType = UNSET


async def list_permissions(exchange: Exchange) -> ListPermissionsResponse:
    """List every permission."""
    wanted, permissions = PermissionFilter(), exchange.administration.permissions
    views = await every(lambda page: permissions.list(exchange.caller, wanted, page))
    return ListPermissionsResponse(permissions=[permission(view) for view in views])


async def get_permission(exchange: Exchange) -> GetPermissionResponse:
    """Get one permission."""
    name = exchange.path["id"]
    try:
        view, _ = await exchange.administration.permissions.get(exchange.caller, name)
    except NotFound as error:
        raise _not_found(name) from error
    return GetPermissionResponse(permission=permission(view))


async def create_permission(exchange: Exchange) -> Answer:
    """Create a custom permission."""
    body: CreatePermissionRequest = exchange.body
    change = PermissionChange(
        id=body.id,
        name=body.name,
        description=body.description,
        action=_action(body.action),
        owner=body.owner,
        same_team=body.same_team,
        condition=body.condition or {},
    )
    try:
        await exchange.administration.permissions.create(exchange.caller, change)
    except AlreadyExists as error:
        raise _taken(body.name if error.field == "name" else body.id, error.field) from error
    return Answer()


async def update_permission(exchange: Exchange) -> Answer:
    """Change a custom permission."""
    body, name = exchange.body, exchange.path["id"]
    change = PermissionChange(
        id=name,
        name=_sent(body.name),
        description=_sent(body.description),
        action=KEEP if body.action is UNSET else _action(body.action),
        owner=_sent(body.owner),
        same_team=_sent(body.same_team),
        condition=KEEP if body.condition is UNSET else body.condition or {},
    )
    try:
        await exchange.administration.permissions.update(exchange.caller, change)
    except NotFound as error:
        raise _not_found(name) from error
    except AlreadyExists as error:
        raise _taken(body.name, error.field) from error
    return Answer()


async def delete_permission(exchange: Exchange) -> Answer:
    """Delete a custom permission."""
    name = exchange.path["id"]
    try:
        await exchange.administration.permissions.delete(exchange.caller, name)
    except NotFound as error:
        raise _not_found(name) from error
    return Answer()


def _sent(value: Any) -> Any:
    return KEEP if value is UNSET else value


def _action(name: str) -> str:
    """Return the action; an unknown one is refused in the words that Stream's clients know."""
    if name not in INDEX:
        raise InvalidInput(f'resource "{name}" is not a valid resource', field="action")
    return name


def _not_found(name: str) -> NotFound:
    return NotFound(f'custom permission "{name}" not found', field="id", reason="PERMISSION_NOT_FOUND")


def _taken(name: str, field: str) -> AlreadyExists:
    return AlreadyExists(f'permission "{name}" already exists', field=field)


OPERATIONS: Final = (
    Operation("ListPermissions", "GET", _LIST, list_permissions, ListPermissionsResponse, "List permissions", tag=_TAG),
    Operation("GetPermission", "GET", _ONE, get_permission, GetPermissionResponse, "Get a permission", tag=_TAG),
    Operation(
        "CreatePermission",
        "POST",
        _LIST[:2],
        create_permission,
        Answer,
        "Create a custom permission",
        201,
        CreatePermissionRequest,
        tag=_TAG,
    ),
    Operation(
        "UpdatePermission",
        "PUT",
        _ONE,
        update_permission,
        Answer,
        "Change a custom permission",
        201,
        UpdatePermissionRequest,
        tag=_TAG,
    ),
    Operation("DeletePermission", "DELETE", _ONE, delete_permission, Answer, "Delete a custom permission", tag=_TAG),
)
