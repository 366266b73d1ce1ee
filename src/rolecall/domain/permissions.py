"""Permissions: ids that grant one action each, in four variants.

x                 the action, within the subject's team
x-owner           only on what the subject owns
x-any-team        across teams
x-owner-any-team  both
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterable, Mapping
from typing import Final, NamedTuple

from rolecall.domain.actions import ACTIONS, INDEX, Action
from rolecall.domain.errors import UnknownPermission
from rolecall.domain.names import printable


class Permission(NamedTuple):
    """One grantable id. `same_team`: only within the subject's team; `owner`: only on what the subject owns."""

    id: str
    action: Action
    owner: bool = False
    same_team: bool = True

    @property
    def name(self) -> str:
        """Readable name: `Delete Message (owner, any team)`."""
        words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", self.action.name)
        limits = ["owner"] * self.owner + ["any team"] * (not self.same_team)
        return f"{words} ({', '.join(limits)})" if limits else words

    @property
    def description(self) -> str:
        """One sentence for people."""
        where = "" if self.same_team else ", in any team"
        return f"Grants {self.action.name}{' on what the user owns' if self.owner else ''}{where}"


SUFFIXES: Final[Mapping[tuple[bool, bool], str]] = {
    (False, True): "",
    (True, True): "-owner",
    (False, False): "-any-team",
    (True, False): "-owner-any-team",
}
"""(owner, same_team) -> what follows the action's id in the permission's id."""

BUILT_IN: Final[Mapping[str, Permission]] = {
    action.id + suffix: Permission(action.id + suffix, action, owner, same_team)
    for action in ACTIONS
    for (owner, same_team), suffix in SUFFIXES.items()
}
"""The built-in permissions by id, in the order of the actions table."""


def action_index(permission_id: str) -> int | None:
    """Return the position of the action that a built-in permission id names, None when there is none."""
    permission = BUILT_IN.get(permission_id)
    return None if permission is None else INDEX[permission.action.name]


_LONGEST_TYPO: Final = 64
_LENGTHS_APART: Final = 3


def nearest(permission_id: str, known: Iterable[str] = BUILT_IN) -> tuple[str, ...]:
    """Return up to three known ids that look most like a mistyped one; only those of about its length are compared."""
    if len(permission_id) > _LONGEST_TYPO:
        return ()
    like = [name for name in known if abs(len(name) - len(permission_id)) <= _LENGTHS_APART]
    return tuple(difflib.get_close_matches(permission_id, like, n=3, cutoff=0.6))


def check_permission(permission_id: str, field: str, custom: Collection[str] = ()) -> str:
    """Return a permission id that can be granted, built in or custom; UnknownPermission suggests the nearest ids."""
    if permission_id not in BUILT_IN and permission_id not in custom:
        hints = nearest(permission_id, [*BUILT_IN, *custom])
        raise UnknownPermission(printable(permission_id[:64]), hints, field=field)
    return permission_id
