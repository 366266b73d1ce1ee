"""The world in memory: configuration whole, facts in a bounded cache, both following the store's change log.

Invariant: everything held here is the store's state at one point of the change log, `seq`. So an answer computed
without awaiting is an answer from one state of the world, and `AppState.revision` is the revision it is from.

    refresh()   reads what changed, builds the next snapshots aside, swaps them in and drops the facts that were
                touched, in one step without awaiting
    fetch()     reads missing facts; they are held only when nothing touched them since they were read
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from typing import Any, Final, NamedTuple

from rolecall.domain.custom_permissions import NO_CUSTOM
from rolecall.domain.errors import RolecallError, Unavailable
from rolecall.service.cache import CALL, CALL_MEMBER, CHANNEL, CHANNEL_MEMBER, USER, FactCache, Name
from rolecall.service.compiling import compiled_permissions, compiled_types
from rolecall.service.fetching import fact_of, wanted_facts
from rolecall.service.pace import let_go
from rolecall.service.state import AppState, from_world, patched
from rolecall.service.waiters import Waiters
from rolecall.store import Change, Delta, Store, World
from rolecall.store import changes as log

_KINDS: Final[Mapping[str, int]] = {
    log.USER: USER,
    log.CALL: CALL,
    log.CHANNEL: CHANNEL,
    log.CALL_MEMBER: CALL_MEMBER,
    log.CHANNEL_MEMBER: CHANNEL_MEMBER,
}
_ATTEMPTS: Final = 10
_LEAST_WAIT_SECONDS: Final = 0.1  # enough for one look at the store, however little time a call has left


class Missing(Exception):
    """An answer needs facts that are not held."""

    def __init__(self, names: Collection[Name]) -> None:
        super().__init__()
        self.names = names


class IndexStatus(NamedTuple):
    """How large and how fresh the index is; `revision` is the head of the change log it has applied."""

    entries: int
    bytes: int
    misses: int
    age_seconds: float
    revision: int
    apps: int
    refreshes: int


class Index:
    """Follows one store. `on_error` hears of every refresh that failed."""

    def __init__(
        self,
        store: Store,
        *,
        cache_mb: int = 64,
        refresh_seconds: float = 0.1,
        max_staleness_seconds: float = 30.0,
        on_error: Callable[[RolecallError], None] = lambda _: None,
    ) -> None:
        self._store = store
        self._interval = refresh_seconds
        self._max_staleness = max_staleness_seconds
        self._on_error = on_error
        self.cache = FactCache(cache_mb)
        self.seq = 0
        self._apps: dict[int, AppState] = {}
        self._by_key: dict[str, int] = {}
        self._refreshing = asyncio.Lock()
        self._loading: dict[Name, asyncio.Task[None]] = {}
        self._touched: dict[Name, int] = {}
        self._fresh_at: float | None = None
        self._stale_at = 0.0
        self._behind = False
        self._running: set[asyncio.Task[None]] = set()
        self._waiters = Waiters(self.catch_up)
        self._refreshes = 0
        self._queued: asyncio.Task[None] | None = None
        self._follower: asyncio.Task[None] | None = None
        self.listeners: list[Callable[[Sequence[Change] | None], None]] = []
        """Called, without awaiting, when changes have been applied; with None when all was loaded anew."""
        self.loading: Callable[[], AbstractContextManager[object]] = nullcontext
        """Entered while all is loaded: very much is made then that stays."""

    async def start(self) -> None:
        """Load the configuration of every app and begin to follow the store."""
        await self._reload()
        self._follower = asyncio.create_task(self._follow(), name="index follower")

    async def stop(self) -> None:
        """Stop following; what is held stays."""
        self._waiters.stop()
        for task in filter(None, (self._follower, *self._running, *set(self._loading.values()))):
            task.cancel()
            with suppress(asyncio.CancelledError, RolecallError):
                await task

    @property
    def age(self) -> float:
        """Seconds since the index was last known to hold what the store holds; infinite before the first load."""
        return float("inf") if self._fresh_at is None else time.monotonic() - self._fresh_at

    @property
    def ready(self) -> bool:
        """Whether answers may be given: loaded, and not older than the bound."""
        return self.age <= self._max_staleness

    def why_not_ready(self) -> str:
        """Return why answers can't be given, "" when they are."""
        if self._fresh_at is None:
            return "the index is not loaded yet"
        return "" if self.ready else "the index is older than allowed because the store can't be read"

    def status(self) -> IndexStatus:
        """Return size and freshness for observers."""
        cache = self.cache
        return IndexStatus(len(cache), cache.bytes, cache.misses, self.age, self.seq, len(self._apps), self._refreshes)

    def app(self, app_id: int) -> AppState:
        """Return the current snapshot of an app; Unavailable when the index is too old to answer from."""
        if time.monotonic() > self._stale_at:
            self._check_fresh()
        try:
            return self._apps[app_id]
        except KeyError:
            raise Unavailable("the app was deleted", reason="APP_DELETED") from None

    def app_by_key(self, key: str) -> AppState | None:
        """Return the app of an API key, None when no app has it; Unavailable as `app`."""
        if time.monotonic() > self._stale_at:
            self._check_fresh()
        app_id = self._by_key.get(key)
        return None if app_id is None else self._apps[app_id]

    def _known_at(self, moment: float) -> None:
        """Note that at this moment the index held what the store held."""
        self._fresh_at = moment
        self._stale_at = moment + self._max_staleness

    def _check_fresh(self) -> None:
        if not self.ready:
            reason = "INDEX_NOT_LOADED" if self._fresh_at is None else "INDEX_STALE"
            raise Unavailable(self.why_not_ready(), reason=reason)

    def apps(self) -> Collection[AppState]:
        """Return every app."""
        return self._apps.values()

    # --- following -------------------------------------------------------------------------------------------------

    async def _follow(self) -> None:
        while True:
            await asyncio.sleep(self._interval)
            asked_at = time.monotonic()
            try:
                if await self._is_behind():
                    await self.refresh()
                else:
                    self._known_at(asked_at)
            except RolecallError as error:
                self._on_error(error)
            except Exception as error:  # noqa: BLE001 - whatever it is, the follower lives and the age tells
                self._on_error(Unavailable(f"the index could not be refreshed: {error!r}"))

    async def refresh(self) -> None:
        """Apply everything that was committed before this call; calls that wait for the same refresh share it."""
        if self._queued is None:
            self._queued = asyncio.create_task(self._refresh())
            self._running.add(self._queued)
            self._queued.add_done_callback(_retrieved)
            self._queued.add_done_callback(self._running.discard)
        await asyncio.shield(self._queued)

    async def _refresh(self) -> None:
        async with self._refreshing:
            self._queued = None  # whoever comes from here on may have committed after what is read now
            asked_at = time.monotonic()
            self._behind = True  # until all of it is applied: the store tells of a change only once
            delta = await self._store.delta(self.seq)
            if delta is None:
                await self._load_world()
            elif delta.changes:
                await self._apply(delta)
            self._behind = False
            self._known_at(asked_at)
            self._refreshes += 1

    async def reach(self, app_id: int, revision: int, seconds: float) -> None:
        """Wait until an app's revision is applied, at most `seconds`; Unavailable when it does not come.

        However many wait, one task looks at the store for them.
        """
        try:
            async with asyncio.timeout(max(seconds, _LEAST_WAIT_SECONDS)):
                if self.app(app_id).revision < revision:
                    await self.refresh()
                if self.app(app_id).revision < revision:
                    await self._waiters.wait(app_id, revision)
                    self.app(app_id)  # Unavailable when the app has gone meanwhile
        except TimeoutError:
            raise Unavailable(
                f"revision {revision} has not been reached; the newest known is {self.app(app_id).revision}",
                field="min_revision",
                reason="REVISION_NOT_REACHED",
            ) from None

    async def catch_up(self) -> None:
        """Apply everything that was committed before this call; cheap when nothing was."""
        if await self._is_behind():
            await self.refresh()

    async def _is_behind(self) -> bool:
        """Tell whether anything that was committed before this call may not be applied yet."""
        # Looked at again in the end: a refresh that began meanwhile may have read the change and not applied it yet.
        return self._behind or await self._store.changed() or self._behind

    async def _reload(self) -> None:
        async with self._refreshing:
            await self._load_world()

    async def _load_world(self) -> None:
        with self.loading():
            await let_go(await self._replace_world())

    async def _replace_world(self) -> list[Any]:
        """Load everything; return what it was made from and what was before, in pieces."""
        asked_at = time.monotonic()
        world: World = await self._store.load()
        apps: dict[int, AppState] = {}
        for app in world.apps:
            types = await compiled_types({record.scope: record for record in app.types})
            apps[app.app.id] = from_world(app, types, await compiled_permissions(app.permissions))
        pieces: list[Any] = [record for app in world.apps for record in (*app.types, *app.permissions)]
        for state in self._apps.values():
            for table in (state.call_types, state.channel_types, state.permissions):
                pieces += table.values()
        self._swap(apps, world.seq)
        self._touched = dict.fromkeys(self._loading, world.seq)
        self._known_at(asked_at)
        for _ in self.cache.clear():
            await asyncio.sleep(0)
        self._tell(None)
        return pieces

    async def _apply(self, delta: Delta) -> None:
        apps = dict(self._apps)
        for app_id, patch in delta.apps.items():
            if patch.app is None:
                apps.pop(app_id, None)
            else:
                known, permissions = apps.get(app_id), None
                if patch.permissions is not None:
                    permissions = await compiled_permissions(
                        patch.permissions, known.permissions if known else NO_CUSTOM
                    )
                apps[app_id] = patched(known, patch.app, patch, await compiled_types(patch.types), permissions)
        # From here on nothing awaits: snapshots, facts and seq change together.
        self._swap(apps, delta.seq)
        for change in delta.changes:
            self._forget(change)
        self._tell(delta.changes)

    def _tell(self, applied: Sequence[Change] | None) -> None:
        for listener in self.listeners:
            listener(applied)

    def _swap(self, apps: dict[int, AppState], seq: int) -> None:
        self._apps = apps
        self._by_key = {key: app.id for app in apps.values() for key in app.keys}
        self.seq = seq
        self._waiters.wake(apps)

    def _forget(self, change: Change) -> None:
        kind = _KINDS.get(change.kind)
        if kind is None:
            return
        parts = log.parse_member_key(change.key) if kind in {CALL_MEMBER, CHANNEL_MEMBER} else (change.key,)
        name = (kind, change.app_id, *parts)
        self.cache.drop(name)
        if name in self._loading:
            self._touched[name] = change.seq

    # --- facts -----------------------------------------------------------------------------------------------------

    async def fetch(self, app_id: int, names: Collection[Name]) -> None:
        """Hold the named facts of one app; those being read already are waited for, not read again."""
        mine = [name for name in names if name not in self._loading]
        waiting = {self._loading[name] for name in names if name in self._loading}
        if mine:
            task = asyncio.create_task(self._load_facts(app_id, mine))
            task.add_done_callback(_retrieved)
            self._loading.update(dict.fromkeys(mine, task))
            waiting.add(task)
        for task in waiting:
            await asyncio.shield(task)

    async def _load_facts(self, app_id: int, names: list[Name]) -> None:
        try:
            wanted = names
            for _ in range(_ATTEMPTS):
                facts = await self._store.facts(app_id, wanted_facts(wanted))
                if facts.seq > self.seq:
                    await self.refresh()
                # Read before a change that has been applied since: not the state at `seq`, read again.
                stale = [name for name in wanted if self._touched.get(name, 0) > facts.seq]
                for name in set(wanted).difference(stale):
                    self.cache.put(name, fact_of(facts, name))
                if not stale:
                    return
                wanted = stale
            raise Unavailable("the facts of this question change faster than they can be read", reason="BUSY")
        finally:
            for name in names:
                self._loading.pop(name, None)
                self._touched.pop(name, None)


def _retrieved(task: asyncio.Task[None]) -> None:
    """Mark a shared task's failure as seen: those who wait for it hear of it, and there may be none left."""
    if not task.cancelled():
        task.exception()
