"""A real store whose reads can be counted, held up and made to fail, and a small desk of service over it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Final, TypeVar

from rolecall.domain.errors import RolecallError
from rolecall.domain.records import AppRecord, UserRecord
from rolecall.service.administration import Administration
from rolecall.service.authorizer import Authorizer
from rolecall.service.callers import Caller
from rolecall.service.index import Index
from rolecall.service.questions import Question
from rolecall.store import Delta, Facts, Store, Wanted, World
from tests.domain_door import as_answer
from tests.oracle import Answer

T = TypeVar("T")
Hook = Callable[[], Awaitable[None]]

NEVER: Final = 3_600.0
CALL: Final = "default:standup"
ALLOWED: Final = Answer(True, "ROLE_GRANT", "user", "send-audio")


class StagedStore(Store):
    """Counts reads in `reads`; `before` and `after` hold hooks by the name of the read; `failure` fails every read."""

    def __init__(self, *settings: Any) -> None:
        super().__init__(*settings)
        self.reads: Counter[str] = Counter()
        self.wanted: list[Wanted] = []
        self.before: dict[str, Hook] = {}
        self.after: dict[str, Hook] = {}
        self.failure: Exception | None = None

    async def facts(self, app_id: int, wanted: Wanted) -> Facts:
        self.wanted.append(wanted)
        return await self._staged("facts", lambda: super(StagedStore, self).facts(app_id, wanted))

    async def delta(self, since: int) -> Delta | None:
        return await self._staged("delta", lambda: super(StagedStore, self).delta(since))

    async def load(self) -> World:
        return await self._staged("load", super().load)

    async def changed(self) -> bool:
        return await self._staged("changed", super().changed)

    async def _staged(self, name: str, read: Callable[[], Awaitable[T]]) -> T:
        self.reads[name] += 1
        await self._hook(self.before, name)
        if self.failure is not None:
            raise self.failure
        result = await read()
        await self._hook(self.after, name)
        return result

    async def _hook(self, hooks: dict[str, Hook], name: str) -> None:
        if name in hooks:
            await hooks[name]()


class Gate:
    """A hook that waits to be opened, and tells that somebody waits."""

    def __init__(self) -> None:
        self.reached = asyncio.Event()
        self._opened = asyncio.Event()

    async def __call__(self) -> None:
        self.reached.set()
        await self._opened.wait()

    def open(self) -> None:
        self._opened.set()


class Desk:
    """An app on a staged store that an index follows, and a second process that writes behind the index's back."""

    def __init__(self, store: StagedStore, other: Store, app: AppRecord, index: Index) -> None:
        self.store = store
        self.other = other
        self.app = app
        self.index = index
        self.authorizer = Authorizer(index)
        self.server = Caller(app.id)
        self.administration = Administration(store, index, self.authorizer)

    async def check(self, user: str, capability: str = "send-audio", call: str = CALL) -> tuple[Answer, int]:
        decision, revision = await self.authorizer.check(self.server, Question(user, call=call), capability)
        return as_answer(decision), revision

    async def write_elsewhere(self, user: UserRecord) -> int:
        """Store a user by the other process; return the revision."""
        async with self.other.transaction(self.app.id) as tx:
            await tx.put_user(user)
        return tx.revision


async def settled() -> None:
    """Let every task run until it waits for something that is not just its turn."""
    for _ in range(20):
        await asyncio.sleep(0)


async def outcome(question: Awaitable[T]) -> T | RolecallError:
    """Return the answer or the error."""
    try:
        return await question
    except RolecallError as error:
        return error


async def cancelled(task: asyncio.Task[Any]) -> None:
    """Cancel a task and wait for its end."""
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
