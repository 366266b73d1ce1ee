"""Loops of questions in this process, about facts that are in memory.

Loops take turns, so that a machine that slows down slows them all.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from itertools import cycle, islice
from pathlib import Path
from statistics import median
from time import perf_counter_ns
from typing import Final, NamedTuple

from bench.figures import Figure
from rolecall.service.authorizer import Authorizer
from rolecall.service.cache import Name
from rolecall.service.callers import Caller
from rolecall.service.index import Index
from rolecall.service.questions import Question
from rolecall.service.state import AppState
from rolecall.store import Store

_BATCHES: Final = 7
_CHUNK: Final = 3_000

Asked = list[tuple[Question, str]]


class Runner(NamedTuple):
    """A batch of questions, put in a loop: `run` returns microseconds per question."""

    name: str
    run: Callable[[], float]


@asynccontextmanager
async def holding(path: Path, names: Mapping[int, Iterable[Name]]) -> AsyncIterator[Index]:
    """Open a store and hold each app's facts of these names."""
    store = await Store.open(str(path), create=False)
    try:
        index = Index(store, cache_mb=4_096, max_staleness_seconds=3_600)  # the loops let nothing else run
        await index.start()
        try:
            for app_id, wanted in names.items():
                rest = iter(wanted)
                while chunk := list(islice(rest, _CHUNK)):
                    await index.fetch(app_id, chunk)
            yield index
        finally:
            await index.stop()
    finally:
        await store.close()


def deciding(index: Index, app: AppState, *batches: Asked) -> Callable[[], float]:
    """Return a run of the authorizer's decide(); of several batches each run takes the next."""
    decide, caller, turns = Authorizer(index).decide, Caller(app.id), cycle(batches)

    def run() -> float:
        batch = next(turns)
        started = perf_counter_ns()
        for question, capability in batch:
            decide(app, caller, question, capability)
        return (perf_counter_ns() - started) / len(batch) / 1_000

    return run


def interleaved(runners: list[Runner], rounds: int) -> dict[str, list[float]]:
    """Return each runner's rounds; a round is the median of a few batches, every other one in reverse order."""
    times: dict[str, list[float]] = {runner.name: [] for runner in runners}
    for runner in runners:
        runner.run()
    for number in range(rounds):
        batches: dict[str, list[float]] = {runner.name: [] for runner in runners}
        for turn in range(_BATCHES):
            for runner in runners if (number + turn) % 2 else reversed(runners):
                batches[runner.name].append(runner.run())
        for name, values in batches.items():
            times[name].append(median(values))
    return times


def ratio(name: str, times: list[float], base: list[float], limit: float) -> Figure:
    """Return how many times the base something takes, round by round."""
    ratios = [one / other for one, other in zip(times, base, strict=True)]
    note = f"per round {min(ratios):.2f} to {max(ratios):.2f}"
    return Figure(f"ratio of {name}", median(ratios), "×", limit, note=note)
