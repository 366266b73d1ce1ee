"""Answers that hold many things: each is shaped and written by itself, so that others are answered meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar, cast

import msgspec

from rolecall.service.pace import Pace
from rolecall.transports.rest.surface import Surface, encoded

T = TypeVar("T")
R = TypeVar("R")


async def written(surface: Surface, things: Iterable[T], shape: Callable[[T], R]) -> list[R]:
    """Return things in their shape, as the surface writes them: an answer takes them over as they are."""
    pace, done = Pace(), []
    for thing in things:
        done.append(cast("R", msgspec.Raw(encoded(surface, shape(thing)))))
        await pace.give_way()
    return done
