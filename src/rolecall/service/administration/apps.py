"""The app: its settings and the grants of `.app`; and, for the command line on the file, making apps and secrets."""

from __future__ import annotations

import base64
import re
import secrets
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Final, NamedTuple

from rolecall.domain.app_rules import SCOPE as APP_SCOPE
from rolecall.domain.builtin import app_scope
from rolecall.domain.errors import InvalidInput, NotFound, OverLimit, Precondition
from rolecall.domain.grants import merge_grants
from rolecall.domain.names import check_id, shown
from rolecall.domain.records import AppRecord, Grants, TypeRecord
from rolecall.domain.roles import check_role
from rolecall.service.administration import migration, types
from rolecall.service.administration.access import Access
from rolecall.service.administration.changes import AppChange, AppResult, AppView, Keep
from rolecall.service.administration.checks import (
    check_time,
    custom_permissions,
    custom_roles,
    granted,
    merged_extras,
    sent,
    stamped,
)
from rolecall.service.administration.migration import Migration
from rolecall.service.administration.permit import server_only
from rolecall.service.callers import Caller
from rolecall.store import Store, Transaction

PERMISSION_VERSIONS: Final = (migration.V1, migration.V2)
MAX_DISALLOWED_ROLES: Final = 10
MAX_LIVE_SECRETS: Final = 5
_MAX_EXTRAS_BYTES: Final = 64 * 1024  # certificates and templates of push notifications are among them
_MAX_SECRET_BYTES: Final = 1024
_KEY: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")


class Apps:
    """Reads and changes the caller's app; server-side only. `dev` is the server's development mode."""

    def __init__(self, access: Access, *, dev: bool) -> None:
        self._access = access
        self._dev = dev

    async def get(self, caller: Caller) -> tuple[AppRecord, Grants, int]:
        """Return the app and the grants of `.app`."""
        server_only(caller, "reading the app's settings")
        async with self._access.read(caller) as (reader, revision):
            app = await reader.app_by_id(caller.app_id)
            if app is None:
                raise _unknown(str(caller.app_id))
            return app, (await migration.stored_app_scope(reader)).grants, revision

    async def update(self, caller: Caller, change: AppChange) -> AppResult:
        """Change the app, all or nothing; a dry run does all but the writing."""
        server_only(caller, "changing the app's settings")
        self._check(change)
        work = _undo if change.undo_migration else _update
        written, revision = await self._access.write(caller, lambda tx: work(tx, change))
        done = written.migration
        report = None if done is None else await migration.report_of(done, applied=not change.dry_run)
        return AppResult(replace(written.app, revision=revision), written.scope.grants, report, revision)

    def _check(self, change: AppChange) -> None:
        if change.undo_migration and change != AppChange(undo_migration=True, dry_run=change.dry_run):
            raise InvalidInput("`undo_migration` goes with nothing else but `dry_run`", field="undo_migration")
        if not isinstance(change.permission_version, Keep):
            check_permission_version(change.permission_version)
        if change.disable_auth_checks is True and not self._dev:
            raise Precondition(
                "`disable_auth_checks` is for development only: this server was not started in development mode",
                field="disable_auth_checks",
                reason="DEVELOPMENT_ONLY",
            )
        if not isinstance(change.revoke_tokens_issued_before, Keep):
            check_time(change.revoke_tokens_issued_before, "revoke_tokens_issued_before")


class _Written(NamedTuple):
    """What one change of the app came to."""

    app: AppRecord
    scope: TypeRecord
    migration: Migration | None


async def _update(tx: Transaction, change: AppChange) -> _Written:
    """Change the app's own fields, then translate, then change the grants of `.app`."""
    stored = tx.app
    wanted = replace(
        stored,
        permission_version=sent(change.permission_version, stored.permission_version),
        multi_tenant_enabled=sent(change.multi_tenant_enabled, stored.multi_tenant_enabled),
        user_search_disallowed_roles=await _disallowed(tx, change),
        disable_permissions_checks=sent(change.disable_permissions_checks, stored.disable_permissions_checks),
        disable_auth_checks=sent(change.disable_auth_checks, stored.disable_auth_checks),
        revoke_tokens_issued_before=sent(change.revoke_tokens_issued_before, stored.revoke_tokens_issued_before),
        extras=merged_extras(change.extras, stored.extras, "extras", _MAX_EXTRAS_BYTES),
    )
    app = stamped(wanted, stored, tx.now)
    scope = await migration.stored_app_scope(tx)
    record = stamped(replace(scope, grants=await _app_grants(tx, change, app, scope.grants)), scope, tx.now)
    done = None
    if change.migrate_permissions_to_v2:
        done = await migration.translated(tx, app, migration.Scope(scope, record))
    if not change.dry_run:
        if app is not stored:
            await tx.put_app(app)
        if done is not None:
            await migration.write(tx, done)
        elif record is not scope:
            await tx.put_type(record)
    return _Written(app, record, done)


async def _app_grants(tx: Transaction, change: AppChange, app: AppRecord, grants: Grants) -> Grants:
    """Return the grants of `.app`: those there are or the built-in ones, translated, with what was sent on top."""
    if change.migrate_permissions_to_v2:
        if app.permission_version != migration.V2:
            field = "migrate_permissions_to_v2"
            raise InvalidInput(f"`{field}` needs `permission_version` to be `v2`, here or already", field=field)
        grants = await migration.without_disallowed_search(tx, grants, app.user_search_disallowed_roles)
    start = app_scope.GRANTS if change.reset_grants else grants
    roles = await custom_roles(tx, change.grants)
    return merge_grants(start, change.grants, roles, await custom_permissions(tx, granted(change.grants)))


async def _undo(tx: Transaction, change: AppChange) -> _Written:
    """Put back what was there before the newest migration."""
    done, record = await migration.undone(tx)
    if not change.dry_run:
        if done.app is not done.app_before:
            await tx.put_app(done.app)
        await migration.write(tx, done)
        await tx.delete_migration(record.revision)
    return _Written(done.app, done.app_scope.after, done)


async def _disallowed(tx: Transaction, change: AppChange) -> tuple[str, ...]:
    roles = change.user_search_disallowed_roles
    if isinstance(roles, Keep):
        return tx.app.user_search_disallowed_roles
    field = "user_search_disallowed_roles"
    if len(roles) > MAX_DISALLOWED_ROLES:
        raise InvalidInput(f"`{field}` may hold at most {MAX_DISALLOWED_ROLES} roles, got {len(roles)}", field=field)
    custom = await custom_roles(tx, roles)
    return tuple(sorted({check_role(role, custom, f"{field}[{place}]") for place, role in enumerate(roles)}))


def check_permission_version(value: str) -> str:
    """Return how channels are to be decided: `v1` or `v2`."""
    if value not in PERMISSION_VERSIONS:
        raise InvalidInput(f"`permission_version` must be `v1` or `v2`, got {shown(value)}", field="permission_version")
    return value


# --- on the file, without a caller -----------------------------------------------------------------------------------


async def create_app(
    store: Store, name: str, *, key: str | None = None, secret: str | None = None, permission_version: str = "v2"
) -> tuple[AppRecord, str, str]:
    """Make an app with the built-in types; return it with its API key and secret, made where none are given."""
    check_id(name, "name")
    check_permission_version(permission_version)
    key = _new_key() if key is None else _checked_key(key)
    secret = _new_secret() if secret is None else _checked_secret(secret)
    draft = AppRecord(0, name, 0, permission_version=permission_version)
    app = await store.create_app(draft, key=key, secret=secret, types=list(_built_in(time.time_ns())))
    return app, key, secret


async def rotate_secret(store: Store, app_name: str, *, keep_old: bool = True, secret: str | None = None) -> str:
    """Add a live secret to an app and return it; without `keep_old` the others are worthless at once."""
    fresh = _new_secret() if secret is None else _checked_secret(secret)
    app = await _by_name(store, app_name)
    async with store.transaction(app.id) as tx:
        old = await tx.secrets()
        if not keep_old:
            for worthless in old:
                await tx.drop_secret(worthless)
        elif len(old) >= MAX_LIVE_SECRETS:
            raise OverLimit(
                f"app {shown(app_name)} has {len(old)} live secrets, at most {MAX_LIVE_SECRETS} are allowed: "
                "drop the old ones"
            )
        await tx.add_secret(fresh)
    return fresh


async def finish_rotation(store: Store, app_name: str) -> int:
    """Drop every secret of an app but the newest; return how many were dropped."""
    app = await _by_name(store, app_name)
    async with store.transaction(app.id) as tx:
        *old, _ = await tx.secrets() or ("",)
        for worthless in old:
            await tx.drop_secret(worthless)
    return len(old)


async def list_apps(store: Store) -> tuple[AppView, ...]:
    """Return every app with its API keys, oldest first."""
    async with store.snapshot() as reader:
        apps = await reader.apps()
    views = []
    for app in apps:
        async with store.snapshot(app.id) as reader:
            views.append(AppView(app, await reader.keys()))
    return tuple(views)


async def _by_name(store: Store, name: str) -> AppRecord:
    async with store.snapshot() as reader:
        app = await reader.app_by_name(name)
    if app is None:
        raise _unknown(name)
    return app


def _unknown(name: str) -> NotFound:
    return NotFound(f"app {shown(name)} does not exist", reason="APP_NOT_FOUND")


def _new_key() -> str:
    return base64.b32encode(secrets.token_bytes(10)).decode().lower()[:12]


def _new_secret() -> str:
    return secrets.token_urlsafe(48)


def _checked_key(key: str) -> str:
    if not _KEY.fullmatch(key):
        raise InvalidInput("`key` must be 1 to 64 characters of a-z, A-Z, 0-9, `_` and `-`", field="key")
    return key


def _checked_secret(secret: str) -> str:
    """Return a secret that fits; its text is shown in no error."""
    if not 1 <= len(secret.encode()) <= _MAX_SECRET_BYTES:
        raise InvalidInput(f"`secret` must be 1 to {_MAX_SECRET_BYTES} bytes", field="secret")
    return secret


def _built_in(now: int) -> Iterator[TypeRecord]:
    """Make everything that a new app starts with."""
    yield TypeRecord(APP_SCOPE, app_scope.GRANTS, created_at=now, updated_at=now)
    for kind in (types.CALL, types.CHANNEL):
        for name in kind.grants:
            yield replace(kind.starting(name), created_at=now, updated_at=now)
