"""One user on one channel: what is stored, the facts a caller sends, and everything resolved that the rules look at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from rolecall.domain.actions import BIT, CREATOR_OWNED
from rolecall.domain.channel_capabilities import FLAG_ROWS, ROWS, SLOW, Ownership
from rolecall.domain.conditions import About
from rolecall.domain.decision import EVERYTHING, NOTHING
from rolecall.domain.facts import ANONYMOUS, Channel, ChannelMember, User
from rolecall.domain.grants import NO_HOLDING, CompiledGrants, Holding
from rolecall.domain.grants import NOTHING as NO_MASKS
from rolecall.domain.policies import NO_POLICIES, CompiledPolicies
from rolecall.domain.records import Settings
from rolecall.domain.roles import DEFAULT_CHANNEL_ROLE, canonical
from rolecall.domain.subject import AppRules, about, effective, owned, roles_of, team_mask


@dataclass(frozen=True, slots=True)
class ChannelType:
    """A channel type, compiled: its grants (v2), the rows its config flags take away, its policies (v1)."""

    name: str
    grants: CompiledGrants
    off: int
    policies: CompiledPolicies = NO_POLICIES


def flags_off(config: Mapping[str, object], off: int = 0) -> int:
    """Return the mask of rows that feature flags take away; flags that are absent keep what `off` says."""
    for flag, rows in FLAG_ROWS.items():
        if flag in config:
            off = off & ~rows if config[flag] else off | rows
    return off


def compile_channel_type(
    name: str, grants: CompiledGrants, config: Settings, policies: CompiledPolicies = NO_POLICIES
) -> ChannelType:
    """Compile a channel type; a feature flag that its config does not name is off."""
    return ChannelType(name, grants, flags_off(dict.fromkeys(FLAG_ROWS, False) | dict(config)), policies)


class ChannelFacts(NamedTuple):
    """Facts a caller holds itself, for one answer; None means: as stored. `member_role` "" means: not a member.

    `custom` is JSON text.
    """

    member_role: str | None = None
    created_by: str | None = None
    team: str | None = None
    blocked: bool | None = None
    frozen: bool | None = None
    disabled: bool | None = None
    cooldown: int | None = None
    flags: Mapping[str, bool] | None = None
    custom: str | None = None


class ChannelCase(NamedTuple):
    """One user on one channel, everything resolved that the rules look at.

    With `policies` the app is on permission version v1, and of `holding` only the roles count.
    """

    app: AppRules
    scope: str
    user_id: str
    user: User | None
    holding: Holding
    owns: int
    team: int
    of_team: str
    member: ChannelMember
    off: int
    frozen: bool
    disabled: bool
    policies: CompiledPolicies | None = None
    about: About | None = None


NOT_A_MEMBER: Final = ChannelMember()


def unstored(channel_type: ChannelType) -> Channel:
    """Return the channel that was never stored: judged by its type alone."""
    return Channel(0, channel_type.name, "", "", frozen=False, disabled=False, cooldown=0)


def channel_with_facts(channel: Channel, facts: ChannelFacts) -> Channel:
    """Return a channel with the caller's facts over what is stored, field by field."""
    return replace(
        channel,
        created_by=channel.created_by if facts.created_by is None else facts.created_by,
        team=channel.team if facts.team is None else facts.team,
        frozen=channel.frozen if facts.frozen is None else facts.frozen,
        disabled=channel.disabled if facts.disabled is None else facts.disabled,
        cooldown=channel.cooldown if facts.cooldown is None else facts.cooldown,
        flags={**channel.flags, **(facts.flags or {})},
        custom=channel.custom if facts.custom is None else facts.custom,
    )


def member_with_facts(member: ChannelMember, facts: ChannelFacts) -> ChannelMember:
    """Return a membership with the caller's facts over what is stored."""
    return ChannelMember(
        role=member.role if facts.member_role is None else canonical(facts.member_role) or None,
        banned=member.banned if facts.blocked is None else facts.blocked,
    )


Situation = tuple[ChannelType, Channel, str, User | None, ChannelMember, str | None, str]
"""What is known of one user on one channel: type, channel, the user's id, user, membership, role of the token, cid."""


def channel_case(app: AppRules, situation: Situation, author: str = "") -> ChannelCase:
    """Resolve roles, ownership and team of one user on one channel."""
    channel_type, channel, user_id, user, member, token_role, cid = situation
    policies = channel_type.policies if app.on_v1 else None
    off = flags_off(channel.flags, channel_type.off) if channel.flags else channel_type.off
    roles = () if user is None else roles_of(app, user, channel.team, member.role, token_role)
    if user is None:
        holding = NO_HOLDING
    elif policies is not None:
        holding = Holding(roles_on_v1(roles, user_id, channel), (), NO_MASKS)
    else:
        holding = channel_type.grants.holding(roles, channel.grants)
    return ChannelCase(
        app,
        channel_type.name,
        user_id,
        user,
        holding,
        owned(user_id, channel.created_by, author),
        0 if user is None else team_mask(app, user, channel.team),
        channel.team,
        member,
        off if channel.cooldown > 0 else off | SLOW,
        channel.frozen,
        channel.disabled,
        policies,
        about(user, roles[0], cid, channel) if user is not None and holding.conditional else None,
    )


def roles_on_v1(roles: tuple[str, ...], user_id: str, channel: Channel) -> tuple[str, ...]:
    """Return the subject's roles under v1: the creator of a channel counts as a member (rule: version v1)."""
    if channel.created_by == user_id != ANONYMOUS.id and DEFAULT_CHANNEL_ROLE not in roles:
        return (*roles, DEFAULT_CHANNEL_ROLE)
    return roles


# --- what is granted, by grants or by policies -----------------------------------------------------------------------


def owns_in(ownership: Ownership, owns: int) -> int:
    """Return the mask of actions that count as owned in rows of this ownership."""
    if ownership is Ownership.OWN_MESSAGE:
        return owns | ~CREATOR_OWNED
    if ownership is Ownership.OTHERS_MESSAGE:
        return owns & CREATOR_OWNED
    return EVERYTHING if ownership is Ownership.EITHER else owns


def ownings(ownership: Ownership, owns: int) -> tuple[int, ...]:
    """Return the masks to ask policies with: a policy may deny the owner what others may, so either is asked twice."""
    if ownership is Ownership.EITHER:
        return owns_in(Ownership.OTHERS_MESSAGE, owns), owns_in(Ownership.OWN_MESSAGE, owns)
    return (owns_in(ownership, owns),)


def granted(case: ChannelCase, ownership: Ownership) -> int:
    """Return the mask of actions that some role's grant, or a policy, allows in rows of this ownership."""
    if case.policies is None:
        return effective(case.holding, owns_in(ownership, case.owns), case.team)
    mask = NOTHING
    for owns in ownings(ownership, case.owns) if case.team else ():  # under v1 nothing crosses teams
        mask |= case.policies.allowed(case.holding.roles, owns)
    return mask


def granted_rows(case: ChannelCase, asked: int) -> int:
    """Return which of the asked rows have an action that is granted."""
    result = 0
    masks: dict[Ownership, int] = {}
    while asked:
        bit = asked & -asked
        asked ^= bit
        row = ROWS[bit.bit_length() - 1]
        mask = masks.get(row.ownership)
        if mask is None:
            mask = masks[row.ownership] = granted(case, row.ownership)
        if mask & row.actions:
            result |= bit
    return result


def may(case: ChannelCase, action: str) -> bool:
    """Tell whether one action is granted."""
    return bool(granted(case, Ownership.ACTION) & BIT[action])
