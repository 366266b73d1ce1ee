"""`python -m bench.soak --minutes 10`: a server under load while it is written to; memory, errors and slow answers.

Load comes evenly, as much as takes a share of the server's core together with the writes, from one process; writes come
from another, so many a second, each on disk when it is answered. What a minute saw is told when it is over.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from statistics import linear_regression, mean, quantiles
from tempfile import TemporaryDirectory
from typing import Any, Final, NamedTuple

import grpc

from bench.client import Client
from bench.fronts import FASTEST, FASTEST_NAME
from bench.lab import FULL, QUICK, Lab
from bench.machine import cores, describe, on_core, warn_when_busy
from bench.pacing import paced, saturated, taking
from bench.scale import bodies_of
from bench.serving import Server, serving
from bench.worlds import Spec

_SHARE: Final = 0.6
"""Of the server's core, writes included. Were it full, each pause of the machine would be seen for seconds."""

_WRITES_PER_SECOND: Final = 50
_STRETCH_SECONDS: Final = 10.0
_SAMPLE_SECONDS: Final = 1.0
_WARM_SHARE: Final = 0.2
"""Of all samples of memory, as many are left out of the slope: caches fill."""

_MINUTE: Final = 60.0


class Minute(NamedTuple):
    """What one minute saw; times in milliseconds."""

    answers: int
    p50: float
    p99: float
    longest: float
    writes: int
    write_p99: float
    resident_mb: float
    errors: int


def main(arguments: Sequence[str] | None = None) -> int:
    """Soak, print each minute, and write the result as JSON if asked to; 1 when there was any error."""
    parser = argparse.ArgumentParser(prog="python -m bench.soak", description="Load a server for a long time.")
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the result as JSON")
    options = parser.parse_args(arguments)
    warn_when_busy()
    with TemporaryDirectory(prefix="rolecall-soak-") as folder:
        lab = Lab(Path(folder), FULL if options.minutes >= 1 else QUICK, cores())
        result = soak(lab, options.minutes * _MINUTE)
    if options.json:
        options.json.write_text(json.dumps(result, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    print(_summary(result))
    return 1 if result["errors"] else 0


def _summary(result: dict[str, Any]) -> str:
    slope, wobble = result["memory_mb_per_hour"], result["memory_mb_least_to_most"]
    return (
        f"{result['errors']} errors; p99 {result['p99_ms']:.2f} ms at {result['per_second']:,.0f} answers/s, "
        f"{result['share_of_a_core']:.0%} of a core; "
        f"memory {slope:+.1f} MB per hour, {wobble[0]:.1f} to {wobble[1]:.1f} MB"
    )


def soak(lab: Lab, seconds: float) -> dict[str, Any]:
    """Load and write for so long; return what was seen."""
    copy, spec = lab.copy("small"), lab.scale.small
    count = max(1, round(seconds / _STRETCH_SECONDS))
    minutes: list[Minute] = []
    memory: list[tuple[float, float]] = []
    context = get_context("spawn")
    with (
        serving(FASTEST, copy, core=lab.cores.server) as server,
        on_core(lab.cores.load),
        ProcessPoolExecutor(2, mp_context=context) as pool,
    ):
        ceiling = pool.submit(_ceiling, server.address, spec).result()
        tries: list[Stretch] = []
        rate = taking(
            _SHARE, server, lambda rate: tries.append(_stretch(server, pool, spec, rate, seconds / count, [])), ceiling
        )
        before, started = server.cpu(), time.perf_counter()
        stretches: list[Stretch] = []
        before_it = [error for one in tries for error in one.errors]
        for number in range(count):
            stretches.append(_stretch(server, pool, spec, rate, seconds / count, memory))
            if number == count - 1 or len(stretches) * seconds / count >= _MINUTE:
                minutes.append(_minute(stretches, memory[-1][1]))
                print(f"{len(minutes):3} {minutes[-1]}", flush=True)
                stretches = []
        share = (server.cpu() - before) / (time.perf_counter() - started)
    result = _result(rate, share, seconds, minutes, memory)
    return result | {"errors": result["errors"] + len(before_it)}


class Stretch(NamedTuple):
    """What a few seconds saw: milliseconds of each answer and each write, and what went wrong."""

    answers: list[float]
    writes: list[float]
    errors: list[str]


def _stretch(
    server: Server,
    pool: ProcessPoolExecutor,
    spec: Spec,
    rate: float,
    seconds: float,
    memory: list[tuple[float, float]],
) -> Stretch:
    work = [
        pool.submit(_ask, server.address, spec, rate, seconds),
        pool.submit(_write, server.address, spec, seconds),
    ]
    while not all(one.done() for one in work):
        memory.append((time.monotonic(), server.rss()))
        time.sleep(min(_SAMPLE_SECONDS, seconds / 10))
    (answers, failed), (writes, refused) = (_seen(one) for one in work)
    return Stretch(answers, writes, [*failed, *refused])


def _seen(work: Future[tuple[list[float], list[str]]]) -> tuple[list[float], list[str]]:
    return work.result()


def _ceiling(address: str, spec: Spec) -> float:
    bodies = bodies_of(spec)
    saturated(address, bodies, len(bodies))
    return saturated(address, bodies, 4 * len(bodies))


def _ask(address: str, spec: Spec, rate: float, seconds: float) -> tuple[list[float], list[str]]:
    """Return how long each answer took; anything but a yes ends the stretch, and is an error."""
    try:
        return paced(address, bodies_of(spec), rate, seconds), []
    except (AssertionError, OSError) as error:
        return [], [f"asking: {error!r}"]


def _write(address: str, spec: Spec, seconds: float) -> tuple[list[float], list[str]]:
    """Write so many a second, to users and to members' permissions, none of which is asked about."""
    waits, errors = [], []
    started = time.perf_counter()
    with Client(address) as client:
        for number in range(max(1, int(seconds * _WRITES_PER_SECOND))):
            time.sleep(max(0.0, started + number / _WRITES_PER_SECOND - time.perf_counter()))
            at = time.perf_counter()
            try:
                _written(client, spec, number)
            except grpc.RpcError as error:
                errors.append(f"writing: {error!r}")
            waits.append((time.perf_counter() - at) * 1_000)
    return waits, errors


def _written(client: Client, spec: Spec, number: int) -> None:
    if number % 2:
        client.upsert_user(f"writer-{number % 100}", "guest" if number % 4 == 1 else "user")
        return
    place, call = divmod(number // 4, spec.calls)
    user_id, cid = spec.member(call, place % spec.members_per_call), spec.cid(call)
    if number % 4:
        client.permit(user_id, cid, reset="mute-users")
    else:
        client.permit(user_id, cid, revoke="mute-users")


# --- what was seen ---------------------------------------------------------------------------------------------------


def _minute(stretches: Sequence[Stretch], resident: float) -> Minute:
    answers = [one for stretch in stretches for one in stretch.answers] or [0.0, 0.0]
    writes = [one for stretch in stretches for one in stretch.writes] or [0.0, 0.0]
    errors = [one for stretch in stretches for one in stretch.errors]
    for error in errors[:5]:
        print(error, file=sys.stderr, flush=True)
    cuts = quantiles(answers, n=100, method="inclusive")
    slowest = quantiles([*writes, writes[-1]], n=100, method="inclusive")[98]
    return Minute(len(answers), cuts[49], cuts[98], max(answers), len(writes), slowest, resident, len(errors))


def _result(
    rate: float, share: float, seconds: float, minutes: Sequence[Minute], memory: Sequence[tuple[float, float]]
) -> dict[str, Any]:
    settled = memory[int(len(memory) * _WARM_SHARE) :]
    slope = linear_regression(*zip(*settled, strict=True)).slope if len(settled) > 1 else 0.0
    return {
        "machine": describe(),
        "front": FASTEST_NAME,
        "seconds": seconds,
        "per_second": round(rate, 1),
        "share_of_a_core": round(share, 3),
        "writes_per_second": _WRITES_PER_SECOND,
        "errors": sum(minute.errors for minute in minutes),
        "p99_ms": mean(minute.p99 for minute in minutes),
        "memory_mb_per_hour": slope * 3_600,
        "memory_mb_least_to_most": [min(one for _, one in settled), max(one for _, one in settled)],
        "minutes": [{name: round(value, 3) for name, value in minute._asdict().items()} for minute in minutes],
    }


if __name__ == "__main__":
    raise SystemExit(main())
