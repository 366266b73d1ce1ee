"""The domain's verdicts equal those of the oracle over the whole matrix of random worlds, and agree with each other."""

from __future__ import annotations

from pprint import pformat
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from rolecall.domain.explain import Outcome
from tests import oracle
from tests.domain_door import DomainDoor, as_answer
from tests.oracle import Question, World
from tests.tables import CALL_CAPABILITIES, CHANNEL_CAPABILITIES
from tests.worlds import (
    STRANGER,
    USERS,
    VARIANTS,
    app_contexts,
    call_contexts,
    channel_contexts,
    worlds,
)

CALLS = ("default:one", "hall:two", "default:never-stored")
CHANNELS = ("messaging:one", "desk:two", "desk:never-stored")
ASKERS = (*USERS, STRANGER)


def permission_ids(world: World, kind: str) -> list[str]:
    """Return permission ids worth asking: each action of the pool under one of its ids, one of no pool, the custom."""
    pool = [*world["pool"][kind], "send-event"]
    built_in = [action + VARIANTS[position % len(VARIANTS)] for position, action in enumerate(pool)]
    return built_in + list(world["permissions"])


def about(world: World, question: Question, *answers: object) -> str:
    """Return what a failure is about: the question, both answers, and the rows of the world that it looks at."""
    kind = "call" if "call" in question else "channel"
    cid = question.get(kind, "")
    rows = {
        "app": world["app"],
        "permissions": world["permissions"],
        "user": world["users"].get(question["user"]),
        kind: world[f"{kind}s"].get(cid),
        "type": world[f"{kind}_types"].get(cid.partition(":")[0]) or world["app_grants"],
    }
    return pformat({"question": question, "answer and oracle's": answers, **rows}, width=120, sort_dicts=False)


def verify(world: World, contexts: list[Question], capabilities: list[str]) -> None:
    """Compare every user's every answer and list in these contexts with the oracle's."""
    door = DomainDoor(world)
    for context in contexts:
        for user in ASKERS:
            base = {**context, "user": user}
            for capability in capabilities:
                question = {**base, "capability": capability}
                answers = door.check(question), oracle.check(world, question)
                assert answers[0] == answers[1], about(world, question, *answers)
            if context.get("call") or context.get("channel"):
                lists = door.capabilities(base), sorted(oracle.capabilities(world, base))
                assert lists[0] == lists[1], about(world, base, *lists)


@given(data=st.data())
def test_every_answer_on_calls_is_the_oracles(data: st.DataObject) -> None:
    world = data.draw(worlds())
    contexts = [{"call": cid} for cid in CALLS]
    contexts += [{"call": cid, **data.draw(call_contexts(cid))} for cid in CALLS]
    verify(world, contexts, [*CALL_CAPABILITIES, *permission_ids(world, "call")])


@given(data=st.data())
def test_every_answer_on_channels_is_the_oracles(data: st.DataObject) -> None:
    world = data.draw(worlds())
    contexts = [{"channel": cid} for cid in CHANNELS]
    contexts += [{"channel": cid, **data.draw(channel_contexts())} for cid in CHANNELS]
    verify(world, contexts, [*CHANNEL_CAPABILITIES, *permission_ids(world, "channel")])


@given(data=st.data())
def test_every_answer_in_the_app_is_the_oracles(data: st.DataObject) -> None:
    world = data.draw(worlds())
    verify(world, [{}, data.draw(app_contexts())], permission_ids(world, "app"))


@given(data=st.data())
def test_admission_is_the_oracles(data: st.DataObject) -> None:
    world = data.draw(worlds())
    let_most_join(world)
    door = DomainDoor(world)
    for cid in CALLS:
        for context in ({}, data.draw(call_contexts(cid))):
            for user in ASKERS:
                for now in moments():
                    question = {**context, "call": cid, "user": user, "now": now}
                    assert door.admission(question) == oracle.admission(world, question), about(world, question)


def let_most_join(world: World) -> None:
    """Give `join-call` to plain users, and backstage to one role, so that the doors and not the roles decide."""
    for row in world["call_types"].values():
        row["grants"]["user"] = [*row["grants"].get("user", []), "join-call-any-team"]
        row["grants"]["host"] = [*row["grants"].get("host", []), "join-backstage-any-team"]


def moments() -> list[int]:
    """Return times on both sides of each instant at which a call of this world may open, to the nanosecond."""
    opens = [start - ahead * oracle.SECOND for start in (0, 1_000 * oracle.SECOND) for ahead in (0, 1, 300)]
    return [instant + step for instant in opens for step in (-1, 0)]


@given(data=st.data())
def test_explaining_tells_of_the_same_decision(data: st.DataObject) -> None:
    world = data.draw(worlds())
    door = DomainDoor(world)
    for question in data.draw(st.lists(questions(world), min_size=5, max_size=30)):
        check_explanation(door, question)


@st.composite
def questions(draw: st.DrawFn, world: World) -> Question:
    kind = draw(st.sampled_from(("call", "channel", "app")))
    permissions = permission_ids(world, kind)
    base: dict[str, Any] = {"user": draw(st.sampled_from(ASKERS))}
    if kind == "call":
        cid = draw(st.sampled_from(CALLS))
        capability = draw(st.sampled_from([*CALL_CAPABILITIES, *permissions]))
        return {**base, "call": cid, "capability": capability, **draw(call_contexts(cid))}
    if kind == "channel":
        capability = draw(st.sampled_from([*CHANNEL_CAPABILITIES, *permissions]))
        cid = draw(st.sampled_from(CHANNELS))
        return {**base, "channel": cid, "capability": capability, **draw(channel_contexts())}
    return {**base, "capability": draw(st.sampled_from(permissions)), **draw(app_contexts())}


def check_explanation(door: DomainDoor, question: Question) -> None:
    explanation = door.explain(question)
    answer = as_answer(explanation.decision)
    assert answer == door.check(question)
    outcomes = [step.outcome for step in explanation.steps]
    deciding = [place for place, outcome in enumerate(outcomes) if outcome in (Outcome.ALLOW, Outcome.DENY)]
    assert len(deciding) == 1, outcomes
    assert outcomes[deciding[0]] is (Outcome.ALLOW if answer.allowed else Outcome.DENY)
    assert all(outcome is Outcome.PASS for outcome in outcomes[: deciding[0]])
    assert all(outcome is Outcome.NOT_REACHED for outcome in outcomes[deciding[0] + 1 :])
    assert len({step.rule for step in explanation.steps}) == len(explanation.steps)
    assert all(step.detail for step in explanation.steps)
    assert not (answer.allowed and explanation.would_allow)
