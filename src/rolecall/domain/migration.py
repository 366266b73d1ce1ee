"""From permission version v1 to v2: policies translated into grants, and what answers differ between two states.

Version v2 has no deny and no crossing of two roles, so some answers of v1 can't be kept; the report says which.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, NamedTuple, Protocol

from rolecall.domain.actions import ACTIONS, ALL, BIT
from rolecall.domain.grants import NOTHING, CompiledGrants, RoleMasks
from rolecall.domain.permissions import BUILT_IN
from rolecall.domain.policies import CompiledPolicies, compile_policies
from rolecall.domain.records import Grants, PolicyRecord
from rolecall.domain.roles import CALL_ROLES, CHANNEL_ROLES, DEFAULT_CHANNEL_ROLE, DEFAULT_USER_ROLE
from rolecall.domain.user_policies import GOVERNED, OWN, SEARCH

_CREATE: Final = BIT["CreateChannel"]
_WIDTH: Final = len(ACTIONS)
_MEMBERSHIP: Final = frozenset(CALL_ROLES + CHANNEL_ROLES)
"""Roles that are not user-level: to them policies without roles do not speak."""


# --- translating -----------------------------------------------------------------------------------------------------


def same_policies(policies: Sequence[PolicyRecord], others: Sequence[PolicyRecord]) -> bool:
    """Tell whether two sets of policies say the same; their names are for people."""
    return [replace(one, name="") for one in policies] == [replace(one, name="") for one in others]


def translate(policies: Sequence[PolicyRecord], roles: Iterable[str]) -> Grants:
    """Return the grants that say of each role alone what the policies say of it (rule: migration).

    Allowed without owning gives the plain permission, else allowed to an owner gives `-owner`. The creator of a channel
    counts as its member, which `user` gets as `-owner` too. Creating a channel goes to no channel role.
    """
    every = compile_policies(policies)
    with_roles = compile_policies(policy for policy in policies if policy.roles)
    masks = {role: _alone(with_roles if role in _MEMBERSHIP else every, role) for role in roles}
    if DEFAULT_USER_ROLE in masks and DEFAULT_CHANNEL_ROLE in masks:
        member, user = masks[DEFAULT_CHANNEL_ROLE], masks[DEFAULT_USER_ROLE]
        created = every.allowed((DEFAULT_USER_ROLE, DEFAULT_CHANNEL_ROLE), ALL) & (member.plain | member.owner)
        masks[DEFAULT_USER_ROLE] = user._replace(owner=user.owner | created & ~user.plain)
    return {role: _ids(held) for role, held in masks.items() if held != NOTHING}


def _alone(policies: CompiledPolicies, role: str) -> RoleMasks:
    plain, owner = policies.allowed((role,), 0), policies.allowed((role,), ALL)
    if role in CHANNEL_ROLES:
        plain, owner = plain & ~_CREATE, owner & ~_CREATE
    return RoleMasks(plain, owner & ~plain)


def _ids(masks: RoleMasks) -> tuple[str, ...]:
    plain = [action.id for action in ACTIONS if BIT[action.name] & masks.plain]
    return tuple(sorted([*plain, *(f"{action.id}-owner" for action in ACTIONS if BIT[action.name] & masks.owner)]))


def without_search(grants: Grants, roles: Iterable[str], custom: Mapping[str, str]) -> Grants:
    """Return the grants of `.app` without anything that lets these roles search users.

    `custom` is custom permission -> its action.
    """
    actions = {**{name: permission.action.name for name, permission in BUILT_IN.items()}, **custom}
    taken = {role: tuple(name for name in grants.get(role, ()) if actions.get(name) != "SearchUser") for role in roles}
    return {**grants, **{role: kept for role, kept in taken.items() if kept != grants.get(role, ())}}


# --- reporting -------------------------------------------------------------------------------------------------------


class Judge(Protocol):
    """What is allowed in one scope in one state. Roles of one kind are judged alike."""

    def kind(self, role: str) -> Any:
        """Return what is special about a role here."""

    def allowed(self, kinds: tuple[Any, ...], *, owner: bool) -> int:
        """Return the mask of actions allowed to a subject whose roles are of these kinds."""


class PolicyJudge:
    """A channel type under v1; a role's kind is the mask of the policies that are for it."""

    def __init__(self, policies: CompiledPolicies) -> None:
        self._policies = policies.policies
        self._member = self.kind(DEFAULT_CHANNEL_ROLE)

    def kind(self, role: str) -> int:
        """Return the mask of the policies that are for a role, ownership aside."""
        return sum(1 << place for place, policy in enumerate(self._policies) if policy.matches((role,)))

    def allowed(self, kinds: tuple[int, ...], *, owner: bool) -> int:
        """Return the mask of allowed actions; who owns what is acted on is the channel's creator too."""
        matching = self._member if owner else 0
        for kind in kinds:
            matching |= kind
        allowed, undecided = 0, ALL
        for place, policy in enumerate(self._policies):
            if matching >> place & 1 and (owner or not policy.owner):
                decided = policy.actions & undecided
                allowed |= decided if policy.allow else 0
                undecided ^= decided
        return allowed


class GrantJudge:
    """A scope under v2, within one team; a role's kind is what it holds. Conditions count as not met."""

    def __init__(self, grants: CompiledGrants) -> None:
        self._grants = grants

    def kind(self, role: str) -> RoleMasks:
        """Return what a role holds."""
        return self._grants.holding((role,)).union

    def allowed(self, kinds: tuple[RoleMasks, ...], *, owner: bool) -> int:
        """Return the mask of allowed actions."""
        mask = 0
        for plain, owned, any_team, owned_any_team in kinds:
            mask |= plain | any_team | (owned | owned_any_team if owner else 0)
        return mask


class UserJudge(GrantJudge):
    """The scope `.app` under v1: its grants, but for what v1 says of users."""

    def __init__(self, grants: CompiledGrants, search_disallowed: Iterable[str]) -> None:
        super().__init__(grants)
        self._disallowed = frozenset(search_disallowed)

    def kind(self, role: str) -> Any:
        """Return what a role holds, and whether it may search."""
        return super().kind(role), role in self._disallowed

    def allowed(self, kinds: tuple[Any, ...], *, owner: bool) -> int:
        """Return the mask of allowed actions."""
        searches = 0 if any(disallowed for _, disallowed in kinds) else SEARCH
        granted = super().allowed(tuple(masks for masks, _ in kinds), owner=owner)
        return granted & ~GOVERNED | searches | (OWN if owner else 0)


class EitherWay:
    """A scope judged twice: by a judge to whom no condition is met, and by one to whom every one is."""

    def __init__(self, unmet: Judge, met: Judge) -> None:
        self._unmet = unmet
        self._met = met

    def kind(self, role: str) -> tuple[Any, Any]:
        """Return what is special about a role to both."""
        return self._unmet.kind(role), self._met.kind(role)

    def allowed(self, kinds: tuple[tuple[Any, Any], ...], *, owner: bool) -> int:
        """Return both masks in one: that of the second judge lies above that of the first."""
        unmet = self._unmet.allowed(tuple(kind for kind, _ in kinds), owner=owner)
        return unmet | self._met.allowed(tuple(kind for _, kind in kinds), owner=owner) << _WIDTH


def _folded(actions: int) -> int:
    """Return the actions of both judges."""
    return (actions | actions >> _WIDTH) & ALL


class Change(NamedTuple):
    """Answers that differ, for each user role with each channel role ("": not a member): masks of actions.

    `owner` says whether the subject owns whatever is acted on.
    """

    user_roles: tuple[str, ...]
    channel_roles: tuple[str, ...]
    owner: bool
    gained: int
    lost: int


def differences(
    before: Judge, after: Judge, user_roles: Iterable[str], channel_roles: Iterable[str] = ()
) -> Iterator[Change]:
    """Tell every answer that differs between two states; each pair of roles is in at most one change per ownership."""
    no_member: tuple[tuple[Any, ...], tuple[str, ...]] = ((), ("",))
    members = [no_member, *_alike(before, after, channel_roles).items()]
    for (old, new), users in _alike(before, after, user_roles).items():
        for owner in (False, True):
            rows: dict[tuple[int, int], list[str]] = defaultdict(list)
            for kinds, roles in members:
                was = before.allowed((old, *kinds[:1]), owner=owner)
                will = after.allowed((new, *kinds[1:]), owner=owner)
                if was != will:
                    rows[_folded(will & ~was), _folded(was & ~will)] += roles
            for (gained, lost), names_of_members in rows.items():
                yield Change(users, tuple(sorted(names_of_members)), owner, gained, lost)


def _alike(before: Judge, after: Judge, roles: Iterable[str]) -> dict[tuple[Hashable, Hashable], tuple[str, ...]]:
    """Group roles that are judged alike in both states."""
    groups: dict[tuple[Hashable, Hashable], list[str]] = defaultdict(list)
    for role in sorted(roles):
        groups[before.kind(role), after.kind(role)].append(role)
    return {kinds: tuple(names) for kinds, names in groups.items()}


def names(actions: int) -> list[str]:
    """Return the names of a mask of actions, sorted."""
    return sorted(action.name for action in ACTIONS if BIT[action.name] & actions)
