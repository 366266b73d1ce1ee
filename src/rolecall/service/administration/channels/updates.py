"""Updates of channels in many parts, as Stream's clients send them: data, members, roles and invites in one write."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any, Final

from rolecall.domain.errors import InvalidInput, NotFound
from rolecall.domain.names import check_id, check_text, parse_cid, shown
from rolecall.domain.records import ChannelMemberRecord, ChannelRecord
from rolecall.domain.roles import check_role
from rolecall.service.administration.access import Access
from rolecall.service.administration.changes import KEEP, Keep
from rolecall.service.administration.channels import fields as channel_fields
from rolecall.service.administration.channels import merging as channel_changes
from rolecall.service.administration.channels.merging import NOW, Members
from rolecall.service.administration.channels.values import ChannelChange, ChannelMemberChange
from rolecall.service.administration.channels.views import (
    MEMBERS_SHOWN,
    ChannelView,
    MemberView,
    channel_view,
    shown_after,
)
from rolecall.service.administration.channels.writes import change_channel, existing_channel, permit_naming
from rolecall.service.administration.checks import check_count, custom_roles, sent
from rolecall.service.administration.creators import checked_creator
from rolecall.service.administration.permit import Permit, server_only
from rolecall.service.callers import Caller
from rolecall.service.questions import Question
from rolecall.store import Transaction

TAGS: Final = "filter_tags"
_REMOVALS: Final = "remove_members"
_PENDING: Final = {"invited": True, "status": "pending"}
_ANSWERS: Final[Mapping[bool, Mapping[str, Any]]] = {
    True: {"status": "accepted", "invite_accepted_at": NOW},
    False: {"status": "rejected", "invite_rejected_at": NOW},
}


class Part(Enum):
    """What an update does with a member: ADD takes in who is none, INVITE only those, CHANGE asks for a member."""

    ADD = "add"
    INVITE = "invite"
    CHANGE = "change"


@dataclass(frozen=True, slots=True)
class MemberPart:
    """One member that an update names; `change.field` is where."""

    part: Part
    change: ChannelMemberChange


@dataclass(frozen=True, slots=True)
class ChannelUpdate:
    """An update of a channel that is there; parts that name one user count together, the last one where they differ.

    `change` says nothing of members. `accept` and `reject` answer the invite of `user_id`, "" for the caller.
    `named` are the fields that the request names one by one.
    """

    change: ChannelChange
    parts: tuple[MemberPart, ...] = ()
    removals: tuple[str, ...] = ()
    add_tags: tuple[str, ...] = ()
    remove_tags: tuple[str, ...] = ()
    accept: bool = False
    reject: bool = False
    user_id: str = ""
    named: tuple[str, ...] = ()


class ChannelUpdates:
    """Writes updates."""

    def __init__(self, access: Access, permit: Permit) -> None:
        self._access = access
        self._permit = permit

    async def change(self, caller: Caller, update: ChannelUpdate, *, members_limit: int = MEMBERS_SHOWN) -> ChannelView:
        """Change a channel, all or nothing, and return it whole."""
        update = _checked(caller, update)
        cid = update.change.cid

        async def work(tx: Transaction) -> ChannelView:
            stored = await existing_channel(tx, self._permit, caller, cid)
            await self._permit_looking(caller, update)
            change = await _whole(tx, caller, update, stored)
            record = await change_channel(tx, self._permit, caller, change, stored, update.removals)
            return await channel_view(tx, caller, record, members_limit)

        view, revision = await self._access.write(caller, work)
        return await shown_after(self._permit, caller, view, revision)

    async def _permit_looking(self, caller: Caller, update: ChannelUpdate) -> None:
        """Refuse a user that may not know what the update asks of the channel as it is stored."""
        cid, named = update.change.cid, [part.change for part in update.parts]
        asked = {part.change.user_id for part in update.parts if part.part is Part.CHANGE}
        if update.accept or update.reject:
            named.append(ChannelMemberChange(update.user_id or caller.user_id))
        await permit_naming(self._permit, caller, cid, named, update.removals, asked)
        change = update.change
        if change.custom == {} and change.frozen is KEEP and change.cooldown is KEEP:
            await self._permit.require_any(caller, Question(channel=cid), ("UpdateChannel", "ReadChannel"))

    async def change_member(
        self, caller: Caller, cid: str, change: ChannelMemberChange, named: Sequence[str] = ()
    ) -> MemberView:
        """Change one member of a channel, "" for the caller; `named` are the fields that the request names."""
        parse_cid(cid, "cid")
        channel_fields.check_member(caller, named)
        user_id = check_id(change.user_id or caller.user_id, "user_id")
        change = channel_changes.checked_members([replace(change, user_id=user_id)], "members")[0]

        async def work(tx: Transaction) -> MemberView:
            stored = await existing_channel(tx, self._permit, caller, cid)
            await permit_naming(self._permit, caller, cid, [change], asked={user_id})
            if user_id not in await tx.channel_members(cid, [user_id]):
                text = f"user {shown(user_id)} is not a member of channel {shown(cid)}"
                raise NotFound(text, field="user_id", reason="MEMBER_NOT_FOUND")
            await change_channel(tx, self._permit, caller, ChannelChange(cid, members=(change,)), stored)
            member = (await tx.channel_members(cid, [user_id]))[user_id]
            return MemberView(member, await tx.user(user_id), creator=stored.created_by_id == user_id)

        return (await self._access.write(caller, work))[0]


def _checked(caller: Caller, update: ChannelUpdate) -> ChannelUpdate:
    """Return an update whose values are well formed."""
    parse_cid(update.change.cid, "cid")
    channel_fields.check_channel(caller, update.named)
    check_count(len(update.parts) + len(update.removals), "add_members")
    for place, user_id in enumerate(update.removals):
        check_id(user_id, f"{_REMOVALS}[{place}]")
    for place, tag in enumerate(update.add_tags):
        check_text(tag, f"add_filter_tags[{place}]")
    changes = channel_changes.checked_members([part.change for part in update.parts], "members")
    named = {check_id(one.user_id, f"{one.field}.user_id"): one.field for one in changes}
    for place, user_id in enumerate(update.removals):
        if user_id in named:
            field = f"{_REMOVALS}[{place}]"
            raise InvalidInput(f"`{field}`: {shown(user_id)} is named in `{named[user_id]}` already", field=field)
    if update.accept or update.reject:
        _check_answer(caller, update)
    change = update.change
    if not isinstance(change.creator, Keep):
        checked_creator(change.created_by_id, change.creator, change.within)
        change = replace(change, created_by_id=change.creator.id)
    parts = tuple(replace(part, change=one) for part, one in zip(update.parts, changes, strict=True))
    removals = tuple(dict.fromkeys(update.removals))
    return replace(update, change=channel_changes.checked(change), parts=parts, removals=removals)


def _check_answer(caller: Caller, update: ChannelUpdate) -> None:
    """Check the answer to an invite: one, of who stays."""
    if update.accept and update.reject:
        raise InvalidInput("`reject_invite` can't go with `accept_invite`", field="reject_invite")
    user_id = check_id(update.user_id or caller.user_id, "user_id")
    if user_id != caller.user_id:
        server_only(caller, "answering the invite of another", "user_id")
    if user_id in update.removals:
        field = f"{_REMOVALS}[{update.removals.index(user_id)}]"
        answer = _answer_field(update)
        raise InvalidInput(f"`{field}`: {shown(user_id)} answers an invite in `{answer}`", field=field)


async def _whole(tx: Transaction, caller: Caller, update: ChannelUpdate, stored: ChannelRecord) -> ChannelChange:
    """Return an update as one change of the channel as it is stored."""
    answering = (update.user_id or caller.user_id) if update.accept or update.reject else ""
    ids = {*(part.change.user_id for part in update.parts), answering} - {""}
    members = await tx.channel_members(stored.cid, ids)
    if caller.server_side:  # a user gives no role but the one a member has
        await _check_roles(tx, update.parts)
    parts = _applying(update.parts, members)
    if answering:
        parts.append(_answer(members.get(answering), update))
    change = replace(update.change, members=tuple(_together(parts)))
    if isinstance(change.custom, Mapping) and not change.custom and not stored.custom:
        change = replace(change, custom=KEEP)  # nothing in the place of nothing is no change that one may refuse
    if not update.add_tags and not update.remove_tags:
        return change
    extras = {} if isinstance(change.extras, Keep) else dict(change.extras)
    before: Sequence[str] = extras.get(TAGS) or stored.extras.get(TAGS) or ()
    tags = dict.fromkeys((*before, *update.add_tags))
    extras[TAGS] = [tag for tag in tags if tag not in update.remove_tags] or None
    return replace(change, extras=extras)


async def _check_roles(tx: Transaction, parts: Sequence[MemberPart]) -> None:
    """Check every role that is named, also one that another part overrules."""
    roles = await custom_roles(tx, (part.change.channel_role for part in parts))
    for one in (part.change for part in parts):
        if not isinstance(one.channel_role, Keep):
            check_role(one.channel_role, roles, f"{one.field}.channel_role")


def _applying(parts: Sequence[MemberPart], members: Members) -> list[MemberPart]:
    """Return the parts that say anything; InvalidInput when one changes who is no member and does not become one."""
    present, invited = set(members), []
    for part in parts:
        user_id = part.change.user_id
        if part.part is Part.CHANGE and user_id not in present:
            field = f"{part.change.field}.user_id"
            raise InvalidInput(f"`{field}`: {shown(user_id)} is not a member of the channel", field=field)
        if part.part is Part.INVITE and user_id in present:
            continue
        present.add(user_id)
        extras = _PENDING if part.part is Part.INVITE else part.change.extras
        invited.append(replace(part, change=replace(part.change, extras=extras)))
    return invited


def starting_members(parts: Sequence[MemberPart]) -> tuple[ChannelMemberChange, ...]:
    """Return those whom a new channel starts with, each once."""
    return tuple(_together(_applying(parts, {})))


def _together(parts: Sequence[MemberPart]) -> list[ChannelMemberChange]:
    """Return one change for each member that parts name."""
    changes: dict[str, ChannelMemberChange] = {}
    for part in parts:
        change = part.change
        before = changes.get(change.user_id)
        changes[change.user_id] = change if before is None else _joined(before, change)
    return list(changes.values())


def _joined(before: ChannelMemberChange, change: ChannelMemberChange) -> ChannelMemberChange:
    """Return two changes of one member as one; errors name the one that gives a role."""
    keeps_role = change.channel_role is KEEP
    both = {**sent(before.extras, {}), **sent(change.extras, {})}
    return replace(
        before,
        channel_role=before.channel_role if keeps_role else change.channel_role,
        custom=before.custom if change.custom is KEEP else change.custom,
        extras=both or KEEP,
        field=before.field if keeps_role else change.field,
    )


def _answer(member: ChannelMemberRecord | None, update: ChannelUpdate) -> MemberPart:
    field = _answer_field(update)
    if member is None or not member.extras.get("invited"):
        raise InvalidInput(f"`{field}`: there is no invite to this channel", field=field)
    return MemberPart(Part.CHANGE, ChannelMemberChange(member.user_id, extras=_ANSWERS[update.accept], field=field))


def _answer_field(update: ChannelUpdate) -> str:
    return "accept_invite" if update.accept else "reject_invite"
