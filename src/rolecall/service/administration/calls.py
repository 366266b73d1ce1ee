"""Calls: written by servers, and by users as far as they may on the call itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from rolecall.domain.call_rules import CallFacts
from rolecall.domain.errors import InvalidInput, NotFound
from rolecall.domain.names import check_id, check_type_name, parse_cid, shown
from rolecall.domain.records import CallMemberRecord, CallRecord, CallUserRecord
from rolecall.service.administration import call_changes, call_users
from rolecall.service.administration.access import Access
from rolecall.service.administration.call_changes import Members
from rolecall.service.administration.changes import (
    CallChange,
    CallMemberChange,
    CallResult,
    CallView,
    Listing,
    Page,
    UserPermissions,
)
from rolecall.service.administration.checks import (
    check_members,
    check_origin,
    check_users,
    custom_roles,
    custom_text,
    known_role,
    merged_custom,
    new_members,
    no_such_type,
    sent,
    stamped,
)
from rolecall.service.administration.paging import window
from rolecall.service.administration.permit import Permit
from rolecall.service.administration.types import excluded_roles, unknown_type
from rolecall.service.callers import Caller
from rolecall.service.questions import Question
from rolecall.service.state import CALL_SCOPE_PREFIX
from rolecall.store import Reader, Transaction

T = TypeVar("T")


class Calls:
    """Writes and reads calls, their members, and what was said of single users on them."""

    def __init__(self, access: Access, permit: Permit) -> None:
        self._access = access
        self._permit = permit

    # --- the call ---

    async def upsert(self, caller: Caller, change: CallChange) -> CallResult:
        """Create a call from its type, or change it."""
        parse_cid(change.cid, "cid")
        change = call_changes.checked(change)
        check_members("members", change.members)
        (view, created), revision = await self._access.write(caller, lambda tx: self._upsert(tx, caller, change))
        own = await self._permit.capabilities_after(caller, Question(call=change.cid), revision)
        return CallResult(view, created, own, revision)

    async def _upsert(self, tx: Transaction, caller: Caller, change: CallChange) -> tuple[CallView, bool]:
        stored = await tx.call(change.cid)
        base = stored or await _new_call(tx, change.cid)
        members = await tx.call_members(change.cid, [member.user_id for member in change.members])
        await self._permit_upsert(tx, caller, change, stored, members)
        wanted = call_changes.merged(change, base)
        if stored is None:
            wanted = replace(wanted, created_by_id=wanted.created_by_id or caller.user_id)
        await check_origin(tx, caller, wanted, stored)
        excluded = await excluded_roles(tx, change.settings, call_changes.SETTINGS_FIELD)
        wanted = replace(wanted, settings={**wanted.settings, **excluded})
        record = stamped(wanted, stored, tx.now)
        if record is not stored:
            await tx.put_call(record)
        await _put_members(tx, change.cid, change.members, members, "members")
        return await _view(tx, record), stored is None

    async def _permit_upsert(
        self, tx: Transaction, caller: Caller, change: CallChange, stored: CallRecord | None, members: Members
    ) -> None:
        target = Question(call=change.cid)
        if stored is not None:
            await self._permit.require(caller, target, call_changes.actions_to_change(change, members))
            return
        facts = CallFacts(
            member_role=await known_role(tx, caller.role_on_call(change.cid)),
            created_by=caller.user_id,
            team=sent(change.team, ""),
            custom=custom_text(merged_custom(change.custom, {}, "custom"), "custom"),
        )
        await self._permit.require(caller, target._replace(call_facts=facts), call_changes.actions_to_create(change))

    async def get(self, caller: Caller, cid: str) -> CallResult:
        """Return one call and what the caller may do on it."""
        parse_cid(cid, "cid")
        target = Question(call=cid)
        async with self._access.read(caller) as (reader, revision):
            record = await _existing(reader, cid)
            await self._permit.require(caller, target, ["ReadCall"])
            view = await _view(reader, record)
        return CallResult(view, False, await self._permit.own_capabilities(caller, target), revision)

    async def list(self, caller: Caller, page: Page, type: str = "") -> Listing[CallView]:  # noqa: A002
        """Return a page of the calls, or of those of one type, by cid; a user sees those it may read."""
        if type:
            check_type_name(type, "type")
        part = window(page, f"calls {type}")
        async with self._access.read(caller) as (reader, revision):
            if type and await reader.type(CALL_SCOPE_PREFIX + type) is None:
                raise unknown_type("call", type, "type")
            rows = await reader.list_calls(part.limit + 1, part.after, call_type=type)
            records, token = part.cut(rows, lambda record: record.cid)
            targets = [Question(call=record.cid) for record in records]
            allowed = await self._permit.allowed(caller, targets, "ReadCall")
            seen = [record for record, may in zip(records, allowed, strict=True) if may]
            return Listing(tuple([await _view(reader, record) for record in seen]), token, revision)

    async def delete(self, caller: Caller, cid: str) -> int:
        """Delete a call with its members and all that was said of users on it."""

        async def work(tx: Transaction, record: CallRecord) -> None:
            await tx.delete_call(record.cid)

        return (await self._on_call(caller, cid, ["DeleteCall"], work))[1]

    async def go_live(self, caller: Caller, cid: str) -> tuple[CallView, int]:
        """Take a call out of backstage."""
        return await self._change(caller, cid, "UpdateCall", lambda record, _: replace(record, backstage=False))

    async def stop_live(self, caller: Caller, cid: str) -> tuple[CallView, int]:
        """Put a call back into backstage."""
        return await self._change(caller, cid, "UpdateCall", lambda record, _: replace(record, backstage=True))

    async def end(self, caller: Caller, cid: str) -> tuple[CallView, int]:
        """End a call; one that has ended keeps its first end."""

        def ended(record: CallRecord, now: int) -> CallRecord:
            return replace(record, ended_at=now if record.ended_at is None else record.ended_at)

        return await self._change(caller, cid, "EndCall", ended)

    async def _change(
        self, caller: Caller, cid: str, action: str, change: Callable[[CallRecord, int], CallRecord]
    ) -> tuple[CallView, int]:
        """Put a call that the caller may change so, changed."""

        async def work(tx: Transaction, stored: CallRecord) -> CallView:
            record = stamped(change(stored, tx.now), stored, tx.now)
            if record is not stored:
                await tx.put_call(record)
            return await _view(tx, record)

        return await self._on_call(caller, cid, [action], work)

    # --- members ---

    async def update_members(
        self, caller: Caller, cid: str, updates: Sequence[CallMemberChange], removals: Sequence[str]
    ) -> tuple[tuple[CallMemberRecord, ...], int]:
        """Add, change and remove members, all or nothing; return those added or changed, as requested."""
        updates = call_changes.checked_members(updates, "update_members")
        check_members("update_members", updates, removals, required=True)

        async def work(tx: Transaction, _: CallRecord) -> tuple[CallMemberRecord, ...]:
            members = await tx.call_members(cid, [update.user_id for update in updates])
            actions = list(call_changes.actions_on_members(updates, members))
            if removals:
                actions.append("RemoveCallMember")
            await self._permit.require(caller, Question(call=cid), actions)
            await tx.delete_call_members(cid, removals)
            return await _put_members(tx, cid, updates, members, "update_members")

        return await self._on_call(caller, cid, [], work)

    async def members(self, caller: Caller, cid: str, page: Page, field: str = "cid") -> Listing[CallMemberRecord]:
        """Return a page of the members of a call, by user id; `field` is what named the call."""
        parse_cid(cid, field)
        part = window(page, f"members of call {cid}")
        async with self._access.read(caller) as (reader, revision):
            await _existing(reader, cid, field)
            await self._permit.require(caller, Question(call=cid), ["ReadCall"])
            rows = await reader.list_call_members(cid, part.limit + 1, part.after)
        items, token = part.cut(rows, lambda member: member.user_id)
        return Listing(items, token, revision)

    # --- single users ---

    async def update_user_permissions(
        self,
        caller: Caller,
        cid: str,
        user_id: str,
        grant: Sequence[str] = (),
        revoke: Sequence[str] = (),
        reset: Sequence[str] = (),
    ) -> UserPermissions:
        """Grant capabilities to one user, revoke them, or leave them to the user's roles again."""
        check_id(user_id, "user_id")
        change = call_users.permission_change(grant, revoke, reset)

        async def work(tx: Transaction, _: CallRecord) -> CallUserRecord:
            await check_users(tx, {"user_id": user_id})
            return await _put_user(tx, cid, user_id, lambda user: call_users.with_permissions(user, change))

        user, revision = await self._on_call(caller, cid, ["UpdateCallPermissions"], work)
        own = await self._permit.capabilities_of(caller, Question(user_id=user_id, call=cid), revision)
        return UserPermissions(own, user.granted, user.revoked, revision)

    async def block(self, caller: Caller, cid: str, user_id: str) -> int:
        """Deny a user everything on a call; a member stays one."""
        check_id(user_id, "user_id")
        if user_id == caller.user_id:
            raise InvalidInput("`user_id` is the caller: nobody blocks itself", field="user_id")

        async def work(tx: Transaction, _: CallRecord) -> None:
            await check_users(tx, {"user_id": user_id})
            await _put_user(tx, cid, user_id, lambda user: replace(user, blocked=True))

        return (await self._on_call(caller, cid, ["BlockUser"], work))[1]

    async def unblock(self, caller: Caller, cid: str, user_id: str) -> int:
        """Take a block back; the user need not exist any more."""
        check_id(user_id, "user_id")

        async def work(tx: Transaction, _: CallRecord) -> None:
            await _put_user(tx, cid, user_id, lambda user: replace(user, blocked=False))

        return (await self._on_call(caller, cid, ["BlockUser"], work))[1]

    async def _on_call(
        self, caller: Caller, cid: str, actions: Sequence[str], work: Callable[[Transaction, CallRecord], Awaitable[T]]
    ) -> tuple[T, int]:
        """Write to a call that exists and on which the caller may do the actions."""
        parse_cid(cid, "cid")

        async def check(reader: Reader) -> CallRecord:
            record = await _existing(reader, cid)
            await self._permit.require(caller, Question(call=cid), actions)
            return record

        async def change(tx: Transaction) -> T:
            return await work(tx, await check(tx))

        return await self._access.write(caller, change, check if actions else None)


async def _existing(reader: Reader, cid: str, field: str = "cid") -> CallRecord:
    record = await reader.call(cid)
    if record is None:
        raise NotFound(f"call {shown(cid)} does not exist", field=field, reason="CALL_NOT_FOUND")
    return record


async def _view(reader: Reader, record: CallRecord) -> CallView:
    return CallView(record, await reader.blocked_users(record.cid))


async def _new_call(tx: Transaction, cid: str) -> CallRecord:
    name = parse_cid(cid, "cid").type
    of = await tx.type(CALL_SCOPE_PREFIX + name)
    if of is None:
        raise no_such_type("call", name)
    return call_changes.new_call(cid, of.settings, tx.now)


async def _put_members(
    tx: Transaction, cid: str, changes: Sequence[CallMemberChange], stored: Members, field: str
) -> tuple[CallMemberRecord, ...]:
    """Add and change members; who becomes one must be a user."""
    await check_users(tx, new_members(field, changes, stored))
    custom = await custom_roles(tx, (change.role for change in changes))
    records = call_changes.merged_members(changes, stored, custom, field, tx.now)
    await tx.put_call_members(cid, [record for record in records if record is not stored.get(record.user_id)])
    return records


async def _put_user(
    tx: Transaction, cid: str, user_id: str, change: Callable[[CallUserRecord], CallUserRecord]
) -> CallUserRecord:
    stored = await tx.call_user(cid, user_id) or CallUserRecord(user_id)
    record = change(stored)
    if record != stored:
        await tx.put_call_user(cid, record)
    return record
