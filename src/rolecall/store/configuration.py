"""Writing what followers keep whole in memory: the app itself, its keys, roles, permissions, types and migrations."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final, Self

from rolecall.domain.errors import AlreadyExists
from rolecall.domain.names import shown
from rolecall.domain.records import AppRecord, MigrationRecord, PermissionRecord, RoleRecord, TypeRecord
from rolecall.store import changes
from rolecall.store.connection import Connection
from rolecall.store.reader import Reader
from rolecall.store.revision import Revision
from rolecall.store.rows import APP, GRANTS, PERMISSION, POLICIES, ROLE, SETTINGS, to_text

_PUT_APP: Final = APP.upsert("apps")
_CREATE_APP: Final = f"{_PUT_APP} RETURNING id"
_DELETE_APP: Final = "DELETE FROM apps WHERE id = ?"
_ADD_KEY: Final = "INSERT INTO api_keys (key, app_id) VALUES (?, ?) ON CONFLICT DO NOTHING"
_ADD_SECRET: Final = "INSERT INTO app_secrets (app_id, secret, created_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"  # noqa: S105
_DROP_SECRET: Final = "DELETE FROM app_secrets WHERE app_id = ? AND secret = ?"  # noqa: S105 - statements

_PUT_ROLE: Final = ROLE.upsert("roles", "app_id")
_DELETE_ROLE: Final = "DELETE FROM roles WHERE app_id = ? AND name = ?"
_PUT_PERMISSION: Final = PERMISSION.upsert("permissions", "app_id")
_NAMED_PERMISSION: Final = "SELECT id FROM permissions WHERE app_id = ? AND name = ? AND id <> ?"
_DELETE_PERMISSION: Final = "DELETE FROM permissions WHERE app_id = ? AND id = ?"
_PUT_TYPE: Final = """
INSERT INTO types (app_id, scope, settings, policies, extras, created_at, updated_at, revision)
VALUES (?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (app_id, scope) DO UPDATE SET settings = excluded.settings, policies = excluded.policies,
    extras = excluded.extras, created_at = excluded.created_at, updated_at = excluded.updated_at,
    revision = excluded.revision
"""
_CLEAR_GRANTS: Final = "DELETE FROM grants WHERE app_id = ? AND scope = ?"
_ADD_GRANT: Final = "INSERT INTO grants (app_id, scope, role, permissions) VALUES (?, ?, ?, ?)"
_DELETE_TYPE: Final = "DELETE FROM types WHERE app_id = ? AND scope = ?"
_ADD_MIGRATION: Final = """
INSERT INTO migrations (app_id, revision, permission_version, created_at) VALUES (?, ?, ?, ?)
"""
_ADD_MIGRATED: Final = "INSERT INTO migration_grants (app_id, revision, scope, grants) VALUES (?, ?, ?, ?)"
_DELETE_MIGRATION: Final = "DELETE FROM migrations WHERE app_id = ? AND revision = ?"
_FORGET_MIGRATIONS: Final = """
DELETE FROM migrations WHERE app_id = :app_id AND revision < (
    SELECT revision FROM migrations WHERE app_id = :app_id ORDER BY revision DESC LIMIT 1 OFFSET :keep - 1)
"""
KEPT_MIGRATIONS: Final = 20


class Configuration(Revision):
    """Reads of one app, and writes to its configuration."""

    @classmethod
    async def create(
        cls, connection: Connection, draft: AppRecord, key: str, secret: str, types: Iterable[TypeRecord], now: int
    ) -> Self:
        """Begin with a new app: its first key, secret and types; AlreadyExists for the name or the key."""
        if await Reader(connection, 0).app_by_name(draft.name) is not None:
            raise AlreadyExists(f"app {shown(draft.name)} already exists", field="name")
        blank = replace(draft, revision=0, created_at=now, updated_at=now)
        ((app_id,),) = await connection.all(_CREATE_APP, (None, *APP.values(blank)[1:]))
        transaction = cls(connection, replace(blank, id=app_id), now)
        transaction._touch(changes.APP, draft.name)
        await transaction.add_key(key)
        await transaction.add_secret(secret)
        for record in types:
            await transaction.put_type(record)
        return transaction

    # --- the app ---

    async def put_app(self, app: AppRecord) -> None:
        """Store the app's own fields; number, name and revision stay as they are."""
        self.app = replace(app, id=self.app_id, name=self.app.name, revision=self.app.revision)
        await self._connection.run(_PUT_APP, APP.values(self.app))
        self._touch(changes.APP, self.app.name)

    async def delete_app(self) -> None:
        """Delete the app and everything in it."""
        await self._delete(changes.APP, self.app.name, _DELETE_APP, self.app_id)

    async def add_key(self, key: str) -> None:
        """Add an API key; AlreadyExists when any app has it."""
        if not await self._connection.run(_ADD_KEY, (key, self.app_id)):
            raise AlreadyExists(f"API key {shown(key)} already exists", field="key")
        self._touch(changes.KEYS, "")

    async def add_secret(self, secret: str) -> None:
        """Add a live secret beside the others; AlreadyExists when the app has it."""
        if not await self._connection.run(_ADD_SECRET, (self.app_id, secret, self.now)):
            raise AlreadyExists("the app already has this secret", field="secret")
        self._touch(changes.KEYS, "")

    async def drop_secret(self, secret: str) -> bool:
        """Make a secret worthless; tell whether it was live."""
        return await self._delete(changes.KEYS, "", _DROP_SECRET, self.app_id, secret)

    # --- roles and permissions ---

    async def put_role(self, role: RoleRecord) -> None:
        """Store a custom role."""
        await self._connection.run(_PUT_ROLE, (self.app_id, *ROLE.values(role)))
        self._touch(changes.ROLE, role.name)

    async def delete_role(self, name: str) -> bool:
        """Delete a custom role; tell whether it was there."""
        return await self._delete(changes.ROLE, name, _DELETE_ROLE, self.app_id, name)

    async def put_permission(self, permission: PermissionRecord) -> None:
        """Store a custom permission; AlreadyExists when another custom one has its name."""
        identity = (self.app_id, permission.name, permission.id)
        if await self._connection.one(_NAMED_PERMISSION, identity) is not None:
            raise AlreadyExists(f"a permission named {shown(permission.name)} already exists", field="name")
        await self._connection.run(_PUT_PERMISSION, (self.app_id, *PERMISSION.values(permission)))
        self._touch(changes.PERMISSION, permission.id)

    async def delete_permission(self, permission_id: str) -> bool:
        """Delete a custom permission; tell whether it was there. Grants that name it stay: see `permission_use`."""
        return await self._delete(changes.PERMISSION, permission_id, _DELETE_PERMISSION, self.app_id, permission_id)

    # --- types and migrations ---

    async def put_type(self, record: TypeRecord) -> None:
        """Store a call type, a channel type or `.app` with its grants, under this transaction's revision."""
        scope = (self.app_id, record.scope)
        texts = (SETTINGS.encode(record.settings), POLICIES.encode(record.policies), to_text(dict(record.extras)))
        times = (record.created_at, record.updated_at)
        await self._connection.run(_PUT_TYPE, (*scope, *texts, *times, self.revision))
        await self._connection.run(_CLEAR_GRANTS, scope)
        grants = ((*scope, role, to_text(permissions)) for role, permissions in record.grants.items())
        await self._connection.many(_ADD_GRANT, grants)
        self._touch(changes.TYPE, record.scope)

    async def delete_type(self, scope: str) -> bool:
        """Delete a type and its grants; tell whether it was there."""
        return await self._delete(changes.TYPE, scope, _DELETE_TYPE, self.app_id, scope)

    async def put_migration(self, migration: MigrationRecord) -> None:
        """Store what was there before a migration, under this transaction's revision: a change of the app.

        The newest 20 are kept.
        """
        identity = (self.app_id, self.revision)
        await self._connection.run(_DELETE_MIGRATION, identity)
        await self._connection.run(_ADD_MIGRATION, (*identity, migration.permission_version, migration.created_at))
        grants = ((*identity, scope, GRANTS.encode(grants)) for scope, grants in migration.grants.items())
        await self._connection.many(_ADD_MIGRATED, grants)
        await self._connection.run(_FORGET_MIGRATIONS, {"app_id": self.app_id, "keep": KEPT_MIGRATIONS})
        self._touch(changes.APP, self.app.name)

    async def delete_migration(self, revision: int) -> bool:
        """Forget what was there before a migration; tell whether it was known. A change of the app."""
        return await self._delete(changes.APP, self.app.name, _DELETE_MIGRATION, self.app_id, revision)
