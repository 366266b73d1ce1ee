"""Roles: the built-in ones, their levels, and how names are spelled."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from rolecall.domain.errors import UnknownRole
from rolecall.domain.names import check_role_name

USER_ROLES: Final = (
    "user",
    "guest",
    "anonymous",
    "admin",
    "moderator",
    "global_admin",
    "global_moderator",
    "global_read_only",
)
CALL_ROLES: Final = ("host", "call_member")
CHANNEL_ROLES: Final = ("channel_member", "channel_moderator")
BUILT_IN: Final[frozenset[str]] = frozenset(USER_ROLES + CALL_ROLES + CHANNEL_ROLES)

DEFAULT_USER_ROLE: Final = "user"
DEFAULT_CALL_ROLE: Final = "call_member"
DEFAULT_CHANNEL_ROLE: Final = "channel_member"


def canonical(role: str) -> str:
    """Return the spelling that answers use: `call-member` is accepted everywhere as `call_member`."""
    return DEFAULT_CALL_ROLE if role == "call-member" else role


def check_role(role: str, custom: Collection[str], field: str) -> str:
    """Return the canonical name of a role that exists; UnknownRole tells that it must be created first."""
    name = canonical(role)
    if name not in BUILT_IN and name not in custom:
        check_role_name(name, field)
        raise UnknownRole(name, field=field)
    return name
