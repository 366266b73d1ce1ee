"""Grants: role -> permission ids, compiled into masks over the actions, and the rules of writing them.

A role's grants in one scope are four integers, one per permission variant; deciding is a few bit operations whatever
the number of grants. Masks live in memory only.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Final, NamedTuple

from rolecall.domain.actions import BIT
from rolecall.domain.errors import InvalidInput
from rolecall.domain.permissions import BUILT_IN, check_permission
from rolecall.domain.records import Grants
from rolecall.domain.roles import check_role


class RoleMasks(NamedTuple):
    """What one role holds in one scope: a mask of actions per permission variant, in the order of `SUFFIXES`."""

    plain: int = 0
    owner: int = 0
    any_team: int = 0
    owner_any_team: int = 0

    def without(self, other: RoleMasks) -> RoleMasks:
        """Return these masks less exactly the permissions of the other."""
        return RoleMasks(*(mine & ~theirs for mine, theirs in zip(self, other, strict=True)))

    def joined(self, other: RoleMasks) -> RoleMasks:
        """Return the permissions of both."""
        return RoleMasks(*(mine | theirs for mine, theirs in zip(self, other, strict=True)))


NOTHING: Final = RoleMasks()


class GrantOverride(NamedTuple):
    """A channel's own change to one role's grants: what it adds and what it takes away (`!x`)."""

    added: RoleMasks
    removed: RoleMasks


class Holding(NamedTuple):
    """What a set of roles holds in one scope: each role with its masks, in order, and the union of them."""

    roles: tuple[str, ...]
    by_role: tuple[tuple[str, RoleMasks], ...]
    union: RoleMasks


NO_HOLDING: Final = Holding((), (), NOTHING)
_MOST_REMEMBERED: Final = 4_096


class CompiledGrants:
    """The grants of one scope as masks. Immutable; what a combination of roles holds is worked out once."""

    __slots__ = ("_holdings", "_masks")

    def __init__(self, masks: Mapping[str, RoleMasks]) -> None:
        self._masks = masks
        self._holdings: dict[tuple[str, ...], Holding] = {}

    def holding(self, roles: tuple[str, ...], overrides: Mapping[str, GrantOverride] | None = None) -> Holding:
        """Return what the roles hold together; a channel's own changes to grants take the slow way."""
        if overrides:
            return _holding({role: self._overridden(role, overrides) for role in roles}, roles)
        known = self._holdings.get(roles)
        if known is None:
            if len(self._holdings) >= _MOST_REMEMBERED:
                self._holdings.clear()
            known = self._holdings[roles] = _holding(self._masks, roles)
        return known

    def _overridden(self, role: str, overrides: Mapping[str, GrantOverride]) -> RoleMasks:
        """Return what a role holds after a channel's own changes; taking away wins over adding."""
        masks = self._masks.get(role, NOTHING)
        override = overrides.get(role)
        return masks if override is None else masks.joined(override.added).without(override.removed)


def _holding(masks: Mapping[str, RoleMasks], roles: tuple[str, ...]) -> Holding:
    by_role = tuple((role, masks[role]) for role in roles if role in masks)
    union = NOTHING
    for _, role_masks in by_role:
        union = union.joined(role_masks)
    return Holding(roles, by_role, union)


def compile_role(permissions: Iterable[str]) -> RoleMasks:
    """Compile permission ids; ids that are not known grant nothing."""
    plain = owner = any_team = owner_any_team = 0
    for name in permissions:
        permission = BUILT_IN.get(name)
        if permission is None:
            continue
        bit = BIT[permission.action.name]
        if permission.same_team:
            plain, owner = (plain, owner | bit) if permission.owner else (plain | bit, owner)
        elif permission.owner:
            owner_any_team |= bit
        else:
            any_team |= bit
    return RoleMasks(plain, owner, any_team, owner_any_team)


def compile_grants(grants: Grants) -> CompiledGrants:
    """Compile the grants of one scope."""
    compiled = {role: compile_role(permissions) for role, permissions in grants.items()}
    return CompiledGrants({role: masks for role, masks in compiled.items() if masks != NOTHING})


def compile_overrides(grants: Grants) -> Mapping[str, GrantOverride]:
    """Compile a channel's own grants, in which `!x` removes exactly the id `x`."""
    return {
        role: GrantOverride(
            added=compile_role(name for name in names if not name.startswith("!")),
            removed=compile_role(name[1:] for name in names if name.startswith("!")),
        )
        for role, names in grants.items()
    }


def merge_grants(current: Grants, changes: Grants, custom_roles: Collection[str], field: str = "grants") -> Grants:
    """Return the grants after a write: each role named gets its list whole, the others keep theirs.

    UnknownRole or UnknownPermission refuse the whole write.
    """
    merged = dict(current)
    for role, permissions in changes.items():
        name = check_role(role, custom_roles, f"{field}.{role}")
        merged[name] = checked_permissions(permissions, f"{field}.{role}")
    return merged


def checked_permissions(permissions: Iterable[str], field: str) -> tuple[str, ...]:
    """Return known permission ids, sorted, each once."""
    return tuple(sorted({check_permission(name, field) for name in permissions}))


def checked_overrides(grants: Grants, custom_roles: Collection[str], field: str) -> Grants:
    """Return a channel's own grants with every role and id known; an id both added and taken away is refused."""
    checked: dict[str, tuple[str, ...]] = {}
    for role, names in grants.items():
        name = check_role(role, custom_roles, f"{field}.{role}")
        known = set(names)
        for permission in known:
            check_permission(permission.removeprefix("!"), f"{field}.{role}")
            if f"!{permission}" in known:
                message = f"`{permission}` is both added to and taken from role `{name}`"
                raise InvalidInput(message, field=f"{field}.{role}")
        checked[name] = tuple(sorted(known))
    return checked
