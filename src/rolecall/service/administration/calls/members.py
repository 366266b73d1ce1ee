"""Members of calls: who is one, with which role, and who no longer."""

from __future__ import annotations

from collections.abc import Sequence

from rolecall.domain.names import parse_cid
from rolecall.domain.records import CallMemberRecord, CallRecord
from rolecall.service.administration.calls import merging as call_changes
from rolecall.service.administration.calls.merging import Members
from rolecall.service.administration.calls.on_call import OnCall, existing_call, known_users
from rolecall.service.administration.calls.values import CallMemberChange, CallMembersView
from rolecall.service.administration.changes import Listing, Page
from rolecall.service.administration.checks import check_joining, check_members, custom_roles, new_members
from rolecall.service.administration.paging import window
from rolecall.service.callers import Caller
from rolecall.service.questions import Question
from rolecall.store import Transaction
from rolecall.store.changes import Happening


class CallMembers(OnCall):
    """Writes and reads the members of calls."""

    async def update_members(
        self,
        caller: Caller,
        cid: str,
        updates: Sequence[CallMemberChange],
        removals: Sequence[str],
        *,
        with_users: bool = False,
    ) -> tuple[CallMembersView, int]:
        """Add, change and remove members, all or nothing; return those added or changed, as requested."""
        updates = call_changes.checked_members(updates, "update_members")
        check_members("update_members", updates, removals, required=True)

        async def work(tx: Transaction, call: CallRecord) -> CallMembersView:
            for alternatives in call_changes.actions_to_name(updates, removals):
                await self._permit.require_any(caller, Question(call=cid), alternatives)
            members = await tx.call_members(cid, [update.user_id for update in updates])
            actions = list(call_changes.actions_on_members(updates, members))
            if removals:
                actions.append("RemoveCallMember")
            await self._permit.require(caller, Question(call=cid), actions)
            gone = await tx.delete_call_members(cid, removals)
            if gone:
                tx.tell(Happening("call.member_removed", cid, gone, caller.user_id))
            records = await put_members(tx, caller, call, updates, members, "update_members")
            tell_members(tx, caller, cid, members, records)
            named = (record.user_id for record in records)
            return CallMembersView(records, await known_users(tx, named) if with_users else {})

        return await self._on_call(caller, cid, [], work)

    async def members(self, caller: Caller, cid: str, page: Page, field: str = "cid") -> Listing[CallMemberRecord]:
        """Return a page of the members of a call, by user id; `field` is what named the call."""
        parse_cid(cid, field)
        part = window(page, f"members of call {cid}")
        async with self._access.read(caller) as (reader, revision):
            await existing_call(reader, cid, field)
            await self._permit.require(caller, Question(call=cid), ["ReadCall"])
            rows = await reader.list_call_members(cid, part.limit + 1, part.after)
        items, token = part.cut(rows, lambda member: member.user_id)
        return Listing(items, token, revision)


async def put_members(
    tx: Transaction,
    caller: Caller,
    call: CallRecord,
    changes: Sequence[CallMemberChange],
    stored: Members,
    field: str,
) -> tuple[CallMemberRecord, ...]:
    """Add and change members; who becomes one must be a user."""
    await check_joining(tx, caller, call.team, new_members(field, changes, stored))
    custom = await custom_roles(tx, (change.role for change in changes))
    records = call_changes.merged_members(changes, stored, custom, field, tx.now)
    await tx.put_call_members(call.cid, [record for record in records if record is not stored.get(record.user_id)])
    return records


def tell_members(
    tx: Transaction, caller: Caller, cid: str, stored: Members, records: Sequence[CallMemberRecord]
) -> None:
    """Tell who has become a member of a call that was there before, and of whom the role or more has changed."""
    for event, user_ids in call_changes.member_events(stored, records):
        tx.tell(Happening(event, cid, user_ids, caller.user_id))
