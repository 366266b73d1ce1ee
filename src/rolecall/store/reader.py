"""Reading what is stored, whole, for Get and List: one app's things by id, or page by page in the order of their ids.

A page starts after the id given, which need not exist; the empty string is before every id.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final, Literal, NamedTuple

from rolecall.domain.names import shown
from rolecall.domain.records import (
    AppRecord,
    CallMemberRecord,
    CallRecord,
    CallUserRecord,
    ChannelMemberRecord,
    ChannelRecord,
    Grants,
    MigrationRecord,
    PermissionRecord,
    RoleRecord,
    TaskRecord,
    TypeRecord,
    UserRecord,
)
from rolecall.store.rows import (
    APP,
    CALL,
    CALL_MEMBER,
    CALL_USER,
    CHANNEL,
    CHANNEL_MEMBER,
    PERMISSION,
    ROLE,
    TASK,
    TYPE,
    USER,
    R,
    Row,
    Shape,
    to_grants,
    to_text,
)
from rolecall.store.searching import Searching

_APP: Final = APP.select("FROM apps WHERE id = ?")
_APP_BY_NAME: Final = APP.select("FROM apps WHERE name = ?")
_APPS: Final = APP.select("FROM apps ORDER BY id")
_KEYS: Final = "SELECT key FROM api_keys WHERE app_id = ? ORDER BY key"
_SECRETS: Final = "SELECT secret FROM app_secrets WHERE app_id = ? ORDER BY id"

_ROLE: Final = ROLE.select("FROM roles WHERE app_id = ? AND name = ?")
_ROLES: Final = ROLE.select("FROM roles WHERE app_id = ? ORDER BY name")
_ROLE_USE: Final = """
SELECT 'user', id FROM users WHERE app_id = :app_id AND role = :role
UNION ALL
SELECT 'user', users.id FROM users, json_each(users.teams_role) AS team
 WHERE users.app_id = :app_id AND users.teams_role <> '{}' AND team.value = :role
UNION ALL
SELECT 'scope', scope FROM grants WHERE app_id = :app_id AND role = :role AND permissions <> '[]'
UNION ALL
SELECT 'channel type', types.scope
  FROM types, json_each(types.policies) AS policy, json_each(policy.value, '$.roles') AS named
 WHERE types.app_id = :app_id AND types.policies <> '[]' AND named.value = :role
UNION ALL
SELECT 'call', calls.cid FROM call_members AS m CROSS JOIN calls ON calls.key = m.call
 WHERE calls.app_id = :app_id AND m.role = :role AND m.role <> 'call_member'
UNION ALL
SELECT 'channel', channels.cid FROM channel_members AS m CROSS JOIN channels ON channels.key = m.channel
 WHERE channels.app_id = :app_id AND m.channel_role = :role AND m.channel_role <> 'channel_member'
UNION ALL
SELECT 'channel', channels.cid FROM channels, json_each(channels.override_grants) AS override
 WHERE channels.app_id = :app_id AND channels.override_grants <> '{}'
   AND override.key = :role AND override.value <> '[]'
 LIMIT 1
"""

_PERMISSION: Final = PERMISSION.select("FROM permissions WHERE app_id = ? AND id = ?")
_PERMISSIONS: Final = PERMISSION.select("FROM permissions WHERE app_id = ? ORDER BY id")
_PERMISSION_IDS: Final = "SELECT id FROM permissions WHERE app_id = ? ORDER BY id"
# `written` is how every mention ends in JSON, with and without the `!`: most texts are ruled out without reading them.
_PERMISSION_USE: Final = """
SELECT 'scope', grants.scope FROM grants, json_each(grants.permissions) AS held
 WHERE grants.app_id = :app_id AND instr(grants.permissions, :written) AND held.value = :id
UNION ALL
SELECT 'channel', channels.cid
  FROM channels, json_each(channels.override_grants) AS override, json_each(override.value) AS held
 WHERE channels.app_id = :app_id AND channels.override_grants <> '{}'
   AND instr(channels.override_grants, :written) AND held.value IN (:id, '!' || :id)
 LIMIT 1
"""

_LAST_MIGRATION: Final = """
SELECT revision, permission_version, created_at FROM migrations WHERE app_id = ? ORDER BY revision DESC LIMIT 1
"""
_MIGRATED: Final = "SELECT scope, grants FROM migration_grants WHERE app_id = ? AND revision = ? ORDER BY scope"

_TYPE: Final = TYPE.select("FROM types_with_grants WHERE app_id = ? AND scope = ?")
_TYPES: Final = TYPE.select(
    "FROM types_with_grants WHERE app_id = ? AND scope > ? AND scope <> '.app' AND (scope LIKE 'video:%') = ? "
    "ORDER BY scope LIMIT ?"
)

_USER: Final = USER.select("FROM users WHERE app_id = ? AND id = ?")
_USERS: Final = USER.select("FROM users WHERE app_id = ? AND id IN (SELECT value FROM json_each(?))")
_USERS_NAMED: Final = USER.select("""
  FROM users WHERE app_id = ? AND json_extract(extras, '$.name') IN (SELECT value FROM json_each(?))
""")  # in no order: with one, SQLite would not take the index by name
_USER_PAGE: Final = USER.select("FROM users WHERE app_id = ? AND id > ? ORDER BY id LIMIT ?")
_USER_PAGE_OF_ROLE: Final = USER.select("FROM users WHERE app_id = ? AND role = ? AND id > ? ORDER BY id LIMIT ?")

_USER_DELETED: Final = "SELECT deleted_at FROM deleted_users WHERE app_id = ? AND id = ?"

_CALL: Final = CALL.select("FROM calls WHERE app_id = ? AND cid = ?")
_CALL_PAGE: Final = CALL.select("FROM calls WHERE app_id = ? AND cid > ? AND cid < ? ORDER BY cid LIMIT ?")
_CALL_MEMBERS: Final = CALL_MEMBER.select("""
  FROM call_members WHERE call = (SELECT key FROM calls WHERE app_id = ? AND cid = ?)
   AND user_id IN (SELECT value FROM json_each(?))
""")
_CALL_MEMBER_PAGE: Final = CALL_MEMBER.select("""
  FROM call_members WHERE call = (SELECT key FROM calls WHERE app_id = ? AND cid = ?)
   AND user_id > ? ORDER BY user_id LIMIT ?
""")
_NEWEST_CALL_MEMBERS: Final = CALL_MEMBER.select("""
  FROM call_members WHERE call = (SELECT key FROM calls WHERE app_id = ? AND cid = ?)
 ORDER BY created_at DESC, user_id DESC LIMIT ?
""")
_CALL_USER: Final = CALL_USER.select("""
  FROM call_users WHERE call = (SELECT key FROM calls WHERE app_id = ? AND cid = ?) AND user_id = ?
""")
_BLOCKED: Final = """
SELECT user_id FROM call_users WHERE call = (SELECT key FROM calls WHERE app_id = ? AND cid = ?)
   AND blocked = 1 ORDER BY user_id LIMIT ?
"""

_CHANNEL: Final = CHANNEL.select("FROM channels WHERE app_id = ? AND cid = ?")
_CHANNEL_PAGE: Final = CHANNEL.select("FROM channels WHERE app_id = ? AND cid > ? AND cid < ? ORDER BY cid LIMIT ?")
_OWN_GRANTS: Final = "SELECT count(*) FROM channels WHERE app_id = ? AND override_grants <> '{}'"
_CHANNEL_MEMBERS: Final = CHANNEL_MEMBER.select("""
  FROM channel_members WHERE channel = (SELECT key FROM channels WHERE app_id = ? AND cid = ?)
   AND user_id IN (SELECT value FROM json_each(?))
""")
_CHANNEL_MEMBER_PAGE: Final = CHANNEL_MEMBER.select("""
  FROM channel_members WHERE channel = (SELECT key FROM channels WHERE app_id = ? AND cid = ?)
   AND user_id > ? ORDER BY user_id LIMIT ?
""")
_OLDEST_CHANNEL_MEMBERS: Final = CHANNEL_MEMBER.select("""
  FROM channel_members WHERE channel = (SELECT key FROM channels WHERE app_id = ? AND cid = ?)
 ORDER BY created_at, user_id LIMIT ?
""")
_CHANNEL_MEMBER_COUNT: Final = """
SELECT count(*) FROM channel_members WHERE channel = (SELECT key FROM channels WHERE app_id = ? AND cid = ?)
"""

_TASK: Final = TASK.select("FROM tasks WHERE app_id = ? AND id = ?")


class Use(NamedTuple):
    """What holds a role or grants a permission: a kind of thing and which one. As text: ``user `ann` ``."""

    kind: str
    id: str

    def __str__(self) -> str:
        return f"{self.kind} {shown(self.id)}"


_LOGGED: Final = """
SELECT revision, (SELECT min(revision) FROM changes WHERE app_id = ?) FROM apps WHERE id = ?
"""


class Reader(Searching):
    """Reads of one app, all from the snapshot of the connection's transaction."""

    async def app_by_id(self, app_id: int) -> AppRecord | None:
        """Return any app by its number."""
        return await self._one(APP, _APP, app_id)

    async def app_by_name(self, name: str) -> AppRecord | None:
        """Return any app by its name."""
        return await self._one(APP, _APP_BY_NAME, name)

    async def apps(self) -> list[AppRecord]:
        """Return every app, oldest first."""
        return await self._list(APP, _APPS)

    async def keys(self) -> tuple[str, ...]:
        """Return the API keys of the app, sorted."""
        return await self._names(_KEYS, self.app_id)

    async def secrets(self) -> tuple[str, ...]:
        """Return the live secrets of the app, oldest first."""
        return await self._names(_SECRETS, self.app_id)

    async def role(self, name: str) -> RoleRecord | None:
        """Return a custom role."""
        return await self._one(ROLE, _ROLE, self.app_id, name)

    async def roles(self) -> list[RoleRecord]:
        """Return the custom roles by name."""
        return await self._list(ROLE, _ROLES, self.app_id)

    async def role_use(self, role: str) -> Use | None:
        """Name something that holds the role or a policy for it, such as ``user `ann` ``; None when nothing does."""
        return _use(await self._connection.one(_ROLE_USE, {"app_id": self.app_id, "role": role}))

    async def permission(self, permission_id: str) -> PermissionRecord | None:
        """Return a custom permission."""
        return await self._one(PERMISSION, _PERMISSION, self.app_id, permission_id)

    async def permissions(self) -> list[PermissionRecord]:
        """Return the custom permissions by id."""
        return await self._connection.built(PERMISSION.read, _PERMISSIONS, (self.app_id,))

    async def permission_ids(self) -> tuple[str, ...]:
        """Return the ids of the custom permissions, sorted; their conditions, which may be large, are not read."""
        return await self._names(_PERMISSION_IDS, self.app_id)

    async def permission_use(self, permission_id: str) -> Use | None:
        """Name something that grants the permission or takes it away, such as ``scope `messaging` ``."""
        written = to_text(permission_id)[1:]
        parameters = {"app_id": self.app_id, "id": permission_id, "written": written}
        return _use(await self._connection.one(_PERMISSION_USE, parameters))

    async def last_migration(self) -> MigrationRecord | None:
        """Return what was there before the newest migration that has not been undone."""
        row = await self._connection.one(_LAST_MIGRATION, (self.app_id,))
        if row is None:
            return None
        revision, version, created_at = row
        grants = await self._connection.built(_migrated, _MIGRATED, (self.app_id, revision))
        return MigrationRecord(revision, version, dict(grants), created_at)

    async def type(self, scope: str) -> TypeRecord | None:
        """Return a call type, channel type or `.app` by scope."""
        return await self._one(TYPE, _TYPE, self.app_id, scope)

    async def types(self, kind: Literal["call", "channel"], limit: int, after: str = "") -> list[TypeRecord]:
        """Return a page of the call types or the channel types; `after` is a scope."""
        return await self._connection.built(TYPE.read, _TYPES, (self.app_id, after, kind == "call", limit))

    async def type_use(self, scope: str) -> str | None:
        """Return the cid of a call or channel of this type; None when there is none."""
        name = scope.removeprefix("video:")
        page = self.list_channels(1, channel_type=name) if name == scope else self.list_calls(1, call_type=name)
        return next((record.cid for record in await page), None)

    async def user(self, user_id: str) -> UserRecord | None:
        """Return a user."""
        return await self._one(USER, _USER, self.app_id, user_id)

    async def users(self, user_ids: Collection[str]) -> dict[str, UserRecord]:
        """Return those of the users that exist."""
        users = await self._list(USER, _USERS, self.app_id, to_text(list(user_ids)))
        return {user.id: user for user in users}

    async def users_named(self, names: Collection[str]) -> list[UserRecord]:
        """Return the users that bear one of the names."""
        return await self._list(USER, _USERS_NAMED, self.app_id, to_text(sorted(names)))

    async def list_users(self, limit: int, after: str = "", *, role: str = "") -> list[UserRecord]:
        """Return a page of the users, or of those whose own role is the one given."""
        if role:
            return await self._list(USER, _USER_PAGE_OF_ROLE, self.app_id, role, after, limit)
        return await self._list(USER, _USER_PAGE, self.app_id, after, limit)

    async def user_deleted_at(self, user_id: str) -> int | None:
        """Return when a user was deleted; None for one that is there, or never was."""
        row = await self._connection.one(_USER_DELETED, (self.app_id, user_id))
        return None if row is None else int(row[0])

    async def call(self, cid: str) -> CallRecord | None:
        """Return a call."""
        return await self._one(CALL, _CALL, self.app_id, cid)

    async def list_calls(self, limit: int, after: str = "", *, call_type: str = "") -> list[CallRecord]:
        """Return a page of the calls, or of those of one type."""
        return await self._list(CALL, _CALL_PAGE, self.app_id, *_cids(call_type, after), limit)

    async def call_members(self, cid: str, user_ids: Collection[str]) -> dict[str, CallMemberRecord]:
        """Return those of the users that are members of the call."""
        members = await self._list(CALL_MEMBER, _CALL_MEMBERS, self.app_id, cid, to_text(list(user_ids)))
        return {member.user_id: member for member in members}

    async def remembers(self, revision: int) -> bool:
        """Tell whether the change log still holds all that came after a revision of the app."""
        head, oldest = await self._connection.one(_LOGGED, (self.app_id, self.app_id)) or (0, None)
        return revision >= head or (oldest is not None and oldest <= revision + 1)

    async def list_call_members(self, cid: str, limit: int, after: str = "") -> list[CallMemberRecord]:
        """Return a page of the members of a call; `after` is a user's id."""
        return await self._list(CALL_MEMBER, _CALL_MEMBER_PAGE, self.app_id, cid, after, limit)

    async def newest_call_members(self, cid: str, limit: int) -> list[CallMemberRecord]:
        """Return the members of a call, the last to become one first."""
        return await self._list(CALL_MEMBER, _NEWEST_CALL_MEMBERS, self.app_id, cid, limit)

    async def call_user(self, cid: str, user_id: str) -> CallUserRecord | None:
        """Return what was said of one user on a call beside membership."""
        return await self._one(CALL_USER, _CALL_USER, self.app_id, cid, user_id)

    async def blocked_users(self, cid: str, limit: int = 1000) -> tuple[str, ...]:
        """Return the ids of users blocked on a call."""
        return await self._names(_BLOCKED, self.app_id, cid, limit)

    async def channel(self, cid: str) -> ChannelRecord | None:
        """Return a channel."""
        return await self._one(CHANNEL, _CHANNEL, self.app_id, cid)

    async def channels_with_own_grants(self) -> int:
        """Return how many channels change the grants of their type."""
        row = await self._connection.one(_OWN_GRANTS, (self.app_id,))
        return 0 if row is None else int(row[0])

    async def list_channels(self, limit: int, after: str = "", *, channel_type: str = "") -> list[ChannelRecord]:
        """Return a page of the channels, or of those of one type."""
        return await self._list(CHANNEL, _CHANNEL_PAGE, self.app_id, *_cids(channel_type, after), limit)

    async def channel_members(self, cid: str, user_ids: Collection[str]) -> dict[str, ChannelMemberRecord]:
        """Return those of the users that are members of the channel."""
        members = await self._list(CHANNEL_MEMBER, _CHANNEL_MEMBERS, self.app_id, cid, to_text(list(user_ids)))
        return {member.user_id: member for member in members}

    async def list_channel_members(self, cid: str, limit: int, after: str = "") -> list[ChannelMemberRecord]:
        """Return a page of the members of a channel; `after` is a user's id."""
        return await self._list(CHANNEL_MEMBER, _CHANNEL_MEMBER_PAGE, self.app_id, cid, after, limit)

    async def oldest_channel_members(self, cid: str, limit: int) -> list[ChannelMemberRecord]:
        """Return the members of a channel, the first to become one first."""
        return await self._list(CHANNEL_MEMBER, _OLDEST_CHANNEL_MEMBERS, self.app_id, cid, limit)

    async def count_channel_members(self, cid: str) -> int:
        """Return how many members a channel has."""
        row = await self._connection.one(_CHANNEL_MEMBER_COUNT, (self.app_id, cid))
        return 0 if row is None else int(row[0])

    async def task(self, task_id: str) -> TaskRecord | None:
        """Return what became of a task."""
        return await self._one(TASK, _TASK, self.app_id, task_id)

    async def _one(self, shape: Shape[R], sql: str, *parameters: Any) -> R | None:
        row = await self._connection.one(sql, parameters)
        return None if row is None else shape.read(row)

    async def _list(self, shape: Shape[R], sql: str, *parameters: Any) -> list[R]:
        return [shape.read(row) for row in await self._connection.all(sql, parameters)]

    async def _names(self, sql: str, *parameters: Any) -> tuple[str, ...]:
        return tuple(name for (name,) in await self._connection.all(sql, parameters))


def _use(row: Row | None) -> Use | None:
    return None if row is None else Use(*row)


def _migrated(row: Row) -> tuple[str, Grants]:
    scope, grants = row
    return scope, to_grants(grants)


def _cids(type_name: str, after: str) -> tuple[str, str]:
    """Return what the cids of a page lie between: a type is the start of its cids, up to the colon.

    `;` follows the colon, and `{` every character of a type's name.
    """
    return (max(after, f"{type_name}:"), f"{type_name};") if type_name else (after, "{")
