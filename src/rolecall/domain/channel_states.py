"""Rules of channels that come before any grant or policy: bans, a disabled or frozen channel, feature flags."""

from __future__ import annotations

from rolecall.domain.actions import ACTIONS, INDEX
from rolecall.domain.channel_capabilities import SENDING, UNGRANTED, ChannelRow, row_of
from rolecall.domain.channel_case import ChannelCase, granted_rows, may
from rolecall.domain.decision import EVERYTHING, NOTHING, Decision, Reason, Rule


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
        return EVERYTHING if case.disabled and not may(case, "ReadDisabledChannel") else NOTHING

    @staticmethod
    def detail(case: ChannelCase, asked: int) -> str:
        if not case.disabled:
            return "the channel is not disabled"
        return f"the channel is disabled and {_who_may(case, 'ReadDisabledChannel')}"

    @staticmethod
    def remedy(case: ChannelCase, asked: int) -> str:
        return f"enable the channel, or {_allowing(case, 'ReadDisabledChannel')}"


class FeatureDisabled(Rule):
    """A feature flag that is off takes its capabilities away; judged before permissions."""

    name = "feature_flag"
    verdict = Decision(allowed=False, reason=Reason.FEATURE_DISABLED)

    @staticmethod
    def speaks(case: ChannelCase, asked: int) -> int:
        return case.off

    @staticmethod
    def detail(case: ChannelCase, asked: int) -> str:
        row = row_of(asked)
        state = "off" if case.off & asked else "on"
        if row.slow:
            return f"slow mode is {state}: the channel's cooldown is {'zero' if state == 'off' else 'above zero'}"
        return f"feature flag `{row.flag}` is {state}" if row.flag else "no feature flag governs this"

    @staticmethod
    def remedy(case: ChannelCase, asked: int) -> str:
        row = row_of(asked)
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
        if not case.frozen or may(case, "UseFrozenChannel"):
            return NOTHING
        return granted_rows(case, asked & SENDING)

    @staticmethod
    def detail(case: ChannelCase, asked: int) -> str:
        if not case.frozen:
            return "the channel is not frozen"
        if not asked & SENDING:
            return "the channel is frozen, which only takes away sending"
        return f"the channel is frozen and {_who_may(case, 'UseFrozenChannel')}"

    @staticmethod
    def remedy(case: ChannelCase, asked: int) -> str:
        return f"unfreeze the channel, or {_allowing(case, 'UseFrozenChannel')}"


def _who_may(case: ChannelCase, action: str) -> str:
    who = "a role" if case.policies is None else "a policy"
    return f"{who if may(case, action) else f'no {who[2:]}'} allows `{ACTIONS[INDEX[action]].id}`"


def _allowing(case: ChannelCase, action: str) -> str:
    if case.policies is None:
        return f"grant `{ACTIONS[INDEX[action]].id}`"
    return f"allow `{action}` by a policy"


def with_thaw(case: ChannelCase, row: ChannelRow, remedy: str) -> str:
    """Return what would grant a row, and what is needed besides while the channel is frozen."""
    if remedy and row.sends and case.frozen and not may(case, "UseFrozenChannel"):
        return f"{remedy}; and {Frozen.remedy(case, NOTHING)}"
    return remedy
