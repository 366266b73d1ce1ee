"""Resident memory of a real server: with many grants, and while a million members pass through its cache."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator
from typing import Final

from bench.client import Client
from bench.figures import Figure
from bench.fronts import ENVOY, ENVOY_EMPTY, HAS_ENVOY
from bench.lab import Lab
from bench.serving import REAL, Server, serving
from bench.worlds import ROLES, Spec
from rolecall.api.v1 import authorization_pb2 as pb

TOLERANCE_MB: Final = 8
"""What the process may grow by beside its cache: buffers of large batches, SQLite's pages, memory between objects."""

_ITEMS: Final = 1_000
_WARM: Final = 30


def measure(lab: Lab) -> list[Figure]:
    """Return memory with grants loaded, and how far it grows with the cache full."""
    figures = [*_grants(lab), *(_behind_envoy(lab) if HAS_ENVOY else ())]
    for megabytes, members in lab.scale.sweeps.items():
        figures += _bounded(lab, megabytes, members)
    return figures


def _grants(lab: Lab) -> Iterator[Figure]:
    few, many = lab.world("small"), lab.world("types")
    with serving(REAL, few.path) as server:
        base = server.rss()
    with serving(REAL, many.path) as server:
        with Client(server.address) as client:
            assert client.check(many.spec.member(9, 0), many.spec.cid(9), "send-audio").allowed
        rss, peak = server.rss(), server.peak()
    note = f"{many.spec.types:,} call types × {len(ROLES)} roles × {many.spec.permissions_per_role}"
    yield Figure(f"resident with {many.spec.grants:,} grants", rss, "MB", 110, note=note)
    yield Figure("most ever resident until then", peak, "MB", note="loading needs more for a moment")
    yield Figure(f"resident with {few.spec.types} call types", base, "MB")


def _behind_envoy(lab: Lab) -> Iterator[Figure]:
    """Ask once, too, so that what answering needs is there."""
    world, resident = lab.world("types"), {}
    for name, command in (("server", ENVOY), ("empty", ENVOY_EMPTY)):
        with serving(command, world.path) as server:
            if name == "server":
                with Client(server.address) as client:
                    assert client.check(world.spec.member(9, 0), world.spec.cid(9), "send-audio").allowed
            resident[name] = server.rss()
    whole, empty = resident["server"], resident["empty"]
    title = f"resident with {world.spec.grants:,} grants, Envoy front"
    yield Figure(title, whole, "MB", 220, note="all its processes: Envoy with Python inside, and their supervisor")
    note = f"what it has more than the same with a Python app that does nothing, {empty:.1f} MB"
    yield Figure("of that our Python", whole - empty, "MB", 110, note=note)


def _bounded(lab: Lab, megabytes: int, members: int) -> Iterator[Figure]:
    """Ask about each of so many members once and watch the memory."""
    world = lab.world("large")
    with serving(REAL, world.path, settings={"cache_mb": megabytes, "log_level": "warning"}) as server:
        with Client(server.address) as client:
            for _ in range(_WARM):
                client.batch(_questions(world.spec, 0))
            before = server.rss()
            started = time.perf_counter()
            most = max(_sweep(client, server, world.spec, members))
            seconds = time.perf_counter() - started
        after = server.rss()
    cache = f"`cache_mb` {megabytes}"
    title = f"growth with {cache}, {members:,} members asked about"
    note = f"at most; {after - before:.1f} MB at the end; target is the cache and {TOLERANCE_MB} MB"
    yield Figure(title, most - before, "MB", megabytes + TOLERANCE_MB, note=note)
    yield Figure(
        f"growth : bound, {cache}",
        (most - before) / megabytes,
        "×",
        note="above 1: the cache counts too little; below 0.5: too much",
    )
    yield Figure(
        f"time to ask about and read each, {cache}",
        seconds / members * 1e6,
        "µs",
        note=f"batches of {_ITEMS:,}, all misses",
    )


def _sweep(client: Client, server: Server, spec: Spec, members: int) -> Iterator[float]:
    gc.collect()
    for start in range(0, members, _ITEMS):
        client.batch(_questions(spec, start))
        yield server.rss()


def _questions(spec: Spec, start: int) -> pb.BatchCheckCapabilitiesRequest:
    places = (divmod(n, spec.members_per_call) for n in range(start, start + _ITEMS))
    return pb.BatchCheckCapabilitiesRequest(
        checks=[
            pb.CheckCapabilityRequest(user_id=spec.member(call, place), call=spec.cid(call), capability="send-audio")
            for call, place in places
        ]
    )
