"""What one cached fact costs the process, by kind, beside what the cache takes it for.

Each kind passes through a small cache in a process of its own, in which nothing else grows, until most facts have been
let go: the tables of a cache that is full and turning over are larger than those of one that has only been filled.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

import psutil

from bench.figures import Figure
from bench.lab import Lab, alone
from bench.worlds import APP_ID, Spec, channel, user
from rolecall.service.cache import CALL, CALL_MEMBER, CHANNEL, CHANNEL_MEMBER, USER, Name
from rolecall.service.index import Index
from rolecall.store import Store, Wanted

_KINDS: Final = {
    "a user": USER,
    "a call": CALL,
    "a channel": CHANNEL,
    "a call member": CALL_MEMBER,
    "a channel member": CHANNEL_MEMBER,
}
_ABSENT: Final = "what does not exist"
_CHUNK: Final = 500
_WARM: Final = 40
_MEGABYTES: Final = 16


class Cost(NamedTuple):
    """Bytes of one entry as the process grew, and as the cache counts; `held` entries shared the growth."""

    measured: float
    counted: float
    held: int


def measure(lab: Lab) -> list[Figure]:
    """Return bytes per entry of each kind."""
    world = lab.world("large")
    figures = []
    for kind in (*_KINDS, _ABSENT):
        cost = alone(_cost, world.path, world.spec, kind, lab.scale.entries)
        note = f"counted as {cost.counted:.0f}: {cost.measured / cost.counted:.2f} of it; {cost.held:,} held"
        figures.append(Figure(f"memory of {kind}", cost.measured, "bytes", note=note))
    return figures


def _cost(path: Path, spec: Spec, kind: str, entries: int) -> Cost:
    return asyncio.run(_turn_over(path, spec, kind, entries))


async def _turn_over(path: Path, spec: Spec, kind: str, entries: int) -> Cost:
    store = await Store.open(str(path), create=False)
    try:
        index = Index(store, cache_mb=_MEGABYTES)
        await index.start()
        for start in range(0, entries, max(_CHUNK, entries // _WARM)):  # fills SQLite's pages and the buffers only
            await store.facts(APP_ID, _wanted(_names(spec, kind, range(start, start + _CHUNK))))
        before = _rss()
        for start in range(0, entries, _CHUNK):
            await index.fetch(APP_ID, list(_names(spec, kind, range(start, min(start + _CHUNK, entries)))))
        held = len(index.cache)
        grown = _rss() - before
        await index.stop()
        return Cost(grown / held, index.cache.bytes / held, held)
    finally:
        await store.close()


def _names(spec: Spec, kind: str, numbers: range) -> Iterator[Name]:
    """Yield names as questions make them; the parts of one name are strings of its own."""
    for n in numbers:
        call, place = divmod(n, spec.members_per_call)
        parts = {
            "a user": (user(n, spec.users),),
            "a call": (spec.cid(n % spec.calls),),
            "a channel": (channel(n % spec.channels),),
            "a call member": (spec.cid(call % spec.calls), spec.member(call, place)),
            "a channel member": (channel(n % spec.channels), user(n % spec.channels, spec.users)),
            _ABSENT: (f"nobody-{n}",),
        }
        yield (_KINDS.get(kind, USER), APP_ID, *parts[kind])


def _wanted(names: Iterator[Name]) -> Wanted:
    """Return users and calls of the names, which is what most pages hold."""
    parts = [name[2:] for name in names]
    return Wanted(users=[part[-1] for part in parts], calls=[part[0] for part in parts])


def _rss() -> int:
    gc.collect()
    return int(psutil.Process().memory_info().rss)
