"""PermissionService: what can be granted."""

from __future__ import annotations

from rolecall.api.v1 import permission_pb2 as pb
from rolecall.domain.permissions import Permission
from rolecall.service.administration.changes import Page, PermissionFilter
from rolecall.transports.edge import Context, Services


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


def _permission(permission: Permission) -> pb.Permission:
    return pb.Permission(
        id=permission.id,
        name=permission.name,
        description=permission.description,
        action=permission.action.name,
        owner=permission.owner,
        same_team=permission.same_team,
        level=permission.action.level,
        owner_resource=permission.action.owner_resource,
        products=permission.action.products,
    )
