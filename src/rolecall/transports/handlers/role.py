"""RoleService: the roles of the app."""

from __future__ import annotations

from rolecall.api.v1 import role_pb2 as pb
from rolecall.service.administration.changes import Page, RoleView
from rolecall.transports.convert import timestamp
from rolecall.transports.rpc import Context, Services


async def list_roles(services: Services, context: Context, request: pb.ListRolesRequest) -> pb.ListRolesResponse:
    """List built-in and custom roles."""
    page = Page(request.page_size, request.page_token)
    listing = await services.administration.roles.list(context.caller, page)
    return pb.ListRolesResponse(
        roles=map(_role, listing.items), next_page_token=listing.next_page_token, revision=listing.revision
    )


async def create_role(services: Services, context: Context, request: pb.CreateRoleRequest) -> pb.CreateRoleResponse:
    """Create a custom role."""
    role, revision = await services.administration.roles.create(context.caller, request.name)
    return pb.CreateRoleResponse(role=_role(role), revision=revision)


async def delete_role(services: Services, context: Context, request: pb.DeleteRoleRequest) -> pb.DeleteRoleResponse:
    """Delete a custom role that nothing uses."""
    return pb.DeleteRoleResponse(revision=await services.administration.roles.delete(context.caller, request.name))


def _role(role: RoleView) -> pb.Role:
    return pb.Role(
        name=role.name,
        custom=role.custom,
        scopes=role.scopes,
        created_at=timestamp(role.created_at or None),
        updated_at=timestamp(role.updated_at or None),
    )
