"""The Envoy front: a check, a list, a batch and a stream of checks over gRPC, and the same check at the grpc front.

A check is compared with a method of the same server that only returns constant bytes. All take turns; both servers
are kept on one core, and the one that is not asked is idle.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from statistics import mean
from typing import Final

from bench.client import LIST, STREAM, Client
from bench.decide import CAPABILITIES
from bench.figures import Figure
from bench.fronts import ENVOY_FLOOR, HAS_ENVOY
from bench.http2 import framed
from bench.lab import Lab
from bench.load import CONNECTIONS, FEW, H2LOAD, Job, Sample, generator, one_at_a_time
from bench.rounds import Target, cpus, rates, ratio, timed_rounds, typical
from bench.rpc import batch_jobs, check_jobs, latencies
from bench.serving import FLOOR, Server, serving
from bench.worlds import Spec
from rolecall.api.v1 import authorization_pb2 as pb

_ITEMS: Final = 50


def measure(lab: Lab) -> list[Figure]:
    """Return calls and checks per second there, and what share of the constant handler's calls a check reaches."""
    if not HAS_ENVOY:
        print("  left out: the Envoy front needs the extra `rolecall[envoy]`", file=sys.stderr)
        return []
    world = lab.world("small")
    with (
        serving(ENVOY_FLOOR, world.path, core=lab.cores.server) as envoy,
        serving(FLOOR, world.path, core=lab.cores.server) as grpc_front,
        Client(envoy.address) as client,
    ):
        jobs = _jobs(client, world.spec, lab.scale.streamed)
        targets = {name: Target(envoy, job) for name, job in jobs.items()}
        seen = timed_rounds(lab, targets | {"grpc": Target(grpc_front, jobs["check"])})
        single = {name: _single(lab, server, jobs["check"]) for name, server in (("", envoy), ("grpc", grpc_front))}
    return [
        *_unary(seen),
        *latencies("CheckCapability one at a time", single[""]),
        Figure("CheckCapability one at a time, mean", mean(single[""]), "µs"),
        Figure("the same at the grpc front, mean", mean(single["grpc"]), "µs"),
        *_many(seen),
        *_streamed(seen.get("stream", []), lab.scale.streamed),
    ]


def _unary(seen: Mapping[str, list[Sample]]) -> list[Figure]:
    check, null, grpc_front = (seen[name] for name in ("check", "null", "grpc"))
    share = "CheckCapability : constant bytes, calls per second"
    return [
        ratio(share, rates(check), rates(null), 0.80, at_least=True, note=generator()),
        ratio("the same by the server's processor time", cpus(null), cpus(check)),
        ratio(
            "CheckCapability at the Envoy front : at the grpc front, calls per second", rates(check), rates(grpc_front)
        ),
        ratio("the same by the server's processor time", cpus(grpc_front), cpus(check)),
        typical("CheckCapability", rates(check), "calls/s"),
        typical("constant bytes", rates(null), "calls/s"),
        typical("CheckCapability at the grpc front", rates(grpc_front), "calls/s"),
        typical("CheckCapability, processor time", cpus(check), "µs/call"),
        typical("constant bytes, processor time", cpus(null), "µs/call"),
        typical("CheckCapability at the grpc front, processor time", cpus(grpc_front), "µs/call"),
    ]


def _many(seen: Mapping[str, list[Sample]]) -> list[Figure]:
    return [
        typical("ListCapabilities of all 36", rates(seen["list"]), "calls/s"),
        typical("ListCapabilities, processor time", cpus(seen["list"]), "µs/call"),
        typical(f"BatchCheckCapabilities of {_ITEMS}, one user", rates(seen["one user"], _ITEMS), "decisions/s"),
        typical(f"BatchCheckCapabilities of {_ITEMS}, 50 users", rates(seen["50 users"], _ITEMS), "decisions/s"),
    ]


def _streamed(samples: list[Sample], each: int) -> list[Figure]:
    if not samples:
        return []
    micros = [one / each for one in cpus(samples)]
    note = f"{each:,} on each stream; {CONNECTIONS} connections × {FEW} streams"
    return [
        typical("StreamCheckCapabilities", rates(samples, each), "checks/s", 50_000, at_least=True, note=note),
        typical("StreamCheckCapabilities, processor time", micros, "µs/check"),
    ]


def _jobs(client: Client, spec: Spec, streamed: int) -> dict[str, Job]:
    jobs = {**check_jobs(client, spec), "list": _list(client, spec), **batch_jobs(client, spec)}
    return jobs | {"stream": stream(client, spec, streamed)} if H2LOAD else jobs  # our own client has no streams


def _list(client: Client, spec: Spec) -> Job:
    request = pb.ListCapabilitiesRequest(user_id=spec.member(0, 5), call=spec.cid(0)).SerializeToString()
    answer = client.send(LIST, request)
    assert "send-audio" in pb.ListCapabilitiesResponse.FromString(answer).own_capabilities
    return Job(LIST, request, answer)


def stream(client: Client, spec: Spec, count: int) -> Job:
    """Return a stream of so many checks, about one member after the other and several capabilities in turn."""
    asked = [
        pb.StreamCheckCapabilitiesRequest(
            id=f"{number}",
            check=pb.CheckCapabilityRequest(
                user_id=spec.member(number % spec.calls, number // spec.calls % spec.members_per_call),
                call=spec.cid(number % spec.calls),
                capability=CAPABILITIES[number % len(CAPABILITIES)],
            ),
        )
        for number in range(count)
    ]
    answers = list(client.stream(STREAM, [one.SerializeToString() for one in asked]))
    replies = [pb.StreamCheckCapabilitiesResponse.FromString(answer) for answer in answers]
    assert [reply.id for reply in replies] == [one.id for one in asked]
    assert all(reply.HasField("result") for reply in replies)
    assert {reply.result.allowed for reply in replies} == {True, False}
    whole = b"".join(framed(one.SerializeToString()) for one in asked)
    return Job(STREAM, b"", b"", framed=whole, size=sum(len(framed(answer)) for answer in answers), streams=FEW)


def _single(lab: Lab, server: Server, job: Job) -> list[float]:
    return one_at_a_time(server, job, lab.scale.load_calls, lab.cores.load, lab.folder)
