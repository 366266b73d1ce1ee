"""May this user do this on this channel: the rules of channels under permission version v2, in their order.

What is asked is a mask over the rows of `channel_capabilities.ROWS`. Version v1 will put its policies in the place of
`RoleGranted`; until then an app on v1 gets an error for channels, never an answer by the wrong rules.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from rolecall.domain import channel_capabilities
from rolecall.domain.actions import BIT, CREATOR_OWNED
from rolecall.domain.channel_capabilities import FLAG_ROWS, ROWS, SENDING, SLOW, UNGRANTED, ChannelRow, Ownership
from rolecall.domain.decision import EVERYTHING, NOTHING, Decision, Reason, Rule, Rules, allowed, compiled, decide
from rolecall.domain.facts import Channel, ChannelMember, User
from rolecall.domain.grants import CompiledGrants, Holding
from rolecall.domain.records import Settings
from rolecall.domain.roles import canonical
from rolecall.domain.shared_rules import (
    OBSTACLES,
    ChecksDisabled,
    Standing,
    grant_detail,
    grant_remedy,
)
from rolecall.domain.subject import (
    NO_GRANT,
    AppRules,
    effective,
    granting,
    obstacle,
    owned,
    require_v2,
    roles_of,
    team_mask,
)


class ChannelType(NamedTuple):
    """A channel type, compiled: its grants and the rows its config flags take away."""

    name: str
    grants: CompiledGrants
    off: int


def flags_off(config: Mapping[str, object], off: int = 0) -> int:
    """Return the mask of rows that feature flags take away; flags that are absent keep what `off` says."""
    for flag, rows in FLAG_ROWS.items():
        if flag in config:
            off = off & ~rows if config[flag] else off | rows
    return off


def compile_channel_type(name: str, grants: CompiledGrants, config: Settings) -> ChannelType:
    """Compile a channel type; a feature flag that its config does not name is off."""
    return ChannelType(name, grants, flags_off(dict.fromkeys(FLAG_ROWS, False) | dict(config)))


class ChannelFacts(NamedTuple):
    """Facts a caller holds itself, for one answer; None means: as stored. `member_role` "" means: not a member."""

    member_role: str | None = None
    created_by: str | None = None
    team: str | None = None
    blocked: bool | None = None
    frozen: bool | None = None
    disabled: bool | None = None
    cooldown: int | None = None
    flags: Mapping[str, bool] | None = None


class ChannelCase(NamedTuple):
    """One user on one channel, everything resolved that the rules look at."""

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


NOT_A_MEMBER: Final = ChannelMember()


def unstored(channel_type: ChannelType) -> Channel:
    """Return the channel that was never stored: judged by its type alone."""
    return Channel(0, channel_type.name, "", "", frozen=False, disabled=False, cooldown=0)


def channel_with_facts(channel: Channel, facts: ChannelFacts) -> Channel:
    """Return a channel with the caller's facts over what is stored, field by field."""
    return channel._replace(
        created_by=channel.created_by if facts.created_by is None else facts.created_by,
        team=channel.team if facts.team is None else facts.team,
        frozen=channel.frozen if facts.frozen is None else facts.frozen,
        disabled=channel.disabled if facts.disabled is None else facts.disabled,
        cooldown=channel.cooldown if facts.cooldown is None else facts.cooldown,
        flags={**channel.flags, **(facts.flags or {})},
    )


def member_with_facts(member: ChannelMember, facts: ChannelFacts) -> ChannelMember:
    """Return a membership with the caller's facts over what is stored."""
    return ChannelMember(
        role=member.role if facts.member_role is None else canonical(facts.member_role) or None,
        banned=member.banned if facts.blocked is None else facts.blocked,
    )


def channel_case(
    app: AppRules,
    channel_type: ChannelType,
    channel: Channel,
    user_id: str,
    user: User | None,
    member: ChannelMember,
    token_role: str | None = None,
    author: str = "",
) -> ChannelCase:
    """Resolve roles, ownership and team of one user on one channel; Unsupported for an app on v1."""
    require_v2(app)
    roles = () if user is None else roles_of(app, user, channel.team, member.role, token_role)
    off = flags_off(channel.flags, channel_type.off) if channel.flags else channel_type.off
    return ChannelCase(
        app,
        channel_type.name,
        user_id,
        user,
        channel_type.grants.holding(roles, channel.grants),
        owned(user_id, channel.created_by, author),
        0 if user is None else team_mask(app, user, channel.team),
        channel.team,
        member,
        off if channel.cooldown > 0 else off | SLOW,
        channel.frozen,
        channel.disabled,
    )


def _owns(row: ChannelRow, owns: int) -> int:
    """Return the mask of actions that count as owned in a row."""
    if row.ownership is Ownership.OWN_MESSAGE:
        return owns | ~CREATOR_OWNED
    if row.ownership is Ownership.OTHERS_MESSAGE:
        return owns & CREATOR_OWNED
    return EVERYTHING if row.ownership is Ownership.EITHER else owns


def granted_rows(case: ChannelCase, asked: int) -> int:
    """Return which of the asked rows have an action that some role allows."""
    result = 0
    masks: dict[Ownership, int] = {}
    while asked:
        bit = asked & -asked
        asked ^= bit
        row = ROWS[bit.bit_length() - 1]
        mask = masks.get(row.ownership)
        if mask is None:
            mask = masks[row.ownership] = effective(case.holding, _owns(row, case.owns), case.team)
        if mask & row.actions:
            result |= bit
    return result


def _row_of(asked: int) -> ChannelRow:
    return ROWS[asked.bit_length() - 1]


def _may(case: ChannelCase, action: str) -> bool:
    return bool(effective(case.holding, case.owns, case.team) & BIT[action])


class ChannelBanned(Rule):
    """Banned in the channel: as banned, for that channel only."""

    name = "channel_ban"
    verdict = Decision(allowed=False, reason=Reason.BANNED)

    @staticmethod
    def speaks(case: ChannelCase, asked: int) -> int:
        return EVERYTHING if case.member.banned else NOTHING

    @staticmethod
    def detail(case: ChannelCase, asked: int) -> str:
        return f"the user is {'' if case.member.banned else 'not '}banned in this channel"

    @staticmethod
    def remedy(case: ChannelCase, asked: int) -> str:
        return "lift the user's ban in this channel (UpdateChannelMembers)"


class ChannelDisabled(Rule):
    """A disabled channel takes away everything, except with ReadDisabledChannel."""

    name = "channel_disabled"
    verdict = Decision(allowed=False, reason=Reason.CHANNEL_DISABLED)

    @staticmethod
    def speaks(case: ChannelCase, asked: int) -> int:
        return EVERYTHING if case.disabled and not _may(case, "ReadDisabledChannel") else NOTHING

    @staticmethod
    def detail(case: ChannelCase, asked: int) -> str:
        if not case.disabled:
            return "the channel is not disabled"
        may = "a role allows" if _may(case, "ReadDisabledChannel") else "no role allows"
        return f"the channel is disabled and {may} `read-disabled-channel`"

    @staticmethod
    def remedy(case: ChannelCase, asked: int) -> str:
        return "enable the channel, or grant `read-disabled-channel`"


class FeatureDisabled(Rule):
    """A feature flag that is off takes its capabilities away; judged before permissions."""

    name = "feature_flag"
    verdict = Decision(allowed=False, reason=Reason.FEATURE_DISABLED)

    @staticmethod
    def speaks(case: ChannelCase, asked: int) -> int:
        return case.off

    @staticmethod
    def detail(case: ChannelCase, asked: int) -> str:
        row = _row_of(asked)
        state = "off" if case.off & asked else "on"
        if row.slow:
            return f"slow mode is {state}: the channel's cooldown is {'zero' if state == 'off' else 'above zero'}"
        return f"feature flag `{row.flag}` is {state}" if row.flag else "no feature flag governs this"

    @staticmethod
    def remedy(case: ChannelCase, asked: int) -> str:
        row = _row_of(asked)
        return "set a cooldown on the channel" if row.slow else f"switch `{row.flag}` on for the type or this channel"


class FeatureEnabled(Rule):
    """What no permission governs is allowed while its flag or state is on."""

    name = "feature_alone"
    verdict = Decision(allowed=True, reason=Reason.FEATURE_ENABLED)

    @staticmethod
    def speaks(case: ChannelCase, asked: int) -> int:
        return UNGRANTED

    @staticmethod
    def detail(case: ChannelCase, asked: int) -> str:
        return "no permission governs this" if asked & UNGRANTED else "a permission governs this"


class Frozen(Rule):
    """A frozen channel takes away sending that was granted, unless UseFrozenChannel."""

    name = "channel_frozen"
    verdict = Decision(allowed=False, reason=Reason.CHANNEL_FROZEN)

    @staticmethod
    def speaks(case: ChannelCase, asked: int) -> int:
        if not case.frozen or _may(case, "UseFrozenChannel"):
            return NOTHING
        return granted_rows(case, asked & SENDING)

    @staticmethod
    def detail(case: ChannelCase, asked: int) -> str:
        if not case.frozen:
            return "the channel is not frozen"
        if not asked & SENDING:
            return "the channel is frozen, which only takes away sending"
        may = "a role allows" if _may(case, "UseFrozenChannel") else "no role allows"
        return f"the channel is frozen and {may} `use-frozen-channel`"

    @staticmethod
    def remedy(case: ChannelCase, asked: int) -> str:
        return "unfreeze the channel, or grant `use-frozen-channel`"


class RoleGranted(Rule):
    """The v2 decision on one of the row's actions."""

    name = "role_grant"
    verdict = Decision(allowed=True, reason=Reason.ROLE_GRANT)

    @staticmethod
    def speaks(case: ChannelCase, asked: int) -> int:
        return granted_rows(case, asked)

    @classmethod
    def decide(cls, case: ChannelCase, asked: int) -> Decision:
        row = _row_of(asked)
        return granting(case.holding, _owns(row, case.owns), case.team, row.actions)

    @staticmethod
    def detail(case: ChannelCase, asked: int) -> str:
        row = _row_of(asked)
        return grant_detail(case, _owns(row, case.owns), row.actions)


class Otherwise(Rule):
    """Default deny; says what stood in the way."""

    name = "otherwise"
    verdict = NO_GRANT

    @staticmethod
    def speaks(case: ChannelCase, asked: int) -> int:
        return EVERYTHING

    @classmethod
    def decide(cls, case: ChannelCase, asked: int) -> Decision:
        row = _row_of(asked)
        return obstacle(case.holding, _owns(row, case.owns), case.team, row.actions)

    @staticmethod
    def detail(case: ChannelCase, asked: int) -> str:
        return OBSTACLES[Otherwise.decide(case, asked).reason]

    @staticmethod
    def remedy(case: ChannelCase, asked: int) -> str:
        row = _row_of(asked)
        ownable = row.ownership is not Ownership.OTHERS_MESSAGE
        grant = grant_remedy(case, _owns(row, case.owns), row.actions, ownable=ownable)
        if grant and row.sends and case.frozen and not _may(case, "UseFrozenChannel"):
            return f"{grant}; and {Frozen.remedy(case, asked)}"
        return grant


RULES: Final[Rules] = (
    ChecksDisabled,
    Standing,
    ChannelBanned,
    ChannelDisabled,
    FeatureDisabled,
    FeatureEnabled,
    Frozen,
    RoleGranted,
    Otherwise,
)
"""The rules of channels, in order (rule: channel capabilities)."""

_COMPILED: Final = compiled(RULES)


def check_channel(case: ChannelCase, asked: int) -> Decision:
    """Return the verdict on one row."""
    return decide(_COMPILED, case, asked)


def channel_rows(case: ChannelCase) -> int:
    """Return the mask of all capabilities that are allowed."""
    return allowed(RULES, case, channel_capabilities.ALL)
