"""`rolecall permission`: one permission shown, and custom ones made, changed and deleted."""

from __future__ import annotations

import argparse
import json
from typing import Final

from google.protobuf.struct_pb2 import Struct

from rolecall.api.v1 import permission_pb2 as pb
from rolecall.cli.documents import read_struct
from rolecall.cli.doors import Rpc, ask
from rolecall.cli.output import printable, show_fields, show_json
from rolecall.cli.problem import OK, bad_input
from rolecall.transports.convert import condition_of

_SERVICE: Final = "PermissionService"
GET: Final = Rpc(_SERVICE, "GetPermission", pb.GetPermissionRequest, pb.GetPermissionResponse)
CREATE: Final = Rpc(_SERVICE, "CreatePermission", pb.CreatePermissionRequest, pb.CreatePermissionResponse)
UPDATE: Final = Rpc(_SERVICE, "UpdatePermission", pb.UpdatePermissionRequest, pb.UpdatePermissionResponse)
DELETE: Final = Rpc(_SERVICE, "DeletePermission", pb.DeletePermissionRequest, pb.DeletePermissionResponse)


def get(args: argparse.Namespace) -> int:
    """Show one permission."""
    response = ask(args, lambda door: door.ask(GET, pb.GetPermissionRequest(id=args.id)))
    return _show(args, response.permission)


def create(args: argparse.Namespace) -> int:
    """Create a custom permission, and show it."""
    request = pb.CreatePermissionRequest(
        id=args.id,
        name=args.name,
        description=args.description,
        action=args.action,
        owner=args.owner,
        same_team=_same_team(args),
        condition=_condition(args),
    )
    response = ask(args, lambda door: door.ask(CREATE, request))
    return _show(args, response.permission)


def update(args: argparse.Namespace) -> int:
    """Change a custom permission, and show it."""
    request = pb.UpdatePermissionRequest(
        id=args.id,
        name=args.name,
        description=args.description,
        action=args.action,
        owner=args.owner,
        same_team=_same_team(args),
        condition=_condition(args),
    )
    if request == pb.UpdatePermissionRequest(id=args.id):
        raise bad_input("there is nothing to change", "`rolecall permission update --help` shows what can be changed")
    response = ask(args, lambda door: door.ask(UPDATE, request))
    return _show(args, response.permission)


def delete(args: argparse.Namespace) -> int:
    """Delete a custom permission."""
    response = ask(args, lambda door: door.ask(DELETE, pb.DeletePermissionRequest(id=args.id)))
    if args.json:
        show_json({"id": args.id, "revision": response.revision})
    else:
        print(f"deleted {printable(args.id)}")
    return OK


def _same_team(args: argparse.Namespace) -> bool | None:
    return None if args.any_team is None else not args.any_team


def _condition(args: argparse.Namespace) -> Struct | None:
    return None if args.condition is None else read_struct(args.condition, "--condition")


# --- results ---------------------------------------------------------------------------------------------------------


def _show(args: argparse.Namespace, permission: pb.Permission) -> int:
    if args.json:
        show_json(as_json(permission))
        return OK
    show_fields(
        (
            ("permission", permission.id),
            ("name", permission.name),
            ("description", permission.description),
            ("kind", kind(permission)),
            ("action", permission.action),
            ("level", permission.level),
            ("products", ", ".join(permission.products)),
            ("only own", _only_own(permission)),
            ("any team", "no" if permission.same_team else "yes"),
            ("condition", condition(permission) or "none"),
        )
    )
    return OK


def _only_own(permission: pb.Permission) -> str:
    if not permission.owner:
        return "no"
    return f"yes ({permission.owner_resource})" if permission.owner_resource else "yes"


def kind(permission: pb.Permission) -> str:
    """Say who made a permission."""
    return "custom" if permission.custom else "built-in"


def condition(permission: pb.Permission) -> str:
    """Return the condition of a permission as one line of JSON, "" without one."""
    plain = _plain(permission)
    return json.dumps(plain, ensure_ascii=False) if plain else ""


def _plain(permission: pb.Permission) -> dict[str, object]:
    return condition_of(permission.condition, "condition")


def as_json(permission: pb.Permission) -> dict[str, object]:
    """Return a permission for machines."""
    return {
        "id": permission.id,
        "name": permission.name,
        "description": permission.description,
        "action": permission.action,
        "owner": permission.owner,
        "same_team": permission.same_team,
        "custom": permission.custom,
        "level": permission.level,
        "owner_resource": permission.owner_resource,
        "products": list(permission.products),
        "condition": _plain(permission),
    }
