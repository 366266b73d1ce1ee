"""What a change makes of a channel and its members, and which actions it takes of a user. Reads and writes nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from enum import Enum
from typing import Final

from rolecall.domain.channel_config import FLAGS, MAX_COOLDOWN_SECONDS
from rolecall.domain.errors import InvalidInput
from rolecall.domain.grants import checked_overrides
from rolecall.domain.names import check_text, shown
from rolecall.domain.records import ChannelMemberRecord, ChannelRecord, Extras
from rolecall.domain.roles import DEFAULT_CHANNEL_ROLE, canonical, check_role
from rolecall.service.administration.changes import KEEP, Keep
from rolecall.service.administration.channels.values import ChannelChange, ChannelMemberChange, ChannelOverrides
from rolecall.service.administration.checks import checked_custom, merged_custom, merged_extras, sent, stamped
from rolecall.service.administration.permit import server_only
from rolecall.service.callers import Caller

OVERRIDES: Final = "config_overrides"
CREATE: Final = "CreateChannel"
READ_MEMBERS: Final = "ReadChannelMembers"

Members = Mapping[str, ChannelMemberRecord]


class Moment(Enum):
    """A time that only the write itself knows."""

    NOW = "now"


NOW: Final = Moment.NOW
"""Stands in a member's extras for the time of the write."""


def checked(change: ChannelChange) -> ChannelChange:
    """Return a change of a channel whose values are well formed."""
    within = change.within
    if not isinstance(change.team, Keep):
        check_text(change.team, f"{within}team")
    if not isinstance(change.cooldown, Keep) and not 0 <= change.cooldown <= MAX_COOLDOWN_SECONDS:
        field = f"{within}cooldown"
        text = f"`{field}` must be from 0 to {MAX_COOLDOWN_SECONDS} seconds, got {change.cooldown}"
        raise InvalidInput(text, field=field)
    custom = checked_custom(change.custom, f"{within}custom")
    return replace(change, custom=custom, members=checked_members(change.members, f"{within}members"))


def checked_members(changes: Sequence[ChannelMemberChange], field: str) -> tuple[ChannelMemberChange, ...]:
    """Return changes of members whose values are well formed, each with the field that names it."""
    checks = []
    for place, change in enumerate(changes):
        named = change.field or f"{field}[{place}]"
        checks.append(replace(change, custom=checked_custom(change.custom, f"{named}.custom"), field=named))
    return tuple(checks)


def checked_own(
    overrides: ChannelOverrides, custom_roles: Collection[str], custom_permissions: Collection[str], within: str = ""
) -> ChannelOverrides:
    """Return a channel's own changes, all of whose roles, ids and flags are known."""
    for name, value in overrides.flags.items():
        field = f"{within}{OVERRIDES}.flags.{name}"
        if name not in FLAGS:
            raise InvalidInput(f"`{field}`: {shown(name)} is not a feature flag", field=field)
        if not isinstance(value, bool):
            raise InvalidInput(f"`{field}` must be true or false", field=field)
    grants = checked_overrides(overrides.grants, custom_roles, f"{within}{OVERRIDES}.grants", custom_permissions)
    return ChannelOverrides({role: names for role, names in grants.items() if names}, dict(overrides.flags))


# --- what becomes of it ----------------------------------------------------------------------------------------------


def merged(change: ChannelChange, base: ChannelRecord, overrides: ChannelOverrides) -> ChannelRecord:
    """Return a channel after a change; `overrides` are what its own changes become."""
    return replace(
        base,
        created_by_id=sent(change.created_by_id, base.created_by_id),
        team=sent(change.team, base.team),
        frozen=sent(change.frozen, base.frozen),
        disabled=sent(change.disabled, base.disabled),
        cooldown=sent(change.cooldown, base.cooldown),
        override_grants=overrides.grants,
        override_flags=overrides.flags,
        custom=merged_custom(change.custom, base.custom, f"{change.within}custom"),
        extras=merged_extras(change.extras, base.extras, _extras_field(change)),
    )


def _extras_field(change: ChannelChange) -> str:
    """Return what the request calls the first of the fields that are only kept."""
    names = () if isinstance(change.extras, Keep) else tuple(change.extras)
    return f"{change.within}{names[0] if names else 'extras'}"


def merged_members(
    changes: Sequence[ChannelMemberChange], stored: Members, custom_roles: Collection[str], now: int
) -> tuple[ChannelMemberRecord, ...]:
    """Return the members named after a change, in the order of the request; one that stays as it is is the same.

    New ones are a nanosecond apart, so that their order is told by their age.
    """
    records = []
    for place, change in enumerate(changes):
        known, field = stored.get(change.user_id), change.field
        at = now if known else now + place
        base = known or ChannelMemberRecord(change.user_id, created_at=at, updated_at=at)
        role = base.channel_role
        if not isinstance(change.channel_role, Keep):
            role = check_role(change.channel_role, custom_roles, f"{field}.channel_role")
        wanted = replace(
            base,
            channel_role=role,
            banned=sent(change.banned, base.banned),
            custom=merged_custom(change.custom, base.custom, f"{field}.custom"),
            extras=merged_extras(_dated(change.extras, now), base.extras, field),
        )
        records.append(stamped(wanted, known, at))
    return tuple(records)


def _dated(extras: Extras | Keep, now: int) -> Extras | Keep:
    if isinstance(extras, Keep):
        return extras
    return {name: now if value is NOW else value for name, value in extras.items()}


# --- what it takes ---------------------------------------------------------------------------------------------------


def check_server_only(caller: Caller, change: ChannelChange, members: Members) -> None:
    """Refuse a user what only a server may write, whatever the user's capabilities."""
    within = change.within
    if change.disabled is not KEEP:
        server_only(caller, f"writing `{within}disabled`", f"{within}disabled")
    if change.overrides is not KEEP:
        server_only(caller, f"writing `{within}{OVERRIDES}`", f"{within}{OVERRIDES}")
    check_roles_kept(caller, change.members, members)


def check_roles_kept(caller: Caller, changes: Sequence[ChannelMemberChange], members: Members) -> None:
    """Refuse a user to give a channel role other than a member has, or any new member gets."""
    for change in changes:
        stored = members.get(change.user_id)
        current = stored.channel_role if stored else DEFAULT_CHANNEL_ROLE
        if not isinstance(change.channel_role, Keep) and canonical(change.channel_role) != current:
            server_only(caller, "giving a channel role", f"{change.field}.channel_role")


def actions_to_create_with(change: ChannelChange) -> Iterator[str]:
    """Return what a user needs beside `CREATE` for a new channel; whom it starts with is the creator's choice."""
    yield from _actions_on_state(change)
    if any(member.banned is True for member in change.members):
        yield "BanChannelMember"


def actions_to_change(
    caller: Caller, change: ChannelChange, removals: Sequence[str], members: Members
) -> Iterator[str]:
    """Return the actions a user needs to change a channel; one that changes nothing of it reads it."""
    needed = [*_actions_on_state(change), *actions_on_members(caller, change.members, removals, members)]
    if change.custom is not KEEP or change.extras is not KEEP:
        needed.append("UpdateChannel")
    yield from needed or ["ReadChannel"]


def _actions_on_state(change: ChannelChange) -> Iterator[str]:
    if change.frozen is not KEEP:
        yield "UpdateChannelFrozen"
    if change.cooldown is not KEEP:
        yield "UpdateChannelCooldown"


def actions_on_members(
    caller: Caller, changes: Sequence[ChannelMemberChange], removals: Sequence[str], members: Members
) -> Iterator[str]:
    """Return the actions a user needs to add, change and remove members; on itself alone, narrower ones do.

    What a member keeps of the channel for itself, such as that it is pinned, takes nothing of that member.
    """
    joining = {change.user_id for change in changes if change.user_id not in members or change.custom is not KEEP}
    marked = {change.user_id for change in changes if change.extras is not KEEP}
    own = {caller.user_id}
    if (joining | marked | set(removals)) - own:
        yield "UpdateChannelMembers"
    if caller.user_id in joining:
        yield "AddOwnChannelMembership"
    if caller.user_id in removals:
        yield "RemoveOwnChannelMembership"
    lifted = any(members[user_id].banned for user_id in removals if user_id in members)  # who comes back is not banned
    if lifted or any(change.banned is not KEEP for change in changes):
        yield "BanChannelMember"


def actions_to_name(
    caller: Caller, changes: Sequence[ChannelMemberChange], removals: Sequence[str], asked: Collection[str] = ()
) -> Iterator[tuple[str, ...]]:
    """Return what a user needs to name members at all, of each group one action: whether they are any says nothing.

    `asked` are those named as members: what becomes of the request tells whether they are, as it does of a role.
    """
    own = caller.user_id
    others = [change for change in changes if change.user_id != own]
    strangers = any(user_id != own for user_id in removals)
    if others or strangers:
        banning = not strangers and all(change.banned is not KEEP for change in others)
        yield (*(("BanChannelMember",) if banning else ()), "UpdateChannelMembers", READ_MEMBERS)
    if any(change.channel_role is not KEEP or change.user_id in asked for change in others):
        yield (READ_MEMBERS,)
    if any(change.user_id == own for change in changes):
        yield ("AddOwnChannelMembership", "ReadChannel", "BanChannelMember")
    if own in removals:
        yield ("RemoveOwnChannelMembership",)


def shows_others(caller: Caller, changes: Sequence[ChannelMemberChange], members: Members) -> bool:
    """Tell whether another member is named without a change: what is stored of it would be all that is answered."""
    others = members.keys() - {caller.user_id}
    return any(change.user_id in others and change.custom is KEEP and change.banned is KEEP for change in changes)
