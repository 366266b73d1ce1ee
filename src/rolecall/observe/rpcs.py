"""RPCs counted in plain integers: telling one costs a fraction of a microsecond, the work is done at a scrape.

Told and read in the server's one thread.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterator
from itertools import accumulate
from typing import Final

from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

UNKNOWN_METHOD: Final = "unknown"

_BUCKETS: Final = (
    0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
)  # fmt: skip
"""Seconds: three steps a decade, from 100 µs to 10 s."""

_CODES: Final = frozenset({
    "OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS",
    "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED",
    "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED",
})  # fmt: skip


class RpcFigures:
    """Calls of one RPC: how many by code, and how long they took."""

    __slots__ = ("buckets", "codes", "seconds")

    def __init__(self) -> None:
        self.codes: dict[str, int] = {}
        self.buckets = [0] * (len(_BUCKETS) + 1)
        self.seconds = 0.0

    def observe(self, code: str, seconds: float) -> None:
        """Count one finished call: the name of its code and the seconds it took."""
        known = code if code in _CODES else "UNKNOWN"
        self.codes[known] = self.codes.get(known, 0) + 1
        self.buckets[bisect_left(_BUCKETS, seconds)] += 1
        self.seconds += seconds


class Rpcs(Collector):
    """The figures of every RPC; what is none of `methods` counts as `unknown`."""

    def __init__(self, methods: Collection[str]) -> None:
        self._methods = frozenset(methods)
        self._figures: dict[str, RpcFigures] = {}

    def of(self, method: str) -> RpcFigures:
        """Return the figures of one RPC."""
        known = method if method in self._methods else UNKNOWN_METHOD
        return self._figures.setdefault(known, RpcFigures())

    def collect(self) -> Iterator[Metric]:
        """Return what a scrape shows."""
        calls = CounterMetricFamily("rolecall_rpcs", "RPCs finished.", labels=["method", "code"])
        seconds = HistogramMetricFamily("rolecall_rpc_seconds", "Time taken by RPCs.", labels=["method"])
        for method, figures in self._figures.items():
            for code, count in figures.codes.items():
                calls.add_metric([method, code], count)
            bounds = map(floatToGoString, (*_BUCKETS, float("inf")))
            seconds.add_metric([method], list(zip(bounds, accumulate(figures.buckets), strict=True)), figures.seconds)
        yield calls
        yield seconds
