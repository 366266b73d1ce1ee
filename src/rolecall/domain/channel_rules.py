"""May this user do this on this channel: the rules of channels, in their order.

What is asked is a mask over the rows of `channel_capabilities.ROWS`. Only the last two rules differ between permission
versions: grants of roles (v2, `channel_grants.py`) or policies (v1, `channel_policies.py`).
"""

from __future__ import annotations

from typing import Final

from rolecall.domain import channel_capabilities
from rolecall.domain.actions import BIT
from rolecall.domain.channel_capabilities import SLOW, UNGRANTED, row_of
from rolecall.domain.channel_case import ChannelCase, Situation, channel_case, ownings, owns_in, roles_on_v1
from rolecall.domain.channel_grants import Otherwise, RoleGranted
from rolecall.domain.channel_policies import PolicyAllowed, PolicyDenied
from rolecall.domain.channel_states import ChannelBanned, ChannelDisabled, FeatureDisabled, FeatureEnabled, Frozen
from rolecall.domain.decision import EVERYTHING, NOTHING, Decision, Rules, allowed, compiled, decide
from rolecall.domain.shared_rules import ChecksDisabled, Standing
from rolecall.domain.subject import OTHER_TEAM, AppRules, about, granting, obstacle, owned, roles_of, settled, team_mask

_FIRST: Final[Rules] = (
    ChecksDisabled,
    Standing,
    ChannelBanned,
    ChannelDisabled,
    FeatureDisabled,
    FeatureEnabled,
    Frozen,
)

RULES: Final[Rules] = (*_FIRST, RoleGranted, Otherwise)
"""The rules of channels under permission version v2, in order (rule: channel capabilities)."""

RULES_V1: Final[Rules] = (*_FIRST, PolicyAllowed, PolicyDenied)
"""The rules of channels under permission version v1, in order."""

_COMPILED: Final = compiled(RULES)
_COMPILED_V1: Final = compiled(RULES_V1)
_STATED: Final = UNGRANTED | SLOW
"""Rows that a flag or state decides."""
READING: Final = channel_capabilities.question_of_action(BIT["ReadChannel"])
"""The row that asks whether one may read a channel, which is no capability."""
LISTING: Final = channel_capabilities.question_of_action(BIT["ReadChannelMembers"])
"""The row that asks whether one may see its members."""
_OF_STATES: Final = BIT["ReadDisabledChannel"] | BIT["UseFrozenChannel"]


def rules_of(app: AppRules) -> Rules:
    """Return the rules that decide on the channels of an app."""
    return RULES_V1 if app.on_v1 else RULES


def check_channel(case: ChannelCase, asked: int) -> Decision:
    """Return the verdict on one row."""
    if case.policies is not None:
        return decide(_COMPILED_V1, case, asked)
    return decide(_COMPILED, settled(case, row_of(asked).actions | _OF_STATES), asked)


def verdict(app: AppRules, situation: Situation, author: str, asked: int) -> Decision:
    """Return the verdict of the rules on one row, at a third of their cost.

    Where no rule before grants or policies can speak only those decide, and the rules need not be asked one by one. The
    tests hold the two ways against each other.
    """
    channel_type, channel, user_id, user, member, token_role, cid = situation
    # A rule added before grants and policies adds its condition here.
    if (
        user is None
        or user.banned
        or user.deactivated
        or app.checks_disabled
        or member.banned
        or channel.disabled
        or channel.frozen
        or channel.flags
        or (channel_type.off | _STATED) & asked
    ):
        return check_channel(channel_case(app, situation, author), asked)
    row = row_of(asked)
    roles = roles_of(app, user, channel.team, member.role, token_role)
    owns = owned(user_id, channel.created_by, author) if user_id in (channel.created_by, author) else NOTHING
    team = team_mask(app, user, channel.team) if app.multi_tenant else EVERYTHING
    if app.on_v1:
        ways = ownings(row.ownership, owns)
        decision = channel_type.policies.verdict(roles_on_v1(roles, user_id, channel), ways, row.actions)
        return decision if team or not decision.allowed else OTHER_TEAM
    holding = channel_type.grants.holding(roles, channel.grants)
    if holding.conditional & row.actions:
        holding = holding.settled(about(user, roles[0], cid, channel), row.actions)
    owns = owns_in(row.ownership, owns)
    decision = granting(holding, owns, team, row.actions)
    return decision if decision.allowed else obstacle(holding, owns, team, row.actions)


def channel_rows(case: ChannelCase, besides: int = NOTHING) -> int:
    """Return the mask of all capabilities that are allowed, and of those rows asked for besides."""
    return allowed(rules_of(case.app), settled(case, EVERYTHING), channel_capabilities.ALL | besides)
