"""Loads that take turns, and what is said of them: medians, and ratios round by round."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median
from typing import NamedTuple

from bench.figures import Figure, number
from bench.lab import Lab
from bench.load import Job, Sample, load
from bench.serving import Server


class Target(NamedTuple):
    """What is loaded: a server, and with what."""

    server: Server
    job: Job


def rounds(lab: Lab, targets: Mapping[str, Target], calls: int) -> dict[str, list[Sample]]:
    """Load each target once a round, every other round in reverse order; the first round only warms up."""
    return _rounds(lab, targets, dict.fromkeys(targets, calls))


def timed_rounds(lab: Lab, targets: Mapping[str, Target], least: int = 20) -> dict[str, list[Sample]]:
    """Do the same with as many calls of each as take the same time, by what warming up says; at least so many."""
    calls = {}
    for name, target in targets.items():
        sample = load(target.server, target.job, least, lab.cores.load, lab.folder)
        more = max(least, int(sample.per_second * lab.scale.load_seconds / 4))
        sample = load(target.server, target.job, more, lab.cores.load, lab.folder)
        calls[name] = max(least, int(sample.per_second * lab.scale.load_seconds))
    return _rounds(lab, targets, calls)


def _rounds(lab: Lab, targets: Mapping[str, Target], calls: Mapping[str, int]) -> dict[str, list[Sample]]:
    samples: dict[str, list[Sample]] = {name: [] for name in targets}
    for turn in range(lab.scale.load_rounds + 1):
        for name in list(targets) if turn % 2 else reversed(list(targets)):
            server, job = targets[name]
            sample = load(server, job, calls[name], lab.cores.load, lab.folder)
            if turn:
                samples[name].append(sample)
    return samples


def rates(samples: Sequence[Sample], each: int = 1) -> list[float]:
    """Return calls per second, or decisions when each call has several."""
    return [sample.per_second * each for sample in samples]


def cpus(samples: Sequence[Sample]) -> list[float]:
    """Return the server's microseconds per call."""
    return [sample.cpu_micros for sample in samples]


def ratio(
    name: str,
    over: Sequence[float],
    under: Sequence[float],
    limit: float | None = None,
    *,
    at_least: bool = False,
    note: str = "",
) -> Figure:
    """Return how many times the one is the other: the median of the rounds' own ratios."""
    ratios = [one / other for one, other in zip(over, under, strict=True)]
    return typical(name, ratios, "×", limit, at_least=at_least, note=note)


def typical(
    name: str, values: Sequence[float], unit: str, limit: float | None = None, *, at_least: bool = False, note: str = ""
) -> Figure:
    """Return the median of the rounds."""
    told = f"per round {number(min(values))} to {number(max(values))}"
    whole = f"{told}; {note}" if note else told
    return Figure(name, median(values), unit, limit, at_least, whole, (min(values), max(values)))
