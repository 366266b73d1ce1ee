"""Channels as they are asked for and answered: values only, no behaviour.

What KEEP and None say of a field is told in `changes.py`. Times are Unix nanoseconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from rolecall.domain.records import (
    ChannelRecord,
    Custom,
    Extras,
    Grants,
)
from rolecall.service.administration.changes import KEEP, Keep, Merge
from rolecall.service.administration.users.values import UserChange


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
    written as a user as well; of a change only its id counts. `within` is what the request's fields are in, such as
    `data.`, for errors that name them.
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
