"""The configuration of one app as an immutable, compiled snapshot; a write swaps the whole snapshot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from rolecall.domain.app_rules import SCOPE as APP_SCOPE
from rolecall.domain.call_rules import CallType, compile_call_type
from rolecall.domain.channel_case import ChannelType, compile_channel_type
from rolecall.domain.custom_permissions import NO_CUSTOM, CustomPermissions
from rolecall.domain.errors import NotFound
from rolecall.domain.grants import CompiledGrants, compile_grants
from rolecall.domain.names import shown
from rolecall.domain.policies import compile_policies
from rolecall.domain.records import AppRecord, TypeRecord
from rolecall.domain.subject import AppRules
from rolecall.store import AppPatch, AppWorld

CALL_SCOPE_PREFIX = "video:"
NO_GRANTS = CompiledGrants({})


@dataclass(frozen=True, slots=True)
class AppState:
    """Everything about one app that decisions need and that is kept whole."""

    id: int
    name: str
    revision: int
    rules: AppRules
    keys: tuple[str, ...]
    secrets: tuple[str, ...]
    roles: frozenset[str]
    call_types: Mapping[str, CallType]
    channel_types: Mapping[str, ChannelType]
    grants: CompiledGrants
    permissions: CustomPermissions
    disable_auth_checks: bool
    tokens_valid_from: int | None

    def call_type(self, name: str, field: str = "call") -> CallType:
        """Return a call type by name; NotFound names the field that named it."""
        found = self.call_types.get(name)
        if found is None:
            raise NotFound(f"call type {shown(name)} does not exist", field=field, reason="CALL_TYPE_NOT_FOUND")
        return found

    def channel_type(self, name: str, field: str = "channel") -> ChannelType:
        """Return a channel type by name; NotFound names the field that named it."""
        found = self.channel_types.get(name)
        if found is None:
            raise NotFound(f"channel type {shown(name)} does not exist", field=field, reason="CHANNEL_TYPE_NOT_FOUND")
        return found


Compiled = Mapping[str, CallType | ChannelType | CompiledGrants | None]
"""Scope -> what it compiles to; None: deleted."""


def compile_type(record: TypeRecord) -> CallType | ChannelType | CompiledGrants:
    """Compile what one scope stores; the snapshot adds the app's custom permissions."""
    grants = compile_grants(record.grants)
    if record.scope == APP_SCOPE:
        return grants
    if record.scope.startswith(CALL_SCOPE_PREFIX):
        return compile_call_type(record.scope.removeprefix(CALL_SCOPE_PREFIX), grants, record.settings)
    return compile_channel_type(record.scope, grants, record.settings, compile_policies(record.policies))


def from_world(world: AppWorld, types: Compiled, permissions: CustomPermissions) -> AppState:
    """Make the snapshot of an app that was loaded whole."""
    fresh = _of(world.app, world.keys, world.secrets, world.roles)
    return _with_types(_with_permissions(fresh, permissions), types)


def patched(
    state: AppState | None,
    app: AppRecord,
    patch: AppPatch,
    types: Compiled,
    permissions: CustomPermissions | None,
) -> AppState:
    """Make the next snapshot: the app's own fields from the patch, its types from both.

    `permissions` are the custom ones when any was touched, None when none was.
    """
    fresh = _of(app, patch.keys, patch.secrets, patch.roles)
    if state is not None:
        fresh = replace(
            fresh,
            call_types=state.call_types,
            channel_types=state.channel_types,
            grants=state.grants,
            permissions=state.permissions,
        )
    if permissions is not None:
        fresh = _with_permissions(fresh, permissions)
    return _with_types(fresh, types)


def _with_permissions(state: AppState, permissions: CustomPermissions) -> AppState:
    """Return a snapshot whose grants all name these custom permissions."""
    return replace(
        state,
        permissions=permissions,
        grants=state.grants.using(permissions),
        call_types={name: replace(one, grants=one.grants.using(permissions)) for name, one in state.call_types.items()},
        channel_types={
            name: replace(one, grants=one.grants.using(permissions)) for name, one in state.channel_types.items()
        },
    )


def _with_types(state: AppState, types: Compiled) -> AppState:
    """Return a snapshot with a few scopes replaced; the others are shared with the old one."""
    if not types:
        return state
    call_types, channel_types, grants = dict(state.call_types), dict(state.channel_types), state.grants
    for scope, compiled in types.items():
        name = scope.removeprefix(CALL_SCOPE_PREFIX)
        if name != scope:
            call_types.pop(name, None)
        else:
            channel_types.pop(scope, None)
        if isinstance(compiled, CallType):
            call_types[name] = replace(compiled, grants=compiled.grants.using(state.permissions))
        elif isinstance(compiled, ChannelType):
            channel_types[scope] = replace(compiled, grants=compiled.grants.using(state.permissions))
        elif isinstance(compiled, CompiledGrants):
            grants = compiled.using(state.permissions)
    return replace(state, call_types=call_types, channel_types=channel_types, grants=grants)


def _of(app: AppRecord, keys: tuple[str, ...], secrets: tuple[str, ...], roles: frozenset[str]) -> AppState:
    return AppState(
        id=app.id,
        name=app.name,
        revision=app.revision,
        rules=AppRules(
            app.multi_tenant_enabled,
            app.disable_permissions_checks,
            app.permission_version,
            frozenset(app.user_search_disallowed_roles),
        ),
        keys=keys,
        secrets=secrets,
        roles=roles,
        call_types={},
        channel_types={},
        grants=NO_GRANTS,
        permissions=NO_CUSTOM,
        disable_auth_checks=app.disable_auth_checks,
        tokens_valid_from=app.revoke_tokens_issued_before,
    )
