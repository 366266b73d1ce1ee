"""What callers ask of the administration and what they get back: values only, no behaviour.

A field that is KEEP was not sent and stays as it is stored; None, where a field takes it, clears. Times are Unix
nanoseconds. `extras` change key by key, and a None takes a key away.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final, Generic, NamedTuple, TypeAlias, TypeVar

from rolecall.domain.actions import Action
from rolecall.domain.migration import Change
from rolecall.domain.records import (
    AppRecord,
    Extras,
    Grants,
    PolicyRecord,
    Settings,
    TypeRecord,
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
