"""What callers ask of the administration and what they get back: values only, no behaviour.

A field that is KEEP was not sent and stays as it is stored; None, where a field takes it, clears. Times are Unix
nanoseconds. `extras` change key by key, and a None takes a key away.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final, Generic, NamedTuple, TypeAlias, TypeVar

from rolecall.domain.actions import Action
from rolecall.domain.migration import Change
from rolecall.domain.records import (
    AppRecord,
    CallMemberRecord,
    CallRecord,
    ChannelRecord,
    Custom,
    Extras,
    Grants,
    PolicyRecord,
    Settings,
    TypeRecord,
    UserRecord,
)

T = TypeVar("T")


class Keep(Enum):
    """The one value that says: not sent."""

    KEEP = "keep"


KEEP: Final = Keep.KEEP

Time: TypeAlias = int | None


@dataclass(frozen=True, slots=True)
class Merge:
    """A change of single keys of a customer's own data: the others stay as they are stored.

    With `paths` a key such as `theme.color` is the key `color` of the object `theme`.
    """

    set: Mapping[str, Any] = field(default_factory=dict)
    unset: tuple[str, ...] = ()
    paths: bool = False


# --- lists -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Page:
    """Which part of a list: `size` 0 means 100, at most 1,000; `token` is that of the page before, "" for the first."""

    size: int = 0
    token: str = ""


@dataclass(frozen=True, slots=True)
class Listing(Generic[T]):
    """One page of a list, all from one revision; `next_page_token` "" says it is the last."""

    items: tuple[T, ...]
    next_page_token: str
    revision: int


@dataclass(frozen=True, slots=True)
class Query:
    """A filter and an order as Stream's clients send them, and which part of what is found: `limit` 0 means 25.

    `next` and `prev` are tokens that a page before has given, "" for the first page.
    """

    filter_conditions: Any = None
    sort: Any = None
    limit: int = 0
    next: str = ""
    prev: str = ""


@dataclass(frozen=True, slots=True)
class Found(Generic[T]):
    """One page of what a query finds; `next` and `prev` are "" where there is nothing more."""

    items: tuple[T, ...]
    next: str
    prev: str


# --- roles and permissions -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RoleView:
    """A role, the scopes that grant it anything, and its times; those of a built-in one are when the app was made."""

    name: str
    custom: bool
    scopes: tuple[str, ...] = ()
    created_at: int = 0
    updated_at: int = 0


@dataclass(frozen=True, slots=True)
class PermissionFilter:
    """Which permissions to list; "" and None take any."""

    product: str = ""
    level: str = ""
    custom: bool | None = None
    action: str = ""


@dataclass(frozen=True, slots=True)
class PermissionView:
    """A permission, built in or the app's own; an empty condition is none."""

    id: str
    name: str
    description: str
    action: Action
    owner: bool
    same_team: bool
    custom: bool
    condition: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PermissionChange:
    """A change of a custom permission, or a new one, which needs an action.

    A new one counts within the user's teams unless `same_team` says otherwise. A name that is empty becomes the id.
    """

    id: str
    name: str | Keep = KEEP
    description: str | Keep = KEEP
    action: str | Keep = KEEP
    owner: bool | Keep = KEEP
    same_team: bool | Keep = KEEP
    condition: Mapping[str, Any] | Keep = KEEP


# --- types -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class TypeChange:
    """A change of a call type or channel type; `settings` are flat (a channel type's are its config).

    Each role in `grants` gets its list whole. `policies`, of channel types only, replace all there are.
    `expected_revision` refuses when the type has changed since, `must_exist` when there is no such type.
    """

    name: str
    grants: Grants = field(default_factory=dict)
    settings: Settings = field(default_factory=dict)
    policies: tuple[PolicyRecord, ...] | Keep = KEEP
    extras: Extras | Keep = KEEP
    reset_grants: bool = False
    dry_run: bool = False
    expected_revision: int | None = None
    must_exist: bool = False


@dataclass(frozen=True, slots=True)
class TypeResult:
    """A type after a write; of a dry run, as it would be, with the current revision."""

    record: TypeRecord
    created: bool
    revision: int


# --- users -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class UserChange:
    """A change of a user, or a new user."""

    id: str
    role: str | Keep = KEEP
    teams: tuple[str, ...] | Keep = KEEP
    teams_role: Mapping[str, str] | Keep = KEEP
    custom: Custom | Merge | Keep = KEEP
    banned: bool | Keep = KEEP
    deactivated: bool | Keep = KEEP
    revoke_tokens_issued_before: Time | Keep = KEEP
    extras: Extras | Keep = KEEP


@dataclass(frozen=True, slots=True)
class UserQuery:
    """Which users to find, in Stream's words; those that are deactivated only with `deactivated`.

    `ids` bounds the ids of users: `id_gt`, `id_gte`, `id_lt`, `id_lte`. `limit` 0 is 30, at most 100; at most 1,000
    are skipped.
    """

    conditions: Mapping[str, Any] = field(default_factory=dict)
    sort: Sequence[Any] | None = None
    limit: int = 0
    offset: int = 0
    deactivated: bool = False
    ids: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class UserDeletion:
    """Users as they were before they were deleted, and the task that tells of it."""

    users: tuple[UserRecord, ...]
    task_id: str
    revision: int


# --- calls -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CallMemberChange:
    """A change of a member of a call, or a new member."""

    user_id: str
    role: str | Keep = KEEP
    custom: Custom | Merge | Keep = KEEP


@dataclass(frozen=True, slots=True)
class CallChange:
    """A change of a call, or a new call; members named are added or changed, others stay.

    `creator` is who made it, written as a user as well. `within` is what the request's fields are in, such as `data.`,
    for errors that name them.
    """

    cid: str
    created_by_id: str | Keep = KEEP
    creator: UserChange | Keep = KEEP
    team: str | Keep = KEEP
    members: tuple[CallMemberChange, ...] = ()
    settings: Settings = field(default_factory=dict)
    starts_at: Time | Keep = KEEP
    custom: Custom | Merge | Keep = KEEP
    extras: Extras | Keep = KEEP
    within: str = ""


@dataclass(frozen=True, slots=True)
class CallView:
    """A call and who is blocked on it: the first 1,000 of them, sorted.

    Only when asked for: its newest members, and by id those of its users that exist, its creator and these members.
    """

    record: CallRecord
    blocked_user_ids: tuple[str, ...] = ()
    members: tuple[CallMemberRecord, ...] = ()
    users: Mapping[str, UserRecord] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CallMembersView:
    """Members of a call, and by id those of them that are users still."""

    members: tuple[CallMemberRecord, ...]
    users: Mapping[str, UserRecord] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FoundCallMembers:
    """One page of the members that a query finds; `next` and `prev` are "" where there is nothing more."""

    view: CallMembersView
    next: str
    prev: str


@dataclass(frozen=True, slots=True)
class CallResult:
    """A call, and what the caller itself may do on it; server side: everything."""

    call: CallView
    created: bool
    own_capabilities: tuple[str, ...]
    revision: int


@dataclass(frozen=True, slots=True)
class DeletedCall:
    """A call as it was before it was deleted; `task_id` is that of the task that says so, "" when there is none."""

    call: CallView
    task_id: str
    revision: int


@dataclass(frozen=True, slots=True)
class UserPermissions:
    """What one user may do on a call, and what was granted to and revoked from this user alone; capability ids."""

    own_capabilities: tuple[str, ...]
    granted: tuple[str, ...]
    revoked: tuple[str, ...]
    revision: int


# --- channels --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ChannelMemberChange:
    """A change of a member of a channel, or a new member; `field` is where the request names it, for errors."""

    user_id: str
    channel_role: str | Keep = KEEP
    banned: bool | Keep = KEEP
    custom: Custom | Merge | Keep = KEEP
    extras: Extras | Keep = KEEP
    field: str = ""


@dataclass(frozen=True, slots=True)
class ChannelOverrides:
    """A channel's own changes: role -> ids (a leading `!` takes the id away), and feature flags by name."""

    grants: Grants = field(default_factory=dict)
    flags: Mapping[str, bool] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ChannelChange:
    """A change of a channel, or a new channel; members named are added or changed, others stay.

    `cooldown` is in seconds. `overrides` replaces all of the channel's own changes. `creator` is who makes a new one,
    written as a user as well. `within` is what the request's fields are in, such as `data.`, for errors that name them.
    """

    cid: str
    created_by_id: str | Keep = KEEP
    team: str | Keep = KEEP
    members: tuple[ChannelMemberChange, ...] = ()
    frozen: bool | Keep = KEEP
    disabled: bool | Keep = KEEP
    cooldown: int | Keep = KEEP
    overrides: ChannelOverrides | Keep = KEEP
    custom: Custom | Merge | Keep = KEEP
    extras: Extras | Keep = KEEP
    creator: UserChange | Keep = KEEP
    within: str = ""


@dataclass(frozen=True, slots=True)
class ChannelResult:
    """A channel, and what the caller itself may do in it; server side: everything."""

    channel: ChannelRecord
    created: bool
    own_capabilities: tuple[str, ...]
    revision: int


# --- the app ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AppChange:
    """A change of the app and of the grants of `.app`; undoing a migration goes with nothing else but a dry run."""

    permission_version: str | Keep = KEEP
    grants: Grants = field(default_factory=dict)
    reset_grants: bool = False
    multi_tenant_enabled: bool | Keep = KEEP
    user_search_disallowed_roles: tuple[str, ...] | Keep = KEEP
    disable_permissions_checks: bool | Keep = KEEP
    disable_auth_checks: bool | Keep = KEEP
    revoke_tokens_issued_before: Time | Keep = KEEP
    dry_run: bool = False
    migrate_permissions_to_v2: bool = False
    undo_migration: bool = False
    extras: Extras | Keep = KEEP


@dataclass(frozen=True, slots=True)
class MigrationReport:
    """What a migration to permission version v2 changes, or undoing one; not `applied`: what it would change.

    `changes` are by channel type, those without any left out; `app_changes` are of `.app`. Grants are those after it.
    Channels with grants of their own are counted only: what changes there for those is in no report.
    """

    applied: bool
    undone: bool
    changes: Mapping[str, tuple[Change, ...]]
    app_changes: tuple[Change, ...]
    channel_type_grants: Mapping[str, Grants]
    app_grants: Grants
    channels_with_own_grants: int


class AppResult(NamedTuple):
    """The app and the grants of `.app` after a write, and the report of a migration or of undoing one.

    After a dry run all of it as it would be, with the current revision.
    """

    record: AppRecord
    grants: Grants
    report: MigrationReport | None
    revision: int


@dataclass(frozen=True, slots=True)
class AppView:
    """An app and its API keys, sorted."""

    record: AppRecord
    keys: tuple[str, ...]
