"""Channels as they are shown whole: with their type, members, and the users behind them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from rolecall.domain.errors import InvalidInput, RolecallError
from rolecall.domain.records import ChannelMemberRecord, ChannelRecord, TypeRecord, UserRecord
from rolecall.service.administration.permit import Permit
from rolecall.service.callers import Caller
from rolecall.service.questions import Question
from rolecall.store import Reader

MEMBERS_SHOWN: Final = 100
_READ_MEMBERS: Final = "ReadChannelMembers"


@dataclass(frozen=True, slots=True)
class ChannelView:
    """A channel, and all that answers show with it.

    `members` are the oldest, and None, as is their count, when the caller may not see them. `membership` is the
    caller's own. `users` holds those of the creator and the members that exist. `own_capabilities` are the caller's;
    server side: all there are.
    """

    record: ChannelRecord
    type: TypeRecord | None
    members: tuple[ChannelMemberRecord, ...] | None
    member_count: int | None
    membership: ChannelMemberRecord | None
    users: Mapping[str, UserRecord]
    own_capabilities: tuple[str, ...] = ()
    created: bool = False


@dataclass(frozen=True, slots=True)
class MemberView:
    """A member of a channel, and the user, None when it is no more; `creator` tells whether it made the channel."""

    member: ChannelMemberRecord
    user: UserRecord | None
    creator: bool


def check_members_limit(limit: int, field: str) -> int:
    """Return how many members to show of a channel."""
    if limit < 0:
        raise InvalidInput(f"{field} must be 0 or greater", field=field)
    if limit > MEMBERS_SHOWN:
        raise InvalidInput(f"{field} must be {MEMBERS_SHOWN} or less", field=field)
    return limit


async def channel_view(
    reader: Reader, caller: Caller, record: ChannelRecord, members_limit: int = MEMBERS_SHOWN
) -> ChannelView:
    """Read a channel whole; who may see it is not asked here."""
    cid, own = record.cid, caller.user_id
    members = tuple(await reader.oldest_channel_members(cid, members_limit) if members_limit else ())
    ids = {record.created_by_id, own, *(member.user_id for member in members)} - {""}
    return ChannelView(
        record,
        await reader.type(cid.partition(":")[0]),
        members,
        await reader.count_channel_members(cid),
        (await reader.channel_members(cid, [own])).get(own) if own else None,
        await reader.users(ids) if ids else {},
    )


async def shown(permit: Permit, caller: Caller, views: Sequence[ChannelView]) -> list[ChannelView]:
    """Return views with the caller's capabilities, and without the members that it may not see."""
    targets = [Question(channel=view.record.cid) for view in views]
    allowed = await permit.allowed(caller, targets, _READ_MEMBERS)
    result = []
    for view, target, may in zip(views, targets, allowed, strict=True):
        seen = view if may else replace(view, members=None, member_count=None)
        result.append(replace(seen, own_capabilities=await permit.own_capabilities(caller, target)))
    return result


async def shown_after(permit: Permit, caller: Caller, view: ChannelView, revision: int) -> ChannelView:
    """Return the view of a channel that was written; when what the caller may can't be told, it is shown the least."""
    target = Question(channel=view.record.cid)
    own = await permit.capabilities_after(caller, target, revision)
    try:
        may = (await permit.allowed(caller, [target], _READ_MEMBERS))[0]
    except RolecallError:
        may = False
    return replace(view if may else replace(view, members=None, member_count=None), own_capabilities=own)
