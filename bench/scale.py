"""Whether the slowest answers depend on how much is stored: p99 of even load, at a share of what the server can answer.

Each server is loaded so that 85 % of its core are taken, as was seen just before; they take turns on one core.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from statistics import median, quantiles
from typing import Final, NamedTuple

from bench.figures import Figure
from bench.fronts import FASTEST, FASTEST_NAME
from bench.lab import Lab
from bench.machine import on_core
from bench.pacing import paced, saturated, taking
from bench.rounds import ratio, typical
from bench.serving import Server, serving
from bench.worlds import Spec
from rolecall.api.v1 import authorization_pb2 as pb

_SHARE: Final = 0.85
"""Of the server's core: of as many questions as it can answer when they come evenly."""

_QUESTIONS: Final = 1_000
"""As many different ones in each world, so that only what is stored beside them differs."""


class Held(NamedTuple):
    """A server on one of the worlds, and the questions it is asked."""

    server: Server
    bodies: Sequence[bytes]


class Round(NamedTuple):
    """One round: calls per second at the share of the core, and the 99th percentile of them, in milliseconds."""

    rate: float
    p99: float


def measure(lab: Lab) -> list[Figure]:
    """Return ratios of 99th percentiles: many members to few, many call types to few."""
    with ExitStack() as stack:
        held = {name: stack.enter_context(_held(lab, name)) for name in ("small", "large", "types")}
        stack.enter_context(on_core(lab.cores.load))
        rounds: dict[str, list[Round]] = {name: [] for name in held}
        for turn in range(lab.scale.load_rounds + 1):
            for name in list(held) if turn % 2 else reversed(list(held)):
                one = _round(lab, held[name])
                if turn:  # the first round only warms up, and fills the caches
                    rounds[name].append(one)
    few, many, types = (rounds[name] for name in held)
    small, large, typed = (getattr(lab.scale, name) for name in held)
    return [
        _ratio(f"{large.members:,} members : {small.members:,} members", many, few),
        _ratio(f"{typed.types:,} call types : {small.types:,} call types", types, few),
        *_each(f"{small.members:,} members, {small.types:,} call types", few),
        *_each(f"{large.members:,} members", many),
        *_each(f"{typed.types:,} call types", types),
    ]


def _ratio(name: str, over: Sequence[Round], under: Sequence[Round]) -> Figure:
    note = f"{_SHARE:.0%} of its own ceiling; {FASTEST_NAME}"
    return ratio(f"p99 of {name}", [one.p99 for one in over], [one.p99 for one in under], 1.2, note=note)


def _each(name: str, rounds: Sequence[Round]) -> Iterator[Figure]:
    yield typical(f"p99 with {name}", [one.p99 for one in rounds], "ms")
    yield Figure(f"ceiling of even load with {name}", median(one.rate for one in rounds) / _SHARE, "calls/s")


def _round(lab: Lab, held: Held) -> Round:
    (server, bodies), seconds = held, lab.scale.load_seconds
    ceiling = saturated(server.address, bodies, lab.scale.load_calls)
    rate = taking(_SHARE, server, lambda rate: paced(server.address, bodies, rate, seconds / 2), ceiling)
    waits = paced(server.address, bodies, rate, seconds * 2)
    return Round(rate, quantiles(waits, n=100, method="inclusive")[98])


@contextmanager
def _held(lab: Lab, name: str) -> Iterator[Held]:
    world = lab.world(name)
    with serving(FASTEST, world.path, core=lab.cores.server) as server:
        yield Held(server, bodies_of(world.spec))


def bodies_of(spec: Spec) -> list[bytes]:
    """Return questions spread over the whole world, all of which roles answer with yes."""
    step = max(1, spec.members // _QUESTIONS)
    places = (divmod(number * step % spec.members, spec.members_per_call) for number in range(_QUESTIONS))
    return [
        pb.CheckCapabilityRequest(
            user_id=spec.member(call, place), call=spec.cid(call), capability="send-audio"
        ).SerializeToString()
        for call, place in places
    ]
