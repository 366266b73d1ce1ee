"""What one cached fact costs the process, by kind, beside what the cache takes it for.

Each kind fills an index in a process of its own, in which nothing else grows.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import psutil

from bench.figures import Figure
from bench.lab import Lab, alone
from bench.worlds import APP_ID, Spec, channel, user
from rolecall.service.cache import CALL, CALL_MEMBER, CHANNEL, CHANNEL_MEMBER, USER, Name
from rolecall.service.index import Index
from rolecall.store import Store

_KINDS: Final = {
    "a user": USER,
    "a call": CALL,
    "a channel": CHANNEL,
    "a call member": CALL_MEMBER,
    "a channel member": CHANNEL_MEMBER,
}
_ABSENT: Final = "what does not exist"
_CHUNK: Final = 500


def measure(lab: Lab) -> list[Figure]:
    """Return bytes per entry of each kind."""
    world = lab.world("large")
    figures = []
    for kind in (*_KINDS, _ABSENT):
        cost, estimate = alone(_cost, world.path, world.spec, kind, lab.scale.entries)
        note = f"counted as {estimate:.0f}, ratio {cost / estimate:.2f}"
        figures.append(Figure(f"memory of {kind}", cost, "bytes", note=note))
    return figures


def _cost(path: Path, spec: Spec, kind: str, entries: int) -> tuple[float, float]:
    return asyncio.run(_fill(path, spec, kind, entries))


async def _fill(path: Path, spec: Spec, kind: str, entries: int) -> tuple[float, float]:
    """Return the growth of resident memory per entry, and the cache's own estimate."""
    store = await Store.open(str(path), create=False)
    try:
        index = Index(store, cache_mb=4_096)
        await index.start()
        for _ in range(20):  # buffers grow to their size
            await index.fetch(APP_ID, list(_names(spec, kind, range(_CHUNK))))
        for _ in index.cache.clear():
            pass
        before = _rss()
        for start in range(0, entries, _CHUNK):
            await index.fetch(APP_ID, list(_names(spec, kind, range(start, min(start + _CHUNK, entries)))))
        assert len(index.cache) == entries
        grown = _rss() - before
        await index.stop()
        return grown / entries, index.cache.bytes / entries
    finally:
        await store.close()


def _names(spec: Spec, kind: str, numbers: range) -> Iterator[Name]:
    """Yield names as questions make them; the parts of one name are strings of its own."""
    for n in numbers:
        call, place = divmod(n, spec.members_per_call)
        parts = {
            "a user": (user(n, spec.users),),
            "a call": (spec.cid(n % spec.calls),),
            "a channel": (channel(n),),
            "a call member": (spec.cid(call), spec.member(call, place)),
            "a channel member": (channel(n), user(n, spec.users)),
            _ABSENT: (f"nobody-{n}",),
        }
        yield (_KINDS.get(kind, USER), APP_ID, *parts[kind])


def _rss() -> int:
    gc.collect()
    return int(psutil.Process().memory_info().rss)
