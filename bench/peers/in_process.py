"""The client's LocalDecider against engines that answer in the process that asks: the same question, in a loop.

Each engine is a process of its own on the same core, and they take turns. Each must first answer everything that can
be asked as its roles say; the decider must answer as its server does.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final

from bench.client import LIST
from bench.client import Client as Raw
from bench.figures import Figure
from bench.fronts import FASTEST
from bench.lab import Lab
from bench.machine import on_core
from bench.peers.install import has_engines, python, versions
from bench.peers.world import (
    ACTIONS,
    ASKED,
    ASKED_ROLE,
    CALL,
    CAPABILITY,
    OWNER,
    USER_ROLE,
    Asked,
    Held,
    build,
    everything,
    table,
)
from bench.rounds import ratio, typical
from bench.serving import Server, serving
from bench.worlds import KEY, SECRET
from rolecall.api.v1 import authorization_pb2 as pb
from rolecall.client import Client, LocalDecider, server_tokens

_PROGRAM: Final = Path(__file__).with_name("engines.py")
_ENGINES: Final = ("pycasbin", "cedarpy")
_ITERATIONS: Final = {"LocalDecider": 50_000, "pycasbin": 1_000, "cedarpy": 1_000}

Loop = Callable[[int], float]
"""So many times the question -> microseconds each."""


def measure(lab: Lab) -> list[Figure]:
    """Return how many times as long as the decider each engine takes."""
    if not has_engines():
        print("  left out: pycasbin and cedarpy are not here (`make bench-peers` fetches them)", file=sys.stderr)
        return []
    divisor = 1 if lab.scale.name == "full" else 50
    with ExitStack() as stack:
        server = stack.enter_context(serving(FASTEST, build(lab.folder / "in-process.db"), core=lab.cores.server))
        stack.enter_context(on_core(lab.cores.load))
        loops = {"LocalDecider": stack.enter_context(_decider(server))}
        loops |= {name: stack.enter_context(_engine(name)) for name in _ENGINES}
        times: dict[str, list[float]] = {name: [] for name in loops}
        for turn in range(lab.scale.load_rounds + 1):
            for name in list(loops) if turn % 2 else reversed(list(loops)):
                micros = loops[name](_ITERATIONS[name] // divisor)
                if turn:  # the first round only warms up
                    times[name].append(micros)
    ours = times["LocalDecider"]
    version = versions()
    return [
        *(
            ratio(f"{name} : LocalDecider.check", times[name], ours, 30, at_least=True, note=f"{name} {version[name]}")
            for name in _ENGINES
        ),
        *(typical(name, values, "µs") for name, values in times.items()),
    ]


@contextmanager
def _decider(server: Server) -> Iterator[Loop]:
    with (
        Client(server.address, key=KEY, token=server_tokens(SECRET)) as client,
        LocalDecider(client, call=CALL) as decider,
    ):
        with Raw(server.address) as raw:
            body = pb.ListCapabilitiesRequest(user_id=ASKED, call=CALL).SerializeToString()
            told = set(pb.ListCapabilitiesResponse.FromString(raw.send(LIST, body)).own_capabilities)
        assert {action for action in ACTIONS if decider.check(ASKED, action)} == told
        assert CAPABILITY in told

        def loop(count: int) -> float:
            check, repetitions = decider.check, range(count)
            started = time.perf_counter_ns()
            for _ in repetitions:
                check(ASKED, CAPABILITY)
            micros = (time.perf_counter_ns() - started) / count / 1_000
            assert check(ASKED, CAPABILITY), "memory was not fresh"
            return micros

        yield loop


@contextmanager
def _engine(name: str) -> Iterator[Loop]:
    roles = table()
    questions = [Asked(ASKED, ASKED_ROLE, CALL, OWNER, CAPABILITY), *everything()]
    with subprocess.Popen(
        [str(python()), str(_PROGRAM)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        answers = _say(process, {"engine": name, "table": roles, "questions": questions})
        assert answers == [would_allow(roles, question) for question in questions], name

        def loop(count: int) -> float:
            return float(_say(process, count)) / count / 1_000

        yield loop
        assert process.stdin is not None
        process.stdin.close()


def _say(process: subprocess.Popen[str], what: object) -> Any:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(json.dumps(what) + "\n")
    process.stdin.flush()
    return json.loads(process.stdout.readline())


def would_allow(roles: dict[str, Held], asked: Asked) -> bool:
    """Tell what roles say to a question."""
    held = [roles[USER_ROLE], roles[asked.role]]
    owns = asked.user == asked.owner
    return any(asked.action in one.anywhere or (owns and asked.action in one.own) for one in held)
