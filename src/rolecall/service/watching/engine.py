"""The watch engine: follows the index and tells each watch what changed for its user and what happened.

What the index has applied is work for the app that it is of; each app's work is a task of its own, so that nobody waits
for what happens elsewhere. A watch that can't be served is cut, never left stale.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from typing import Final

from rolecall.domain.errors import OverLimit, RolecallError, Unavailable
from rolecall.service.authorizer import Authorizer, capability_names
from rolecall.service.callers import Caller
from rolecall.service.index import Index
from rolecall.service.questions import Question
from rolecall.service.watching.masks import Masks, failed
from rolecall.service.watching.queue import Pending, pending
from rolecall.service.watching.sinks import Sinks
from rolecall.service.watching.watches import (
    Followed,
    Name,
    Scene,
    Sink,
    Watch,
    Watches,
    member_name,
    touched_name,
)
from rolecall.service.watching.work import RESUMED, UPDATED, Read, Work
from rolecall.store import Change
from rolecall.store import changes as log
from rolecall.store.changes import Happening

MOST_WATCHES: Final = 100_000
_MOST_RECENT: Final = 4_096
_LONGEST_REACH_SECONDS: Final = 2.0
_ALWAYS: Final = 1 << 62
"""The revision of what is told to all, since when they watch."""
RELOADED: Final = "reload"
_MEMBERS: Final = frozenset({log.CALL_MEMBER, log.CHANNEL_MEMBER})

Joined = Callable[[str, int], None]
"""Takes the id of a user and the revision at which something was said of it."""


class Watching:
    """Every watch of this process. `read` reads what events show; `on_error` hears of work that failed as a whole."""

    def __init__(
        self,
        index: Index,
        authorizer: Authorizer,
        read: Read,
        on_error: Callable[[RolecallError], None] = lambda _: None,
    ) -> None:
        self._index = index
        self._authorizer = authorizer
        self._read = read
        self._on_error = on_error
        self._watches = Watches()
        self._sinks = Sinks(self._watches)
        self._masks = Masks(index, authorizer)
        self._works: dict[int, Work] = {}
        self._rosters: dict[Name, dict[Sink, Joined]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._recent: deque[Change] = deque(maxlen=_MOST_RECENT)

    def __len__(self) -> int:
        return len(self._watches)

    @property
    def told(self) -> int:
        """How many notices were given."""
        return self._sinks.told

    def start(self) -> None:
        """Begin to follow the index."""
        self._index.listeners.append(self._applied)

    async def stop(self) -> None:
        """Stop following; nobody is told anything any more."""
        if self._applied in self._index.listeners:
            self._index.listeners.remove(self._applied)
        for task in list(self._tasks):
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    # --- watching ----------------------------------------------------------------------------------------------------

    async def watch(
        self,
        caller: Caller,
        question: Question,
        sink: Sink,
        *,
        since: int | None = None,
        known: Collection[str] | None = None,
    ) -> Watch:
        """Begin a watch of the question's call or channel: `sink` hears of what changes from now on.

        With `since`, a revision, it hears of what happened after that too, and of capabilities unless they are those
        that are `known` already; when it is not told what is known, unless nothing that decides them was touched.
        """
        self._check_room()
        mask, revision = await self._authorizer.answer(
            caller.app_id, lambda app: self._authorizer.mask_of(app, caller, question)
        )
        # Nothing awaits from here on: what the index applies after this state finds the watch.
        watch = Watch(caller, question, sink, mask, revision if since is None else min(since, revision))
        self._watches.add(watch)
        if since is not None:
            self._catch_up(watch, revision, known)
        return watch

    def _check_room(self) -> None:
        if len(self._watches) >= MOST_WATCHES:
            raise OverLimit(f"there are {MOST_WATCHES:,} watches already", reason="TOO_MANY_WATCHES")

    def add(self, watch: Followed) -> None:
        """Have a watch look from now on; what it looks like at first is for whoever made it to know."""
        self._check_room()
        self._watches.add(watch)

    def follow_members(self, sink: Sink, app_id: int, target: Question, joined: Joined) -> None:
        """Tell `joined` of every user of the target who may have become a member; `sink` is cut when that fails."""
        self._rosters.setdefault(member_name(app_id, target), {})[sink] = joined

    def unfollow_members(self, sink: Sink, app_id: int, target: Question) -> None:
        """Tell of members no more."""
        name = member_name(app_id, target)
        rosters = self._rosters.get(name, {})
        rosters.pop(sink, None)
        if not rosters:
            self._rosters.pop(name, None)

    def unwatch(self, watch: Watch) -> None:
        """End a watch; its sink hears of nothing more."""
        self._watches.discard(watch)

    def _catch_up(self, watch: Watch, revision: int, known: Collection[str] | None) -> None:
        """Tell a watch what has been applied since its revision and others have been told already."""
        missed = [change for change in self._recent if change.app_id == watch.app_id]
        missed = [change for change in missed if watch.since < change.revision <= revision]
        if known is not None:
            watch.doubtful = set(known) != set(capability_names(watch.question, watch.mask))
        else:
            names = set(watch.names())
            reaches = watch.since == revision or any(one.revision == watch.since + 1 for one in missed)
            watch.doubtful = not reaches or any(touched_name(change) in names for change in missed)
        if watch.doubtful:
            self._work(watch.app_id).again[watch] = RESUMED
        events = [pending(change) for change in missed if change.kind == log.EVENT]
        if events:
            self._work(watch.app_id).events.add_first(watch, events)

    # --- following ---------------------------------------------------------------------------------------------------

    def _applied(self, changes: Sequence[Change] | None) -> None:
        """Note what is to be worked through; this is called from within the index, so it must be quick."""
        try:
            for change in changes or ():
                self._note(change)
            self._recent.extend(changes or ())
        except Exception:  # noqa: BLE001 - what can't be read must not hold up the index, nor be passed over
            changes = None
        if changes is None:
            self._reloaded()

    def _note(self, change: Change) -> None:
        if change.kind != log.EVENT:
            if self._rosters and change.kind in _MEMBERS:
                self._tell_rosters(change)
            name = touched_name(change)
            if self._watches.under(name):
                self._work(change.app_id).touched[name] = change.kind
            return
        event = pending(change)
        if self._watches.under(event.target):
            self._work(change.app_id).events.add(event)

    def _tell_rosters(self, change: Change) -> None:
        cid, user_id = log.parse_member_key(change.key)
        for sink, joined in list(self._rosters.get((change.kind, change.app_id, cid), {}).items()):
            try:
                joined(user_id, change.revision)
            except OverLimit as error:
                sink.cut(error)

    def _reloaded(self) -> None:
        """All may have changed, and nobody knows what happened: what each call and channel is now is told anew."""
        self._recent.clear()
        for sink in [sink for rosters in self._rosters.values() for sink in rosters]:
            sink.cut(Unavailable("who the members are is not known any more; begin anew", reason="RELOADED"))
        for work in self._works.values():
            work.events.clear()
        for name in self._watches.names():
            kind, app_id, key = name
            if kind == log.APP:
                self._work(app_id).touched[name] = RELOADED
            elif kind in UPDATED:
                self._work(app_id).events.add(Pending(name, _ALWAYS, 0, Happening(UPDATED[kind], key)))

    # --- working -----------------------------------------------------------------------------------------------------

    def _work(self, app_id: int) -> Work:
        """Return the work of an app, which is under way until nothing is left of it."""
        work = self._works.get(app_id)
        if work is None:
            work = self._works[app_id] = Work(app_id, self._watches, self._sinks, self._masks, self._scene)
            task = asyncio.create_task(self._finish(app_id, work), name=f"watches of app {app_id}")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        work.woken.set()
        return work

    async def _finish(self, app_id: int, work: Work) -> None:
        try:
            await work.run()
        except Exception as error:  # noqa: BLE001 - whatever it is, nobody is left stale and the other apps go on
            self._sinks.cut_all(app_id, failed(error))
            self._on_error(failed(error))
        finally:
            del self._works[app_id]  # nothing awaited since nothing was left: what comes from here on is new work

    async def _scene(self, app_id: int, happening: Happening) -> Scene:
        """Read what an event shows, once the index knows as much."""
        scene = await self._read(app_id, happening)
        await self._authorizer.reach(app_id, scene.revision, _LONGEST_REACH_SECONDS)
        return scene
