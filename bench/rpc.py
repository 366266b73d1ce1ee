"""CheckCapability and BatchCheckCapabilities over gRPC: the server on one core, the load on another.

A check is compared with a method of the same server that only returns constant bytes; the two take turns.
"""

from __future__ import annotations

from collections.abc import Mapping
from statistics import median, quantiles
from typing import Final

from bench.client import BATCH, CHECK, Client
from bench.decide import CAPABILITIES
from bench.figures import Figure
from bench.lab import Lab
from bench.load import Job, Sample, generator, load, one_at_a_time
from bench.server import CONSTANT, NULL_PATH
from bench.serving import FLOOR, Server, serving
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
        jobs = _checks(client, lab.scale.small)
        rounds = _rounds(lab, server, jobs, lab.scale.load_calls)
        single = {
            name: one_at_a_time(server, job, lab.scale.load_calls, lab.cores.load, lab.folder)
            for name, job in jobs.items()
        }
    checks, floors = rounds["check"], rounds["null"]
    ratios = [check.per_second / floor.per_second for check, floor in zip(checks, floors, strict=True)]
    spared = [floor.cpu_micros / check.cpu_micros for check, floor in zip(checks, floors, strict=True)]
    return [
        Figure(
            "CheckCapability : constant bytes, calls per second",
            median(ratios),
            "×",
            0.85,
            at_least=True,
            note=f"per round {min(ratios):.3f} to {max(ratios):.3f}; {generator()}",
        ),
        Figure("the same by the server's processor time", median(spared), "×", note=_span(spared)),
        Figure("CheckCapability", median(check.per_second for check in checks), "calls/s"),
        Figure("constant bytes", median(floor.per_second for floor in floors), "calls/s"),
        Figure("CheckCapability, processor time", median(check.cpu_micros for check in checks), "µs/call"),
        Figure("constant bytes, processor time", median(floor.cpu_micros for floor in floors), "µs/call"),
        *_latencies("CheckCapability one at a time", single["check"]),
        *_latencies("constant bytes one at a time", single["null"]),
    ]


def batch(lab: Lab) -> list[Figure]:
    """Return decisions per second of batches of 50."""
    figures = []
    for level, limit in (("info", 150_000.0), ("warning", None)):
        settings = {"log_level": level}
        world = lab.world("small")
        with serving(FLOOR, world.path, core=lab.cores.server, settings=settings) as server:
            with Client(server.address) as client:
                jobs = _batches(client, lab.scale.small)
            rounds = _rounds(lab, server, jobs, max(100, lab.scale.load_calls // 5))
        for name, samples in rounds.items():
            rates = [sample.per_second * _ITEMS for sample in samples]
            quiet = "" if limit else ", denies not logged"
            title = f"BatchCheckCapabilities of {_ITEMS}, {name}{quiet}"
            figures.append(Figure(title, median(rates), "decisions/s", limit, at_least=True, note=_span(rates)))
    return figures


def _rounds(lab: Lab, server: Server, jobs: Mapping[str, Job], calls: int) -> dict[str, list[Sample]]:
    """Load each job once a round, every other round in reverse order; the first round only warms up."""
    rounds: dict[str, list[Sample]] = {name: [] for name in jobs}
    for number in range(lab.scale.load_rounds + 1):
        for name in list(jobs) if number % 2 else reversed(list(jobs)):
            sample = load(server, jobs[name], calls, lab.cores.load, lab.folder)
            if number:
                rounds[name].append(sample)
    return rounds


def _checks(client: Client, spec: Spec) -> dict[str, Job]:
    """Return the two jobs; the check is an allow by a role, and both requests are the same bytes."""
    request = pb.CheckCapabilityRequest(
        user_id=spec.member(_CALL, _PLACE), call=spec.cid(_CALL), capability="send-audio"
    ).SerializeToString()
    answer = client.send(CHECK, request)
    assert pb.CheckCapabilityResponse.FromString(answer).allowed
    assert client.send(NULL_PATH, request) == CONSTANT
    return {"null": Job(NULL_PATH, request, CONSTANT), "check": Job(CHECK, request, answer)}


def _batches(client: Client, spec: Spec) -> dict[str, Job]:
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


def _latencies(name: str, micros: list[float]) -> list[Figure]:
    cuts = quantiles(micros, n=100, method="inclusive")
    return [Figure(f"{name}, p50", cuts[49], "µs"), Figure(f"{name}, p99", cuts[98], "µs")]


def _span(values: list[float]) -> str:
    return (
        f"per round {min(values):,.3g} to {max(values):,.3g}"
        if max(values) < 1_000
        else (f"per round {min(values):,.0f} to {max(values):,.0f}")
    )
