"""May this user do this in the app, outside any call or channel: the rules of the `.app` scope.

What is asked is a mask over the actions. The owner of what is acted on is whoever the question names.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from rolecall.domain.decision import EVERYTHING, NOTHING, Decision, Rules, compiled, decide
from rolecall.domain.facts import User
from rolecall.domain.grants import NO_HOLDING, CompiledGrants, Holding
from rolecall.domain.permissions import action_index
from rolecall.domain.shared_rules import ChecksDisabled, Otherwise, RoleGranted, Standing
from rolecall.domain.subject import AppRules, require_v2, roles_of, team_mask

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

    @property
    def scope(self) -> str:
        """The scope whose grants decide."""
        return SCOPE


def app_case(
    app: AppRules, grants: CompiledGrants, user_id: str, user: User | None, author: str = "", team: str = ""
) -> AppCase:
    """Resolve roles, ownership and team of one user in the app; `team` is that of the thing acted on.

    Unsupported for an app on v1.
    """
    require_v2(app)
    if user is None:
        return AppCase(app, user_id, None, NO_HOLDING, NOTHING, NOTHING, team)
    owns = EVERYTHING if author == user_id else NOTHING
    return AppCase(
        app, user_id, user, grants.holding(roles_of(app, user, team)), owns, team_mask(app, user, team), team
    )


RULES: Final[Rules] = (ChecksDisabled, Standing, RoleGranted, Otherwise)
"""The rules of the `.app` scope, in order."""


def question(permission: str) -> int | None:
    """Return the mask of a permission id asked about; None when it is none."""
    index = action_index(permission)
    return None if index is None else 1 << index


_COMPILED: Final = compiled(RULES)


def check_app(case: AppCase, asked: int) -> Decision:
    """Return the verdict on one action."""
    return decide(_COMPILED, case, asked)
