"""Channels: written by servers, and by users as far as they may in the channel itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from rolecall.domain.names import check_id, check_type_name, parse_cid
from rolecall.domain.records import ChannelMemberRecord, ChannelRecord
from rolecall.service.administration.access import Access
from rolecall.service.administration.changes import KEEP, Listing, Page
from rolecall.service.administration.channels import merging as channel_changes
from rolecall.service.administration.channels.distinct import checked_distinct_id
from rolecall.service.administration.channels.values import ChannelChange, ChannelMemberChange, ChannelResult
from rolecall.service.administration.channels.views import (
    MEMBERS_SHOWN,
    ChannelView,
    channel_view,
    shown,
    shown_after,
)
from rolecall.service.administration.channels.writes import (
    change_channel,
    check_type,
    create,
    delete,
    existing_channel,
    find_channel,
    no_such_channel,
    permit_naming,
    put_members,
)
from rolecall.service.administration.checks import check_count, check_ids, check_members
from rolecall.service.administration.creators import checked_creator, put_creator
from rolecall.service.administration.paging import window
from rolecall.service.administration.permit import Permit
from rolecall.service.administration.types import unknown_type
from rolecall.service.callers import Caller
from rolecall.service.questions import Question
from rolecall.store import Reader, Transaction

T = TypeVar("T")


class Channels:
    """Writes and reads channels and their members."""

    def __init__(self, access: Access, permit: Permit) -> None:
        self._access = access
        self._permit = permit

    async def upsert(self, caller: Caller, change: ChannelChange) -> ChannelResult:
        """Create a channel or change it."""
        parse_cid(change.cid, "cid")
        change = channel_changes.checked(change)
        check_members("members", change.members)
        (record, created), revision = await self._access.write(caller, lambda tx: self._upsert(tx, caller, change))
        own = await self._permit.capabilities_after(caller, Question(channel=change.cid), revision)
        return ChannelResult(record, created, own, revision)

    async def _upsert(self, tx: Transaction, caller: Caller, change: ChannelChange) -> tuple[ChannelRecord, bool]:
        stored = await find_channel(tx, self._permit, caller, change.cid)
        if stored is None:
            return await create(tx, self._permit, caller, change), True
        return await change_channel(tx, self._permit, caller, change, stored), False

    async def get_or_create_distinct(
        self,
        caller: Caller,
        type_name: str,
        change: ChannelChange,
        *,
        members_limit: int = MEMBERS_SHOWN,
    ) -> ChannelView:
        """Return the channel of the members that the change names, of a type; the change says nothing of its cid."""
        field = f"{change.within}members"
        for place, member in enumerate(change.members):
            check_id(member.user_id, f"{member.field or f'{field}[{place}]'}.user_id")
        identifier = checked_distinct_id((member.user_id for member in change.members), field)
        return await self.get_or_create(
            caller, replace(change, cid=f"{type_name}:{identifier}"), distinct=True, members_limit=members_limit
        )

    async def get_or_create(
        self, caller: Caller, change: ChannelChange, *, distinct: bool = False, members_limit: int = MEMBERS_SHOWN
    ) -> ChannelView:
        """Return a channel whole; one that is not there is created, one that is there does not change."""
        parse_cid(change.cid, "cid")
        creator = checked_creator(change.created_by_id, change.creator, change.within)
        change = channel_changes.checked(replace(change, creator=creator, created_by_id=KEEP))
        check_count(len(change.members), f"{change.within}members")
        check_ids((member.user_id, f"{member.field}.user_id") for member in change.members)
        making = distinct and any(member.user_id == caller.user_id for member in change.members)
        found = await self._find(caller, change.cid, members_limit, making=making)
        if found is not None:
            return found

        async def work(tx: Transaction) -> ChannelView:
            record = await tx.channel(change.cid)
            if record is not None:  # made since it was looked for
                await self._permit.require(caller, Question(channel=change.cid), ["ReadChannel"])
                return await channel_view(tx, caller, record, members_limit)
            await check_type(tx, change.cid)
            by = await put_creator(tx, caller, change.creator, change.within)
            new = replace(change, created_by_id=by)
            record = await create(tx, self._permit, caller, new, named="" if distinct else "id")
            return replace(await channel_view(tx, caller, record, members_limit), created=True)

        view, revision = await self._access.write(caller, work)
        return await shown_after(self._permit, caller, view, revision)

    async def show(self, caller: Caller, cid: str, *, members_limit: int = MEMBERS_SHOWN) -> ChannelView:
        """Return one channel whole."""
        parse_cid(cid, "cid")
        view = await self._find(caller, cid, members_limit)
        if view is None:
            raise no_such_channel(cid)
        return view

    async def _find(self, caller: Caller, cid: str, members_limit: int, *, making: bool = False) -> ChannelView | None:
        """Return a channel whole, None when it is not there; `making`: the caller may be told which of the two."""
        async with self._access.read(caller) as (reader, _):
            record = await (reader.channel(cid) if making else find_channel(reader, self._permit, caller, cid))
            if record is None:
                return None
            await self._permit.require(caller, Question(channel=cid), ["ReadChannel"])
            view = await channel_view(reader, caller, record, members_limit)
            return (await shown(self._permit, caller, [view]))[0]

    async def get(self, caller: Caller, cid: str) -> ChannelResult:
        """Return one channel and what the caller may do in it."""
        parse_cid(cid, "cid")
        target = Question(channel=cid)
        async with self._access.read(caller) as (reader, revision):
            record = await existing_channel(reader, self._permit, caller, cid)
            await self._permit.require(caller, target, ["ReadChannel"])
        return ChannelResult(record, False, await self._permit.own_capabilities(caller, target), revision)

    async def list(self, caller: Caller, page: Page, type: str = "") -> Listing[ChannelRecord]:  # noqa: A002
        """Return a page of the channels, or of those of one type, by cid; a user sees those it may read."""
        if type:
            check_type_name(type, "type")
        part = window(page, f"channels {type}")
        async with self._access.read(caller) as (reader, revision):
            if type and await reader.type(type) is None:
                raise unknown_type("channel", type, "type")
            rows = await reader.list_channels(part.limit + 1, part.after, channel_type=type)
            records, token = part.cut(rows, lambda record: record.cid)
            targets = [Question(channel=record.cid) for record in records]
            allowed = await self._permit.allowed(caller, targets, "ReadChannel")
        seen = tuple(record for record, may in zip(records, allowed, strict=True) if may)
        return Listing(seen, token, revision)

    async def delete(self, caller: Caller, cid: str) -> int:
        """Delete a channel with its members."""
        return (await self._delete(caller, cid, _nothing))[1]

    async def delete_shown(self, caller: Caller, cid: str) -> ChannelView:
        """Delete a channel with its members; return what it was, without them."""

        async def view(tx: Transaction, record: ChannelRecord) -> ChannelView:
            own = await self._permit.own_capabilities(caller, Question(channel=cid))
            return replace(await channel_view(tx, caller, record, 0), own_capabilities=own)

        return (await self._delete(caller, cid, view))[0]

    async def _delete(
        self, caller: Caller, cid: str, view: Callable[[Transaction, ChannelRecord], Awaitable[T]]
    ) -> tuple[T, int]:
        parse_cid(cid, "cid")

        async def check(reader: Reader) -> ChannelRecord:
            record = await existing_channel(reader, self._permit, caller, cid)
            await self._permit.require(caller, Question(channel=cid), ["DeleteChannel"])
            return record

        async def work(tx: Transaction) -> T:
            before = await view(tx, await check(tx))
            await delete(tx, caller, cid)
            return before

        return await self._access.write(caller, work, check)

    async def update_members(
        self, caller: Caller, cid: str, updates: Sequence[ChannelMemberChange], removals: Sequence[str]
    ) -> tuple[tuple[ChannelMemberRecord, ...], int]:
        """Add, change and remove members, all or nothing; return those added or changed, as requested."""
        parse_cid(cid, "cid")
        updates = channel_changes.checked_members(updates, "update_members")
        check_members("update_members", updates, removals, required=True)

        async def work(tx: Transaction) -> tuple[ChannelMemberRecord, ...]:
            channel = await existing_channel(tx, self._permit, caller, cid)
            await permit_naming(self._permit, caller, cid, updates, removals)
            members = await tx.channel_members(cid, [*(update.user_id for update in updates), *removals])
            channel_changes.check_roles_kept(caller, updates, members)
            actions = list(channel_changes.actions_on_members(caller, updates, removals, members))
            if channel_changes.shows_others(caller, updates, members):
                actions.append(channel_changes.READ_MEMBERS)
            await self._permit.require(caller, Question(channel=cid), actions)
            return await put_members(tx, caller, channel, updates, removals, members)

        return await self._access.write(caller, work)

    async def members(self, caller: Caller, cid: str, page: Page) -> Listing[ChannelMemberRecord]:
        """Return a page of the members of a channel, by user id."""
        parse_cid(cid, "cid")
        part = window(page, f"members of channel {cid}")
        async with self._access.read(caller) as (reader, revision):
            await existing_channel(reader, self._permit, caller, cid)
            await self._permit.require(caller, Question(channel=cid), ["ReadChannelMembers"])
            rows = await reader.list_channel_members(cid, part.limit + 1, part.after)
        items, token = part.cut(rows, lambda member: member.user_id)
        return Listing(items, token, revision)


async def _nothing(_: Transaction, __: ChannelRecord) -> None:
    """Return nothing of a channel."""
