"""The quick ways to a verdict, on a call and on a channel, say what the rules say."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace

import pytest

from rolecall.domain import call_rules, channel_rules
from rolecall.domain.actions import BIT
from rolecall.domain.builtin import call_types, channel_types
from rolecall.domain.builtin.policies import POLICIES
from rolecall.domain.call_capabilities import ACTION_BIT
from rolecall.domain.call_rules import call_case, check_call, compile_call_type, resolve
from rolecall.domain.channel_capabilities import question
from rolecall.domain.channel_case import channel_case, compile_channel_type
from rolecall.domain.channel_case import unstored as unstored_channel
from rolecall.domain.channel_rules import check_channel
from rolecall.domain.custom_permissions import compile_permissions
from rolecall.domain.facts import Call, CallMember, Channel, ChannelMember, User
from rolecall.domain.grants import compile_grants, compile_overrides
from rolecall.domain.policies import compile_policies
from rolecall.domain.records import PermissionRecord
from rolecall.domain.subject import AppRules

SEND_AUDIO, MUTE = ACTION_BIT["send-audio"], ACTION_BIT["mute-users"]
CUSTOM = compile_permissions(
    [
        PermissionRecord("mute-as-ann", "1", "MuteUsers", condition={"$subject.custom.level": {"$gte": 3}}),
        PermissionRecord("pin-here", "2", "PinMessage", owner=True, condition={"$resource.custom.open": True}),
        PermissionRecord("thaw", "3", "UseFrozenChannel", condition={"$subject.custom.level": {"$gte": 3}}),
    ]
)
CALL_GRANTS = {**call_types.GRANTS["default"], "guest": ("join-call", "mute-as-ann")}
CHANNEL_GRANTS = {**channel_types.GRANTS["messaging"], "guest": ("read-channel", "pin-here", "thaw", "create-message")}
CALL_TYPE = compile_call_type("default", compile_grants(CALL_GRANTS, CUSTOM), call_types.SETTINGS["default"])
CHANNEL_TYPE = compile_channel_type(
    "messaging",
    compile_grants(CHANNEL_GRANTS, CUSTOM),
    channel_types.CONFIG["messaging"],
    compile_policies(POLICIES["messaging"]),
)
USERS = [
    None,
    *(
        User(1, "ann", role, frozenset(teams), {}, banned, deactivated, custom=custom)
        for role, teams, banned, deactivated, custom in itertools.product(
            ("user", "guest", "global_admin"), ((), ("red",)), (False, True), (False, True), ("", '{"level": 3}')
        )
    ),
]
APPS = [
    AppRules(tenant, disabled, version)
    for tenant, disabled, version in itertools.product((False, True), (False, True), ("v1", "v2"))
]


# --- calls -----------------------------------------------------------------------------------------------------------

CALL_MEMBERS = [
    CallMember(role, blocked, granted, revoked)
    for role, blocked, granted, revoked in itertools.product(
        (None, "host"), (False, True), (0, SEND_AUDIO), (0, SEND_AUDIO, MUTE)
    )
]
CALLS: list[Call] = [
    replace(call_rules.unstored(CALL_TYPE), created_by=creator, team=team, disabled=disabled)
    for creator, team, disabled in itertools.product(("", "ann"), ("", "red"), (0, SEND_AUDIO))
]


@pytest.mark.parametrize("asked", [SEND_AUDIO, MUTE], ids=["send-audio", "mute-users"])
@pytest.mark.parametrize("app", APPS, ids=str)
def test_the_quick_way_gives_the_verdicts_of_the_rules_of_calls(app: AppRules, asked: int) -> None:
    seen = set()
    for user, member, call, token_role in itertools.product(USERS, CALL_MEMBERS, CALLS, (None, "host")):
        situation = (CALL_TYPE, call, "ann", user, member, token_role, "default:one")
        quick = call_rules.verdict(app, situation, "", resolve(app, situation), asked)
        assert quick == check_call(call_case(app, situation), asked), situation
        seen.add(quick.permission)
    assert app.checks_disabled or ("mute-as-ann" in seen) == (asked == MUTE)


# --- channels --------------------------------------------------------------------------------------------------------

ASKED = (
    "send-message",
    "pin-message",
    "update-own-message",
    "update-any-message",
    "update-thread",
    "send-reply",
    "read-events",
    "slow-mode",
    "join-channel",
    "delete-message",
    "update-channel",
)
CHANNEL_MEMBERS = [
    ChannelMember(role, banned) for role, banned in itertools.product((None, "channel_moderator"), (False, True))
]


def channels() -> Iterator[Channel]:
    plain = unstored_channel(CHANNEL_TYPE)
    own = compile_overrides({"user": ("pin-message",), "guest": ("!pin-here",)})
    for creator, team in itertools.product(("", "ann"), ("", "red")):
        channel = replace(plain, created_by=creator, team=team)
        yield channel
        yield replace(channel, frozen=True, custom='{"open": true}')
        yield replace(channel, disabled=True)
        yield replace(channel, cooldown=5, custom='{"open": true}')
        yield replace(channel, flags={"replies": False, "read_events": False})
        yield replace(channel, grants=own, custom='{"open": true}')


@pytest.mark.parametrize("capability", ASKED)
@pytest.mark.parametrize("app", APPS, ids=str)
def test_the_quick_way_gives_the_verdicts_of_the_rules_of_channels(app: AppRules, capability: str) -> None:
    asked = question(capability)
    assert asked is not None
    for user, member, channel in itertools.product(USERS, CHANNEL_MEMBERS, channels()):
        situation = (CHANNEL_TYPE, channel, "ann", user, member, None, "messaging:one")
        for author in ("", "ann"):
            quick = channel_rules.verdict(app, situation, author, asked)
            assert quick == check_channel(channel_case(app, situation, author), asked), situation


def test_what_the_channels_of_this_test_show() -> None:
    """The worlds above reach conditions that hold, policies, flags and states: else they would prove little."""
    seen = set()
    for app, capability in itertools.product(APPS, ("send-message", "pin-message", "send-reply")):
        asked = question(capability)
        assert asked is not None
        for user, channel in itertools.product(USERS, channels()):
            situation = (CHANNEL_TYPE, channel, "ann", user, ChannelMember(), None, "messaging:one")
            verdict = channel_rules.verdict(app, situation, "", asked)
            seen |= {str(verdict.reason), verdict.permission, verdict.policy}
    assert {"pin-here", "CHANNEL_FROZEN", "CHANNEL_DISABLED", "FEATURE_DISABLED", "POLICY_ALLOW", "OTHER_TEAM"} <= seen
    assert BIT["UseFrozenChannel"] & CHANNEL_TYPE.grants.holding(("guest",)).conditional
