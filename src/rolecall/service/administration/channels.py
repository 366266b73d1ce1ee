"""Channels: written by servers, and by users as far as they may in the channel itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from rolecall.domain.channel_case import ChannelFacts
from rolecall.domain.errors import NotFound
from rolecall.domain.names import check_type_name, parse_cid, shown
from rolecall.domain.records import ChannelMemberRecord, ChannelRecord
from rolecall.service.administration import channel_changes
from rolecall.service.administration.access import Access
from rolecall.service.administration.changes import (
    ChannelChange,
    ChannelMemberChange,
    ChannelOverrides,
    ChannelResult,
    Keep,
    Listing,
    Page,
)
from rolecall.service.administration.channel_changes import Members
from rolecall.service.administration.checks import (
    check_members,
    check_origin,
    check_users,
    custom_permissions,
    custom_roles,
    custom_text,
    granted,
    known_role,
    merged_custom,
    new_members,
    no_such_type,
    sent,
    stamped,
)
from rolecall.service.administration.paging import window
from rolecall.service.administration.permit import Permit
from rolecall.service.administration.types import unknown_type
from rolecall.service.callers import Caller
from rolecall.service.questions import Question
from rolecall.store import Reader, Transaction


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
        stored = await tx.channel(change.cid)
        base = stored or await _new_channel(tx, change.cid)
        members = await tx.channel_members(change.cid, [member.user_id for member in change.members])
        await self._permit_upsert(tx, caller, change, stored, members)
        wanted = channel_changes.merged(change, base, await _overrides(tx, change, base))
        if stored is None:
            wanted = replace(wanted, created_by_id=wanted.created_by_id or caller.user_id)
        await check_origin(tx, caller, wanted, stored)
        record = stamped(wanted, stored, tx.now)
        if record is not stored:
            await tx.put_channel(record)
        await _put_members(tx, change.cid, change.members, members, "members")
        return record, stored is None

    async def _permit_upsert(
        self, tx: Transaction, caller: Caller, change: ChannelChange, stored: ChannelRecord | None, members: Members
    ) -> None:
        channel_changes.check_server_only(caller, change, members)
        target = Question(channel=change.cid)
        if stored is not None:
            actions = channel_changes.actions_to_change(caller, change, members)
            await self._permit.require(caller, target, actions)
            return
        role = await known_role(tx, caller.role_on_channel(change.cid))
        owned = ChannelFacts(
            member_role=role,
            created_by=caller.user_id,
            team=sent(change.team, ""),
            custom=custom_text(merged_custom(change.custom, {}, "custom"), "custom"),
        )
        # Under v1 who creates a channel does not own it yet, so is not counted as a member of it either.
        new = owned._replace(created_by="") if tx.app.permission_version == "v1" else owned
        asked = [(target._replace(channel_facts=new), channel_changes.CREATE)]
        target = target._replace(channel_facts=owned)
        asked += [(target, action) for action in channel_changes.actions_to_create_with(change)]
        await self._permit.require_all(caller, asked)

    async def get(self, caller: Caller, cid: str) -> ChannelResult:
        """Return one channel and what the caller may do in it."""
        parse_cid(cid, "cid")
        target = Question(channel=cid)
        async with self._access.read(caller) as (reader, revision):
            record = await _existing(reader, cid)
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
        parse_cid(cid, "cid")

        async def check(reader: Reader) -> None:
            await _existing(reader, cid)
            await self._permit.require(caller, Question(channel=cid), ["DeleteChannel"])

        async def work(tx: Transaction) -> None:
            await check(tx)
            await tx.delete_channel(cid)

        return (await self._access.write(caller, work, check))[1]

    async def update_members(
        self, caller: Caller, cid: str, updates: Sequence[ChannelMemberChange], removals: Sequence[str]
    ) -> tuple[tuple[ChannelMemberRecord, ...], int]:
        """Add, change and remove members, all or nothing; return those added or changed, as requested."""
        parse_cid(cid, "cid")
        updates = channel_changes.checked_members(updates, "update_members")
        check_members("update_members", updates, removals, required=True)

        async def work(tx: Transaction) -> tuple[ChannelMemberRecord, ...]:
            await _existing(tx, cid)
            members = await tx.channel_members(cid, [*(update.user_id for update in updates), *removals])
            channel_changes.check_roles_kept(caller, updates, members, "update_members")
            actions = list(channel_changes.actions_on_members(caller, updates, removals, members))
            if channel_changes.shows_others(caller, updates, members):
                actions.append("ReadChannelMembers")
            await self._permit.require(caller, Question(channel=cid), actions)
            await tx.delete_channel_members(cid, removals)
            return await _put_members(tx, cid, updates, members, "update_members")

        return await self._access.write(caller, work)

    async def members(self, caller: Caller, cid: str, page: Page) -> Listing[ChannelMemberRecord]:
        """Return a page of the members of a channel, by user id."""
        parse_cid(cid, "cid")
        part = window(page, f"members of channel {cid}")
        async with self._access.read(caller) as (reader, revision):
            await _existing(reader, cid)
            await self._permit.require(caller, Question(channel=cid), ["ReadChannelMembers"])
            rows = await reader.list_channel_members(cid, part.limit + 1, part.after)
        items, token = part.cut(rows, lambda member: member.user_id)
        return Listing(items, token, revision)


async def _existing(reader: Reader, cid: str) -> ChannelRecord:
    record = await reader.channel(cid)
    if record is None:
        raise NotFound(f"channel {shown(cid)} does not exist", field="cid", reason="CHANNEL_NOT_FOUND")
    return record


async def _new_channel(tx: Transaction, cid: str) -> ChannelRecord:
    name = parse_cid(cid, "cid").type
    if await tx.type(name) is None:
        raise no_such_type("channel", name)
    return ChannelRecord(cid, created_at=tx.now, updated_at=tx.now)


async def _overrides(tx: Transaction, change: ChannelChange, base: ChannelRecord) -> ChannelOverrides:
    """Return what the channel's own changes become; those that are sent are checked."""
    if isinstance(change.overrides, Keep):
        return ChannelOverrides(base.override_grants, base.override_flags)
    grants = change.overrides.grants
    roles, permissions = await custom_roles(tx, grants), await custom_permissions(tx, granted(grants))
    return channel_changes.checked_own(change.overrides, roles, permissions)


async def _put_members(
    tx: Transaction, cid: str, changes: Sequence[ChannelMemberChange], stored: Members, field: str
) -> tuple[ChannelMemberRecord, ...]:
    """Add and change members; who becomes one must be a user."""
    await check_users(tx, new_members(field, changes, stored))
    custom = await custom_roles(tx, (change.channel_role for change in changes))
    records = channel_changes.merged_members(changes, stored, custom, field, tx.now)
    await tx.put_channel_members(cid, [record for record in records if record is not stored.get(record.user_id)])
    return records
