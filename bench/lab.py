"""What the measurements share: how large to measure, on which cores, and worlds that are made when first wanted."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import Final, NamedTuple, ParamSpec, TypeVar

from bench.machine import Cores
from bench.worlds import Spec, World, build

P = ParamSpec("P")
R = TypeVar("R")


class Scale(NamedTuple):
    """How much is measured.

    Worlds: `small` has few of everything, `types` many call types, `large` many calls and members. `sweeps` says for
    each `cache_mb` how many members are asked about. `grants` has a million grants, which are reloaded; in
    `watched` all calls are of one type, and `crowded` is one call of as many members.
    `streamed` checks go over each stream: enough for opening it not to count.
    """

    name: str
    small: Spec
    types: Spec
    large: Spec
    grants: Spec
    watched: Spec
    crowded: Spec
    decide_rounds: int
    load_rounds: int
    load_calls: int
    load_seconds: float
    streamed: int
    sweeps: Mapping[int, int]
    entries: int
    starts: int
    writes: int
    revokes: int
    migrations: int
    watch_writes: int
    reloads: int


FULL: Final = Scale(
    name="full",
    small=Spec(types=10, calls=10, members_per_call=100, users=1_000),
    types=Spec(types=1_000, calls=10, members_per_call=100, users=1_000),
    large=Spec(types=10, calls=100_000, members_per_call=10, users=100_000, channels=50_000),
    grants=Spec(types=1_000, calls=10, members_per_call=100, users=1_000, permissions_per_role=100),
    watched=Spec(types=1, calls=10, members_per_call=100, users=1_000),
    crowded=Spec(types=1, calls=1, members_per_call=1_000, users=1_000),
    decide_rounds=60,
    load_rounds=9,
    load_calls=5_000,
    load_seconds=0.8,
    streamed=2_000,
    sweeps={16: 250_000, 64: 1_000_000},
    entries=100_000,
    starts=5,
    writes=300,
    revokes=20,
    migrations=5,
    watch_writes=30,
    reloads=5,
)
QUICK: Final = Scale(
    name="quick",
    small=FULL.small,
    types=Spec(types=50, calls=10, members_per_call=100, users=1_000),
    large=Spec(types=10, calls=1_000, members_per_call=10, users=1_000, channels=500),
    grants=Spec(types=50, calls=10, members_per_call=100, users=1_000, permissions_per_role=100),
    watched=Spec(types=1, calls=10, members_per_call=10, users=100),
    crowded=Spec(types=1, calls=1, members_per_call=100, users=100),
    decide_rounds=3,
    load_rounds=2,
    load_calls=200,
    load_seconds=0.03,
    streamed=100,
    sweeps={16: 2_000, 64: 3_000},
    entries=500,
    starts=1,
    writes=10,
    revokes=2,
    migrations=1,
    watch_writes=2,
    reloads=1,
)


@dataclass(slots=True)
class Lab:
    """One run's folder, scale and cores."""

    folder: Path
    scale: Scale
    cores: Cores
    _worlds: dict[str, World] = field(default_factory=dict)

    def world(self, name: str) -> World:
        """Return the world of this name, made now if this is the first to want it."""
        known = self._worlds.get(name)
        if known is None:
            known = self._worlds[name] = build(self.folder / f"{name}.db", getattr(self.scale, name))
        return known

    def copy(self, name: str) -> Path:
        """Return the path of a copy of a world, to be written to."""
        return Path(shutil.copy(self.world(name).path, self.folder / f"{name}-copy.db"))


def alone(work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Do work in a new process, which holds nothing of this one, and return its result."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(work, *args, **kwargs).result()
