"""The quick way to a verdict on a call says what the rules say."""

from __future__ import annotations

import itertools

import pytest

from rolecall.domain.builtin import call_types
from rolecall.domain.call_capabilities import ACTION_BIT
from rolecall.domain.call_rules import (
    call_case,
    check_call,
    compile_call_type,
    resolve,
    unstored,
    verdict,
)
from rolecall.domain.facts import Call, CallMember, User
from rolecall.domain.grants import compile_grants
from rolecall.domain.subject import AppRules

SEND_AUDIO, MUTE = ACTION_BIT["send-audio"], ACTION_BIT["mute-users"]
TYPE = compile_call_type("default", compile_grants(call_types.GRANTS["default"]), call_types.SETTINGS["default"])

USERS = [
    None,
    *(
        User(1, "ann", role, frozenset(teams), {}, banned, deactivated)
        for role, teams, banned, deactivated in itertools.product(
            ("user", "guest", "anonymous", "global_admin"), ((), ("red",)), (False, True), (False, True)
        )
    ),
]
MEMBERS = [
    CallMember(role, blocked, granted, revoked)
    for role, blocked, granted, revoked in itertools.product(
        (None, "host"), (False, True), (0, SEND_AUDIO), (0, SEND_AUDIO, MUTE)
    )
]
CALLS: list[Call] = [
    unstored(TYPE)._replace(created_by=creator, team=team, disabled=disabled)
    for creator, team, disabled in itertools.product(("", "ann"), ("", "red"), (0, SEND_AUDIO))
]
APPS = [AppRules(tenant, disabled) for tenant, disabled in itertools.product((False, True), (False, True))]


@pytest.mark.parametrize("asked", [SEND_AUDIO, MUTE], ids=["send-audio", "mute-users"])
@pytest.mark.parametrize("app", APPS, ids=str)
def test_the_quick_way_gives_the_verdicts_of_the_rules(app: AppRules, asked: int) -> None:
    for user, member, call, token_role in itertools.product(USERS, MEMBERS, CALLS, (None, "host")):
        situation = (TYPE, call, "ann", user, member, token_role)
        quick = verdict(app, situation, "", resolve(app, situation), asked)
        assert quick == check_call(call_case(app, *situation), asked), situation
