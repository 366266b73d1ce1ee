"""Roles: created before a grant or a user can name them."""

from __future__ import annotations

from typing import Final

import msgspec

from rolecall.domain.errors import AlreadyExists, InvalidInput, NotFound, Precondition
from rolecall.transports.rest.exchange import Exchange
from rolecall.transports.rest.operation import Answer, Operation
from rolecall.transports.rest.paging import every
from rolecall.transports.rest.shapes.permission import Role, role

_TAG: Final = "roles"
_ALL: Final = ("/api/v2/roles", "/roles")
_SEARCH: Final = ("/api/v2/roles/search", "/roles/search")
_ONE: Final = ("/api/v2/roles/{name}", "/roles/{name}")


class ListRolesResponse(Answer):
    """Roles, by name."""

    roles: list[Role]


class CreateRoleRequest(msgspec.Struct, kw_only=True):
    """A custom role."""

    name: str


class CreateRoleResponse(Answer):
    """The role that was created."""

    role: Role


async def list_roles(exchange: Exchange) -> ListRolesResponse:
    """List every role."""
    return ListRolesResponse(roles=await _roles(exchange))


async def search_roles(exchange: Exchange) -> ListRolesResponse:
    """List the roles whose names hold a text, in any case."""
    wanted = exchange.query.get("query", "").lower()
    return ListRolesResponse(roles=[one for one in await _roles(exchange) if wanted in one.name.lower()])


async def create_role(exchange: Exchange) -> CreateRoleResponse:
    """Create a custom role."""
    body: CreateRoleRequest = exchange.body
    try:
        view, _ = await exchange.administration.roles.create(exchange.caller, body.name)
    except AlreadyExists as error:
        raise AlreadyExists(f'role "{body.name}" already exists', field="name") from error
    return CreateRoleResponse(role=role(view))


async def delete_role(exchange: Exchange) -> Answer:
    """Delete a custom role that nothing holds. To Stream's clients an unknown one is an input error."""
    name = exchange.path["name"]
    try:
        await exchange.administration.roles.delete(exchange.caller, name)
    except NotFound as error:
        raise InvalidInput(f'role "{name}" does not exist', field="name") from error
    except Precondition as error:
        if error.code_reason == "ROLE_BUILT_IN":
            raise Precondition(f'role "{name}" is a built-in role and cannot be deleted', field="name") from error
        if error.metadata.get("kind") == "user":
            holder = error.metadata["holder"]
            raise Precondition(
                f'role "{name}" cannot be deleted, at least one user is using this role (ie. "{holder}")', field="name"
            ) from error
        raise
    return Answer()


async def _roles(exchange: Exchange) -> list[Role]:
    roles = exchange.administration.roles
    return [role(view) for view in await every(lambda page: roles.list(exchange.caller, page))]


OPERATIONS: Final = (
    Operation("ListRoles", "GET", _ALL, list_roles, ListRolesResponse, "List roles", tag=_TAG),
    Operation(
        "CreateRole", "POST", _ALL, create_role, CreateRoleResponse, "Create a role", 201, CreateRoleRequest, tag=_TAG
    ),
    Operation(
        "SearchRoles", "GET", _SEARCH, search_roles, ListRolesResponse, "Search roles", query=("query",), tag=_TAG
    ),
    Operation("DeleteRole", "DELETE", _ONE, delete_role, Answer, "Delete a role", tag=_TAG),
)
