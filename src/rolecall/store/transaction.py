"""Writing: whatever one transaction puts and deletes is one revision of its app.

What may be written is decided before; here it is only kept whole. Times are the records' own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Final, NamedTuple

from rolecall.domain.errors import NotFound
from rolecall.domain.names import shown
from rolecall.domain.records import (
    CallMemberRecord,
    CallRecord,
    CallUserRecord,
    ChannelMemberRecord,
    ChannelRecord,
    TaskRecord,
    UserRecord,
)
from rolecall.store import changes
from rolecall.store.configuration import Configuration
from rolecall.store.rows import CALL, CALL_MEMBER, CALL_USER, CHANNEL, CHANNEL_MEMBER, TASK, USER, to_text

_PUT_USER: Final = USER.upsert("users", "app_id")
_DELETE_USERS: Final = """
DELETE FROM users WHERE app_id = :app_id AND id IN (SELECT value FROM json_each(:ids)) RETURNING id
"""
_MARK_DELETED: Final = """
INSERT OR REPLACE INTO deleted_users (app_id, id, deleted_at) SELECT ?, value, ? FROM json_each(?)
"""
_UNMARK_DELETED: Final = """
DELETE FROM deleted_users WHERE app_id = ? AND id IN (SELECT value FROM json_each(?))
"""
# In these the subquery on the app keeps SQLite on the index by user.
_LEAVE_CALLS: Final = """
DELETE FROM call_members WHERE user_id IN (SELECT value FROM json_each(:ids))
   AND (SELECT app_id FROM calls WHERE key = call) = :app_id
RETURNING (SELECT cid FROM calls WHERE key = call), user_id
"""
_LEAVE_CHANNELS: Final = """
DELETE FROM channel_members WHERE user_id IN (SELECT value FROM json_each(:ids))
   AND (SELECT app_id FROM channels WHERE key = channel) = :app_id
RETURNING (SELECT cid FROM channels WHERE key = channel), user_id
"""
_LOSE_GRANTS: Final = (
    """
    UPDATE call_users SET granted = '[]' WHERE user_id IN (SELECT value FROM json_each(:ids))
       AND (SELECT app_id FROM calls WHERE key = call) = :app_id
    """,
    """
    DELETE FROM call_users WHERE user_id IN (SELECT value FROM json_each(:ids)) AND blocked = 0 AND revoked = '[]'
       AND (SELECT app_id FROM calls WHERE key = call) = :app_id
    """,
)

_GIVE_CALLS: Final = """
UPDATE calls SET created_by_id = ?, updated_at = ?
 WHERE app_id = ? AND created_by_id IN (SELECT value FROM json_each(?)) RETURNING cid
"""
_GIVE_CHANNELS: Final = """
UPDATE channels SET created_by_id = ?, updated_at = ?
 WHERE app_id = ? AND created_by_id IN (SELECT value FROM json_each(?)) RETURNING cid
"""

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

_PUT_TASK: Final = TASK.upsert("tasks", "app_id")
_FORGET_TASKS: Final = """
DELETE FROM tasks WHERE app_id = :app_id AND key <= (
    SELECT key FROM tasks WHERE app_id = :app_id ORDER BY key DESC LIMIT 1 OFFSET :keep)
"""
KEPT_TASKS: Final = 1_000


class Departed(NamedTuple):
    """Users that were deleted, and of which calls and channels they were members: cid -> their ids."""

    users: tuple[str, ...]
    calls: Mapping[str, Sequence[str]]
    channels: Mapping[str, Sequence[str]]


class Transaction(Configuration):
    """Reads and writes of one app that become visible together, as `revision`."""

    # --- users ---

    async def put_user(self, user: UserRecord) -> None:
        """Store a user."""
        await self.put_users([user])

    async def put_users(self, users: Collection[UserRecord]) -> None:
        """Store any number of users; those that were deleted are there again."""
        await self._connection.many(_PUT_USER, ((self.app_id, *USER.values(user)) for user in users))
        await self._connection.run(_UNMARK_DELETED, (self.app_id, to_text([user.id for user in users])))
        self._touch(changes.USER, *(user.id for user in users))

    async def delete_user(self, user_id: str) -> bool:
        """Delete a user; tell whether it was there."""
        return bool((await self.delete_users([user_id])).users)

    async def delete_users(self, user_ids: Collection[str]) -> Departed:
        """Delete users and return those that were there, and what they were members of.

        Their memberships and grants go with them; blocks and revokes stay for a user that comes back, and the mark
        that it was deleted until it does.
        """
        gone = await self._names(_DELETE_USERS, self.app_id, to_text(list(user_ids)))
        if not gone:
            return Departed((), {}, {})
        ids = to_text(gone)
        await self._connection.run(_MARK_DELETED, (self.app_id, self.now, ids))
        for statement in _LOSE_GRANTS:
            await self._connection.run(statement, {"app_id": self.app_id, "ids": ids})
        self._touch(changes.USER, *gone)
        return Departed(gone, await self._left(_LEAVE_CALLS, ids), await self._left(_LEAVE_CHANNELS, ids))

    async def _left(self, statement: str, ids: str) -> Mapping[str, Sequence[str]]:
        left: defaultdict[str, list[str]] = defaultdict(list)
        for cid, user_id in await self._connection.all(statement, {"app_id": self.app_id, "ids": ids}):
            left[cid].append(user_id)
        return left

    async def give_calls(self, owners: Collection[str], heir: str) -> tuple[str, ...]:
        """Make all calls that users have created a user's own, and return the cids."""
        given = await self._names(_GIVE_CALLS, heir, self.now, self.app_id, to_text(list(owners)))
        self._touch(changes.CALL, *given)
        return given

    async def give_channels(self, owners: Collection[str], heir: str) -> tuple[str, ...]:
        """Make all channels that users have created a user's own, and return the cids."""
        given = await self._names(_GIVE_CHANNELS, heir, self.now, self.app_id, to_text(list(owners)))
        self._touch(changes.CHANNEL, *given)
        return given

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

    # --- tasks ---

    async def put_task(self, task: TaskRecord) -> None:
        """Store what became of a task; the newest 1,000 are kept. It decides nothing, so it makes no revision."""
        await self._connection.run(_PUT_TASK, (self.app_id, *TASK.values(task)))
        await self._connection.run(_FORGET_TASKS, {"app_id": self.app_id, "keep": KEPT_TASKS})

    async def _key(self, sql: str, noun: str, cid: str) -> int:
        row = await self._connection.one(sql, (self.app_id, cid))
        if row is None:
            raise NotFound(f"{noun} {shown(cid)} does not exist")
        return int(row[0])
