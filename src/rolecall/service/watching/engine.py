"""The watch engine: follows the index and tells each watch what changed for its user and what happened.

One task works through what the index has applied: first the capabilities of the watches that changes touched, then what
happened, in the order of the log. Whatever is told is judged by the index as it is by then, and no earlier than what it
shows. A watch that can't be served is cut, never left stale.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Container, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Final

from rolecall.domain.errors import OverLimit, RolecallError
from rolecall.service.authorizer import Authorizer, capability_names, listable, readable
from rolecall.service.callers import Caller
from rolecall.service.index import Index
from rolecall.service.questions import Question
from rolecall.service.watching.masks import Masks, failed
from rolecall.service.watching.telling import ENDINGS, heard
from rolecall.service.watching.watches import (
    CapabilitiesChanged,
    Name,
    Notice,
    Pending,
    Scene,
    Sink,
    Told,
    Watch,
    Watches,
    pending,
    touched_name,
)
from rolecall.store import Change
from rolecall.store import changes as log
from rolecall.store.changes import Happening

MOST_WATCHES: Final = 100_000
MOST_PENDING: Final = 10_000
_MOST_RECENT: Final = 4_096
_LONGEST_REACH_SECONDS: Final = 10.0
_ALWAYS: Final = 1 << 62
"""The revision of what is told to all, since when they watch."""
RELOADED: Final = "reload"
RESUMED: Final = "resume"
_UPDATED: Final = {log.CALL: "call.updated", log.CHANNEL: "channel.updated"}
_DELETED: Final = {log.CALL: "call.deleted", log.CHANNEL: "channel.deleted"}


Read = Callable[[int, Happening], Awaitable[Scene]]
"""Reads what an event of an app shows."""


class Watching:
    """Every watch of this process. `read` reads what events show; `told` counts the notices given."""

    def __init__(self, index: Index, authorizer: Authorizer, read: Read) -> None:
        self._index = index
        self._authorizer = authorizer
        self._read = read
        self._watches = Watches()
        self._masks = Masks(index, authorizer, self._watches, self._cut)
        self._touched: dict[Name, str] = {}
        self._again: dict[Watch, None] = {}
        self._events: deque[Pending] = deque()
        self._recent: deque[Change] = deque(maxlen=_MOST_RECENT)
        self._lost: set[Watch] = set()
        self._woken = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self.told = 0

    def __len__(self) -> int:
        return len(self._watches)

    def start(self) -> None:
        """Begin to follow the index."""
        self._index.listeners.append(self._applied)
        self._task = asyncio.create_task(self._work(), name="watch engine")

    async def stop(self) -> None:
        """Stop following; nobody is told anything any more."""
        if self._task is not None:
            self._index.listeners.remove(self._applied)
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

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
        if len(self._watches) >= MOST_WATCHES:
            raise OverLimit(f"there are {MOST_WATCHES:,} watches already", reason="TOO_MANY_WATCHES")
        mask, revision = await self._authorizer.answer(
            caller.app_id, lambda app: self._authorizer.mask_of(app, caller, question)
        )
        # Nothing awaits from here on: what the index applies after this state finds the watch.
        watch = Watch(caller, question, sink, mask, revision if since is None else min(since, revision))
        self._watches.add(watch)
        if since is not None:
            self._catch_up(watch, revision, known)
        return watch

    def unwatch(self, watch: Watch) -> None:
        """End a watch; its sink hears of nothing more."""
        self._watches.discard(watch)
        self._lost.discard(watch)
        self._again.pop(watch, None)

    def _catch_up(self, watch: Watch, revision: int, known: Collection[str] | None) -> None:
        """Tell a watch what has been applied since its revision and others have been told already."""
        missed = [change for change in self._recent if change.app_id == watch.app_id]
        missed = [change for change in missed if watch.revision < change.revision <= revision]
        names, target = set(watch.names()), watch.target()
        if known is not None:
            again = set(known) != set(capability_names(watch.question, watch.mask))
        else:
            reaches = watch.revision == revision or any(one.revision == watch.revision + 1 for one in missed)
            again = not reaches or any(touched_name(change) in names for change in missed)
        if again:
            self._again[watch] = None
        waiting = {event.seq for event in self._events if event.only is None}
        for change in missed:
            if change.kind == log.EVENT and change.seq not in waiting:
                event = pending(change)
                if event.target == target:
                    self._events.append(event._replace(only=watch))
        self._woken.set()

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
        self._woken.set()

    def _note(self, change: Change) -> None:
        if change.kind != log.EVENT:
            name = touched_name(change)
            if self._watches.under(name):
                self._touched[name] = change.kind
            return
        event = pending(change)
        if self._watches.under(event.target):
            self._events.append(event)

    def _reloaded(self) -> None:
        """All may have changed, and nobody knows what happened: what each call and channel is now is told anew."""
        self._recent.clear()
        self._events.clear()
        for kind, app_id, key in self._watches.names():
            if kind == log.APP:
                self._touched[kind, app_id, key] = RELOADED
            elif kind in _UPDATED:
                self._events.append(Pending(app_id, _ALWAYS, 0, Happening(_UPDATED[kind], key)))

    async def _work(self) -> None:
        while True:
            await self._woken.wait()
            self._woken.clear()
            while self._touched or self._again or self._events:
                if len(self._events) > MOST_PENDING + len(self._watches):
                    self._give_up()
                elif self._touched or self._again:
                    await self._recompute()
                else:
                    await self._tell(self._events.popleft())
            self._lost.clear()

    def _give_up(self) -> None:
        self._events.clear()
        for watch in list(self._watches):
            self._cut(watch, OverLimit("more happens than can be told", reason="TOO_MANY_EVENTS"))

    # --- capabilities ------------------------------------------------------------------------------------------------

    async def _recompute(self) -> None:
        """Tell every watch that a change may have touched, when what its user may do is no longer what it was."""
        touched, self._touched = self._touched, {}
        again, self._again = self._again, {}
        ended = {event.target for event in self._events if event.happening.type in ENDINGS}
        causes = {watch: cause for name, cause in touched.items() for watch in self._watches.under(name)}
        causes.update({watch: causes.get(watch, RESUMED) for watch in again})
        channels: dict[Name, dict[Watch, None]] = {}

        def look(watch: Watch, mask: int, revision: int) -> None:
            if watch.question.call:
                self._changed(watch, mask, revision, causes[watch], again=watch in again)
            elif mask != watch.mask or watch in again:
                channels.setdefault(watch.target(), {})[watch] = None

        await self._masks.each((watch for watch in causes if watch.target() not in ended), look)
        for target, watches in channels.items():
            await self._show(target, watches, causes, again)

    async def _show(
        self, target: Name, watches: Collection[Watch], causes: Mapping[Watch, str], again: Container[Watch]
    ) -> None:
        """Tell those on a channel, with what it is now: their clients learn of it no other way."""
        _, app_id, cid = target
        scene = await self._scene(app_id, Happening(_UPDATED[log.CHANNEL], cid), watches)
        if scene is not None and scene.exists:

            def tell(watch: Watch, mask: int, revision: int) -> None:
                self._changed(watch, mask, revision, causes[watch], scene, again=watch in again)

            await self._masks.each(watches, tell)

    def _changed(
        self, watch: Watch, mask: int, revision: int, cause: str, scene: Scene | None = None, *, again: bool = False
    ) -> None:
        """Take note of what a user may do now, and tell it when it is something else."""
        question, before = watch.question, watch.mask
        watch.mask, watch.revision = mask, max(revision, watch.revision)
        reads = readable(question, mask)
        if readable(question, before) and not reads and self._events:
            self._lost.add(watch)
        had, has = capability_names(question, before), capability_names(question, mask)
        if had != has or again:
            added = tuple(name for name in has if name not in had)
            removed = tuple(name for name in had if name not in has)
            lists = listable(question, mask)
            notice = CapabilitiesChanged(question, has, added, removed, cause, revision, reads, lists, scene)
            self._give(watch, notice)

    # --- events ------------------------------------------------------------------------------------------------------

    async def _tell(self, event: Pending) -> None:
        """Tell those who watch what happened, each as far as it may know of it."""
        if event.only is not None:
            watches = [event.only]
        else:
            watches = [watch for watch in self._watches.under(event.target) if watch.since < event.revision]
        if not watches:
            return
        scene = await self._scene(event.app_id, event.happening, watches)
        if scene is None:
            return
        happening = event.happening
        if not scene.exists and event.revision == _ALWAYS:
            happening = happening._replace(type=_DELETED[event.target[0]])
        last = happening.type in ENDINGS

        def tell(watch: Watch, mask: int, revision: int) -> None:
            question = watch.question
            reads = scene.exists and readable(question, mask)
            could = watch in self._lost or readable(question, watch.mask)
            known = heard(happening, watch.user_id, mask, reads=reads, could_read=could)
            if known is not None:
                own, lists = capability_names(question, mask), listable(question, mask)
                self._give(watch, Told(question, known, own, revision, reads, lists, last, scene))
            if last:
                self.unwatch(watch)

        await self._masks.each(watches, tell)

    async def _scene(self, app_id: int, happening: Happening, watches: Iterable[Watch]) -> Scene | None:
        """Read what an event shows, once the index knows as much; those that wait for it are cut when that fails."""
        try:
            scene = await self._read(app_id, happening)
            await self._authorizer.reach(app_id, scene.revision, _LONGEST_REACH_SECONDS)
        except Exception as error:  # noqa: BLE001 - whatever it is, the engine goes on and nobody is left stale
            for watch in list(watches):
                self._cut(watch, failed(error))
            return None
        return scene

    def _give(self, watch: Watch, notice: Notice) -> None:
        if watch.sink.tell(notice):
            self.told += 1
        else:
            self._cut(watch, OverLimit("the client reads too slowly", reason="SLOW_READER"))

    def _cut(self, watch: Watch, error: RolecallError) -> None:
        if watch in self._watches:
            self.unwatch(watch)
            with suppress(Exception):  # a sink that fails must not take the others' notices with it
                watch.sink.cut(error)
