"""May this user do this in the app, outside any call or channel: the rules of the `.app` scope.

What is asked is a mask over the actions. The owner of what is acted on is whoever the question names.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from rolecall.domain.conditions import About
from rolecall.domain.decision import EVERYTHING, NOTHING, Decision, Rules, compiled, decide
from rolecall.domain.facts import ANONYMOUS, User
from rolecall.domain.grants import NO_HOLDING, CompiledGrants, Holding
from rolecall.domain.permissions import action_index
from rolecall.domain.shared_rules import ChecksDisabled, Otherwise, RoleGranted, Standing
from rolecall.domain.subject import AppRules, roles_of, settled, team_mask
from rolecall.domain.user_policies import OtherwiseOnV1, UserPolicyAllowed, UserPolicyDenied

SCOPE: Final = ".app"


class AppCase(NamedTuple):
    """One user in the app, everything resolved that the rules look at."""

    app: AppRules
    user_id: str
    user: User | None
    holding: Holding
    owns: int
    team: int
    of_team: str
    about: About | None = None

    @property
    def scope(self) -> str:
        """The scope whose grants decide."""
        return SCOPE


def app_case(
    app: AppRules, grants: CompiledGrants, user_id: str, user: User | None, author: str = "", team: str = ""
) -> AppCase:
    """Resolve roles, ownership and team of one user in the app; `team` is that of the thing acted on."""
    if user is None:
        return AppCase(app, user_id, None, NO_HOLDING, NOTHING, NOTHING, team)
    owns = EVERYTHING if author == user_id != ANONYMOUS.id else NOTHING
    roles = roles_of(app, user, team)
    holding = grants.holding(roles)
    return AppCase(
        app,
        user_id,
        user,
        holding,
        owns,
        team_mask(app, user, team),
        team,
        _about(user, roles[0], author, team) if holding.conditional else None,
    )


def _about(user: User, role: str, author: str, team: str) -> About:
    """Return what conditions look at: what is acted on has an owner and a team, and no more is known of it."""
    return About(user.id, role, user.teams, user.custom, "", "", "", team, author, "")


RULES: Final[Rules] = (ChecksDisabled, Standing, RoleGranted, Otherwise)
"""The rules of the `.app` scope, in order."""

RULES_V1: Final[Rules] = (ChecksDisabled, Standing, UserPolicyAllowed, UserPolicyDenied, RoleGranted, OtherwiseOnV1)
"""The same under permission version v1, which has a say on users."""


def rules_of(app: AppRules) -> Rules:
    """Return the rules that decide in the `.app` scope of an app."""
    return RULES_V1 if app.on_v1 else RULES


def question(permission: str) -> int | None:
    """Return the mask of a permission id asked about; None when it is none."""
    index = action_index(permission)
    return None if index is None else 1 << index


_COMPILED: Final = compiled(RULES)
_COMPILED_V1: Final = compiled(RULES_V1)


def check_app(case: AppCase, asked: int) -> Decision:
    """Return the verdict on one action."""
    return decide(_COMPILED_V1 if case.app.on_v1 else _COMPILED, settled(case, asked), asked)
