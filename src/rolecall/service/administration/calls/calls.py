"""Calls: written by servers, and by users as far as they may on the call itself.

What a call goes through, its members, and what is said of single users on it have modules of their own; to callers
they are one, `Calls`.
"""

from __future__ import annotations

from dataclasses import replace

from rolecall.domain.call_rules import CallFacts
from rolecall.domain.errors import InvalidInput
from rolecall.domain.names import check_type_name, parse_cid, printable
from rolecall.domain.records import CallRecord, TypeRecord
from rolecall.service.administration.calls import merging as call_changes
from rolecall.service.administration.calls.members import CallMembers, put_members, tell_members
from rolecall.service.administration.calls.merging import Members
from rolecall.service.administration.calls.on_call import call_view, no_such_call
from rolecall.service.administration.calls.queries import CallQueries
from rolecall.service.administration.calls.standing import CallStanding
from rolecall.service.administration.calls.states import CallStates
from rolecall.service.administration.calls.values import CallChange, CallResult, CallView
from rolecall.service.administration.changes import Listing, Page
from rolecall.service.administration.checks import (
    check_origin,
    custom_text,
    known_role,
    merged_custom,
    no_such_type,
    sent,
    stamped,
)
from rolecall.service.administration.creators import put_creator
from rolecall.service.administration.paging import window
from rolecall.service.administration.types import excluded_roles, unknown_type
from rolecall.service.callers import Caller
from rolecall.service.questions import Question
from rolecall.service.state import CALL_SCOPE_PREFIX
from rolecall.store import Reader, Transaction
from rolecall.store.changes import Happening


class Calls(CallStates, CallMembers, CallStanding, CallQueries):
    """Writes and reads calls."""

    # --- writing ---

    async def upsert(self, caller: Caller, change: CallChange) -> CallResult:
        """Create a call from its type, or change it."""
        change = call_changes.checked(change)
        (view, created), revision = await self._access.write(caller, lambda tx: self._upsert(tx, caller, change))
        return await self._written(caller, view, revision, created=created)

    async def _upsert(self, tx: Transaction, caller: Caller, change: CallChange) -> tuple[CallView, bool]:
        stored = await tx.call(change.cid)
        if stored is not None:
            members = await tx.call_members(change.cid, [member.user_id for member in change.members])
            actions = call_changes.actions_to_change(change, members)
            await self._permit.require(caller, Question(call=change.cid), actions)
            return await call_view(tx, await _put(tx, caller, change, stored, members)), False
        of = await _type_of(tx, change.cid)
        if of is None:
            raise no_such_type("call", parse_cid(change.cid, "cid").type)
        await self._permit_new(tx, caller, change)
        return await call_view(tx, await _put_new(tx, caller, change, of)), True

    async def get_or_create(self, caller: Caller, change: CallChange, *, members_limit: int = 100) -> CallResult:
        """Return a call; one that is not there yet is created. Of one that is, nothing changes.

        A server names who creates it; who is not known yet becomes a user, all in one revision.
        """
        change = call_changes.checked_new(change)
        target = Question(call=change.cid)
        known = await self._stored(caller, change.cid, members_limit)
        if known is not None:
            return known

        async def work(tx: Transaction) -> tuple[CallView, bool]:
            stored = await tx.call(change.cid)  # another may have created it since
            if stored is not None:
                await self._permit.require(caller, target, ["ReadCall"])
            return await call_view(tx, stored or await self._create(tx, caller, change), members_limit), stored is None

        (view, created), revision = await self._access.write(caller, work)
        return await self._written(caller, view, revision, created=created)

    async def _create(self, tx: Transaction, caller: Caller, change: CallChange) -> CallRecord:
        """Create a call that a request addresses, and its creator."""
        of = await _type_of(tx, change.cid)
        if of is None:
            raise unknown_type("call", parse_cid(change.cid, "cid").type, "type")
        await self._permit_new(tx, caller, change)
        change = replace(change, created_by_id=await put_creator(tx, caller, change.creator, change.within))
        await _check_involved(tx, change)
        return await _put_new(tx, caller, change, of)

    async def _permit_new(self, tx: Transaction, caller: Caller, change: CallChange) -> None:
        """Ask for a user that creates a call: by facts, as nothing is stored of it."""
        facts = CallFacts(
            member_role=await known_role(tx, caller.role_on_call(change.cid)),
            created_by=caller.user_id,
            team=sent(change.team, ""),
            custom=custom_text(merged_custom(change.custom, {}, "custom"), "custom"),
        )
        target = Question(call=change.cid, call_facts=facts)
        await self._permit.require(caller, target, call_changes.actions_to_create(change))

    async def update(self, caller: Caller, change: CallChange, *, members_limit: int = 100) -> CallResult:
        """Change a call that is there."""
        change = call_changes.checked(change)

        async def work(tx: Transaction, stored: CallRecord) -> CallView:
            return await call_view(tx, await _put(tx, caller, change, stored, {}), members_limit)

        actions = tuple(call_changes.actions_to_update(change))
        view, revision = await self._on_call(caller, change.cid, actions, work)
        return await self._written(caller, view, revision, created=False)

    async def _written(self, caller: Caller, view: CallView, revision: int, *, created: bool) -> CallResult:
        own = await self._permit.capabilities_after(caller, Question(call=view.record.cid), revision)
        return CallResult(view, created, own, revision)

    # --- reading ---

    async def get(self, caller: Caller, cid: str, *, members_limit: int | None = None) -> CallResult:
        """Return one call and what the caller may do on it."""
        parse_cid(cid, "cid")
        result = await self._stored(caller, cid, members_limit)
        if result is None:
            raise no_such_call(cid)
        return result

    async def _stored(self, caller: Caller, cid: str, members_limit: int | None) -> CallResult | None:
        target = Question(call=cid)
        async with self._access.read(caller) as (reader, revision):
            record = await reader.call(cid)
            if record is None:
                return None
            await self._permit.require(caller, target, ["ReadCall"])
            view = await call_view(reader, record, members_limit)
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
            return Listing(tuple([await call_view(reader, record) for record in seen]), token, revision)


async def _type_of(reader: Reader, cid: str) -> TypeRecord | None:
    return await reader.type(CALL_SCOPE_PREFIX + parse_cid(cid, "cid").type)


async def _put_new(tx: Transaction, caller: Caller, change: CallChange, of: TypeRecord) -> CallRecord:
    """Store a call as its type and the change make it, a user's as its own."""
    base = call_changes.new_call(change.cid, of, tx.now)
    return await _put(tx, caller, change, replace(base, created_by_id=caller.user_id), {}, created=True)


async def _put(
    tx: Transaction, caller: Caller, change: CallChange, base: CallRecord, members: Members, *, created: bool = False
) -> CallRecord:
    """Store a call after a change with the members it names, and tell of what has changed."""
    stored = None if created else base
    wanted = call_changes.merged(change, base)
    wanted = replace(wanted, created_by_id=wanted.created_by_id or (caller.user_id if created else ""))
    await check_origin(tx, caller, wanted, stored, change.within)
    excluded = await excluded_roles(tx, change.settings, call_changes.settings_field(change))
    record = stamped(replace(wanted, settings={**wanted.settings, **excluded}), stored, tx.now)
    if record is not stored:
        await tx.put_call(record)
    put = await put_members(tx, caller, record, change.members, members, f"{change.within}members")
    if created:
        tx.tell(Happening("call.created", change.cid, tuple(member.user_id for member in put), caller.user_id))
        return record
    if record is not stored:
        tx.tell(Happening("call.updated", change.cid, by=caller.user_id))
    tell_members(tx, caller, change.cid, members, put)
    return record


async def _check_involved(tx: Transaction, change: CallChange) -> None:
    """Refuse members that are no users, all of them named."""
    known = await tx.users([member.user_id for member in change.members]) if change.members else {}
    missing = [member.user_id for member in change.members if member.user_id not in known]
    if missing:
        raise InvalidInput(
            "The following users are involved in call create operation, but don't exist: "
            f"[{', '.join(map(printable, missing))}]. Please create the user objects before setting up the call.",
            field=f"{change.within}members",
            reason="UNKNOWN_USER",
        )
