"""Migrating an app from permission version v1 to v2, and undoing it: what is written, what is kept, what differs.

Writing is the app's one transaction; the report is worked out after it from what was read there, so that others may
write meanwhile. Both give way to other answers: an app may have many types, roles and policies.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Hashable, Iterable
from dataclasses import replace
from typing import Any, Final, NamedTuple

from rolecall.domain.app_rules import SCOPE as APP_SCOPE
from rolecall.domain.builtin import app_scope, channel_types
from rolecall.domain.builtin.policies import POLICIES
from rolecall.domain.custom_permissions import CustomPermissions, compile_permission
from rolecall.domain.errors import Precondition
from rolecall.domain.grants import compile_grants
from rolecall.domain.migration import (
    Change,
    EitherWay,
    GrantJudge,
    Judge,
    PolicyJudge,
    UserJudge,
    differences,
    same_policies,
    translate,
    without_search,
)
from rolecall.domain.permissions import BUILT_IN as BUILT_IN_PERMISSIONS
from rolecall.domain.policies import compile_policies
from rolecall.domain.records import AppRecord, Grants, MigrationRecord, PermissionRecord, TypeRecord
from rolecall.domain.roles import BUILT_IN as BUILT_IN_ROLES
from rolecall.service.administration.changes import MigrationReport
from rolecall.service.administration.checks import stamped
from rolecall.service.administration.types import CHANNEL
from rolecall.service.pace import Pace
from rolecall.store import Reader, Transaction

V1: Final = "v1"
V2: Final = "v2"
_TYPES_AT_ONCE: Final = 2  # a type with the grants of many roles takes a millisecond to read


class Scope(NamedTuple):
    """A channel type, or `.app`, before and after; the same object when it does not change."""

    before: TypeRecord
    after: TypeRecord

    @property
    def changes(self) -> bool:
        """Whether there is something to write."""
        return self.after is not self.before


class Migration(NamedTuple):
    """The app, `.app` and every channel type before and after a migration or the undoing of one; what grants name."""

    app_before: AppRecord
    app: AppRecord
    app_scope: Scope
    types: tuple[Scope, ...]
    roles: frozenset[str]
    permissions: tuple[PermissionRecord, ...]
    own_grants: int
    undone: bool = False

    @property
    def changes(self) -> bool:
        """Whether the version or any grants change."""
        version = self.app_before.permission_version != self.app.permission_version
        return version or self.app_scope.changes or any(scope.changes for scope in self.types)


# --- writing ---------------------------------------------------------------------------------------------------------


async def stored_app_scope(reader: Reader) -> TypeRecord:
    """Return the scope `.app`, as it starts when it is not stored."""
    return await reader.type(APP_SCOPE) or TypeRecord(APP_SCOPE, app_scope.GRANTS)


async def without_disallowed_search(tx: Transaction, grants: Grants, disallowed: Iterable[str]) -> Grants:
    """Return the grants of `.app` as version v2 needs them to keep these roles from searching users."""
    actions = {permission.id: permission.action for permission in await tx.permissions()}
    return without_search(grants, disallowed, actions)


async def translated(tx: Transaction, app: AppRecord, scope: Scope) -> Migration:
    """Return the migration of an app whose own fields and `.app` are to be these: policies become grants."""
    roles, permissions, pace = await _roles(tx), tuple(await tx.permissions()), Pace()
    types = []
    async for before in _channel_types(tx):
        types.append(_with_grants(before, _from_policies(before, roles), tx.now))
        await pace.give_way()
    return Migration(tx.app, app, scope, tuple(types), roles, permissions, await tx.channels_with_own_grants())


def _from_policies(record: TypeRecord, roles: Iterable[str]) -> Grants:
    """Return the grants that a channel type's policies become; the built-in ones become the built-in grants."""
    source = record.scope if record.scope in POLICIES else CHANNEL.origin
    if same_policies(record.policies, POLICIES[source]):
        return channel_types.GRANTS[source]
    return translate(record.policies, roles)


async def undone(tx: Transaction) -> tuple[Migration, MigrationRecord]:
    """Return what undoing the newest migration changes, and its record; Precondition when there is none.

    Types that were made since keep their grants, and those that are gone stay so; of the grants put back, roles and
    permissions that are gone are left out, also where another one of the same name has been made since.
    """
    record = await tx.last_migration()
    if record is None:
        raise Precondition("there is no migration to undo", field="undo_migration", reason="NO_MIGRATION")
    roles, permissions, pace = await tx.roles(), tuple(await tx.permissions()), Pace()
    known_roles = {*BUILT_IN_ROLES, *(role.name for role in roles if role.created_at <= record.created_at)}
    known = {*BUILT_IN_PERMISSIONS, *(one.id for one in permissions if one.created_at <= record.created_at)}

    def put_back(before: TypeRecord) -> Scope:
        grants = record.grants.get(before.scope)
        if grants is None or before.created_at > record.created_at:  # made since, maybe under the name of an older one
            return Scope(before, before)
        return _with_grants(before, _known(grants, known_roles, known), tx.now)

    types = []
    async for before in _channel_types(tx):
        types.append(put_back(before))
        await pace.give_way()
    app = stamped(replace(tx.app, permission_version=record.permission_version), tx.app, tx.now)
    scope = put_back(await stored_app_scope(tx))
    every = BUILT_IN_ROLES | {role.name for role in roles}
    own_grants = await tx.channels_with_own_grants()
    return Migration(tx.app, app, scope, tuple(types), every, permissions, own_grants, undone=True), record


def _known(grants: Grants, roles: Collection[str], permissions: Collection[str]) -> Grants:
    return {
        role: tuple(name for name in names if name in permissions) for role, names in grants.items() if role in roles
    }


def _with_grants(before: TypeRecord, grants: Grants, now: int) -> Scope:
    same = before.grants == grants
    return Scope(before, before if same else replace(before, grants=dict(grants), updated_at=now))


async def write(tx: Transaction, migration: Migration) -> None:
    """Write what changes in the scopes; of a migration that changes anything, keep what was there before it."""
    scopes = (migration.app_scope, *migration.types)
    for scope in scopes:
        if scope.changes:
            await tx.put_type(scope.after)
    if migration.changes and not migration.undone:
        before = {scope.before.scope: scope.before.grants for scope in scopes}
        await tx.put_migration(MigrationRecord(0, migration.app_before.permission_version, before, tx.now))


async def _channel_types(reader: Reader) -> AsyncIterator[TypeRecord]:
    """Read every channel type by name, a few at a time."""
    after, more = "", True
    while more:
        records = await reader.types("channel", _TYPES_AT_ONCE, after)
        for record in records:
            after = record.scope
            yield record
        more = len(records) == _TYPES_AT_ONCE


async def _roles(reader: Reader) -> frozenset[str]:
    return BUILT_IN_ROLES | {role.name for role in await reader.roles()}


# --- reporting -------------------------------------------------------------------------------------------------------


async def report_of(migration: Migration, *, applied: bool) -> MigrationReport:
    """Work out every answer that differs before and after, to users who meet no condition or to those who meet all."""
    customs = _Customs(migration.permissions)
    pace, changes = Pace(), {}
    for scope in migration.types:
        found = [change async for change in _differences(migration, scope, customs, pace, migration.roles)]
        if found:
            changes[scope.before.scope] = tuple(found)
    app_changes = [change async for change in _differences(migration, migration.app_scope, customs, pace)]
    return MigrationReport(
        applied=applied,
        undone=migration.undone,
        changes=changes,
        app_changes=tuple(app_changes),
        channel_type_grants={scope.after.scope: scope.after.grants for scope in migration.types},
        app_grants=migration.app_scope.after.grants,
        channels_with_own_grants=migration.own_grants,
    )


async def _differences(
    migration: Migration, scope: Scope, customs: _Customs, pace: Pace, channel_roles: Collection[str] = ()
) -> AsyncIterator[Change]:
    """Tell what differs in one scope, for one group of roles that are judged alike after the other."""
    versions = migration.app_before.permission_version, migration.app.permission_version
    if not scope.changes and versions[0] == versions[1]:
        return
    before = _Remembered(_judge(migration.app_before, scope.before, customs))
    after = _Remembered(_judge(migration.app, scope.after, customs))
    await pace.give_way()
    groups: dict[tuple[Hashable, Hashable], list[str]] = defaultdict(list)
    for role in sorted(migration.roles):
        groups[before.kind(role), after.kind(role)].append(role)
        await pace.give_way()
    for roles in groups.values():
        for change in differences(before, after, roles, channel_roles):
            yield change
        await pace.give_way()


class _Customs:
    """An app's custom permissions, as they are to users who meet no condition, and to those who meet every one."""

    def __init__(self, permissions: Iterable[PermissionRecord]) -> None:
        self.unmet = {one.id: compile_permission(one) for one in permissions if not one.condition}
        self.met = {one.id: compile_permission(replace(one, condition={})) for one in permissions}


def _judge(app: AppRecord, record: TypeRecord, customs: _Customs) -> Judge:
    """Return who judges a scope, by the version that the app is on."""
    unmet = _judge_with(app, record, customs.unmet)
    if len(customs.met) == len(customs.unmet):
        return unmet
    return EitherWay(unmet, _judge_with(app, record, customs.met))


def _judge_with(app: AppRecord, record: TypeRecord, customs: CustomPermissions) -> Judge:
    if app.permission_version == V1 and record.scope != APP_SCOPE:
        return PolicyJudge(compile_policies(record.policies))
    grants = compile_grants(record.grants, customs)
    return UserJudge(grants, app.user_search_disallowed_roles) if app.permission_version == V1 else GrantJudge(grants)


class _Remembered:
    """A judge that works out once what is special about a role, however often it is asked."""

    def __init__(self, judge: Judge) -> None:
        self._judge = judge
        self._kinds: dict[str, Any] = {}
        self.allowed = judge.allowed

    def kind(self, role: str) -> Any:
        kind = self._kinds.get(role)
        if kind is None:
            kind = self._kinds[role] = self._judge.kind(role)
        return kind
