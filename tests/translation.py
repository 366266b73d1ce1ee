"""The migration from v1 to v2 once more, written from the rules: the translation, and what answers differ after it.

Asks `oracle.judge` about one role and one action at a time.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from rolecall.domain import roles as role_table
from rolecall.domain.builtin import channel_types
from rolecall.domain.builtin.policies import POLICIES
from tests.oracle import NAME, World, action_of, judge
from tests.scenarios import Cell, plain_policy

MEMBERSHIP: Final = frozenset(role_table.CALL_ROLES + role_table.CHANNEL_ROLES)
"""Roles that are not of user level."""

Policies = list[dict[str, Any]]
Grants = dict[str, list[str]]


def translate(policies: Policies, roles: Iterable[str]) -> Grants:
    """Return the grants that policies become: the same answers for each role alone."""
    grants: dict[str, set[str]] = {role: _alone(policies, role) for role in roles}
    for action in NAME:
        member = grants["channel_member"] & {action, f"{action}-owner"} and action not in grants["user"]
        # the creator counts as a member, and is one whose own role is `user`
        if member and judge(policies, {"user", "channel_member"}, action, owns=True).allowed:
            grants["user"].add(f"{action}-owner")
    return {role: sorted(held) for role, held in grants.items() if held}


def _alone(policies: Policies, role: str) -> set[str]:
    speaking = [policy for policy in policies if policy["roles"] or role not in MEMBERSHIP]
    held = set()
    for action in NAME:
        if action == "create-channel" and role in role_table.CHANNEL_ROLES:
            continue
        if judge(speaking, {role}, action, owns=False).allowed:
            held.add(action)
        elif judge(speaking, {role}, action, owns=True).allowed:
            held.add(f"{action}-owner")
    return held


def migrated(world: World) -> World:
    """Return a world after the migration to v2; its app may be on either version before."""
    roles = [*sorted(role_table.BUILT_IN), *world["roles"]]
    types = {
        name: {**row, "grants": _built_in(name, row["policies"]) or translate(row["policies"], roles)}
        for name, row in world["channel_types"].items()
    }
    return {
        **world,
        "app": {**world["app"], "permission_version": "v2"},
        "app_grants": without_search(world),
        "channel_types": types,
    }


def _built_in(name: str, policies: Policies) -> Grants | None:
    """Return the built-in grants of a type whose policies are the built-in ones; names are for people."""
    of = name if name in POLICIES else "messaging"
    same = [{**plain_policy(record), "name": ""} for record in POLICIES[of]]
    if [{**policy, "name": ""} for policy in policies] != same:
        return None
    return {role: list(held) for role, held in channel_types.GRANTS[of].items()}


def without_search(world: World) -> Grants:
    """Return the grants of `.app` in which roles that may not search users hold nothing to search with."""
    disallowed = world["app"]["user_search_disallowed_roles"]
    return {
        role: [name for name in held if role not in disallowed or action_of(name, world) != "search-user"]
        for role, held in world["app_grants"].items()
    }


# --- the report ------------------------------------------------------------------------------------------------------

Report = dict[Cell, tuple[list[str], list[str]]]
"""Who, and the names of the actions gained and of those lost; only where there are any."""


def report(before: World, after: World) -> Report:
    """Return every answer on channels that differs between two worlds, one within one team and without conditions."""
    roles = [*sorted(role_table.BUILT_IN), *before["roles"]]
    cells = (
        Cell(name, user_role, channel_role, owner)
        for name in before["channel_types"]
        for user_role in roles
        for channel_role in ("", *roles)
        for owner in (False, True)
    )
    found = {cell: change(before, after, cell) for cell in cells}
    return {cell: row for cell, row in found.items() if row != ([], [])}


def change(before: World, after: World, cell: Cell) -> tuple[list[str], list[str]]:
    """Return the actions that one cell gains and those that it loses."""
    was, will = _allowed(before, cell), _allowed(after, cell)
    return sorted(will - was), sorted(was - will)


def _allowed(world: World, cell: Cell) -> set[str]:
    row = world["channel_types"][cell.channel_type]
    roles = {cell.user_role, cell.channel_role} - {""}
    if world["app"]["permission_version"] == "v1":
        roles |= {"channel_member"} if cell.owner else set()
        return {name for action, name in NAME.items() if judge(row["policies"], roles, action, cell.owner).allowed}
    suffixes = ("", "-any-team", "-owner", "-owner-any-team") if cell.owner else ("", "-any-team")
    held = set().union(*(row["grants"].get(role, ()) for role in roles))
    return {name for action, name in NAME.items() if held & {action + suffix for suffix in suffixes}}
