"""Rules that more than one scope's order shares, and the phrases they explain themselves with."""

from __future__ import annotations

from typing import Final, Protocol

from rolecall.domain.actions import ACTIONS, BIT
from rolecall.domain.decision import EVERYTHING, NOTHING, Decision, Reason, Rule
from rolecall.domain.facts import User
from rolecall.domain.grants import Conditional, Holding
from rolecall.domain.subject import NO_GRANT, AppRules, effective, granting, obstacle


class Subject(Protocol):
    """What the shared rules read of a case."""

    @property
    def app(self) -> AppRules: ...
    @property
    def scope(self) -> str: ...
    @property
    def user_id(self) -> str: ...
    @property
    def user(self) -> User | None: ...
    @property
    def holding(self) -> Holding: ...
    @property
    def owns(self) -> int: ...
    @property
    def team(self) -> int: ...
    @property
    def of_team(self) -> str: ...


class ChecksDisabled(Rule):
    """`disable_permissions_checks` on the app allows everything."""

    name = "checks_disabled"
    verdict = Decision(allowed=True, reason=Reason.CHECKS_DISABLED)

    @staticmethod
    def speaks(case: Subject, asked: int) -> int:
        return EVERYTHING if case.app.checks_disabled else NOTHING

    @staticmethod
    def detail(case: Subject, asked: int) -> str:
        return f"`disable_permissions_checks` is {'on' if case.app.checks_disabled else 'off'} for the app"


class Standing(Rule):
    """A user that is banned, deactivated or unknown may do nothing."""

    name = "user_standing"
    verdict = Decision(allowed=False, reason=Reason.UNKNOWN_USER)
    _BANNED = Decision(allowed=False, reason=Reason.BANNED)
    _DEACTIVATED = Decision(allowed=False, reason=Reason.DEACTIVATED)

    @staticmethod
    def speaks(case: Subject, asked: int) -> int:
        user = case.user
        return EVERYTHING if user is None or user.banned or user.deactivated else NOTHING

    @classmethod
    def decide(cls, case: Subject, asked: int) -> Decision:
        if case.user is None:
            return cls.verdict
        return cls._BANNED if case.user.banned else cls._DEACTIVATED

    @staticmethod
    def detail(case: Subject, asked: int) -> str:
        return f"user `{case.user_id}` is {_standing(case.user)}"

    @staticmethod
    def remedy(case: Subject, asked: int) -> str:
        user = case.user
        if user is None:
            return f"create user `{case.user_id}`"
        needed = ["lift the ban of"] * user.banned + ["reactivate"] * user.deactivated
        return f"{' and '.join(needed)} user `{user.id}`"


def _standing(user: User | None) -> str:
    if user is None:
        return "unknown"
    return "banned" if user.banned else "deactivated" if user.deactivated else "in good standing"


class RoleGranted(Rule):
    """The v2 decision: some role holds, in the scope, a permission for the action."""

    name = "role_grant"
    verdict = Decision(allowed=True, reason=Reason.ROLE_GRANT)

    @staticmethod
    def speaks(case: Subject, asked: int) -> int:
        return effective(case.holding, case.owns, case.team)

    @classmethod
    def decide(cls, case: Subject, asked: int) -> Decision:
        return granting(case.holding, case.owns, case.team, asked)

    @staticmethod
    def detail(case: Subject, asked: int) -> str:
        return grant_detail(case, case.owns, asked)


class Otherwise(Rule):
    """Default deny; says what stood in the way."""

    name = "otherwise"
    verdict = NO_GRANT

    @staticmethod
    def speaks(case: Subject, asked: int) -> int:
        return EVERYTHING

    @classmethod
    def decide(cls, case: Subject, asked: int) -> Decision:
        return obstacle(case.holding, case.owns, case.team, asked)

    @staticmethod
    def detail(case: Subject, asked: int) -> str:
        return OBSTACLES[obstacle(case.holding, case.owns, case.team, asked).reason]

    @staticmethod
    def remedy(case: Subject, asked: int) -> str:
        return grant_remedy(case, case.owns, asked)


OBSTACLES: Final = {
    Reason.OTHER_TEAM: "a role holds it, but only within the user's own team",
    Reason.OWNER_ONLY: "a role holds it, but only for the owner",
    Reason.NO_GRANT: "nothing grants it",
}


def named(actions: int) -> str:
    """Return the permission ids of a mask of actions, for a sentence."""
    return " or ".join(f"`{action.id}`" for action in ACTIONS if BIT[action.name] & actions)


def roles_phrase(case: Subject) -> str:
    """Return the subject's roles for a sentence."""
    return ", ".join(f"`{role}`" for role in case.holding.roles) or "none"


def grant_detail(case: Subject, owns: int, actions: int) -> str:
    """Say which role's grant allows the actions, or that none does."""
    if not effective(case.holding, owns, case.team) & actions:
        nothing = f"no role of the user ({roles_phrase(case)}) allows {named(actions)} in scope `{case.scope}`"
        return "; ".join([nothing, *map(_failed, failed(case, actions))])
    decision = granting(case.holding, owns, case.team, actions)
    return f"role `{decision.role}` holds `{decision.permission}` in scope `{case.scope}`"


def failed(case: Subject, actions: int) -> list[Conditional]:
    """Return the permissions for these actions whose conditions do not hold."""
    return [one for one in case.holding.failed if one.bit & actions]


def _failed(one: Conditional) -> str:
    return (
        f"role `{one.role}` holds `{one.custom.permission.id}`, but its condition does not hold: {one.custom.condition}"
    )


def grant_remedy(case: Subject, owns: int, actions: int, *, ownable: bool = True) -> str:
    """Say what grant, ownership or team would allow the actions; empty when a role allows them already.

    `ownable` tells whether owning the resource can help.
    """
    if case.user is None or effective(case.holding, owns, case.team) & actions:
        return ""
    reason = obstacle(case.holding, owns, case.team, actions).reason
    ways = [
        f"meet the condition of `{one.custom.permission.id}`"
        for one in failed(case, actions)
        if (not one.custom.permission.owner or owns & one.bit) and (not one.custom.permission.same_team or case.team)
    ]
    if reason is Reason.OTHER_TEAM:
        ways.append(joining(case))
    if reason is Reason.OWNER_ONLY and ownable:
        ways.append("let the user own the resource")
    # In another team a plain permission would not count.
    suffix = "" if case.team else "-any-team"
    ids = " or ".join(f"`{action.id}{suffix}`" for action in ACTIONS if BIT[action.name] & actions)
    ways.append(f"grant {ids} to one of the user's roles ({roles_phrase(case)}) in scope `{case.scope}`")
    return ", or ".join(ways)


def joining(case: Subject) -> str:
    """Say how the subject would come to share the resource's team."""
    if case.of_team:
        return f"make the user a member of team `{case.of_team}`"
    return "give the resource a team of the user's"
