"""Sinks that remember, and a watch engine over a desk."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

from rolecall.domain.errors import RolecallError
from rolecall.service.administration.calls.values import CallChange
from rolecall.service.callers import Caller
from rolecall.service.questions import Question
from rolecall.service.watching.engine import Watching
from rolecall.service.watching.watches import CapabilitiesChanged, Notice, Told, Watch
from rolecall.store.changes import Happening
from tests.unit.service.staged import Desk

PATIENCE: Final = 10.0
MARK: Final = "default:marker"
CHANNEL: Final = "messaging:general"


class Ear:
    """A sink with room for so many notices that nobody has taken."""

    def __init__(self, room: int = 1_000) -> None:
        self.room = room
        self.errors: list[RolecallError] = []
        self.heard: list[Notice] = []
        self._came = asyncio.Event()
        self._taken = 0

    def tell(self, notice: Notice) -> bool:
        if len(self.heard) - self._taken >= self.room:
            return False
        self.heard.append(notice)
        self._came.set()
        return True

    def cut(self, error: RolecallError) -> None:
        self.errors.append(error)
        self._came.set()

    async def next(self) -> Any:
        """Return the next notice; TimeoutError when none comes."""
        async with asyncio.timeout(PATIENCE):
            while len(self.heard) == self._taken:
                self._came.clear()
                await self._came.wait()
        self._taken += 1
        return self.heard[self._taken - 1]

    async def end(self) -> RolecallError:
        """Return why it was cut; TimeoutError when it is not."""
        async with asyncio.timeout(PATIENCE):
            while not self.errors:
                self._came.clear()
                await self._came.wait()
        return self.errors[0]

    def rest(self) -> list[Notice]:
        """Return what nobody has taken, and take it."""
        rest, self._taken = self.heard[self._taken :], len(self.heard)
        return rest


class Post:
    """A watch engine over a desk: `watch` has users watch, and `quiet` waits until all that there is has been told."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.errors: list[RolecallError] = []
        self.watching = Watching(desk.index, desk.authorizer, desk.administration.scenes.read, self.errors.append)

    async def watch(
        self, user: str, *, call: str = "", channel: str = "", ear: Ear | None = None, caller: Caller | None = None
    ) -> Ear:
        ear = ear or Ear()
        await self.hold(user, ear, call=call, channel=channel, caller=caller)
        return ear

    async def hold(
        self, user: str, ear: Ear, *, call: str = "", channel: str = "", caller: Caller | None = None, **more: Any
    ) -> Watch:
        caller = caller or Caller(self.desk.app.id, user)
        return await self.watching.watch(caller, Question(call=call, channel=channel), ear, **more)

    async def start(self) -> None:
        self.watching.start()
        await self.desk.administration.calls.upsert(self.desk.server, CallChange(MARK))
        await self.watch("marker", call=MARK)

    async def quiet(self) -> None:
        """Wait until everything that was written before this is told and nothing is left of it."""
        await self.desk.index.refresh()
        async with asyncio.timeout(PATIENCE):
            while tasks := list(self.watching._tasks):  # noqa: SLF001 - nobody else asks whether it has work
                await asyncio.wait(tasks)

    async def tell(self, *happenings: Happening) -> int:
        """Write nothing but events, in one revision."""
        async with self.desk.store.transaction(self.desk.app.id) as tx:
            for happening in happenings:
                tx.tell(happening)
        await self.desk.index.refresh()
        return tx.revision


@asynccontextmanager
async def posted(desk: Desk) -> AsyncIterator[Post]:
    post = Post(desk)
    await post.start()
    try:
        yield post
    finally:
        await post.watching.stop()


def changed(notice: Notice) -> tuple[list[str], list[str]]:
    """Return what was added and removed."""
    assert isinstance(notice, CapabilitiesChanged)
    return list(notice.added), list(notice.removed)


def types(notices: list[Notice]) -> list[str]:
    """Return the types of what happened, `!` for capabilities that changed."""
    return [notice.happening.type if isinstance(notice, Told) else "!" for notice in notices]


def raising(failure: Exception) -> Any:
    """Return what reads scenes and always fails."""

    async def read(app_id: int, happening: Happening) -> Any:
        raise failure

    return read
