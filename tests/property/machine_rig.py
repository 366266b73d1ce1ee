"""Two servers' worth of service on one store file, and the record of what each revision's answers must be.

Each process has its own store object, index, authorizer and administration. What one writes the other learns only
from the change log. Every answer is held against the matrix of the revision it says it is from: an old answer is
right, one of two states never is.
"""

from __future__ import annotations

import asyncio
import copy
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

from rolecall.domain.errors import RolecallError
from rolecall.service.administration import Administration, create_app, rotate_secret
from rolecall.service.authorizer import Authorizer
from rolecall.service.cache import weight
from rolecall.service.callers import Caller
from rolecall.service.index import Index
from rolecall.store import Store
from tests.oracle import World
from tests.property import machine_model as model
from tests.property.machine_matrix import CALLS, CELLS, NOW, Answered, Answers, Cell, ask, ask_roster, matrix, roster

NEVER: Final = 3_600.0
AMPLE: Final = 1 << 20
"""Bytes of cache that hold all facts of these worlds; smaller budgets evict all the time."""

Model = Callable[[World], None]
Service = Callable[[Administration, Caller], Awaitable[object]]


class App:
    """One app: its world at each revision, and the oracle's matrix of those asked about."""

    def __init__(self, name: str, app_id: int) -> None:
        self.name = name
        self.caller = Caller(app_id)
        self.worlds: dict[int, World] = {1: model.fresh()}
        self._matrices: dict[int, dict[Cell, Answers]] = {}

    @property
    def head(self) -> int:
        """The last committed revision."""
        return max(self.worlds)

    @property
    def world(self) -> World:
        """What is stored."""
        return self.worlds[self.head]

    def matrix(self, revision: int) -> dict[Cell, Answers]:
        """Return what every answer of a revision must be."""
        assert revision in self.worlds, f"there is no revision {revision}"
        if revision not in self._matrices:
            self._matrices[revision] = matrix(self.worlds[revision])
        return self._matrices[revision]


class Process:
    """What one server holds; `budget` is its cache in bytes."""

    def __init__(self, path: Path, budget: int, keep_changes: int) -> None:
        self._path = path
        self._keep_changes = keep_changes
        self.budget = budget
        self.store: Store
        self.index: Index
        self.authorizer: Authorizer
        self.administration: Administration

    async def open(self) -> None:
        self.store = await Store.open(str(self._path), keep_changes=self._keep_changes)
        self.index = Index(self.store, refresh_seconds=NEVER, max_staleness_seconds=NEVER)
        self.resize(self.budget)
        await self.index.start()
        self.authorizer = Authorizer(self.index, clock=lambda: NOW)
        self.administration = Administration(self.store, self.index, self.authorizer)

    async def close(self) -> None:
        await self.index.stop()
        await self.store.close()

    def resize(self, budget: int) -> None:
        """Change how much is held from here on."""
        self.budget = budget
        self.index.cache._share = budget // 3  # noqa: SLF001 - a whole number of megabytes is too much for a test


class Rig:
    """Two processes and two apps on one file."""

    def __init__(self, path: Path, budgets: tuple[int, int], keep_changes: int) -> None:
        self._path = path
        self.processes = tuple(Process(path, budget, keep_changes) for budget in budgets)
        self.apps: tuple[App, ...] = ()

    async def open(self) -> None:
        store = await Store.open(str(self._path))
        made = [await create_app(store, name, key=f"key-of-{name}") for name in ("acme", "umbrella")]
        await store.close()
        self.apps = tuple(App(record.name, record.id) for record, _, _ in made)
        for process in self.processes:
            await process.open()

    async def close(self) -> None:
        problems = await self.processes[0].store.check()
        for process in self.processes:
            await process.close()
        assert problems == []

    # --- steps -------------------------------------------------------------------------------------------------------

    async def write(self, process: Process, app: App, change: Model, service: Service, *, racing: bool) -> None:
        """Write through one process; when `racing`, everything is asked of both at the same time."""
        expected = self._expected(app, change)
        questions = [self._ask_at_once(asked, app) for asked in self.processes if racing and asked.budget >= AMPLE]
        outcome, answers = await asyncio.gather(self._write(process, app, service), asyncio.gather(*questions))
        assert (outcome is None) == (expected is not None), outcome or "the write must be refused"
        if expected is not None and _text(expected) != _text(app.world):
            app.worlds[app.head + 1] = expected
        for answered in answers:
            verify(app, answered)
        if outcome is None:
            assert process.index.app(app.caller.app_id).revision == app.head

    def _expected(self, app: App, change: Model) -> World | None:
        world = copy.deepcopy(app.world)
        try:
            change(world)
        except model.Refused:
            return None
        return world

    async def _write(self, process: Process, app: App, service: Service) -> RolecallError | None:
        try:
            await service(process.administration, app.caller)
        except RolecallError as error:
            return error
        return None

    async def rotate(self, process: Process, app: App) -> None:
        """Write something no answer depends on, past every index."""
        expected = self._expected(app, model.rotate_secret)
        assert expected is not None
        await rotate_secret(process.store, app.name, keep_old=False)
        app.worlds[app.head + 1] = expected

    async def refresh(self, process: Process) -> None:
        """Bring one process up to date as its follower does."""
        if await process.store.changed():
            await process.index.refresh()
        for app in self.apps:
            assert process.index.app(app.caller.app_id).revision == app.head

    async def reach(self, process: Process, app: App) -> None:
        """Bring one process up to date as a question with `min_revision` does."""
        await process.authorizer.reach(app.caller.app_id, app.head, NEVER)
        assert process.index.app(app.caller.app_id).revision == app.head

    async def rosters(self, process: Process, app: App) -> None:
        """Ask for the members of every call, whose facts the cache must hold together."""
        await self.reach(process, app)
        for cid in CALLS:
            if process.budget >= AMPLE and cid.partition(":")[0] in app.world["call_types"]:
                rows, revision = await ask_roster(process.authorizer, app.caller, cid)
                assert (rows, revision) == (roster(app.world, cid), app.head)

    async def restart(self, process: Process) -> None:
        await process.close()
        await process.open()
        for app in self.apps:
            assert process.index.app(app.caller.app_id).revision == app.head

    # --- what must always hold ---------------------------------------------------------------------------------------

    async def check(self) -> None:
        """Ask everything of every process."""
        for process in self.processes:
            for app in self.apps:
                before = process.index.app(app.caller.app_id).revision
                verify(app, await self._ask(process, app), least=before)
            self._check_cache(process)

    async def _ask_at_once(self, process: Process, app: App) -> list[Answered]:
        """Ask every question of one app, all at the same time: misses are shared."""
        cells = await asyncio.gather(*(ask(process.authorizer, app.caller, cell) for cell in CELLS))
        return [answer for cell in cells for answer in cell]

    async def _ask(self, process: Process, app: App) -> list[Answered]:
        """Ask every question of one app, one after the other: each finds what the others have made the index hold."""
        return [answer for cell in CELLS for answer in await ask(process.authorizer, app.caller, cell)]

    def _check_cache(self, process: Process) -> None:
        cache, index = process.index.cache, process.index
        held = {**cache._old, **cache.young}  # noqa: SLF001
        assert len(cache) == len(held), "nothing is held twice"
        assert cache.bytes == sum(weight(name, fact) for name, fact in held.items())
        assert not index._loading  # noqa: SLF001 - nothing is left behind
        assert not index._touched  # noqa: SLF001


def _text(world: World) -> str:
    """Return a world in a form in which `1` and `true` differ."""
    return json.dumps(world, sort_keys=True)


def verify(app: App, answers: list[Answered], least: int = 0) -> None:
    """Hold answers against the oracle's of the revisions they say they are from."""
    for answered in answers:
        assert answered.revision >= least, "an index never goes back"
        wrong = answered.differs(app.matrix(answered.revision)[answered.cell])
        assert not wrong, wrong
