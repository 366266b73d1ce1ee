"""Writes one at a time, each on disk when it is acknowledged, and how soon a revoke is seen.

Two servers share one file. The second one hears of a write when it next looks at the store.
"""

from __future__ import annotations

import random
import time
from statistics import median, quantiles
from typing import Final

from bench.client import Client
from bench.figures import Figure
from bench.lab import Lab
from bench.serving import FLOOR, serving
from bench.worlds import Spec

_REFRESH_SECONDS: Final = 0.1
_CAPABILITY: Final = "send-audio"
_PATIENCE_SECONDS: Final = 10


def measure(lab: Lab) -> list[Figure]:
    """Return milliseconds of a write, and from a revoke's acknowledgement to the deny."""
    copy, spec = lab.copy("small"), lab.scale.small
    with (
        serving(FLOOR, copy) as first,
        serving(FLOOR, copy) as second,
        Client(first.address) as writer,
        Client(second.address) as other,
    ):
        writes = [_timed_write(writer, n) for n in range(lab.scale.writes + 5)][5:]
        here = [_revoke(writer, writer, spec) for _ in range(lab.scale.revokes)]
        there = [_revoke(writer, other, spec) for _ in range(lab.scale.revokes)]
    cuts = quantiles(writes, n=100, method="inclusive")
    asking = "asked at once; includes one call"
    refresh = f"looks every {_REFRESH_SECONDS * 1000:.0f} ms; slowest {max(there):.1f} ms"
    return [
        Figure("UpsertUsers of one, p50", cuts[49], "ms", note="acknowledged when it is on disk"),
        Figure("UpsertUsers of one, p99", cuts[98], "ms"),
        Figure("revoke to deny, same process", median(here), "ms", note=f"{asking}; slowest {max(here):.2f} ms"),
        Figure("revoke to deny, another process", median(there), "ms", note=refresh),
    ]


def _timed_write(client: Client, number: int) -> float:
    started = time.perf_counter()
    client.upsert_user("writer", "guest" if number % 2 else "user")
    return (time.perf_counter() - started) * 1_000


def _revoke(writer: Client, reader: Client, spec: Spec) -> float:
    """Return milliseconds from the acknowledgement of a revoke until the reader's first deny.

    The wait before it lets the revoke fall anywhere between two looks of the other process.
    """
    user_id, call = spec.member(0, 0), spec.cid(0)
    writer.permit(user_id, call, reset=_CAPABILITY)
    _until(reader, user_id, call, allowed=True)
    time.sleep(random.uniform(0, _REFRESH_SECONDS))
    writer.permit(user_id, call, revoke=_CAPABILITY)
    acknowledged = time.perf_counter()
    _until(reader, user_id, call, allowed=False)
    return (time.perf_counter() - acknowledged) * 1_000


def _until(reader: Client, user_id: str, call: str, *, allowed: bool) -> None:
    until = time.monotonic() + _PATIENCE_SECONDS
    while reader.check(user_id, call, _CAPABILITY).allowed != allowed:
        if time.monotonic() > until:
            raise TimeoutError("the other process never saw the write")
