"""decide() on a hit, in this process: how long, and whether it depends on how much is stored."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from statistics import median
from time import perf_counter_ns
from typing import Final

from bench.figures import Figure
from bench.lab import Lab
from bench.loops import Asked, Runner, deciding, holding, interleaved, ratio
from bench.worlds import APP_ID, Spec, World
from rolecall.domain import call_rules
from rolecall.domain.decision import Decision
from rolecall.service.authorizer import Authorizer
from rolecall.service.cache import CALL, CALL_MEMBER, USER, Name
from rolecall.service.callers import Caller
from rolecall.service.index import Index
from rolecall.service.questions import Question
from rolecall.service.state import AppState

CAPABILITIES: Final = ("send-audio", "send-video", "screenshare", "mute-users", "end-call")
_WORLDS: Final = ("small", "large", "types")
_BATCH: Final = 1_000
_CALLER: Final = Caller(APP_ID)
_PLACE: Final = 5


@dataclass(frozen=True, slots=True)
class Held:
    """A world whose calls are in memory."""

    spec: Spec
    index: Index
    authorizer: Authorizer
    app: AppState


def measure(lab: Lab) -> list[Figure]:
    """Return the time of a decision, and how it grows with calls and with types."""
    return asyncio.run(_measure([lab.world(name) for name in _WORLDS], lab.scale.decide_rounds))


async def _measure(worlds: list[World], count: int) -> list[Figure]:
    async with AsyncExitStack() as stack:
        held = [await stack.enter_async_context(_held(world)) for world in worlds]
        small, large, types = held
        assert _answers(small) == _answers(large) == _answers(types)
        runners = [
            *(
                Runner(name, deciding(one.index, one.app, _few(one.spec)))
                for name, one in zip(_WORLDS, held, strict=True)
            ),
            Runner("spread", deciding(large.index, large.app, *_spread(large.spec))),
            Runner("domain", _domain(small)),
            Runner("rules", _rules(small)),
        ]
        rounds = interleaved(runners, count)
        checked = await _check(small, count)
    few, many = f"{small.spec.calls:,} calls, {small.spec.types} types", f"{large.spec.calls:,} calls"
    at_all = {name: median(times) for name, times in rounds.items()}
    return [
        Figure(f"decide() on a hit, {few}", at_all["small"], "µs", 2.0),
        Figure(f"the same with {many} held", at_all["large"], "µs", 2.0),
        Figure(f"the same with {types.spec.types:,} types", at_all["types"], "µs", 2.0),
        ratio(f"{many} : {small.spec.calls} calls", rounds["large"], rounds["small"], 1.2),
        ratio(f"{types.spec.types:,} types : {small.spec.types} types", rounds["types"], rounds["small"], 1.2),
        Figure(
            f"each question about another of {many}", at_all["spread"], "µs", note="outgrows the processor's caches"
        ),
        Figure("domain alone: resolve and decide, facts in hand", at_all["domain"], "µs"),
        Figure("domain alone: the rules, case resolved", at_all["rules"], "µs"),
        Figure("Authorizer.check, awaited", checked, "µs"),
    ]


# --- worlds in memory ------------------------------------------------------------------------------------------------


@asynccontextmanager
async def _held(world: World) -> AsyncIterator[Held]:
    """Open a world and hold each of its calls, with one member of it."""
    async with holding(world.path, {APP_ID: _names(world.spec)}) as index:
        yield Held(world.spec, index, Authorizer(index), index.app(APP_ID))


def _names(spec: Spec) -> Iterator[Name]:
    for call in range(spec.calls):
        cid, user_id = spec.cid(call), spec.member(call, _PLACE)
        yield from ((USER, APP_ID, user_id), (CALL, APP_ID, cid), (CALL_MEMBER, APP_ID, cid, user_id))


def _question(spec: Spec, call: int) -> Question:
    return Question(spec.member(call, _PLACE), spec.cid(call))


def _few(spec: Spec) -> Asked:
    """Return a batch about ten calls of ten types, which every world has."""
    questions = [_question(spec, call) for call in range(10)]
    return [(questions[n % 10], CAPABILITIES[n // 10 % len(CAPABILITIES)]) for n in range(_BATCH)]


def _spread(spec: Spec) -> list[Asked]:
    """Return batches that together ask about every call once, in an order without neighbours."""
    calls = [n * 7_919 % spec.calls for n in range(spec.calls)]
    asked = [(_question(spec, call), CAPABILITIES[call % len(CAPABILITIES)]) for call in calls]
    return [asked[start : start + _BATCH] for start in range(0, len(asked), _BATCH)]


def _answers(held: Held) -> list[Decision]:
    answers = [held.authorizer.decide(held.app, _CALLER, *question) for question in _few(held.spec)[:50]]
    assert any(answer.allowed for answer in answers)
    assert not all(answer.allowed for answer in answers)
    return answers


# --- loops -----------------------------------------------------------------------------------------------------------


def _decides(held: Held, *batches: Asked) -> Callable[[], float]:
    return deciding(held.index, held.app, *batches)


def _domain(held: Held) -> Callable[[], float]:
    """Return a run of what the domain does of a decision, given what the authorizer looks up."""
    resolved = _resolved(held)
    case, decide, rules = call_rules.call_case, call_rules.check_call, held.app.rules

    def run() -> float:
        started = perf_counter_ns()
        for asked, situation in resolved:
            decide(case(rules, situation), asked)
        return (perf_counter_ns() - started) / len(resolved) / 1_000

    return run


def _rules(held: Held) -> Callable[[], float]:
    """Return a run of the rules alone."""
    cases = [(call_rules.call_case(held.app.rules, situation), asked) for asked, situation in _resolved(held)]
    decide = call_rules.check_call

    def run() -> float:
        started = perf_counter_ns()
        for case, asked in cases:
            decide(case, asked)
        return (perf_counter_ns() - started) / len(cases) / 1_000

    return run


def _resolved(held: Held) -> list[tuple[int, call_rules.Situation]]:
    """Return each question as the mask it asks about and what is known of who and where."""
    get = held.index.cache.get
    resolved: list[tuple[int, call_rules.Situation]] = []
    for question, capability in _few(held.spec):
        call = get((CALL, APP_ID, question.call))
        user = get((USER, APP_ID, question.user_id))
        member = get((CALL_MEMBER, APP_ID, question.call, question.user_id))
        asked = call_rules.question(capability)
        assert asked is not None
        situation = (held.app.call_type(call.type), call, question.user_id, user, member, None, question.call)
        resolved.append((asked, situation))
    return resolved


async def _check(held: Held, rounds: int) -> float:
    check, batch = held.authorizer.check, _few(held.spec)
    times = []
    for _ in range(rounds):
        started = perf_counter_ns()
        for question, capability in batch:
            await check(_CALLER, question, capability)
        times.append((perf_counter_ns() - started) / len(batch) / 1_000)
    return median(times)
