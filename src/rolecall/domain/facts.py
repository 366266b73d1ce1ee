"""What a decision needs to know of users, calls, channels and members: lean, compiled, immutable.

`key` is the store's own number of a stored thing and is never reused: facts about a member carry the
keys of both sides, so those of a deleted call or user are never taken for those of a new one of the same name.

`custom` is the customer's own data as JSON text, "" when there is none.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from rolecall.domain.grants import GrantOverride


class User(NamedTuple):
    """A stored user; `tokens_valid_from` is Unix nanoseconds, None when no tokens were revoked."""

    key: int
    id: str
    role: str
    teams: frozenset[str] = frozenset()
    teams_role: Mapping[str, str] = {}
    banned: bool = False
    deactivated: bool = False
    tokens_valid_from: int | None = None
    custom: str = ""


ANONYMOUS: Final = User(key=-1, id="!anon", role="anonymous")
"""Whoever calls without a token: one user that every app has and no store. It is no member and owns nothing."""


class Call(NamedTuple):
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


class CallMember(NamedTuple):
    """One user on one call: member role (None: not a member) and what was said of this user alone, as action masks.

    `of` holds the keys of the call and the user these facts are about.
    """

    role: str | None = None
    blocked: bool = False
    granted: int = 0
    revoked: int = 0
    of: tuple[int, int] = (0, 0)


class Channel(NamedTuple):
    """A stored channel; `flags` are its own feature flags by name, `grants` its own changes to the type's grants."""

    key: int
    type: str
    created_by: str
    team: str
    frozen: bool
    disabled: bool
    cooldown: int
    flags: Mapping[str, bool] = {}
    grants: Mapping[str, GrantOverride] = {}
    custom: str = ""


class ChannelMember(NamedTuple):
    """One user in one channel; None as role: not a member. `of` holds the keys of the channel and the user."""

    role: str | None = None
    banned: bool = False
    of: tuple[int, int] = (0, 0)
