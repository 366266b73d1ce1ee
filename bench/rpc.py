"""CheckCapability and BatchCheckCapabilities over gRPC: the server on one core, the load on another.

A check is compared with a method of the same server that only returns constant bytes; the two take turns.
"""

from __future__ import annotations

from statistics import median, quantiles
from typing import Final

from bench.client import BATCH, CHECK, Client
from bench.decide import CAPABILITIES
from bench.figures import Figure
from bench.lab import Lab
from bench.load import Job, generator, one_at_a_time
from bench.rounds import Target, cpus, rates, ratio, rounds, typical
from bench.server import CONSTANT, NULL_PATH
from bench.serving import FLOOR, serving
from bench.worlds import Spec, user
from rolecall.api.v1 import authorization_pb2 as pb
from rolecall.domain import call_capabilities
from rolecall.domain.permissions import BUILT_IN

_ITEMS: Final = 50
_CALL: Final = 0
_PLACE: Final = 5


def measure(lab: Lab) -> list[Figure]:
    """Return the share of the floor's calls per second that a check reaches, and times per call."""
    with serving(FLOOR, lab.world("small").path, core=lab.cores.server) as server, Client(server.address) as client:
        jobs = check_jobs(client, lab.scale.small)
        seen = rounds(lab, {name: Target(server, job) for name, job in jobs.items()}, lab.scale.load_calls)
        single = {
            name: one_at_a_time(server, job, lab.scale.load_calls, lab.cores.load, lab.folder)
            for name, job in jobs.items()
        }
    checks, floors = seen["check"], seen["null"]
    name = "CheckCapability : constant bytes, calls per second"
    return [
        ratio(name, rates(checks), rates(floors), 0.85, at_least=True, note=generator()),
        ratio("the same by the server's processor time", cpus(floors), cpus(checks)),
        Figure("CheckCapability", median(rates(checks)), "calls/s"),
        Figure("constant bytes", median(rates(floors)), "calls/s"),
        Figure("CheckCapability, processor time", median(cpus(checks)), "µs/call"),
        Figure("constant bytes, processor time", median(cpus(floors)), "µs/call"),
        *latencies("CheckCapability one at a time", single["check"]),
        *latencies("constant bytes one at a time", single["null"]),
    ]


def batch(lab: Lab) -> list[Figure]:
    """Return decisions per second of batches of 50."""
    figures = []
    for level, limit in (("info", 150_000.0), ("warning", None)):
        settings = {"log_level": level}
        world = lab.world("small")
        with serving(FLOOR, world.path, core=lab.cores.server, settings=settings) as server:
            with Client(server.address) as client:
                jobs = batch_jobs(client, lab.scale.small)
            targets = {name: Target(server, job) for name, job in jobs.items()}
            samples_of = rounds(lab, targets, max(100, lab.scale.load_calls // 5))
        for name, samples in samples_of.items():
            quiet = "" if limit else ", denies not logged"
            title = f"BatchCheckCapabilities of {_ITEMS}, {name}{quiet}"
            figures.append(typical(title, rates(samples, _ITEMS), "decisions/s", limit, at_least=True))
    return figures


def check_jobs(client: Client, spec: Spec) -> dict[str, Job]:
    """Return the two jobs; the check is an allow by a role, and both requests are the same bytes."""
    request = pb.CheckCapabilityRequest(
        user_id=spec.member(_CALL, _PLACE), call=spec.cid(_CALL), capability="send-audio"
    ).SerializeToString()
    answer = client.send(CHECK, request)
    assert pb.CheckCapabilityResponse.FromString(answer).allowed
    assert client.send(NULL_PATH, request) == CONSTANT
    return {"null": Job(NULL_PATH, request, CONSTANT), "check": Job(CHECK, request, answer)}


def batch_jobs(client: Client, spec: Spec) -> dict[str, Job]:
    """Return two batches: one user and everything they may ask about a call, and many users on it."""
    every = [row.id for row in call_capabilities.CAPABILITIES]
    every += [name for name in BUILT_IN if name not in every]
    one = pb.BatchCheckCapabilitiesRequest(
        user_id=spec.member(_CALL, _PLACE),
        call=spec.cid(_CALL),
        checks=[pb.CheckCapabilityRequest(capability=name) for name in every[:_ITEMS]],
    )
    many = pb.BatchCheckCapabilitiesRequest(
        checks=[
            pb.CheckCapabilityRequest(
                user_id=user(n, spec.users), call=spec.cid(_CALL), capability=CAPABILITIES[n % len(CAPABILITIES)]
            )
            for n in range(_ITEMS)
        ]
    )
    jobs = {}
    for name, request in (("one user", one), ("50 users", many)):
        client.batch(request)
        body = request.SerializeToString()
        jobs[name] = Job(BATCH, body, client.send(BATCH, body))
    return jobs


def latencies(name: str, micros: list[float]) -> list[Figure]:
    cuts = quantiles(micros, n=100, method="inclusive")
    return [Figure(f"{name}, p50", cuts[49], "µs"), Figure(f"{name}, p99", cuts[98], "µs")]
