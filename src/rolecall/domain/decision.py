"""Verdicts and how ordered rules reach them.

A rule looks at a case and a mask of what is asked, and returns the mask of what it speaks on. Rules are asked in
order; the first that speaks decides. Deciding one thing, listing everything and explaining all walk the same rules,
so they can't disagree. A new rule is one class and its place in an order.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Any, ClassVar, NamedTuple


class Reason(StrEnum):
    """Why an answer is what it is; the wire adds the `REASON_` prefix."""

    ROLE_GRANT = "ROLE_GRANT"
    USER_GRANT = "USER_GRANT"
    POLICY_ALLOW = "POLICY_ALLOW"
    CHECKS_DISABLED = "CHECKS_DISABLED"
    FEATURE_ENABLED = "FEATURE_ENABLED"
    NO_GRANT = "NO_GRANT"
    OWNER_ONLY = "OWNER_ONLY"
    OTHER_TEAM = "OTHER_TEAM"
    USER_REVOKED = "USER_REVOKED"
    SETTING_DISABLED = "SETTING_DISABLED"
    FEATURE_DISABLED = "FEATURE_DISABLED"
    BLOCKED = "BLOCKED"
    BANNED = "BANNED"
    DEACTIVATED = "DEACTIVATED"
    UNKNOWN_USER = "UNKNOWN_USER"
    CHANNEL_FROZEN = "CHANNEL_FROZEN"
    CHANNEL_DISABLED = "CHANNEL_DISABLED"
    POLICY_DENY = "POLICY_DENY"
    BACKSTAGE = "BACKSTAGE"
    ENDED = "ENDED"


class Decision(NamedTuple):
    """A verdict; `role` and `permission` are set when a role's grant decided, `policy` when a policy did (v1)."""

    allowed: bool
    reason: Reason
    role: str = ""
    permission: str = ""
    policy: str = ""


EVERYTHING = -1
NOTHING = 0


class Rule:
    """One rule: `name` is shown in explanations, `verdict` is its answer unless `decide` is overridden."""

    name: ClassVar[str]
    verdict: ClassVar[Decision]

    @staticmethod
    def speaks(case: Any, asked: int) -> int:
        """Return the mask of what this rule decides in this case; bits outside `asked` are ignored."""
        raise NotImplementedError

    @classmethod
    def decide(cls, case: Any, asked: int) -> Decision:
        """Return the verdict on one asked bit that this rule speaks on."""
        return cls.verdict

    @staticmethod
    def detail(case: Any, asked: int) -> str:
        """Say in a phrase what this rule saw."""
        raise NotImplementedError

    @staticmethod
    def remedy(case: Any, asked: int) -> str:
        """Say what would make this rule not deny; empty when nothing is in its way."""
        return ""


Rules = Sequence[type[Rule]]
Compiled = Sequence[tuple[Callable[[Any, int], int], Callable[[Any, int], Decision]]]


def compiled(rules: Rules) -> Compiled:
    """Return the two functions of each rule, looked up once."""
    return tuple((rule.speaks, rule.decide) for rule in rules)


def decide(rules: Compiled, case: Any, asked: int) -> Decision:
    """Return the verdict on one asked bit. The last rule of an order speaks on everything."""
    for speaks, verdict in rules:
        if speaks(case, asked) & asked:
            return verdict(case, asked)
    return Decision(allowed=False, reason=Reason.NO_GRANT)


def allowed(rules: Rules, case: Any, asked: int) -> int:
    """Return which of the asked bits are allowed."""
    result = 0
    for rule in rules:
        spoken = rule.speaks(case, asked) & asked
        if spoken:
            if rule.verdict.allowed:
                result |= spoken
            asked &= ~spoken
            if not asked:
                break
    return result
