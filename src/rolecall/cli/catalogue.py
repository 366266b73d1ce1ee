"""`rolecall roles` and `rolecall permissions`: what can be granted, and to whom."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from typing import Final

from rolecall.api.v1 import permission_pb2, role_pb2
from rolecall.cli.doors import Rpc, ask, every
from rolecall.cli.output import rfc3339, show_json, show_table
from rolecall.cli.permissions import as_json, condition, kind
from rolecall.cli.problem import OK

ROLES: Final = Rpc("RoleService", "ListRoles", role_pb2.ListRolesRequest, role_pb2.ListRolesResponse)
PERMISSIONS: Final = Rpc(
    "PermissionService",
    "ListPermissions",
    permission_pb2.ListPermissionsRequest,
    permission_pb2.ListPermissionsResponse,
)


def roles(args: argparse.Namespace) -> int:
    """List the roles."""
    found: list[role_pb2.Role] = ask(args, lambda door: every(door, ROLES, role_pb2.ListRolesRequest(), "roles"))
    if args.json:
        show_json([_role(role) for role in found])
    else:
        rows = [(role.name, "custom" if role.custom else "built-in", ", ".join(role.scopes)) for role in found]
        show_table(("role", "kind", "holds grants in"), rows)
    return OK


def _role(role: role_pb2.Role) -> dict[str, object]:
    return {
        "name": role.name,
        "custom": role.custom,
        "scopes": list(role.scopes),
        "created_at": rfc3339(role.created_at.seconds) if role.HasField("created_at") else None,
        "updated_at": rfc3339(role.updated_at.seconds) if role.HasField("updated_at") else None,
    }


def permissions(args: argparse.Namespace) -> int:
    """List the permissions that pass the filters."""
    request = permission_pb2.ListPermissionsRequest(
        product=args.product, level=args.level, action=args.action, custom=args.custom
    )
    listed: list[permission_pb2.Permission] = ask(args, lambda door: every(door, PERMISSIONS, request, "permissions"))
    found = [permission for permission in listed if _mentions(permission, args.search)]
    if args.json:
        show_json([as_json(permission) for permission in found])
    else:
        headers = ("permission", "action", "level", "products", "only own", "any team", "kind", "condition")
        show_table(headers, _rows(found))
    return OK


def _mentions(permission: permission_pb2.Permission, text: str) -> bool:
    wanted = text.casefold()
    texts = (permission.id, permission.name, permission.description, permission.action)
    return any(wanted in field.casefold() for field in texts)


def _rows(found: Iterable[permission_pb2.Permission]) -> list[Sequence[str]]:
    return [
        (
            permission.id,
            permission.action,
            permission.level,
            ", ".join(permission.products),
            "yes" if permission.owner else "",
            "" if permission.same_team else "yes",
            kind(permission),
            condition(permission),
        )
        for permission in found
    ]
