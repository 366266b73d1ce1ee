"""GetCall with capabilities and CreateCallType over the HTTP API: the server on one core, the load on another.

Each is compared with a handler of the same server that only returns constant bytes; the two take turns. Reads are
made by h2load where it is installed, else by the client that makes the writes.
"""

from __future__ import annotations

import http.client
import itertools
import json
import re
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median, quantiles
from typing import Final, NamedTuple

from bench.figures import Figure
from bench.lab import Lab, alone
from bench.load import H2LOAD, Sample
from bench.machine import on_core
from bench.server import HTTP_NULL_PATH
from bench.serving import FLOOR, Server, serving
from bench.worlds import KEY, SECRET
from rolecall.domain.builtin import call_types
from rolecall.service.callers import make_token

_CLIENTS: Final = 4
_SETTINGS: Final = {"http_requests_per_minute": 100_000_000}
_DONE: Final = re.compile(r"status codes: (\d+) 2xx, 0 3xx, 0 4xx, 0 5xx")
_SUCCESS: Final = range(200, 300)
_MICRO: Final = 1e6

Bodies = Callable[[int], bytes]


class Ask(NamedTuple):
    """One request, again and again; `body` makes the body of each by its number."""

    method: str
    path: str
    token: str
    body: Bodies | None = None

    def headers(self) -> Mapping[str, str]:
        """Return what an SDK sends."""
        return {"Authorization": self.token, "stream-auth-type": "jwt", "Content-Type": "application/json"}

    def target(self) -> str:
        """Return the path with the API key."""
        return f"{self.path}?api_key={KEY}"


def measure(lab: Lab) -> list[Figure]:
    """Return requests per second and 99th percentiles, and the share of the constant handler's that is reached."""
    spec = lab.scale.small
    type_name, _, call_id = spec.cid(0).partition(":")
    token = make_token(SECRET, {"user_id": spec.member(0, 0)})
    get = Ask("GET", f"/api/v2/video/call/{type_name}/{call_id}", token)
    grants = Ask("PUT", f"/api/v2/video/calltypes/{type_name}", make_token(SECRET, {}))
    as_built_in = json.dumps({"grants": {"call_member": call_types.GRANTS["default"]["call_member"]}}).encode()
    with serving(FLOOR, lab.copy("small"), core=lab.cores.server, settings=_SETTINGS) as server:
        _own(server.http, grants, 1, [as_built_in])
        reads = _rounds(lab, server, get, Ask("GET", HTTP_NULL_PATH, token), lab.scale.load_calls)
        writes = _rounds(lab, server, _create(), Ask("POST", HTTP_NULL_PATH, "", _new_type("null")), lab.scale.writes)
    return [*_figures("GetCall with capabilities", *reads), *_figures("CreateCallType", *writes)]


def _create() -> Ask:
    return Ask("POST", "/api/v2/video/calltypes", make_token(SECRET, {}), _new_type("bench"))


def _new_type(prefix: str) -> Bodies:
    """Return the body of the documented CreateCallType, under a name of its own each time."""
    grants = {"admin": ["send-audio", "send-video", "mute-users"], "speaker": ["send-audio", "send-video"]}
    settings = {"audio": {"mic_default_on": True, "default_device": "speaker"}}
    numbers = itertools.count()
    return lambda _: json.dumps({"name": f"{prefix}-{next(numbers)}", "grants": grants, "settings": settings}).encode()


def _rounds(lab: Lab, server: Server, ask: Ask, floor: Ask, requests: int) -> tuple[list[Sample], list[Sample]]:
    """Return samples of a request and of the floor, which take turns; the first of each only warms up."""
    asked, floors = [], []
    for _ in range(lab.scale.load_rounds + 1):
        asked.append(_load(lab, server, ask, requests))
        floors.append(_load(lab, server, floor, requests))
    return asked[1:], floors[1:]


def _figures(name: str, asked: list[Sample], floors: list[Sample]) -> Iterator[Figure]:
    ratios = [one.per_second / floor.per_second for one, floor in zip(asked, floors, strict=True)]
    note = f"per round {min(ratios):.3f} to {max(ratios):.3f}; {_CLIENTS} connections"
    yield Figure(f"{name} : constant handler, requests per second", median(ratios), "×", note=note)
    for what, samples in ((name, asked), ("constant handler", floors)):
        slowest = [quantiles(sample.latencies, n=100)[-1] for sample in samples]
        yield Figure(what, median(sample.per_second for sample in samples), "requests/s")
        yield Figure(f"{what}, processor time", median(sample.cpu_micros for sample in samples), "µs/request")
        note = f"per round {min(slowest) / 1e3:.2f} to {max(slowest) / 1e3:.2f}"
        yield Figure(f"{what}, 99 of 100 within", median(slowest) / 1e3, "ms", note=note)


def _load(lab: Lab, server: Server, ask: Ask, requests: int) -> Sample:
    """Load from another core."""
    before = server.cpu()
    with on_core(lab.cores.load):
        if H2LOAD and ask.body is None:
            seconds, latencies = _h2load(server, ask, requests, lab.folder)
        else:
            bodies = None if ask.body is None else [ask.body(number) for number in range(requests)]
            seconds, latencies = alone(_own, server.http, ask._replace(body=None), requests, bodies)
    return Sample(requests / seconds, (server.cpu() - before) / requests * _MICRO, tuple(latencies))


def _h2load(server: Server, ask: Ask, requests: int, folder: Path) -> tuple[float, list[float]]:
    log = folder / "h2load-http.log"
    log.unlink(missing_ok=True)
    headers = [part for name, value in ask.headers().items() for part in ("-H", f"{name}: {value}")]
    shape = ("-n", str(requests), "-c", str(_CLIENTS), "-m", "1", "--h1", f"--log-file={log}")
    started = time.perf_counter()
    command = [str(H2LOAD), *shape, *headers, f"http://{server.http}{ask.target()}"]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    seconds = time.perf_counter() - started
    done = _DONE.search(output)
    assert done is not None, output
    assert int(done[1]) == requests, output
    return seconds, [float(line.split("\t")[2]) for line in log.read_text(encoding="utf-8").splitlines()]


def _own(address: str, ask: Ask, requests: int, bodies: list[bytes] | None) -> tuple[float, list[float]]:
    """Make requests on as many connections, each of which waits for its answer; return seconds and microseconds."""
    numbers = iter(range(requests))
    with ThreadPoolExecutor(_CLIENTS) as pool:
        started = time.perf_counter()
        parts = [pool.submit(_connection, address, ask, numbers, bodies) for _ in range(_CLIENTS)]
        latencies = [one for part in parts for one in part.result()]
        return time.perf_counter() - started, latencies


def _connection(address: str, ask: Ask, numbers: Iterator[int], bodies: list[bytes] | None) -> list[float]:
    connection, latencies = http.client.HTTPConnection(address), []
    for number in numbers:
        started = time.perf_counter()
        body = None if bodies is None else bodies[number]
        connection.request(ask.method, ask.target(), body=body, headers=dict(ask.headers()))
        response = connection.getresponse()
        answer = response.read()
        latencies.append((time.perf_counter() - started) * _MICRO)
        assert response.status in _SUCCESS, answer
    connection.close()
    return latencies
