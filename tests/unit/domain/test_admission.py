"""Admission: what coming in takes, and from which nanosecond on."""

from __future__ import annotations

from typing import Any

import pytest

from rolecall.domain import call_rules
from rolecall.domain.admission import admission
from tests.domain_door import DomainDoor
from tests.oracle import Answer
from tests.scenarios import resolve

SECOND = 1_000_000_000
START = 1_700_000_000 * SECOND
LAUNCH = "livestream:launch"
IN = Answer(True, "ROLE_GRANT", "user", "join-call")
BACKSTAGE, ENDED = Answer(False, "BACKSTAGE"), Answer(False, "ENDED")


def door(call: dict[str, Any]) -> DomainDoor:
    users = {"host": {}, "fan": {}, "barred": {}, "nobody": {"role": "channel_member"}}
    written = {"users": users, "calls": {LAUNCH: {"created_by_id": "host", "blocked": ["barred"]}}}
    world = resolve(written)
    world["calls"][LAUNCH] |= call
    return DomainDoor(world)


def admitted(stored: dict[str, Any], user: str = "fan", now: int = START, **question: Any) -> Answer:
    return door(stored).admission({"call": LAUNCH, "user": user, "now": now, **question})


def ahead(seconds: int) -> dict[str, Any]:
    return {"starts_at": START, "settings_override": {"backstage.join_ahead_time_seconds": seconds}}


@pytest.mark.parametrize("seconds", [0, 1, 300])
def test_the_door_opens_at_the_nanosecond(seconds: int) -> None:
    opens = START - seconds * SECOND
    assert admitted(ahead(seconds), now=opens - 1) == BACKSTAGE
    assert admitted(ahead(seconds), now=opens) == IN
    assert admitted(ahead(seconds), now=opens + 1) == IN


def test_without_a_start_backstage_stays_closed() -> None:
    assert admitted({}, now=START) == BACKSTAGE
    assert admitted({}, now=2**62) == BACKSTAGE


def test_who_may_join_backstage_comes_in_before_it_opens() -> None:
    assert admitted({}, "host") == IN
    assert admitted(ahead(0), "host", now=START - 1) == IN


def test_a_call_gone_live_is_open_before_its_start() -> None:
    assert admitted({**ahead(0), "backstage": False}, now=START - 1) == IN


def test_backstage_is_the_calls_state_and_not_its_setting() -> None:
    assert admitted({"backstage": False, "settings_override": {"backstage.enabled": True}}) == IN
    assert admitted({"backstage": True, "settings_override": {"backstage.enabled": False}}) == BACKSTAGE


def test_after_the_end_only_who_may_join_an_ended_call_comes_in() -> None:
    call = {"backstage": False, "ended": True}
    assert admitted(call) == ENDED
    assert admitted(call, "host") == IN


def test_backstage_is_named_before_the_end() -> None:
    assert admitted({"ended": True}) == BACKSTAGE


def test_whoever_may_not_join_is_told_why_not_before_the_calls_state() -> None:
    assert admitted({}, "barred") == Answer(False, "BLOCKED")
    assert admitted({"ended": True}, "nobody") == Answer(False, "NO_GRANT")
    assert admitted({}, "stranger") == Answer(False, "UNKNOWN_USER")


def test_a_revoked_backstage_pass_is_backstage() -> None:
    assert admitted({"revoked": {"host": ["join-backstage"]}}, "host") == BACKSTAGE


def test_a_backstage_pass_granted_to_the_user_is_enough() -> None:
    assert admitted({"granted": {"fan": ["join-backstage"]}}) == IN
    assert admitted({"granted": {"fan": ["join-call"]}, "backstage": False}) == Answer(True, "USER_GRANT")


def test_facts_say_when_and_whether() -> None:
    assert admitted({}, facts={"starts_at": START}) == IN
    assert admitted(ahead(0), facts={"starts_at": START + 1}) == BACKSTAGE
    assert admitted({}, facts={"backstage": False}) == IN
    assert admitted({}, facts={"backstage": False, "ended": True}) == ENDED
    assert admitted({"ended": True, "backstage": False}, facts={"ended": False}) == IN
    facts = {"starts_at": START, "settings_override": {"backstage.join_ahead_time_seconds": 10}}
    assert admitted({}, now=START - 10 * SECOND, facts=facts) == IN
    assert admitted({}, now=START - 10 * SECOND - 1, facts=facts) == BACKSTAGE


def test_a_call_never_stored_is_in_backstage_when_its_type_says_so() -> None:
    assert admitted({}, call="livestream:never") == BACKSTAGE
    assert admitted({}, call="default:never") == IN


@pytest.mark.parametrize(
    ("call", "required"),
    [
        ({}, ("join-call", "join-backstage")),
        ({"backstage": False}, ("join-call",)),
        ({"backstage": False, "ended": True}, ("join-call", "join-ended-call")),
        ({"ended": True}, ("join-call", "join-backstage", "join-ended-call")),
    ],
)
@pytest.mark.parametrize("user", ["fan", "host", "barred", "stranger"])
def test_what_coming_in_takes_is_told_to_all_alike(call: dict[str, Any], required: tuple[str, ...], user: str) -> None:
    asked = door(call)
    question = {"call": LAUNCH, "user": user}
    answer = admission(asked.call_case(question), asked.call(question), START)
    assert answer.required == required


def test_the_capabilities_stay_listed_while_the_door_is_closed() -> None:
    asked = door({"ended": True})
    question = {"call": LAUNCH, "user": "fan"}
    answer = admission(asked.call_case(question), asked.call(question), START)
    assert not answer.decision.allowed
    assert answer.actions == call_rules.call_actions(asked.call_case(question))
    assert "join-call" in asked.capabilities(question)


def test_without_checks_everyone_comes_in() -> None:
    world = resolve({"app": {"disable_permissions_checks": True}})
    question = {"call": "livestream:x", "user": "stranger", "now": START}
    assert DomainDoor(world).admission(question) == Answer(True, "CHECKS_DISABLED")
