"""Permissions and roles on the wire."""

from __future__ import annotations

from typing import Any

import msgspec

from rolecall.service.administration.changes import PermissionView, RoleView
from rolecall.transports.rest.surface import Time


class Permission(msgspec.Struct, kw_only=True):
    """What grants one action, when a role holds it."""

    id: str
    name: str
    description: str
    action: str
    custom: bool
    level: str
    owner: bool
    owner_resource: str
    same_team: bool
    tags: list[str]
    condition: dict[str, Any] | msgspec.UnsetType = msgspec.UNSET


class Role(msgspec.Struct, kw_only=True):
    """A role and the scopes that grant it anything."""

    name: str
    custom: bool
    scopes: list[str]
    created_at: Time
    updated_at: Time


def permission(view: PermissionView) -> Permission:
    """Return a permission as the wire has it."""
    return Permission(
        id=view.id,
        name=view.name,
        description=view.description,
        action=view.action.name,
        custom=view.custom,
        level=view.action.level,
        owner=view.owner,
        owner_resource=view.action.owner_resource,
        same_team=view.same_team,
        tags=[],
        condition=dict(view.condition) if view.condition else msgspec.UNSET,
    )


def role(view: RoleView) -> Role:
    """Return a role as the wire has it."""
    return Role(
        name=view.name,
        custom=view.custom,
        scopes=list(view.scopes),
        created_at=Time(view.created_at),
        updated_at=Time(view.updated_at),
    )
