"""The work of the watch engine for one app: the capabilities of the watches that changes touched, and what happened.

Of calls capabilities are told at once, of channels with what the channel is. Whatever is told is judged by the index as
it is by then, and no earlier than what it shows; what was told last is what a watch's mask says.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Final

from rolecall.domain.errors import OverLimit, RolecallError
from rolecall.service.authorizer import Seen, capability_names, listable, readable
from rolecall.service.watching.masks import Act, Failures, Masks, failed, passing
from rolecall.service.watching.queue import Pending, Queue
from rolecall.service.watching.sinks import Sinks
from rolecall.service.watching.telling import ENDINGS, bounded, heard
from rolecall.service.watching.watches import CapabilitiesChanged, Followed, Name, Scene, Told, Watch, Watches
from rolecall.store import changes as log
from rolecall.store.changes import Happening

MOST_PENDING: Final = 10_000
PATIENCE_SECONDS: Final = 10.0
"""How long what can't be told is tried again before its watches are cut."""
_PAUSE_SECONDS: Final = 0.05
RESUMED: Final = "resume"
UPDATED: Final = {log.CALL: "call.updated", log.CHANNEL: "channel.updated"}
_DELETED: Final = {log.CALL: "call.deleted", log.CHANNEL: "channel.deleted"}

Read = Callable[[int, Happening], Awaitable[Scene]]
"""Reads what an event of an app shows."""


class Work:
    """What is still to be done for one app. Whoever adds to it sets `woken`; `run` ends when all is done."""

    def __init__(self, app_id: int, watches: Watches, sinks: Sinks, masks: Masks, read: Read) -> None:
        self._app_id = app_id
        self._watches = watches
        self._sinks = sinks
        self._masks = masks
        self._read = read
        self.touched: dict[Name, str] = {}
        self.again: dict[Watch, str] = {}
        self.events = Queue()
        self.woken = asyncio.Event()
        self._shows: dict[Name, dict[Watch, str]] = {}
        self._later: dict[Watch, str] = {}
        self._retry_at = 0.0

    async def run(self) -> None:
        """Work until nothing is left: capabilities first, then in turn one channel that is shown and one event."""
        while True:
            self._resume()
            if len(self.events) > MOST_PENDING + len(self._watches.of_app(self._app_id)):
                self.events.clear()
                self._sinks.cut_all(self._app_id, OverLimit("more happens than can be told", reason="TOO_MANY_EVENTS"))
            if self.touched or self.again:
                await self._recompute()
            if self._shows:
                await self._show(next(iter(self._shows)))
            event = self.events.take()
            if event is not None:
                await self._tell(event)
            elif not (self.touched or self.again or self._shows):
                if not self._puts_off:
                    return
                await self._pause()

    # --- what can't be done now --------------------------------------------------------------------------------------

    @property
    def _puts_off(self) -> bool:
        return bool(self._later) or self.events.holds

    async def _pause(self) -> None:
        self.woken.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout_at(self._retry_at):
                await self.woken.wait()

    def _resume(self) -> None:
        """Take up again what was put off, when it has waited."""
        if self._puts_off and asyncio.get_running_loop().time() >= self._retry_at:
            self.again = {**self._later, **self.again}
            self._later = {}
            self.events.resume()

    def _patient(self, failures: Failures, event: Pending | None = None) -> tuple[Watch, ...]:
        """Return those to try again after a pause; those that have failed for too long or for good are cut."""
        patient = tuple(watch for watch, error in failures.items() if self._bears(watch, error, event or watch))
        if patient and not self._puts_off:
            self._retry_at = asyncio.get_running_loop().time() + _PAUSE_SECONDS
        return patient

    def _bears(self, watch: Watch, error: RolecallError, what: Watch | Pending) -> bool:
        now = time.monotonic()
        if what.failing_since is None:
            what.failing_since = now
        if passing(error) and now - what.failing_since < PATIENCE_SECONDS:
            return True
        self._sinks.cut(watch, error)
        return False

    # --- capabilities ------------------------------------------------------------------------------------------------

    async def _recompute(self) -> None:
        """Tell every watch that a change may have touched, when what its user may do is not what was told last."""
        touched, self.touched = self.touched, {}
        causes, self.again = self.again, {}
        for name, cause in touched.items():
            causes.update(dict.fromkeys(self._watches.under(name), cause))

        def look(watch: Watch, mask: int, revision: int, seen: Seen | None) -> None:
            if isinstance(watch, Followed):
                watch.failing_since = None
                if not watch.look(mask, revision, causes[watch], seen):
                    self._sinks.cut_slow(watch)
            elif watch.question.call:
                self._changed(watch, mask, revision, causes[watch])
            elif mask != watch.mask or watch.doubtful:
                self._shows.setdefault(watch.target(), {})[watch] = causes[watch]
            else:
                watch.failing_since = None

        looked_at = [watch for watch in causes if isinstance(watch, Followed) or not self.events.ends(watch)]
        self._put_off(await self._masks.each(self._app_id, looked_at, look), causes)

    async def _show(self, target: Name) -> None:
        """Tell those on a channel, with what it is now: their clients learn of it no other way."""
        causes = {watch: cause for watch, cause in self._shows.pop(target).items() if not watch.ended}
        if not causes:
            return
        try:
            scene = await self._read(self._app_id, Happening(UPDATED[log.CHANNEL], target[2]))
        except Exception as error:  # noqa: BLE001 - whatever it is, the others go on
            failures = dict.fromkeys(causes, failed(error))
        else:

            def tell(watch: Watch, mask: int, revision: int, _: Seen | None) -> None:
                self._changed(watch, mask, revision, causes[watch], scene)

            failures = await self._masks.each(self._app_id, causes, tell) if scene.exists else {}
        self._put_off(failures, causes)

    def _put_off(self, failures: Failures, causes: Mapping[Watch, str]) -> None:
        self._later.update({watch: causes[watch] for watch in self._patient(failures)})

    def _changed(
        self, watch: Watch, mask: int, revision: int, cause: str | None = None, scene: Scene | None = None
    ) -> None:
        """Take note of what a user may do now, and tell it when that is not what was told last."""
        question, before, doubtful = watch.question, watch.mask, watch.doubtful
        watch.failing_since = None
        if mask == before and not doubtful:
            return
        watch.mask = mask
        reads = readable(question, mask)
        if readable(question, before) and not reads:
            watch.could_read_at = revision
        had, has = capability_names(question, before), capability_names(question, mask)
        if had == has and not doubtful:
            return
        watch.doubtful = False
        added = tuple(name for name in has if name not in had)
        removed = tuple(name for name in had if name not in has)
        lists, shown = listable(question, mask), None if question.call else scene
        notice = CapabilitiesChanged(
            question, has, added, removed, cause or self._cause(watch), revision, reads, lists, shown
        )
        self._sinks.give(watch, notice)

    def _cause(self, watch: Watch) -> str:
        """Return the change that is known to have touched a watch and has not been worked through."""
        touched = [self.touched[name] for name in watch.names() if name in self.touched]
        known = (self.again, self._later, self._shows.get(watch.target(), {}))
        return next((cause for cause in (*touched, *(causes.get(watch) for causes in known)) if cause), RESUMED)

    # --- events ------------------------------------------------------------------------------------------------------

    async def _tell(self, event: Pending) -> None:
        """Tell those who watch what happened, each as far as it may know of it."""
        watches = event.only
        if watches is None:
            watches = tuple(watch for watch in self._watches.under(event.target) if watch.since < event.revision)
        watches = tuple(watch for watch in watches if not watch.ended and not isinstance(watch, Followed))
        failures: Failures = {}
        if watches:
            try:
                scene = await self._read(self._app_id, bounded(event.happening))
            except Exception as error:  # noqa: BLE001 - whatever it is, the others go on
                failures = dict.fromkeys(watches, failed(error))
            else:
                failures = await self._masks.each(self._app_id, watches, self._teller(event, scene))
        if patient := self._patient(failures, event):
            self.events.hold(event, patient)
        else:
            self.events.done(event)

    def _teller(self, event: Pending, scene: Scene) -> Act:
        happening = event.happening
        if not scene.exists and not event.seq:
            happening = happening._replace(type=_DELETED[event.target[0]])
        last = happening.type in ENDINGS

        def tell(watch: Watch, mask: int, revision: int, _: Seen | None) -> None:
            question = watch.question
            reads = scene.exists and readable(question, mask)
            could = readable(question, watch.mask) or event.revision <= watch.could_read_at
            if scene.exists and not last and not self.events.ends(watch):
                self._changed(watch, mask, revision, scene=scene)
            known = heard(happening, watch.user_id, mask, reads=reads, could_read=could)
            if known is not None:
                own, lists = capability_names(question, mask), listable(question, mask)
                self._sinks.give(watch, Told(question, known, own, revision, reads, lists, last, scene))
            if last:
                self._watches.discard(watch)

        return tell
