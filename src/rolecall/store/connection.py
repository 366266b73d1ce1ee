"""One SQLite connection: its own thread, its turns, its transactions; its errors are the domain's.

Statements of one connection run one after the other, each in one trip to its thread.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any, Final, TypeVar, cast

import aiosqlite

from rolecall.domain.errors import RolecallError, Unavailable
from rolecall.domain.names import shown
from rolecall.store import search_text
from rolecall.store.errors import domain_errors
from rolecall.store.rows import Row

logging.getLogger("aiosqlite").setLevel(logging.INFO)  # its debug lines hold parameters, and so secrets

T = TypeVar("T")

CHUNK: Final = 32
"""Rows read at a time in a large read."""
_STEPS: Final = 5_000
"""Steps of SQLite's machine between two looks at the clock."""
_NO_HANDLER: Final = cast("Callable[[], int | None]", None)
SLICE_SECONDS: Final = 0.001
"""How long rows are converted before the event loop gets its turn, give or take one row."""
_PAUSE_SECONDS: Final = 0.0005
"""How long the loop does nothing of it then: an answer also needs other threads, on the same core maybe."""


async def finished(work: Awaitable[object]) -> None:
    """Await work that must not be left half done: a cancellation is let through only when it has ended."""
    task = asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is None:
        task.result()
    else:
        task.cancelled() or task.exception()  # seen: the cancellation is what the caller hears of
        raise cancelled


@asynccontextmanager
async def connect(
    path: str, *, busy_timeout: float, mode: str = "rw", pragmas: Iterable[str] = ()
) -> AsyncIterator[Connection]:
    """Connect to a file that exists; `busy_timeout` is in seconds."""
    uri = _uri(path, mode)
    failures: list[sqlite3.Error] = []
    deadline = search_text.Deadline()

    def open_file() -> sqlite3.Connection:
        try:
            raw = sqlite3.connect(uri, uri=True, timeout=busy_timeout, isolation_level=None)
        except sqlite3.Error as error:  # raised here it would leave the thread running
            failures.append(error)
            return sqlite3.connect(":memory:")
        search_text.define(raw, deadline)
        return raw

    connection = Connection(path, aiosqlite.Connection(open_file, iter_chunk_size=CHUNK), deadline)
    try:
        await connection.open(failures)
        for pragma in pragmas:
            await connection.all(f"PRAGMA {pragma}")
        yield connection
    finally:
        await finished(connection.close())


def _uri(path: str, mode: str) -> str:
    return f"{Path(path).absolute().as_uri()}?mode={mode}"


class Connection:
    """An open connection; `connect` makes it."""

    def __init__(self, path: str, raw: aiosqlite.Connection, deadline: search_text.Deadline) -> None:
        self.path = path
        self._raw = raw
        self._deadline = deadline
        self._turn = asyncio.Lock()
        self._failure: Exception | None = None
        self._closed = False

    async def open(self, failures: list[sqlite3.Error]) -> None:
        """Start the thread; a failure to open the file is raised."""
        with domain_errors(self.path):
            await finished(self._raw)
            for failure in failures:
                raise failure

    async def close(self) -> None:
        """Close; statements already under way end first, and an open transaction is rolled back."""
        self._closed = True
        with domain_errors(self.path):
            await self._raw.close()

    @asynccontextmanager
    async def transaction(self, begin: str = "BEGIN") -> AsyncIterator[None]:
        """Hold one transaction: all of it is committed at the end, or none of it.

        Tasks take turns. An error or a cancellation rolls back; after a failed statement nothing more is accepted,
        whoever catches its error.
        """
        async with self._turn:
            self._failure = None
            try:
                await self.run(begin)
                yield
                await finished(self.run("COMMIT"))
            except BaseException:
                await finished(self._rollback())
                raise
            finally:
                self._failure = None

    async def _rollback(self) -> None:
        if not self._closed:
            with domain_errors(self.path):
                await self._raw.rollback()

    async def all(self, sql: str, parameters: Iterable[Any] = ()) -> list[Row]:
        """Run a statement and return all of its rows, in one trip."""
        with self._errors():
            return cast("list[Row]", await self._raw.execute_fetchall(sql, parameters))

    @asynccontextmanager
    async def within(self, seconds: float) -> AsyncIterator[None]:
        """Give up a statement that is still running after some time: OverLimit, reason SEARCH_TOO_LONG.

        Inside a transaction only, where no other task's statements are on this connection.
        """
        self._deadline.until = time.monotonic() + seconds
        try:
            with self._errors():
                await self._raw.set_progress_handler(self._deadline.passed, _STEPS)
            yield
        finally:
            self._deadline.clear()
            with suppress(ValueError):  # closed meanwhile
                await finished(self._raw.set_progress_handler(_NO_HANDLER, 0))

    async def one(self, sql: str, parameters: Iterable[Any] = ()) -> Row | None:
        """Run a statement and return its first row."""
        rows = await self.all(sql, parameters)
        return rows[0] if rows else None

    async def built(self, build: Callable[[Row], T], sql: str, parameters: Iterable[Any] = ()) -> list[T]:
        """Read any number of rows of any size and convert each; the event loop gets its turn meanwhile."""
        built: list[T] = []
        clock = asyncio.get_running_loop().time
        with self._errors():
            async with self._raw.execute(sql, parameters) as cursor:
                while rows := cast("list[Row]", await cursor.fetchmany(CHUNK)):
                    until = clock() + SLICE_SECONDS
                    for row in rows:
                        if clock() > until:
                            await asyncio.sleep(_PAUSE_SECONDS)
                            until = clock() + SLICE_SECONDS
                        built.append(build(row))
        return built

    async def run(self, sql: str, parameters: Iterable[Any] = ()) -> int:
        """Run a statement that returns no rows, and return how many it changed.

        A row left unread would keep the statement open, and its snapshot, into the next transaction.
        """
        with self._errors():
            cursor = await self._raw.execute(sql, parameters)
            return cursor.rowcount

    async def many(self, sql: str, rows: Iterable[Row]) -> None:
        """Run a statement once for each row of parameters, in one trip."""
        with self._errors():
            await self._raw.executemany(sql, rows)

    async def copy_to(self, target: Connection) -> None:
        """Copy the whole database as it is now, over what the target holds.

        A cancellation waits for the end: the copy writes to the target from this connection's thread, and a target that
        is closed meanwhile takes the process down.
        """
        with self._errors():
            await finished(self._raw.backup(target._raw))

    @contextmanager
    def _errors(self) -> Iterator[None]:
        if self._closed:
            raise self._gone()
        if self._failure is not None:
            raise self._failure
        try:
            with domain_errors(self.path):
                yield
        except (RolecallError, ValueError) as error:  # aiosqlite's word for a closed connection is ValueError
            if self._closed:
                raise self._gone() from error
            if self._turn.locked():  # SQLite may have rolled back already: what follows would commit by itself
                self._failure = error
            raise

    def _gone(self) -> Unavailable:
        return Unavailable(f"store {shown(self.path)} is closed", reason="STORE_CLOSED")
