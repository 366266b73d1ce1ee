"""The store as one SQLite file, which several processes may have open at once.

Each kind of work has a connection of its own, and so a thread: writes, following, facts, reads for Get and List, and
searches, which may take long.
With write-ahead logging readers do not wait for the writer, nor it for them.
"""

from __future__ import annotations

import errno
import os
import stat
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Final

from rolecall.domain.errors import Unavailable
from rolecall.domain.names import shown
from rolecall.domain.records import AppRecord, TypeRecord
from rolecall.store import schema, upkeep
from rolecall.store.changes import Delta, World
from rolecall.store.connection import Connection, connect
from rolecall.store.errors import domain_errors
from rolecall.store.facts import Facts, Wanted, read_facts
from rolecall.store.follower import Follower
from rolecall.store.reader import Reader
from rolecall.store.transaction import Transaction

_WRITES: Final = (
    "foreign_keys = ON",
    "synchronous = FULL",
    "journal_size_limit = 67108864",  # after a huge transaction its log is cut back to 64 MiB
)
_READS: Final = ("query_only = ON",)
_Identity = tuple[int, int]
"""Which file it is, whatever its name: its device and its inode."""

_PRUNE: Final = "DELETE FROM changes WHERE seq <= (SELECT max(seq) FROM changes) - ?"


class Store:
    """Everything Rolecall keeps; `open` makes it.

    Errors are the domain's: Unavailable with reason STORE_LOCKED, STORE_CORRUPT, STORE_UNREADABLE, STORE_CLOSED,
    STORE_GONE, NOT_A_STORE, SCHEMA_TOO_NEW or STORE_FAILED, and OverLimit with STORE_FULL. The store goes on working
    when the cause goes away.

    STORE_GONE: the path no longer leads to the file that was opened. Following and writing are refused then, since
    what is written to a file without a name is lost; reads may still answer from the file that was opened.
    """

    def __init__(self, path: str, busy_timeout: float, keep_changes: int, identity: _Identity) -> None:
        self.path = path
        self._identity = identity
        self._busy_timeout = busy_timeout
        self._keep_changes = keep_changes
        self._unpruned = keep_changes
        self._connections = AsyncExitStack()
        self._writer: Connection
        self._reader: Connection
        self._searcher: Connection
        self._facts: Connection
        self._follower: Follower

    @classmethod
    async def open(
        cls, path: str, *, create: bool = True, busy_timeout: float = 5.0, keep_changes: int = 100_000
    ) -> Store:
        """Open a store, migrated where needed; without `create` a missing or empty file is refused.

        `busy_timeout` is how many seconds to wait for another process that writes; about the last `keep_changes` rows
        of the change log are kept.
        """
        store = cls(path, busy_timeout, keep_changes, _check_file(path, create=create))
        async with store._connections as connections:
            await store._connect()
            store._check_place()  # each connection went by the path
            store._connections = connections.pop_all()
        return store

    async def _connect(self) -> None:
        migrations = schema.shipped()
        await schema.refuse_foreign(self.path, len(migrations))
        self._writer = await self._connection(_WRITES)
        await schema.prepare(self._writer, migrations, self._busy_timeout)
        self._reader = await self._connection(_READS)
        self._searcher = await self._connection(_READS)
        self._facts = await self._connection(_READS)
        self._follower = Follower(await self._connection(_READS))

    async def _connection(self, pragmas: Iterable[str]) -> Connection:
        connection = connect(self.path, busy_timeout=self._busy_timeout, pragmas=pragmas)
        return await self._connections.enter_async_context(connection)

    async def close(self) -> None:
        """Close every connection; a transaction still open is rolled back."""
        await self._connections.aclose()

    def _check_place(self) -> None:
        """Refuse when the path does not lead to the file that was opened; one look at a local file system."""
        with domain_errors(self.path):
            try:
                here = _identity(Path(self.path).stat())
            except (FileNotFoundError, NotADirectoryError):
                here = None
        if here != self._identity:
            raise Unavailable(
                f"the store file {shown(self.path)} was moved, deleted or replaced while in use", reason="STORE_GONE"
            )

    # --- following ---

    async def load(self) -> World:
        """Read the configuration of every app."""
        return await self._follower.load()

    async def changed(self) -> bool:
        """Tell, cheaply, whether any process may have committed since the last load or delta; never misses one."""
        self._check_place()
        return await self._follower.changed()

    async def delta(self, since: int) -> Delta | None:
        """Read what changed after `since`; None when the change log does not reach back so far: load again."""
        self._check_place()
        return await self._follower.delta(since)

    # --- reading ---

    async def facts(self, app_id: int, wanted: Wanted) -> Facts:
        """Read facts for decisions, all in one snapshot."""
        return await read_facts(self._facts, app_id, wanted)

    @asynccontextmanager
    async def snapshot(self, app_id: int = 0, *, searching: bool = False) -> AsyncIterator[Reader]:
        """Read any number of an app's things as they were at one moment; without an app, only apps can be read.

        Snapshots take turns, so they must not be nested; those for searching wait only for each other.
        """
        connection = self._searcher if searching else self._reader
        async with connection.transaction():
            yield Reader(connection, app_id)

    # --- writing ---

    @asynccontextmanager
    async def transaction(self, app_id: int) -> AsyncIterator[Transaction]:
        """Write to an app; at the end all of it is committed, on an error or a cancellation nothing is.

        Transactions take turns, with those of other processes too, so they must not be nested.
        """
        async with self._writing():
            transaction = await Transaction.begin(self._writer, app_id, time.time_ns())
            yield transaction
            await self._finish(transaction)

    async def create_app(
        self, draft: AppRecord, *, key: str, secret: str, types: Iterable[TypeRecord] = ()
    ) -> AppRecord:
        """Store a new app as its revision 1; AlreadyExists for the name or the key.

        Of the draft the number, the revision and the times are assigned.
        """
        async with self._writing():
            transaction = await Transaction.create(self._writer, draft, key, secret, types, time.time_ns())
            await self._finish(transaction)
        return transaction.app

    @asynccontextmanager
    async def _writing(self) -> AsyncIterator[None]:
        """Hold the writer's transaction, which is committed only to the file that the path leads to."""
        self._check_place()
        async with self._writer.transaction("BEGIN IMMEDIATE"):
            yield
            self._check_place()

    async def _finish(self, transaction: Transaction) -> None:
        self._unpruned += await transaction.finish()
        if self._unpruned >= self._keep_changes // 10:
            await self._writer.run(_PRUNE, (self._keep_changes,))
            self._unpruned = 0

    # --- upkeep ---

    async def backup(self, target: str) -> None:
        """Copy the store to a new file while it is in use; Precondition when the file exists."""
        await upkeep.back_up(self.path, target, self._busy_timeout)

    async def check(self) -> list[str]:
        """Return what is wrong with the store, in words; an empty list says it is sound."""
        async with connect(self.path, busy_timeout=self._busy_timeout, pragmas=_READS) as connection:
            return await upkeep.check(connection)


def _identity(status: os.stat_result) -> _Identity:
    return status.st_dev, status.st_ino


def _check_file(path: str, *, create: bool) -> _Identity:
    """Return which file it is; with `create`, make an empty one that only its owner may read, unless there is one.

    SQLite's side files follow its mode. An empty file becomes a store only where one may be made.

    A file or directory that may only be read is refused here: SQLite would open it, and fail at the first write.
    """
    with domain_errors(path):
        if create:
            with suppress(FileExistsError):
                os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        status = Path(path).stat()
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.EINVAL, "not a regular file")
        if not all(os.access(needed, os.R_OK | os.W_OK) for needed in (path, Path(path).parent)):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    if not create and not status.st_size:
        raise Unavailable(f"{shown(path)} is empty: no store", reason="NOT_A_STORE")
    return _identity(status)
