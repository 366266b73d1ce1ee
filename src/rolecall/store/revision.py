"""A revision in the making: what a transaction touches, until it is numbered and appended to the change log."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final, Self

from rolecall.domain.errors import NotFound
from rolecall.domain.records import AppRecord
from rolecall.store.changes import EVENT, Happening, member_key
from rolecall.store.connection import Connection
from rolecall.store.reader import Reader

_LOG: Final = "INSERT INTO changes (app_id, revision, kind, key, at) VALUES (?, ?, ?, ?, ?)"
_ASSIGN: Final = "UPDATE apps SET revision = ? WHERE id = ?"


class Revision(Reader):
    """Reads of one app, and the number its writes will bear; `now` is in Unix nanoseconds.

    With nothing touched there is no new revision: `revision` is the app's own again once the transaction has ended.
    """

    def __init__(self, connection: Connection, app: AppRecord, now: int) -> None:
        super().__init__(connection, app.id)
        self.app = app
        self.now = now
        self.revision = app.revision + 1
        self._touched: dict[tuple[str, str], None] = {}

    @classmethod
    async def begin(cls, connection: Connection, app_id: int, now: int) -> Self:
        """Begin inside the connection's transaction, which locks the app's number; NotFound when there is no app."""
        app = await Reader(connection, app_id).app_by_id(app_id)
        if app is None:
            raise NotFound(f"app {app_id} does not exist")
        return cls(connection, app, now)

    async def finish(self) -> int:
        """Assign the number and append to the change log; return how many things were touched."""
        if not self._touched:
            self.revision = self.app.revision
            return 0
        rows = ((self.app_id, self.revision, kind, key, self.now) for kind, key in self._touched)
        await self._connection.many(_LOG, rows)
        await self._connection.run(_ASSIGN, (self.revision, self.app_id))
        self.app = replace(self.app, revision=self.revision)
        return len(self._touched)

    def tell(self, happening: Happening) -> None:
        """Tell those who watch, in every process, what this transaction has changed."""
        self._touch(EVENT, happening.text())

    def _touch(self, kind: str, *keys: str) -> None:
        self._touched.update(dict.fromkeys((kind, key) for key in keys))

    def _touch_members(self, kind: str, cid: str, user_ids: Iterable[str]) -> None:
        self._touch(kind, *(member_key(cid, user_id) for user_id in user_ids))

    async def _delete(self, kind: str, key: str, sql: str, *parameters: int | str) -> bool:
        if not await self._connection.run(sql, parameters):
            return False
        self._touch(kind, key)
        return True
