"""The Envoy front against Cerbos: the same questions over gRPC, the load made by h2load, each server on the same core.

Before anything is measured, both must answer every question that can be asked in the same way.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace
from statistics import mean
from typing import Final

from bench.client import BATCH, CHECK, LIST, Client
from bench.figures import Figure
from bench.fronts import FASTEST, FASTEST_NAME
from bench.lab import Lab
from bench.load import CONNECTIONS, FEW, H2LOAD, Job, Sample, generator, one_at_a_time
from bench.peers import cerbos
from bench.peers.install import cerbos as find_cerbos
from bench.peers.install import versions
from bench.peers.world import (
    ACTIONS,
    ASKED,
    ASKED_ROLE,
    CALL,
    CALLS,
    CAPABILITY,
    OWNER,
    Asked,
    build,
    everything,
    numbered,
)
from bench.rounds import Target, cpus, rates, ratio, timed_rounds, typical
from bench.serving import REAL, Server, serving
from rolecall.api.v1 import authorization_pb2 as pb

_FEW: Final = 25
_QUESTION: Final = Asked(ASKED, ASKED_ROLE, CALL, OWNER, CAPABILITY)
_LATENCY_TURNS: Final = 5
_BATCHED: Final = ("chrt", "-b", "0")
"""Batch scheduling, for both: threads that are woken do not interrupt the one that runs."""


def measure(lab: Lab) -> list[Figure]:
    """Return ratios of calls per second, of processor time and of latency."""
    program = find_cerbos()
    if program is None or not H2LOAD:
        missing = "Cerbos (`make bench-peers` fetches it with npm)" if H2LOAD else "h2load (package nghttp2-client)"
        print(f"  left out: {missing} is not here", file=sys.stderr)
        return []
    with ExitStack() as stack:
        ours = stack.enter_context(serving(FASTEST, build(lab.folder / "peers.db"), core=lab.cores.server))
        plain = stack.enter_context(serving(REAL, lab.folder / "peers.db", core=lab.cores.server))
        theirs = stack.enter_context(cerbos.cerbos(lab, program))
        client = stack.enter_context(Client(ours.address))
        batched = {}
        if shutil.which(_BATCHED[0]):
            batched["check"] = stack.enter_context(
                serving((*_BATCHED, *FASTEST), lab.folder / "peers.db", core=lab.cores.server)
            )
            batched["cerbos check"] = stack.enter_context(cerbos.cerbos(lab, program, _BATCHED))
        _check_answers(client, theirs)
        targets = {
            **{name: Target(ours, job) for name, job in _ours(client).items()},
            **{f"cerbos {name}": Target(theirs, job) for name, job in _theirs(theirs.address).items()},
        }
        others = {"grpc": Target(plain, targets["check"].job)}
        others |= {
            f"few {name}": targets[name]._replace(job=replace(targets[name].job, streams=FEW))
            for name in ("check", "cerbos check")
        }
        others |= {f"batched {name}": Target(server, targets[name].job) for name, server in batched.items()}
        seen = timed_rounds(lab, targets | others)
        waits = _latencies(lab, {name: targets[name] for name in ("check", "cerbos check")})
        memory = ours.rss(), theirs.rss()
    return [*_figures(seen), *_single(waits), *_memory(*memory)]


def _figures(seen: Mapping[str, list[Sample]]) -> Iterator[Figure]:
    check, other = seen["check"], seen["cerbos check"]
    told = f"{generator()}; {FASTEST_NAME}, Cerbos {versions()['Cerbos']}"
    yield ratio("CheckCapability : Cerbos, calls per second", rates(check), rates(other), 3, at_least=True, note=told)
    yield ratio("CheckCapability : Cerbos, processor time per call", cpus(check), cpus(other), 0.4)
    some, less = seen["few check"], seen["few cerbos check"]
    yield ratio(f"the same with {CONNECTIONS * FEW} calls at a time, calls per second", rates(some), rates(less))
    yield ratio("the same, processor time per call", cpus(some), cpus(less))
    for few, limit in ((_FEW, 3.0), (len(ACTIONS), None)):
        name = f"ListCapabilities of all {len(ACTIONS)} : Cerbos with {few} actions, calls per second"
        yield ratio(name, rates(seen["list"]), rates(seen[f"cerbos {few}"]), limit, at_least=True)
    batch, others = rates(seen["batch"], CALLS), rates(seen["cerbos batch"], CALLS)
    yield ratio(
        f"batch of {CALLS} : Cerbos with {CALLS} resources, decisions per second", batch, others, 5, at_least=True
    )
    yield from _both("one check", "calls/s", rates(check), rates(other))
    yield from _both("one check, processor time", "µs/call", cpus(check), cpus(other))
    yield typical("Rolecall at the grpc front: one check", rates(seen["grpc"]), "calls/s")
    yield typical("Rolecall at the grpc front: one check, processor time", cpus(seen["grpc"]), "µs/call")
    if "batched check" in seen:
        check, other = seen["batched check"], seen["batched cerbos check"]
        yield ratio("CheckCapability : Cerbos, both under batch scheduling", rates(check), rates(other), None)
        yield ratio("the same by processor time per call", cpus(check), cpus(other), None)
        yield typical("Rolecall: one check under batch scheduling", rates(check), "calls/s")
    yield typical(f"ListCapabilities of all {len(ACTIONS)}", rates(seen["list"]), "calls/s")
    for few in (_FEW, len(ACTIONS)):
        yield typical(f"Cerbos: {few} actions on a call", rates(seen[f"cerbos {few}"]), "calls/s")
    yield from _both(f"a batch of {CALLS} calls", "decisions/s", batch, others)


def _both(what: str, unit: str, ours: list[float], theirs: list[float]) -> Iterator[Figure]:
    yield typical(f"Rolecall: {what}", ours, unit)
    yield typical(f"Cerbos: {what}", theirs, unit)


def _single(waits: Mapping[str, list[float]]) -> Iterator[Figure]:
    ours, theirs = waits["check"], waits["cerbos check"]
    yield ratio("one call at a time : Cerbos, mean latency", ours, theirs, 1.0)
    yield from _both("one call at a time, mean", "µs", ours, theirs)


def _memory(ours: float, theirs: float) -> Iterator[Figure]:
    yield Figure("Rolecall: resident after all that", ours, "MB")
    yield Figure("Cerbos: resident after all that", theirs, "MB")


def _latencies(lab: Lab, targets: Mapping[str, Target]) -> dict[str, list[float]]:
    """Return mean microseconds of runs that take turns; the first of each only warms up."""
    means: dict[str, list[float]] = {name: [] for name in targets}
    calls = max(20, lab.scale.load_calls // _LATENCY_TURNS)
    for turn in range(_LATENCY_TURNS + 1):
        for name, (server, job) in targets.items():
            micros = mean(one_at_a_time(server, job, calls, lab.cores.load, lab.folder))
            if turn:
                means[name].append(micros)
    return means


# --- the same questions ----------------------------------------------------------------------------------------------


def _ours(client: Client) -> dict[str, Job]:
    check = pb.CheckCapabilityRequest(user_id=ASKED, call=CALL, capability=CAPABILITY).SerializeToString()
    every = pb.ListCapabilitiesRequest(user_id=ASKED, call=CALL).SerializeToString()
    batch = pb.BatchCheckCapabilitiesRequest(
        user_id=ASKED,
        checks=[pb.CheckCapabilityRequest(call=numbered(n), capability=CAPABILITY) for n in range(CALLS)],
    ).SerializeToString()
    jobs = {
        name: Job(path, body, client.send(path, body))
        for name, path, body in (("check", CHECK, check), ("list", LIST, every), ("batch", BATCH, batch))
    }
    assert pb.CheckCapabilityResponse.FromString(jobs["check"].answer).allowed
    assert all(one.result.allowed for one in pb.BatchCheckCapabilitiesResponse.FromString(jobs["batch"].answer).results)
    return jobs


def _theirs(address: str) -> dict[str, Job]:
    calls = [numbered(number) for number in range(CALLS)]
    jobs = {
        "check": cerbos.job(address, _QUESTION, [CALL], [CAPABILITY]),
        str(_FEW): cerbos.job(address, _QUESTION, [CALL], ACTIONS[:_FEW]),
        str(len(ACTIONS)): cerbos.job(address, _QUESTION, [CALL], ACTIONS),
        "batch": cerbos.job(address, _QUESTION, calls, [CAPABILITY]),
    }
    assert cerbos.allowed(jobs["check"].answer) == {CALL: {CAPABILITY}}
    assert cerbos.allowed(jobs["batch"].answer) == {call: {CAPABILITY} for call in calls}
    return jobs


def _check_answers(client: Client, theirs: Server) -> None:
    """Ask both everything that can be asked."""
    groups: dict[tuple[str, str, str, str], list[Asked]] = {}
    for one in everything():
        groups.setdefault((one.user, one.role, one.call, one.owner), []).append(one)
    for asked in groups.values():
        first = asked[0]
        body = pb.ListCapabilitiesRequest(user_id=first.user, call=first.call).SerializeToString()
        mine = pb.ListCapabilitiesResponse.FromString(client.send(LIST, body)).own_capabilities
        request = cerbos.request(first, [first.call], [one.action for one in asked])
        (others,) = cerbos.allowed(cerbos.send(theirs.address, request)).values()
        assert set(mine) == others, (first, set(mine) ^ others)
