"""Writing a channel and its members within a transaction: what a caller may, what becomes of it, and what is told.

What a change makes of a channel is worked out in `channel_changes.py`; who calls these is in `channels.py` and
`channel_updates.py`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from rolecall.domain.channel_case import ChannelFacts
from rolecall.domain.errors import Forbidden, NotFound
from rolecall.domain.names import parse_cid, shown
from rolecall.domain.records import ChannelMemberRecord, ChannelRecord
from rolecall.service.administration.changes import Keep
from rolecall.service.administration.channels import merging as channel_changes
from rolecall.service.administration.channels.distinct import (
    DISTINCT,
    MOST_DISTINCT,
    check_reserved,
    distinct_id,
    is_distinct,
)
from rolecall.service.administration.channels.merging import Members
from rolecall.service.administration.channels.values import ChannelChange, ChannelMemberChange, ChannelOverrides
from rolecall.service.administration.checks import (
    check_joining,
    check_origin,
    custom_permissions,
    custom_roles,
    custom_text,
    granted,
    known_role,
    merged_custom,
    no_such_type,
    sent,
    stamped,
)
from rolecall.service.administration.permit import Permit
from rolecall.service.callers import Caller
from rolecall.service.questions import Question
from rolecall.store import Reader, Transaction
from rolecall.store.changes import Happening


async def find_channel(reader: Reader, permit: Permit, caller: Caller, cid: str) -> ChannelRecord | None:
    """Return a channel, None when it is not there.

    Whether a distinct one is there, whose id tells who its members are, only a user learns that may read it: others are
    refused as they are in one that nobody has made.
    """
    record = await reader.channel(cid)
    if caller.server_side or not is_distinct(cid):
        return record
    if record is not None and (await permit.allowed(caller, [Question(channel=cid)], "ReadChannel"))[0]:
        return record
    unmade = f"{parse_cid(cid, 'cid').type}:{DISTINCT}"
    await permit.require(caller, Question(channel=unmade), ["ReadChannel"])
    return None


async def existing_channel(
    reader: Reader, permit: Permit, caller: Caller, cid: str, field: str = "cid"
) -> ChannelRecord:
    """Return a channel that is there; `field` is what named it."""
    record = await find_channel(reader, permit, caller, cid)
    if record is None:
        raise no_such_channel(cid, field)
    return record


def no_such_channel(cid: str, field: str = "cid") -> NotFound:
    """Make the error for a channel that is addressed and does not exist."""
    return NotFound(f"channel {shown(cid)} does not exist", field=field, reason="CHANNEL_NOT_FOUND")


async def check_type(reader: Reader, cid: str) -> None:
    """Check that there is the type of a channel that a path names."""
    type_name = parse_cid(cid, "cid").type
    if await reader.type(type_name) is None:
        text = f'"{type_name}" is not a defined channel type'
        raise NotFound(text, field="type", reason="CHANNEL_TYPE_NOT_FOUND")


async def create(
    tx: Transaction, permit: Permit, caller: Caller, change: ChannelChange, *, named: str = "cid"
) -> ChannelRecord:
    """Create a channel with its members; `named` is what the request names it by, "" for its members: a distinct one.

    A user makes a distinct channel for itself and others, not for others alone.
    """
    name = parse_cid(change.cid, "cid").type
    if await tx.type(name) is None:
        raise no_such_type("channel", name)
    if named:
        check_reserved(change.cid, named)
    elif not caller.server_side and all(member.user_id != caller.user_id for member in change.members):
        text = "a distinct channel is created by one of its members"
        raise Forbidden(text, field=f"{change.within}members", reason="DISTINCT_CHANNEL")
    channel_changes.check_server_only(caller, change, {})
    await _permit_creation(tx, permit, caller, change)
    base = ChannelRecord(change.cid, created_at=tx.now, updated_at=tx.now)
    wanted = channel_changes.merged(change, base, await _overrides(tx, change, base))
    wanted = replace(wanted, created_by_id=wanted.created_by_id or caller.user_id)
    await check_origin(tx, caller, wanted, None, change.within)
    record = stamped(wanted, None, tx.now)
    await tx.put_channel(record)
    members = await _merged_members(tx, caller, record, change.members, {})
    await tx.put_channel_members(change.cid, members)
    _tell(tx, caller, change.cid, "channel.created", [member.user_id for member in members])
    return record


async def _permit_creation(tx: Transaction, permit: Permit, caller: Caller, change: ChannelChange) -> None:
    target = Question(channel=change.cid)
    field = f"{change.within}custom"
    owned = ChannelFacts(
        member_role=await known_role(tx, caller.role_on_channel(change.cid)),
        created_by=caller.user_id,
        team=sent(change.team, ""),
        custom=custom_text(merged_custom(change.custom, {}, field), field),
    )
    # Under v1 who creates a channel does not own it yet, so is not counted as a member of it either.
    new = owned._replace(created_by="") if tx.app.permission_version == "v1" else owned
    asked = [(target._replace(channel_facts=new), channel_changes.CREATE)]
    target = target._replace(channel_facts=owned)
    asked += [(target, action) for action in channel_changes.actions_to_create_with(change)]
    await permit.require_all(caller, asked)


async def permit_naming(
    permit: Permit,
    caller: Caller,
    cid: str,
    changes: Sequence[ChannelMemberChange],
    removals: Sequence[str] = (),
    asked: Collection[str] = (),
) -> None:
    """Refuse a user that may not name these members, before it is looked at which of them are any, and of what role."""
    for actions in channel_changes.actions_to_name(caller, changes, removals, asked):
        await permit.require_any(caller, Question(channel=cid), actions)


async def change_channel(
    tx: Transaction,
    permit: Permit,
    caller: Caller,
    change: ChannelChange,
    stored: ChannelRecord,
    removals: Sequence[str] = (),
) -> ChannelRecord:
    """Change a channel, and add, change and remove members."""
    cid = change.cid
    await permit_naming(permit, caller, cid, change.members, removals)
    members = await tx.channel_members(cid, [*(member.user_id for member in change.members), *removals])
    channel_changes.check_server_only(caller, change, members)
    actions = channel_changes.actions_to_change(caller, change, removals, members)
    await permit.require(caller, Question(channel=cid), actions)
    wanted = channel_changes.merged(change, stored, await _overrides(tx, change, stored))
    named = "created_by_id" if isinstance(change.creator, Keep) else "created_by"
    await check_origin(tx, caller, wanted, stored, change.within, named)
    record = stamped(wanted, stored, tx.now)
    if record is not stored:
        await tx.put_channel(record)
        _tell(tx, caller, cid, "channel.updated")
    await put_members(tx, caller, record, change.members, removals, members)
    return record


async def put_members(
    tx: Transaction,
    caller: Caller,
    channel: ChannelRecord,
    changes: Sequence[ChannelMemberChange],
    removals: Sequence[str],
    stored: Members,
) -> tuple[ChannelMemberRecord, ...]:
    """Add, change and remove members, which was allowed; return those added or changed, in the order of the request."""
    cid = channel.cid
    await _check_distinct(tx, cid, [change for change in changes if change.user_id not in stored])
    records = await _merged_members(tx, caller, channel, changes, stored)
    gone = await tx.delete_channel_members(cid, removals) if removals else ()
    written = [record for record in records if record is not stored.get(record.user_id)]
    if written:
        await tx.put_channel_members(cid, written)
    added = [record.user_id for record in written if record.user_id not in stored]
    changed = [record.user_id for record in written if record.user_id in stored]
    named = [user_id for user_id in removals if user_id in gone]
    for event, user_ids in (("member.added", added), ("member.updated", changed), ("member.removed", named)):
        if user_ids:
            _tell(tx, caller, cid, event, user_ids)
    return records


async def delete(tx: Transaction, caller: Caller, cid: str) -> None:
    """Delete a channel with its members, which was allowed."""
    await tx.delete_channel(cid)
    _tell(tx, caller, cid, "channel.deleted")


def _tell(tx: Transaction, caller: Caller, cid: str, event: str, user_ids: Sequence[str] = ()) -> None:
    tx.tell(Happening(event, cid, tuple(user_ids), caller.user_id))


async def _merged_members(
    tx: Transaction,
    caller: Caller,
    channel: ChannelRecord,
    changes: Sequence[ChannelMemberChange],
    stored: Members,
) -> tuple[ChannelMemberRecord, ...]:
    """Return members as they become; who becomes one must be a user."""
    new = {f"{change.field}.user_id": change.user_id for change in changes if change.user_id not in stored}
    await check_joining(tx, caller, channel.team, new)
    custom = await custom_roles(tx, (change.channel_role for change in changes))
    return channel_changes.merged_members(changes, stored, custom, tx.now)


async def _check_distinct(tx: Transaction, cid: str, joining: Sequence[ChannelMemberChange]) -> None:
    """Refuse members whom a distinct channel is not of: its id tells who they are."""
    identifier = parse_cid(cid, "cid").id
    if not joining or not identifier.startswith(DISTINCT):
        return
    present = await tx.oldest_channel_members(cid, MOST_DISTINCT)
    together = {*(member.user_id for member in present), *(change.user_id for change in joining)}
    if distinct_id(together) != identifier:
        raise Forbidden(
            "cannot add members to the distinct channel they don't belong to, "
            "please create a new distinct channel with the desired members",
            field=joining[0].field,
            reason="DISTINCT_CHANNEL",
        )


async def _overrides(tx: Transaction, change: ChannelChange, base: ChannelRecord) -> ChannelOverrides:
    """Return what the channel's own changes become; those that are sent are checked."""
    if isinstance(change.overrides, Keep):
        return ChannelOverrides(base.override_grants, base.override_flags)
    grants = change.overrides.grants
    roles, permissions = await custom_roles(tx, grants), await custom_permissions(tx, granted(grants))
    return channel_changes.checked_own(change.overrides, roles, permissions, change.within)
