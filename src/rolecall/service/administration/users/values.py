"""Users as they are asked for and answered: values only, no behaviour.

What KEEP and None say of a field is told in `changes.py`. Times are Unix nanoseconds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rolecall.domain.records import (
    Custom,
    Extras,
    UserRecord,
)
from rolecall.service.administration.changes import KEEP, Keep, Merge, Time


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
