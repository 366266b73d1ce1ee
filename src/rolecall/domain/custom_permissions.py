"""Custom permissions, compiled: a built-in action under an id of the app's own, perhaps with a condition."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from rolecall.domain.actions import ACTIONS, BIT, INDEX
from rolecall.domain.conditions import Condition, compile_condition, describe
from rolecall.domain.permissions import SUFFIXES, Permission
from rolecall.domain.records import PermissionRecord


class Custom(NamedTuple):
    """One custom permission, the bit of its action, and which variant it is: the place in the order of `SUFFIXES`.

    Without a condition `holds` is None; `condition` says it in a line, for people. `changed_at` is when it was created
    and last changed, Unix nanoseconds: a record with the same times compiles to the same.
    """

    permission: Permission
    bit: int
    variant: int
    holds: Condition | None = None
    condition: str = ""
    changed_at: tuple[int, int] = (0, 0)

    @property
    def built_in_id(self) -> str:
        """The built-in permission that means the same, conditions aside."""
        return self.permission.action.id + SUFFIXES[self.permission.owner, self.permission.same_team]


CustomPermissions = Mapping[str, Custom]
"""Id -> the custom permission."""

_VARIANTS: Final = tuple(SUFFIXES)

NO_CUSTOM: Final[CustomPermissions] = {}


def compile_permission(record: PermissionRecord) -> Custom:
    """Compile one custom permission."""
    permission = Permission(record.id, ACTIONS[INDEX[record.action]], record.owner, record.same_team)
    bit, variant = BIT[record.action], _VARIANTS.index((record.owner, record.same_team))
    custom = Custom(permission, bit, variant, changed_at=(record.created_at, record.updated_at))
    if not record.condition:
        return custom
    return custom._replace(holds=compile_condition(record.condition), condition=describe(record.condition))


def compile_permissions(records: Iterable[PermissionRecord]) -> CustomPermissions:
    """Compile an app's custom permissions."""
    return {record.id: compile_permission(record) for record in records}
