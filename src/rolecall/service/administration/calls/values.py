"""Calls as they are asked for and answered: values only, no behaviour.

What KEEP and None say of a field is told in `changes.py`. Times are Unix nanoseconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from rolecall.domain.records import (
    CallMemberRecord,
    CallRecord,
    Custom,
    Extras,
    Settings,
    UserRecord,
)
from rolecall.service.administration.changes import KEEP, Keep, Merge, Time
from rolecall.service.administration.users.values import UserChange


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
