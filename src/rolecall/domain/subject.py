"""Who asks and what they hold: roles, ownership and teams, the parts every scope's rules share.

Rule: the v2 decision. Roles are a union; nothing taken as a member takes anything away.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol, Self, TypeVar

from rolecall.domain.actions import ACTIONS, ALL, BIT, CREATOR_OWNED
from rolecall.domain.conditions import About
from rolecall.domain.decision import EVERYTHING, NOTHING, Decision, Reason
from rolecall.domain.facts import ANONYMOUS, Call, Channel, User
from rolecall.domain.grants import Holding
from rolecall.domain.permissions import SUFFIXES

_AUTHOR_OWNED = ALL & ~CREATOR_OWNED

_PLAIN, _OWNER, _ANY_TEAM, _OWNER_ANY_TEAM = (
    {BIT[action.name]: action.id + suffix for action in ACTIONS} for suffix in SUFFIXES.values()
)

NO_GRANT = Decision(allowed=False, reason=Reason.NO_GRANT)
OWNER_ONLY = Decision(allowed=False, reason=Reason.OWNER_ONLY)
OTHER_TEAM = Decision(allowed=False, reason=Reason.OTHER_TEAM)


@dataclass(frozen=True, slots=True)
class AppRules:
    """The settings of an app that change decisions."""

    multi_tenant: bool = False
    checks_disabled: bool = False
    permission_version: str = "v2"
    search_disallowed: frozenset[str] = frozenset()

    @property
    def on_v1(self) -> bool:
        """Whether policies decide on channels, and v1's rules on users."""
        return self.permission_version == "v1"


class Conditioned(Protocol):
    """A case whose subject may hold permissions with conditions; `about` is None when it holds none."""

    @property
    def holding(self) -> Holding: ...
    @property
    def about(self) -> About | None: ...
    def _replace(self, *, holding: Holding) -> Self: ...


C = TypeVar("C", bound=Conditioned)


def settled(case: C, actions: int) -> C:
    """Return the case once the conditions of permissions for these actions have been looked at."""
    if case.holding.conditional & actions and case.about is not None:
        return case._replace(holding=case.holding.settled(case.about, actions))
    return case


def explained(case: C) -> C:
    """Return the case once all conditions have been looked at, knowing which are not met."""
    return case if case.about is None else case._replace(holding=case.holding.explained(case.about))


def roles_of(
    app: AppRules, user: User, team: str, member_role: str | None = None, token_role: str | None = None
) -> tuple[str, ...]:
    """Return the subject's roles: the user's own (or its role in the resource's team), then those of membership."""
    own = user.teams_role.get(team, user.role) if app.multi_tenant and team else user.role
    if token_role:
        return (own, member_role, token_role) if member_role else (own, token_role)
    return (own, member_role) if member_role else (own,)


def about(user: User, role: str, cid: str, resource: Call | Channel) -> About:
    """Return what conditions look at: the user, in the role it acts with, and the call or channel."""
    type_name, _, resource_id = cid.partition(":")
    return About(
        user.id,
        role,
        user.teams,
        user.custom,
        resource_id,
        type_name,
        cid,
        resource.team,
        resource.created_by,
        resource.custom,
    )


def owned(user_id: str, creator: str, author: str) -> int:
    """Return the mask of actions whose `-owner` permissions count: the creator's ones, the author's ones.

    Those who call without a token are all the same user, so nothing is owned by any of them.
    """
    if user_id == ANONYMOUS.id:
        return NOTHING
    mask = CREATOR_OWNED if creator == user_id else NOTHING
    return mask | _AUTHOR_OWNED if author == user_id else mask


def team_mask(app: AppRules, user: User, team: str) -> int:
    """Return -1 when the subject shares the resource's team (or neither has one, or teams are off), else 0."""
    if not app.multi_tenant or (team in user.teams if team else not user.teams):
        return EVERYTHING
    return NOTHING


def effective(holding: Holding, owns: int, team: int) -> int:
    """Return every action that some role allows a subject who owns `owns` and shares the team in `team` (masks)."""
    plain, owner, any_team, owner_any_team = holding.union
    if owns:
        return (plain | owner & owns) & team | any_team | owner_any_team & owns
    return plain | any_team if team else any_team


def granting(holding: Holding, owns: int, team: int, actions: int) -> Decision:
    """Name the first role, and its plainest permission, that allows one of the actions; NO_GRANT when none does."""
    for role, (plain, owner, any_team, owner_any_team) in holding.by_role:
        if team and (hit := plain & actions):
            ids = _PLAIN
        elif hit := any_team & actions:
            ids = _ANY_TEAM
        elif hit := owner & owns & team & actions:
            ids = _OWNER
        elif hit := owner_any_team & owns & actions:
            ids = _OWNER_ANY_TEAM
        else:
            continue
        permission = ids.get(hit) or ids[hit & -hit]
        return _role_grant(role, holding.names.get((role, permission), permission) if holding.names else permission)
    return NO_GRANT


@lru_cache(maxsize=16_384)
def _role_grant(role: str, permission: str) -> Decision:
    """Return the one verdict object per role and permission: making it costs more than finding it."""
    return Decision(allowed=True, reason=Reason.ROLE_GRANT, role=role, permission=permission)


def obstacle(holding: Holding, owns: int, team: int, actions: int) -> Decision:
    """Say why no role allows the actions, which must be so: only the team, only ownership, or no grant at all."""
    plain, owner, _, owner_any_team = holding.union
    if not team and (plain | owner & owns) & actions:
        return OTHER_TEAM
    if owner_any_team & actions or (team and owner & actions):
        return OWNER_ONLY
    return NO_GRANT
