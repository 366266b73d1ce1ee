"""What a decision needs to know of users, calls, channels and members: lean, compiled, immutable.

`key` is the store's own number of a stored thing and is never reused: facts about a member carry the
keys of both sides, so those of a deleted call or user are never taken for those of a new one of the same name.

`custom` is the customer's own data as JSON text, "" when there is none.

These have slots, as has all that a decision reads and does not make: reading a named tuple's field takes a look-up in
its type, whose memory is nearly always cold.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from rolecall.domain.grants import GrantOverride

_NOTHING: Final[Mapping[str, Any]] = {}


def _nothing() -> Mapping[str, Any]:
    return _NOTHING


@dataclass(frozen=True, slots=True)
class User:
    """A stored user; `tokens_valid_from` is Unix nanoseconds, None when no tokens were revoked."""

    key: int
    id: str
    role: str
    teams: frozenset[str] = frozenset()
    teams_role: Mapping[str, str] = field(default_factory=_nothing)
    banned: bool = False
    deactivated: bool = False
    tokens_valid_from: int | None = None
    custom: str = ""


ANONYMOUS: Final = User(key=-1, id="!anon", role="anonymous")
"""Whoever calls without a token: one user that every app has and no store. It is no member and owns nothing."""


@dataclass(frozen=True, slots=True)
class Call:
    """A stored call; `disabled` masks the actions its settings switch off; times are Unix nanoseconds."""

    key: int
    type: str
    created_by: str
    team: str
    disabled: int
    backstage: bool
    join_ahead: int
    starts_at: int | None
    ended: bool
    custom: str = ""


@dataclass(frozen=True, slots=True)
class CallMember:
    """One user on one call: member role (None: not a member) and what was said of this user alone, as action masks.

    `of` holds the keys of the call and the user these facts are about.
    """

    role: str | None = None
    blocked: bool = False
    granted: int = 0
    revoked: int = 0
    of: tuple[int, int] = (0, 0)


@dataclass(frozen=True, slots=True)
class Channel:
    """A stored channel; `flags` are its own feature flags by name, `grants` its own changes to the type's grants."""

    key: int
    type: str
    created_by: str
    team: str
    frozen: bool
    disabled: bool
    cooldown: int
    flags: Mapping[str, bool] = field(default_factory=_nothing)
    grants: Mapping[str, GrantOverride] = field(default_factory=_nothing)
    custom: str = ""


@dataclass(frozen=True, slots=True)
class ChannelMember:
    """One user in one channel; None as role: not a member. `of` holds the keys of the channel and the user."""

    role: str | None = None
    banned: bool = False
    of: tuple[int, int] = (0, 0)
