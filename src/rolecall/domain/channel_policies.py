"""The last two rules of channels under permission version v1: a policy allows, or a policy or their absence denies."""

from __future__ import annotations

from rolecall.domain.actions import ACTIONS, BIT, CREATOR_OWNED
from rolecall.domain.channel_capabilities import Ownership, row_of
from rolecall.domain.channel_case import ChannelCase, granted_rows, ownings
from rolecall.domain.channel_states import with_thaw
from rolecall.domain.decision import EVERYTHING, Decision, Reason, Rule
from rolecall.domain.policies import NO_POLICIES, asks_for
from rolecall.domain.roles import DEFAULT_CHANNEL_ROLE
from rolecall.domain.shared_rules import OBSTACLES, joining, roles_phrase
from rolecall.domain.subject import OTHER_TEAM


def _verdict(case: ChannelCase, asked: int) -> Decision:
    """Return the policies' verdict on one row, teams aside."""
    row, policies = row_of(asked), case.policies or NO_POLICIES
    return policies.verdict(case.holding.roles, ownings(row.ownership, case.owns), row.actions)


def _owners_may(case: ChannelCase, asked: int) -> bool:
    """Tell whether a user of the same roles may who owns what is acted on; a channel's creator is a member too."""
    row, roles = row_of(asked), case.holding.roles
    if row.ownership is Ownership.OTHERS_MESSAGE or case.policies is None:
        return False
    if row.actions & CREATOR_OWNED:
        roles = (*roles, DEFAULT_CHANNEL_ROLE)
    return case.policies.verdict(roles, (EVERYTHING,), row.actions).allowed


def _resources(asked: int) -> str:
    row = row_of(asked)
    names = [name for action in ACTIONS if BIT[action.name] & row.actions for name in asks_for(action.name)]
    return " or ".join(f"`{name}`" for name in dict.fromkeys(names))


class PolicyAllowed(Rule):
    """The first policy that matches allows, within the subject's team: under v1 nothing crosses teams."""

    name = "policy_allow"
    verdict = Decision(allowed=True, reason=Reason.POLICY_ALLOW)

    @staticmethod
    def speaks(case: ChannelCase, asked: int) -> int:
        return granted_rows(case, asked)

    @classmethod
    def decide(cls, case: ChannelCase, asked: int) -> Decision:
        return _verdict(case, asked)

    @staticmethod
    def detail(case: ChannelCase, asked: int) -> str:
        decision = _verdict(case, asked)
        who = f"the user's roles ({roles_phrase(case)})"
        if not decision.allowed:
            return f"no policy allows {who} {_resources(asked)} first"
        allowed = f"policy `{decision.policy}` allows {who} {_resources(asked)}"
        return allowed if case.team else f"{allowed}, but only within the user's own team"


class PolicyDenied(Rule):
    """The first policy that matches denies, or none matches."""

    name = "policy_deny"
    verdict = Decision(allowed=False, reason=Reason.POLICY_DENY)

    @staticmethod
    def speaks(case: ChannelCase, asked: int) -> int:
        return EVERYTHING

    @classmethod
    def decide(cls, case: ChannelCase, asked: int) -> Decision:
        decision = _verdict(case, asked)
        return OTHER_TEAM if decision.allowed else decision

    @staticmethod
    def detail(case: ChannelCase, asked: int) -> str:
        decision = PolicyDenied.decide(case, asked)
        if decision.reason is Reason.OTHER_TEAM:
            return OBSTACLES[Reason.OTHER_TEAM]
        return f"policy `{decision.policy}` denies" if decision.policy else "no policy matches"

    @staticmethod
    def remedy(case: ChannelCase, asked: int) -> str:
        decision = PolicyDenied.decide(case, asked)
        if decision.reason is Reason.OTHER_TEAM:
            return with_thaw(case, row_of(asked), joining(case))
        above = f" above `{decision.policy}`" if decision.policy else ""
        policy = (
            f"add a policy{above} that allows {_resources(asked)} to one of the user's roles ({roles_phrase(case)})"
        )
        remedy = f"let the user own the resource, or {policy}" if _owners_may(case, asked) else policy
        return with_thaw(case, row_of(asked), remedy if case.team else f"{remedy}; and {joining(case)}")
