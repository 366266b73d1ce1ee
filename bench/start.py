"""From the start of a real server's process until its health says SERVING."""

from __future__ import annotations

from statistics import median

from bench.figures import Figure
from bench.lab import Lab
from bench.serving import REAL, serving


def measure(lab: Lab) -> list[Figure]:
    """Return seconds to SERVING on the large store, and on the one with many types."""
    spec = lab.scale.large
    large, types = _seconds(lab, "large"), _seconds(lab, "types")
    note = f"the slowest of {len(large)}; median {median(large):.2f} s"
    return [
        Figure(f"start with {spec.calls:,} calls and {spec.members:,} members", max(large), "s", 3.0, note=note),
        Figure(
            f"start with {lab.scale.types.types:,} call types", max(types), "s", note=f"median {median(types):.2f} s"
        ),
        Figure("time it took to make the large store", lab.world("large").seconds, "s", note="rows written directly"),
    ]


def _seconds(lab: Lab, name: str) -> list[float]:
    seconds = []
    for _ in range(lab.scale.starts):
        with serving(REAL, lab.world(name).path) as server:
            seconds.append(server.seconds)
    return seconds
