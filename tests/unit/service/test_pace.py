"""Giving way: others go on between the stretches of long work, such as freeing very much."""

from __future__ import annotations

import asyncio
import weakref

import pytest

from rolecall.service import pace
from rolecall.service.pace import let_go


class Thing:
    """Something whose end can be seen."""


async def test_others_go_on_while_much_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "_LONGEST_STRETCH_SECONDS", -1.0)  # every stretch is too long
    things = [Thing() for _ in range(20)]
    ends = [weakref.ref(thing) for thing in things]
    freeing = asyncio.create_task(let_go(things))
    left = set()
    while not freeing.done():
        await asyncio.sleep(0)
        left.add(sum(end() is not None for end in ends))
    assert left == set(range(20))
