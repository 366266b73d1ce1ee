"""Grants: role -> permission ids, compiled into masks over the actions, and the rules of writing them.

A role's grants in one scope are four integers, one per permission variant; deciding is a few bit operations whatever
the number of grants. Masks live in memory only. Custom permissions without a condition are in the masks too, under
their own names; those with one are looked at only when an answer asks for their action.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple

from rolecall.domain.actions import ALL, BIT
from rolecall.domain.conditions import About, Condition
from rolecall.domain.custom_permissions import NO_CUSTOM, Custom, CustomPermissions
from rolecall.domain.errors import InvalidInput
from rolecall.domain.permissions import BUILT_IN, SUFFIXES, check_permission
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
        return RoleMasks(self[0] | other[0], self[1] | other[1], self[2] | other[2], self[3] | other[3])

    def with_custom(self, custom: Custom) -> RoleMasks:
        """Return these masks with what a custom permission grants."""
        masks = list(self)
        masks[custom.variant] |= custom.bit
        return RoleMasks(*masks)


NOTHING: Final = RoleMasks()
_VARIANTS: Final = tuple(SUFFIXES)


class RoleGrants(NamedTuple):
    """What one role is granted in one scope: the built-in permissions as masks, the others by id."""

    masks: RoleMasks = NOTHING
    others: tuple[str, ...] = ()


NO_GRANTS: Final = RoleGrants()


class GrantOverride(NamedTuple):
    """A channel's own change to one role's grants: what it adds and what it takes away (`!x`)."""

    added: RoleGrants
    removed: RoleGrants


class Conditional(NamedTuple):
    """A custom permission with a condition, as one role holds it; `unguarded` is faster and may raise."""

    role: str
    bit: int
    holds: Condition
    unguarded: Condition
    custom: Custom


@dataclass(frozen=True, slots=True)
class Holding:
    """What a set of roles holds in one scope: each role with its masks, in order, and the union of them.

    `names` tells which custom permission put a bit there: (role, built-in id of the same meaning) -> its id.
    `conditional` masks the actions of `conditions`, which nothing has looked at; `failed` is for explanations.
    """

    roles: tuple[str, ...]
    by_role: tuple[tuple[str, RoleMasks], ...]
    union: RoleMasks
    names: Mapping[tuple[str, str], str] = field(default_factory=dict)
    conditional: int = 0
    conditions: tuple[Conditional, ...] = ()
    failed: tuple[Conditional, ...] = ()

    def settled(self, about: About, actions: int) -> Holding:
        """Return what is held once the conditions of permissions for these actions have been looked at."""
        try:
            met = [(role, custom) for role, bit, _, test, custom in self.conditions if bit & actions and test(about)]
        except Exception:  # noqa: BLE001 - one of them can't be evaluated, which denies that one alone
            met = [(role, custom) for role, bit, holds, _, custom in self.conditions if bit & actions and holds(about)]
        if not met:
            return self
        masks, names = dict(self.by_role), dict(self.names)
        for role, custom in met:
            held = masks.get(role, NOTHING)
            if not held[custom.variant] & custom.bit:
                masks[role] = held.with_custom(custom)
                names[role, custom.built_in_id] = custom.permission.id
        return _holding(masks, self.roles, names)

    def explained(self, about: About) -> Holding:
        """Return the same for every action, with the conditions that are not met."""
        failed = tuple(one for one in self.conditions if not one.holds(about))
        return replace(self.settled(about, ALL), failed=failed)


NO_HOLDING: Final = Holding((), (), NOTHING)
_MOST_REMEMBERED: Final = 4_096


class CompiledGrants:
    """The grants of one scope. Immutable; what a combination of roles holds is worked out once."""

    __slots__ = ("_customs", "_grants", "_holdings")

    def __init__(self, grants: Mapping[str, RoleGrants], customs: CustomPermissions = NO_CUSTOM) -> None:
        self._grants = grants
        self._customs = customs
        self._holdings: dict[tuple[str, ...], Holding] = {}

    @property
    def roles(self) -> Collection[str]:
        """The roles that are granted anything."""
        return self._grants.keys()

    def using(self, customs: CustomPermissions) -> CompiledGrants:
        """Return the same grants over other custom permissions."""
        return CompiledGrants(self._grants, customs)

    def holding(self, roles: tuple[str, ...], overrides: Mapping[str, GrantOverride] | None = None) -> Holding:
        """Return what the roles hold together; a channel's own changes to grants take the slow way."""
        if overrides:
            return self._held({role: self._overridden(role, overrides) for role in roles}, roles)
        known = self._holdings.get(roles)
        if known is None:
            if len(self._holdings) >= _MOST_REMEMBERED:
                self._holdings.clear()
            known = self._holdings[roles] = self._held(self._grants, roles)
        return known

    def _overridden(self, role: str, overrides: Mapping[str, GrantOverride]) -> RoleGrants:
        """Return what a role is granted after a channel's own changes; taking away wins over adding."""
        granted = self._grants.get(role, NO_GRANTS)
        override = overrides.get(role)
        if override is None:
            return granted
        added, removed = override
        others = dict.fromkeys((*granted.others, *added.others))
        return RoleGrants(
            granted.masks.joined(added.masks).without(removed.masks),
            tuple(name for name in others if name not in removed.others),
        )

    def _held(self, grants: Mapping[str, RoleGrants], roles: tuple[str, ...]) -> Holding:
        """Work out what roles hold: custom permissions without a condition join the masks, the others wait."""
        masks: dict[str, RoleMasks] = {}
        names: dict[tuple[str, str], str] = {}
        conditions: list[Conditional] = []
        for role in dict.fromkeys(roles):
            held, others = grants.get(role, NO_GRANTS)
            customs = [custom for name in others if (custom := self._customs.get(name)) is not None]
            for custom in customs:
                if custom.holds is None and not held[custom.variant] & custom.bit:
                    held = held.with_custom(custom)
                    names[role, custom.built_in_id] = custom.permission.id
            conditions += [
                Conditional(role, custom.bit, custom.holds, getattr(custom.holds, "__wrapped__", custom.holds), custom)
                for custom in customs
                if custom.holds is not None and not held[custom.variant] & custom.bit  # else granted already
            ]
            if held != NOTHING:
                masks[role] = held
        conditional = 0
        for one in conditions:
            conditional |= one.bit
        return replace(_holding(masks, roles, names), conditional=conditional, conditions=tuple(conditions))


def _holding(masks: Mapping[str, RoleMasks], roles: tuple[str, ...], names: Mapping[tuple[str, str], str]) -> Holding:
    by_role = [(role, masks[role]) for role in roles if role in masks]
    union = NOTHING
    for _, role_masks in by_role:
        union = role_masks if union is NOTHING else union.joined(role_masks)
    return Holding(roles, tuple(by_role), union, names)


def compile_role(permissions: Iterable[str]) -> RoleGrants:
    """Compile permission ids; those that are not built in wait for the app's custom permissions."""
    masks = dict.fromkeys(_VARIANTS, 0)
    others = []
    for name in permissions:
        permission = BUILT_IN.get(name)
        if permission is None:
            others.append(name)
        else:
            masks[permission.owner, permission.same_team] |= BIT[permission.action.name]
    return RoleGrants(RoleMasks(*masks.values()), tuple(others))


def compile_grants(grants: Grants, customs: CustomPermissions = NO_CUSTOM) -> CompiledGrants:
    """Compile the grants of one scope."""
    compiled = {role: compile_role(permissions) for role, permissions in grants.items()}
    return CompiledGrants({role: granted for role, granted in compiled.items() if granted != NO_GRANTS}, customs)


def compile_overrides(grants: Grants) -> Mapping[str, GrantOverride]:
    """Compile a channel's own grants, in which `!x` removes exactly the id `x`."""
    return {
        role: GrantOverride(
            added=compile_role(name for name in names if not name.startswith("!")),
            removed=compile_role(name[1:] for name in names if name.startswith("!")),
        )
        for role, names in grants.items()
    }


def merge_grants(
    current: Grants,
    changes: Grants,
    custom_roles: Collection[str],
    custom_permissions: Collection[str] = (),
    field: str = "grants",
) -> Grants:
    """Return the grants after a write: each role named gets its list whole, the others keep theirs.

    UnknownRole or UnknownPermission refuse the whole write.
    """
    merged = dict(current)
    for role, permissions in changes.items():
        name = check_role(role, custom_roles, f"{field}.{role}")
        merged[name] = checked_permissions(permissions, f"{field}.{role}", custom_permissions)
    return merged


def checked_permissions(
    permissions: Iterable[str], field: str, custom_permissions: Collection[str] = ()
) -> tuple[str, ...]:
    """Return known permission ids, sorted, each once."""
    return tuple(sorted({check_permission(name, field, custom_permissions) for name in permissions}))


def checked_overrides(
    grants: Grants, custom_roles: Collection[str], field: str, custom_permissions: Collection[str] = ()
) -> Grants:
    """Return a channel's own grants with every role and id known; an id both added and taken away is refused."""
    checked: dict[str, tuple[str, ...]] = {}
    for role, names in grants.items():
        name = check_role(role, custom_roles, f"{field}.{role}")
        known = set(names)
        for permission in known:
            check_permission(permission.removeprefix("!"), f"{field}.{role}", custom_permissions)
            if f"!{permission}" in known:
                message = f"`{permission}` is both added to and taken from role `{name}`"
                raise InvalidInput(message, field=f"{field}.{role}")
        checked[name] = tuple(sorted(known))
    return checked
