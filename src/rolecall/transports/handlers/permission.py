"""PermissionService: what can be granted."""

from __future__ import annotations

from typing import Final

from rolecall.api.v1 import permission_pb2 as pb
from rolecall.service.administration.changes import KEEP, Page, PermissionChange, PermissionFilter, PermissionView
from rolecall.transports.convert import condition_of, struct
from rolecall.transports.rpc import Context, Services

_CONDITION: Final = "condition"


async def list_permissions(
    services: Services, context: Context, request: pb.ListPermissionsRequest
) -> pb.ListPermissionsResponse:
    """List the permissions, filtered."""
    wanted = PermissionFilter(
        request.product, request.level, request.custom if request.HasField("custom") else None, request.action
    )
    page = Page(request.page_size, request.page_token)
    listing = await services.administration.permissions.list(context.caller, wanted, page)
    return pb.ListPermissionsResponse(
        permissions=map(_permission, listing.items),
        next_page_token=listing.next_page_token,
        revision=listing.revision,
    )


async def get_permission(
    services: Services, context: Context, request: pb.GetPermissionRequest
) -> pb.GetPermissionResponse:
    """Get one permission."""
    permission, revision = await services.administration.permissions.get(context.caller, request.id)
    return pb.GetPermissionResponse(permission=_permission(permission), revision=revision)


async def create_permission(
    services: Services, context: Context, request: pb.CreatePermissionRequest
) -> pb.CreatePermissionResponse:
    """Create a custom permission."""
    change = PermissionChange(
        id=request.id,
        name=request.name,
        description=request.description,
        action=request.action,
        owner=request.owner,
        same_team=request.same_team if request.HasField("same_team") else KEEP,
        condition=condition_of(request.condition, _CONDITION),
    )
    permission, revision = await services.administration.permissions.create(context.caller, change)
    return pb.CreatePermissionResponse(permission=_permission(permission), revision=revision)


async def update_permission(
    services: Services, context: Context, request: pb.UpdatePermissionRequest
) -> pb.UpdatePermissionResponse:
    """Change a custom permission."""
    change = PermissionChange(
        id=request.id,
        name=request.name if request.HasField("name") else KEEP,
        description=request.description if request.HasField("description") else KEEP,
        action=request.action if request.HasField("action") else KEEP,
        owner=request.owner if request.HasField("owner") else KEEP,
        same_team=request.same_team if request.HasField("same_team") else KEEP,
        condition=condition_of(request.condition, _CONDITION) if request.HasField(_CONDITION) else KEEP,
    )
    permission, revision = await services.administration.permissions.update(context.caller, change)
    return pb.UpdatePermissionResponse(permission=_permission(permission), revision=revision)


async def delete_permission(
    services: Services, context: Context, request: pb.DeletePermissionRequest
) -> pb.DeletePermissionResponse:
    """Delete a custom permission that no grant names."""
    revision = await services.administration.permissions.delete(context.caller, request.id)
    return pb.DeletePermissionResponse(revision=revision)


def _permission(permission: PermissionView) -> pb.Permission:
    return pb.Permission(
        id=permission.id,
        name=permission.name,
        description=permission.description,
        action=permission.action.name,
        owner=permission.owner,
        same_team=permission.same_team,
        custom=permission.custom,
        level=permission.action.level,
        owner_resource=permission.action.owner_resource,
        products=permission.action.products,
        condition=struct(permission.condition) if permission.condition else None,
    )
