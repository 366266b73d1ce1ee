"""What permission version v1 says of users, in the app and outside any channel type, without policies to write.

Every user may edit itself; nobody edits others, roles or teams client-side; `user_search_disallowed_roles` of the app
may not search users. On all else in the app v1 says nothing: the grants of `.app` decide.
"""

from __future__ import annotations

from typing import Final

from rolecall.domain.actions import BIT
from rolecall.domain.decision import NOTHING, Decision, Reason, Rule
from rolecall.domain.shared_rules import OBSTACLES, Otherwise, Subject, joining
from rolecall.domain.subject import OTHER_TEAM

OWN: Final = BIT["UpdateUser"]
SEARCH: Final = BIT["SearchUser"]
GOVERNED: Final = OWN | SEARCH | BIT["UpdateUserRole"] | BIT["UpdateUserTeams"]
_UNGOVERNED: Final = "version v1 does not govern this: grants decide"


def _disallowed(case: Subject) -> bool:
    return not case.app.search_disallowed.isdisjoint(case.holding.roles)


class UserPolicyAllowed(Rule):
    """Everyone may edit itself and, unless its role is disallowed, search users within its team."""

    name = "user_policy_allow"
    verdict = Decision(allowed=True, reason=Reason.POLICY_ALLOW)

    @staticmethod
    def speaks(case: Subject, asked: int) -> int:
        return case.owns & OWN | (NOTHING if _disallowed(case) else case.team & SEARCH)

    @staticmethod
    def detail(case: Subject, asked: int) -> str:
        if not asked & GOVERNED:
            return _UNGOVERNED
        if asked & SEARCH:
            return f"the user's role is {'' if _disallowed(case) else 'not '}among `user_search_disallowed_roles`"
        return "every user may edit itself, and nothing else of users"


class UserPolicyDenied(Rule):
    """What v1 governs of users and does not allow, it denies."""

    name = "user_policy_deny"
    verdict = Decision(allowed=False, reason=Reason.POLICY_DENY)

    @staticmethod
    def speaks(case: Subject, asked: int) -> int:
        return GOVERNED

    @classmethod
    def decide(cls, case: Subject, asked: int) -> Decision:
        return OTHER_TEAM if asked & SEARCH and not _disallowed(case) else cls.verdict

    @staticmethod
    def detail(case: Subject, asked: int) -> str:
        if not asked & GOVERNED:
            return _UNGOVERNED
        reason = UserPolicyDenied.decide(case, asked).reason
        return OBSTACLES[reason] if reason is Reason.OTHER_TEAM else "version v1 denies this"

    @staticmethod
    def remedy(case: Subject, asked: int) -> str:
        if not asked & SEARCH:
            itself = ", or name the user itself in `resource_owner_id`" if asked & OWN else ""
            return f"do it server-side, for no user may do this under version v1{itself}"
        if _disallowed(case):
            return "take the user's role out of `user_search_disallowed_roles`"
        return joining(case)


class OtherwiseOnV1(Otherwise):
    """Default deny; of what v1 governs no grant is a remedy."""

    @staticmethod
    def remedy(case: Subject, asked: int) -> str:
        return "" if asked & GOVERNED else Otherwise.remedy(case, asked)
