"""Writing: whatever one transaction puts and deletes is one revision of its app.

What may be written is decided before; here it is only kept whole. Times are the records' own.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from typing import Final, Self

from rolecall.domain.errors import AlreadyExists, NotFound
from rolecall.domain.names import shown
from rolecall.domain.records import (
    AppRecord,
    CallMemberRecord,
    CallRecord,
    CallUserRecord,
    ChannelMemberRecord,
    ChannelRecord,
    RoleRecord,
    TypeRecord,
    UserRecord,
)
from rolecall.store import changes
from rolecall.store.connection import Connection
from rolecall.store.reader import Reader
from rolecall.store.revision import Revision
from rolecall.store.rows import APP, CALL, CALL_MEMBER, CALL_USER, CHANNEL, CHANNEL_MEMBER, ROLE, USER, to_text

_PUT_APP: Final = APP.upsert("apps")
_CREATE_APP: Final = f"{_PUT_APP} RETURNING id"
_DELETE_APP: Final = "DELETE FROM apps WHERE id = ?"
_ADD_KEY: Final = "INSERT INTO api_keys (key, app_id) VALUES (?, ?) ON CONFLICT DO NOTHING"
_ADD_SECRET: Final = "INSERT INTO app_secrets (app_id, secret, created_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"  # noqa: S105
_DROP_SECRET: Final = "DELETE FROM app_secrets WHERE app_id = ? AND secret = ?"  # noqa: S105 - statements

_PUT_ROLE: Final = ROLE.upsert("roles", "app_id")
_DELETE_ROLE: Final = "DELETE FROM roles WHERE app_id = ? AND name = ?"
_PUT_TYPE: Final = """
INSERT INTO types (app_id, scope, settings, created_at, updated_at, revision) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (app_id, scope) DO UPDATE SET settings = excluded.settings, created_at = excluded.created_at,
    updated_at = excluded.updated_at, revision = excluded.revision
"""
_CLEAR_GRANTS: Final = "DELETE FROM grants WHERE app_id = ? AND scope = ?"
_ADD_GRANT: Final = "INSERT INTO grants (app_id, scope, role, permissions) VALUES (?, ?, ?, ?)"
_DELETE_TYPE: Final = "DELETE FROM types WHERE app_id = ? AND scope = ?"

_PUT_USER: Final = USER.upsert("users", "app_id")
_DELETE_USERS: Final = """
DELETE FROM users WHERE app_id = :app_id AND id IN (SELECT value FROM json_each(:ids)) RETURNING id
"""
_LEAVE: Final = (  # the subquery on the app keeps SQLite on the index by user
    """
    DELETE FROM call_members WHERE user_id IN (SELECT value FROM json_each(:ids))
       AND (SELECT app_id FROM calls WHERE key = call) = :app_id
    """,
    """
    DELETE FROM channel_members WHERE user_id IN (SELECT value FROM json_each(:ids))
       AND (SELECT app_id FROM channels WHERE key = channel) = :app_id
    """,
    """
    UPDATE call_users SET granted = '[]' WHERE user_id IN (SELECT value FROM json_each(:ids))
       AND (SELECT app_id FROM calls WHERE key = call) = :app_id
    """,
    """
    DELETE FROM call_users WHERE user_id IN (SELECT value FROM json_each(:ids)) AND blocked = 0 AND revoked = '[]'
       AND (SELECT app_id FROM calls WHERE key = call) = :app_id
    """,
)

_PUT_CALL: Final = CALL.upsert("calls", "app_id")
_DELETE_CALL: Final = "DELETE FROM calls WHERE app_id = ? AND cid = ?"
_CALL_KEY: Final = "SELECT key FROM calls WHERE app_id = ? AND cid = ?"
_PUT_CALL_MEMBER: Final = CALL_MEMBER.upsert("call_members", "call")
_DELETE_CALL_MEMBERS: Final = """
DELETE FROM call_members WHERE call = (SELECT key FROM calls WHERE app_id = ? AND cid = ?)
   AND user_id IN (SELECT value FROM json_each(?)) RETURNING user_id
"""
_PUT_CALL_USER: Final = CALL_USER.upsert("call_users", "call")
_DELETE_CALL_USER: Final = "DELETE FROM call_users WHERE call = ? AND user_id = ?"

_PUT_CHANNEL: Final = CHANNEL.upsert("channels", "app_id")
_DELETE_CHANNEL: Final = "DELETE FROM channels WHERE app_id = ? AND cid = ?"
_CHANNEL_KEY: Final = "SELECT key FROM channels WHERE app_id = ? AND cid = ?"
_PUT_CHANNEL_MEMBER: Final = CHANNEL_MEMBER.upsert("channel_members", "channel")
_DELETE_CHANNEL_MEMBERS: Final = """
DELETE FROM channel_members WHERE channel = (SELECT key FROM channels WHERE app_id = ? AND cid = ?)
   AND user_id IN (SELECT value FROM json_each(?)) RETURNING user_id
"""


class Transaction(Revision):
    """Reads and writes of one app that become visible together, as `revision`."""

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

    # --- roles and types ---

    async def put_role(self, role: RoleRecord) -> None:
        """Store a custom role."""
        await self._connection.run(_PUT_ROLE, (self.app_id, *ROLE.values(role)))
        self._touch(changes.ROLE, role.name)

    async def delete_role(self, name: str) -> bool:
        """Delete a custom role; tell whether it was there."""
        return await self._delete(changes.ROLE, name, _DELETE_ROLE, self.app_id, name)

    async def put_type(self, record: TypeRecord) -> None:
        """Store a call type, a channel type or `.app` with its grants, under this transaction's revision."""
        scope = (self.app_id, record.scope)
        settings = to_text(dict(record.settings))
        times = (record.created_at, record.updated_at)
        await self._connection.run(_PUT_TYPE, (*scope, settings, *times, self.revision))
        await self._connection.run(_CLEAR_GRANTS, scope)
        grants = ((*scope, role, to_text(permissions)) for role, permissions in record.grants.items())
        await self._connection.many(_ADD_GRANT, grants)
        self._touch(changes.TYPE, record.scope)

    async def delete_type(self, scope: str) -> bool:
        """Delete a type and its grants; tell whether it was there."""
        return await self._delete(changes.TYPE, scope, _DELETE_TYPE, self.app_id, scope)

    # --- users ---

    async def put_user(self, user: UserRecord) -> None:
        """Store a user."""
        await self.put_users([user])

    async def put_users(self, users: Collection[UserRecord]) -> None:
        """Store any number of users."""
        await self._connection.many(_PUT_USER, ((self.app_id, *USER.values(user)) for user in users))
        self._touch(changes.USER, *(user.id for user in users))

    async def delete_user(self, user_id: str) -> bool:
        """Delete a user; tell whether it was there."""
        return bool(await self.delete_users([user_id]))

    async def delete_users(self, user_ids: Collection[str]) -> tuple[str, ...]:
        """Delete users and return those that were there.

        Their memberships and grants go with them; blocks and revokes stay for a user that comes back.
        """
        gone = await self._names(_DELETE_USERS, self.app_id, to_text(list(user_ids)))
        if gone:
            for statement in _LEAVE:
                await self._connection.run(statement, {"app_id": self.app_id, "ids": to_text(gone)})
        self._touch(changes.USER, *gone)
        return gone

    # --- calls ---

    async def put_call(self, call: CallRecord) -> None:
        """Store a call; its members stay."""
        await self._connection.run(_PUT_CALL, (self.app_id, *CALL.values(call)))
        self._touch(changes.CALL, call.cid)

    async def delete_call(self, cid: str) -> bool:
        """Delete a call and all that was said of users on it; tell whether it was there."""
        return await self._delete(changes.CALL, cid, _DELETE_CALL, self.app_id, cid)

    async def put_call_member(self, cid: str, member: CallMemberRecord) -> None:
        """Store a member of a call; NotFound when there is no such call."""
        await self.put_call_members(cid, [member])

    async def put_call_members(self, cid: str, members: Collection[CallMemberRecord]) -> None:
        """Store any number of members of a call; NotFound when there is no such call."""
        call = await self._key(_CALL_KEY, "call", cid)
        await self._connection.many(_PUT_CALL_MEMBER, ((call, *CALL_MEMBER.values(member)) for member in members))
        self._touch_members(changes.CALL_MEMBER, cid, (member.user_id for member in members))

    async def delete_call_member(self, cid: str, user_id: str) -> bool:
        """End a membership; tell whether there was one. Blocks, grants and revokes stay."""
        return bool(await self.delete_call_members(cid, [user_id]))

    async def delete_call_members(self, cid: str, user_ids: Collection[str]) -> tuple[str, ...]:
        """End memberships and return the ids of those that were members. Blocks, grants and revokes stay."""
        gone = await self._names(_DELETE_CALL_MEMBERS, self.app_id, cid, to_text(list(user_ids)))
        self._touch_members(changes.CALL_MEMBER, cid, gone)
        return gone

    async def put_call_user(self, cid: str, user: CallUserRecord) -> None:
        """Store what is said of one user on a call beside membership; NotFound when there is no such call."""
        call = await self._key(_CALL_KEY, "call", cid)
        if user.blocked or user.granted or user.revoked:
            await self._connection.run(_PUT_CALL_USER, (call, *CALL_USER.values(user)))
        else:
            await self._connection.run(_DELETE_CALL_USER, (call, user.user_id))
        self._touch_members(changes.CALL_MEMBER, cid, [user.user_id])

    # --- channels ---

    async def put_channel(self, channel: ChannelRecord) -> None:
        """Store a channel; its members stay."""
        await self._connection.run(_PUT_CHANNEL, (self.app_id, *CHANNEL.values(channel)))
        self._touch(changes.CHANNEL, channel.cid)

    async def delete_channel(self, cid: str) -> bool:
        """Delete a channel and its members; tell whether it was there."""
        return await self._delete(changes.CHANNEL, cid, _DELETE_CHANNEL, self.app_id, cid)

    async def put_channel_member(self, cid: str, member: ChannelMemberRecord) -> None:
        """Store a member of a channel; NotFound when there is no such channel."""
        await self.put_channel_members(cid, [member])

    async def put_channel_members(self, cid: str, members: Collection[ChannelMemberRecord]) -> None:
        """Store any number of members of a channel; NotFound when there is no such channel."""
        channel = await self._key(_CHANNEL_KEY, "channel", cid)
        rows = ((channel, *CHANNEL_MEMBER.values(member)) for member in members)
        await self._connection.many(_PUT_CHANNEL_MEMBER, rows)
        self._touch_members(changes.CHANNEL_MEMBER, cid, (member.user_id for member in members))

    async def delete_channel_member(self, cid: str, user_id: str) -> bool:
        """End a membership; tell whether there was one."""
        return bool(await self.delete_channel_members(cid, [user_id]))

    async def delete_channel_members(self, cid: str, user_ids: Collection[str]) -> tuple[str, ...]:
        """End memberships and return the ids of those that were members."""
        gone = await self._names(_DELETE_CHANNEL_MEMBERS, self.app_id, cid, to_text(list(user_ids)))
        self._touch_members(changes.CHANNEL_MEMBER, cid, gone)
        return gone

    async def _delete(self, kind: str, key: str, sql: str, *parameters: int | str) -> bool:
        if not await self._connection.run(sql, parameters):
            return False
        self._touch(kind, key)
        return True

    async def _key(self, sql: str, noun: str, cid: str) -> int:
        row = await self._connection.one(sql, (self.app_id, cid))
        if row is None:
            raise NotFound(f"{noun} {shown(cid)} does not exist")
        return int(row[0])
