"""Reading what a search finds; the rest of reading is in `reader.py`."""

from __future__ import annotations

import time
from typing import Any, Final

from rolecall.domain.records import CallMemberRecord, CallRecord, ChannelMemberRecord, ChannelRecord, UserRecord
from rolecall.store.connection import Connection
from rolecall.store.rows import CALL, CALL_MEMBER, CHANNEL, CHANNEL_MEMBER, USER, R, Shape
from rolecall.store.search import Search
from rolecall.store.search_fields import CALL_MEMBERS, CALLS, CHANNEL_MEMBERS, CHANNELS, USERS, Kind
from rolecall.store.search_sql import statement

_SECONDS: Final = 2.0
"""How long the searches of one snapshot may take together: others wait for their turn meanwhile."""


class Searching:
    """Searches of one app, all from the snapshot of the connection's transaction.

    Searches that would take too long, all of the snapshot together, are given up: OverLimit with reason
    SEARCH_TOO_LONG.
    """

    def __init__(self, connection: Connection, app_id: int) -> None:
        self._connection = connection
        self.app_id = app_id
        self._spent = 0.0

    async def search_users(self, search: Search) -> list[UserRecord]:
        """Return a part of the users found; by default the newest come first."""
        return await self._found(USERS, USER, search)

    async def search_calls(self, search: Search) -> list[CallRecord]:
        """Return a part of the calls found; by default the newest come first."""
        return await self._found(CALLS, CALL, search)

    async def search_channels(self, search: Search) -> list[ChannelRecord]:
        """Return a part of the channels found; by default the last changed come first."""
        return await self._found(CHANNELS, CHANNEL, search)

    async def search_call_members(self, cid: str, search: Search) -> list[CallMemberRecord]:
        """Return a part of the members of a call; by default the newest come first."""
        return await self._found(CALL_MEMBERS, CALL_MEMBER, search, cid=cid)

    async def search_channel_members(self, cid: str, search: Search) -> list[ChannelMemberRecord]:
        """Return a part of the members of a channel; by default the oldest come first."""
        return await self._found(CHANNEL_MEMBERS, CHANNEL_MEMBER, search, cid=cid)

    async def _found(self, kind: Kind, shape: Shape[R], search: Search, **owner: Any) -> list[R]:
        sql, parameters = statement(kind, shape.columns, search)
        parameters |= {"app_id": self.app_id, **owner}
        started = time.monotonic()
        try:
            async with self._connection.within(_SECONDS - self._spent):
                return await self._connection.built(shape.read, sql, parameters)
        finally:
            self._spent += time.monotonic() - started
