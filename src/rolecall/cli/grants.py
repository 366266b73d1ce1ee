"""Grants of one scope, for people and for machines."""

from __future__ import annotations

from collections.abc import Mapping

from rolecall.api.v1.core_pb2 import PermissionList


def grants_rows(grants: Mapping[str, PermissionList]) -> list[tuple[str, str]]:
    """Return a row for each role: its name and what it holds."""
    return [(role, ", ".join(grants[role].permissions) or "none") for role in sorted(grants)]


def grants_as_json(grants: Mapping[str, PermissionList]) -> dict[str, list[str]]:
    """Return role -> permission ids."""
    return {role: list(grants[role].permissions) for role in sorted(grants)}
