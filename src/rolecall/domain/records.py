"""What is stored, whole: the values that reads return and writes put. Times are Unix nanoseconds.

Decisions do not use these but the lean facts in `facts.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

Grants: TypeAlias = Mapping[str, tuple[str, ...]]
"""Role -> permission ids, sorted, without duplicates. A role with an empty tuple was cleared on purpose."""

Settings: TypeAlias = Mapping[str, Any]
"""Dotted path -> value (bool, int, str, tuple of str); a path that is absent is unset."""

Custom: TypeAlias = Mapping[str, Any]
"""Free JSON object of the customer's own."""

Extras: TypeAlias = Mapping[str, Any]
"""Fields of Stream's that are kept and returned, and have no effect; a field that is absent is at its default."""


@dataclass(frozen=True, slots=True)
class AppRecord:
    """One tenant; `revision` is that of its last committed write."""

    id: int
    name: str
    revision: int
    permission_version: str = "v2"
    multi_tenant_enabled: bool = False
    disable_permissions_checks: bool = False
    disable_auth_checks: bool = False
    user_search_disallowed_roles: tuple[str, ...] = ()
    revoke_tokens_issued_before: int | None = None
    extras: Extras = field(default_factory=dict)
    created_at: int = 0
    updated_at: int = 0


@dataclass(frozen=True, slots=True)
class RoleRecord:
    """A custom role; built-in roles are a table of the domain."""

    name: str
    created_at: int = 0
    updated_at: int = 0


@dataclass(frozen=True, slots=True)
class PermissionRecord:
    """A custom permission; the built-in ones are a table of the domain. An empty condition is none."""

    id: str
    name: str
    action: str
    description: str = ""
    owner: bool = False
    same_team: bool = False
    condition: Mapping[str, Any] = field(default_factory=dict)
    created_at: int = 0
    updated_at: int = 0


@dataclass(frozen=True, slots=True)
class PolicyRecord:
    """One policy of permission version v1.

    `resources` are v1 names of what is acted on, `*` every one. `roles` may hold `*` for every role; empty, with
    `owner`, it is any role that owns the resource.
    """

    name: str
    priority: int
    resources: tuple[str, ...]
    roles: tuple[str, ...] = ()
    owner: bool = False
    allow: bool = True


@dataclass(frozen=True, slots=True)
class TypeRecord:
    """A call type, a channel type, or the `.app` scope: its grants, and its settings (calls) or config (channels).

    `scope` is `video:<type>`, the bare name of a channel type, or `.app`; `revision` is that of its last change.
    `policies` are a channel type's for permission version v1, highest priority first, ties in the order they count.
    """

    scope: str
    grants: Grants
    settings: Settings = field(default_factory=dict)
    policies: tuple[PolicyRecord, ...] = ()
    extras: Extras = field(default_factory=dict)
    created_at: int = 0
    updated_at: int = 0
    revision: int = 0


@dataclass(frozen=True, slots=True)
class UserRecord:
    """A user of the app."""

    id: str
    role: str = "user"
    teams: tuple[str, ...] = ()
    teams_role: Mapping[str, str] = field(default_factory=dict)
    custom: Custom = field(default_factory=dict)
    banned: bool = False
    deactivated: bool = False
    revoke_tokens_issued_before: int | None = None
    extras: Extras = field(default_factory=dict)
    created_at: int = 0
    updated_at: int = 0


@dataclass(frozen=True, slots=True)
class CallRecord:
    """A stored call with its own copy of the settings."""

    cid: str
    created_by_id: str = ""
    team: str = ""
    settings: Settings = field(default_factory=dict)
    backstage: bool = False
    starts_at: int | None = None
    ended_at: int | None = None
    custom: Custom = field(default_factory=dict)
    extras: Extras = field(default_factory=dict)
    created_at: int = 0
    updated_at: int = 0


@dataclass(frozen=True, slots=True)
class CallMemberRecord:
    """Membership of one user in one call."""

    user_id: str
    role: str = "call_member"
    custom: Custom = field(default_factory=dict)
    created_at: int = 0
    updated_at: int = 0


@dataclass(frozen=True, slots=True)
class CallUserRecord:
    """What was said of one user on one call beside membership; capability ids, sorted. Survives leaving."""

    user_id: str
    blocked: bool = False
    granted: tuple[str, ...] = ()
    revoked: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ChannelRecord:
    """A stored channel. `override_grants` holds role -> ids, a leading `!` takes the id away; flags override config."""

    cid: str
    created_by_id: str = ""
    team: str = ""
    frozen: bool = False
    disabled: bool = False
    cooldown: int = 0
    override_grants: Grants = field(default_factory=dict)
    override_flags: Mapping[str, bool] = field(default_factory=dict)
    custom: Custom = field(default_factory=dict)
    extras: Extras = field(default_factory=dict)
    created_at: int = 0
    updated_at: int = 0


@dataclass(frozen=True, slots=True)
class ChannelMemberRecord:
    """Membership of one user in one channel."""

    user_id: str
    channel_role: str = "channel_member"
    banned: bool = False
    custom: Custom = field(default_factory=dict)
    extras: Extras = field(default_factory=dict)
    created_at: int = 0
    updated_at: int = 0


@dataclass(frozen=True, slots=True)
class MigrationRecord:
    """What was there before a migration to permission version v2, so that it can be put back.

    `revision` is that of the migration; `grants` is scope -> the grants it had.
    """

    revision: int
    permission_version: str
    grants: Mapping[str, Grants]
    created_at: int = 0


@dataclass(frozen=True, slots=True)
class TaskRecord:
    """What became of work that clients ask about later; `result` is said for each thing that was worked on."""

    id: str
    status: str = "completed"
    result: Mapping[str, Any] = field(default_factory=dict)
    created_at: int = 0
    updated_at: int = 0
