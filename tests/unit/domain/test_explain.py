"""Explanations: one step per rule in the order they are asked, and remedies that do what they say."""

from __future__ import annotations

from typing import Any

import pytest

from rolecall.domain import app_rules, call_rules, channel_rules
from rolecall.domain.decision import Rules
from rolecall.domain.explain import Explanation, Outcome
from tests.domain_door import DomainDoor
from tests.scenarios import resolve

CALL_STEPS = [
    "checks_disabled",
    "user_standing",
    "blocked",
    "user_revoke",
    "setting",
    "user_grant",
    "role_grant",
    "otherwise",
]
CHANNEL_STEPS = [
    "checks_disabled",
    "user_standing",
    "channel_ban",
    "channel_disabled",
    "feature_flag",
    "feature_alone",
    "channel_frozen",
    "role_grant",
    "otherwise",
]
CHANNEL_V1_STEPS = [*CHANNEL_STEPS[:-2], "policy_allow", "policy_deny"]
APP_STEPS = ["checks_disabled", "user_standing", "role_grant", "otherwise"]
APP_V1_STEPS = [*APP_STEPS[:2], "user_policy_allow", "user_policy_deny", *APP_STEPS[2:]]


def explain(question: dict[str, Any], **written: Any) -> Explanation:
    users = {"ann": {}, "lou": {"role": "anonymous"}, "sue": {"role": "admin"}, **written.pop("users", {})}
    calls = {"default:standup": written.pop("call", {})}
    channels = {"messaging:general": written.pop("channel", {})}
    world = resolve({"users": users, "calls": calls, "channels": channels, **written})
    return DomainDoor(world).explain(question)


def on_call(capability: str, user: str = "ann", **written: Any) -> Explanation:
    return explain({"call": "default:standup", "user": user, "capability": capability}, **written)


def on_channel(capability: str, user: str = "ann", **written: Any) -> Explanation:
    return explain({"channel": "messaging:general", "user": user, "capability": capability}, **written)


def outcomes(explanation: Explanation) -> dict[str, str]:
    return {step.rule: str(step.outcome) for step in explanation.steps}


def detail(explanation: Explanation, rule: str) -> str:
    return next(step.detail for step in explanation.steps if step.rule == rule)


# --- steps -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rules", "steps"),
    [
        (call_rules.RULES, CALL_STEPS),
        (channel_rules.RULES, CHANNEL_STEPS),
        (channel_rules.RULES_V1, CHANNEL_V1_STEPS),
        (app_rules.RULES, APP_STEPS),
        (app_rules.RULES_V1, APP_V1_STEPS),
    ],
    ids=["call", "channel", "channel-v1", "app", "app-v1"],
)
def test_the_order_of_the_rules_is_that_of_the_rule_book(rules: Rules, steps: list[str]) -> None:
    assert [rule.name for rule in rules] == steps


def test_rules_before_the_deciding_one_pass_and_those_after_are_not_reached() -> None:
    explanation = on_call("send-video", call={"settings_override": {"video": {"enabled": False}}})
    assert outcomes(explanation) == {
        "checks_disabled": "PASS",
        "user_standing": "PASS",
        "blocked": "PASS",
        "user_revoke": "PASS",
        "setting": "DENY",
        "user_grant": "NOT_REACHED",
        "role_grant": "NOT_REACHED",
        "otherwise": "NOT_REACHED",
    }


def test_an_allowing_step_says_so() -> None:
    assert outcomes(on_call("send-audio"))["role_grant"] == Outcome.ALLOW
    assert outcomes(on_call("send-audio", "lou", call={"granted": {"lou": ["send-audio"]}}))["user_grant"] == (
        Outcome.ALLOW
    )


def test_details_name_what_was_seen() -> None:
    explanation = on_call("send-video", call={"settings_override": {"video": {"enabled": False}}})
    assert detail(explanation, "setting") == "setting `video.enabled` is off"
    assert "`ann`" in detail(explanation, "user_standing")
    granted = detail(on_call("send-audio"), "role_grant")
    assert ("`user`" in granted, "`send-audio`" in granted, "`video:default`" in granted) == (True, True, True)
    none = detail(on_call("send-audio", "lou"), "role_grant")
    assert ("`anonymous`" in none, "`send-audio`" in none) == (True, True)
    assert "`polls`" in detail(on_channel("send-poll"), "feature_flag")
    assert "cooldown" in detail(on_channel("slow-mode"), "feature_flag")


# --- remedies: each is done, and the answer asked for again ----------------------------------------------------------

SCREEN_OFF = {"settings_override": {"screensharing": {"enabled": False}}}
REMEDIED: list[tuple[str, str, str, dict[str, Any], str, dict[str, Any]]] = [
    ("call", "send-audio", "ann", {"call": {"blocked": ["ann"]}}, "unblock the user", {}),
    ("call", "send-audio", "dee", {}, "create user `dee`", {"users": {"dee": {}}}),
    ("call", "send-audio", "dee", {"users": {"dee": {"banned": True}}}, "lift the ban", {"users": {"dee": {}}}),
    ("call", "send-audio", "dee", {"users": {"dee": {"deactivated": True}}}, "reactivate", {"users": {"dee": {}}}),
    ("call", "screenshare", "ann", {"call": SCREEN_OFF}, "switch `screensharing.enabled` on", {}),
    (
        "call",
        "send-audio",
        "ann",
        {"call": {"revoked": {"ann": ["send-audio"]}}},
        "grant it to this user again",
        {"call": {"granted": {"ann": ["send-audio"]}}},
    ),
    ("call", "update-call", "ann", {}, "let the user own the resource", {"call": {"created_by_id": "ann"}}),
    (
        "call",
        "send-audio",
        "lou",
        {},
        "grant `send-audio` to one of the user's roles (`anonymous`) in scope `video:default`",
        {"call_types": {"default": {"grants": {"anonymous": ["send-audio"]}}}},
    ),
    (
        "channel",
        "send-message",
        "sue",
        {"channel": {"members": {"sue": {"banned": True}}}},
        "lift the user's ban",
        {"channel": {}},
    ),
    ("channel", "send-message", "sue", {"channel": {"frozen": True}}, "unfreeze", {"channel": {}}),
    (
        "channel",
        "send-poll",
        "sue",
        {},
        "switch `polls` on",
        {"channel": {"config_overrides": {"flags": {"polls": True}}}},
    ),
    ("channel", "slow-mode", "sue", {}, "set a cooldown", {"channel": {"cooldown": 5}}),
]


@pytest.mark.parametrize(("kind", "capability", "user", "world", "words", "remedy"), REMEDIED)
def test_a_remedy_is_told_and_is_all_it_takes(
    kind: str, capability: str, user: str, world: dict[str, Any], words: str, remedy: dict[str, Any]
) -> None:
    ask = on_call if kind == "call" else on_channel
    before = ask(capability, user, **world)
    assert not before.decision.allowed
    assert any(text.startswith(words) or words in text for text in before.would_allow), before.would_allow
    assert ask(capability, user, **remedy).decision.allowed


def test_an_allowed_answer_needs_no_remedy() -> None:
    assert on_call("send-audio").would_allow == ()


def test_everything_in_the_way_is_told_and_not_only_the_first() -> None:
    call = {"blocked": ["ann"], "settings_override": {"video": {"enabled": False}}}
    told = on_call("send-video", call=call).would_allow
    assert [text.split()[0] for text in told] == ["unblock", "switch"]


def test_a_missing_team_or_any_team_grant_is_told() -> None:
    app = {"multi_tenant_enabled": True}
    (told,) = on_call("send-audio", app=app, call={"team": "red"}).would_allow
    assert told == (
        "make the user a member of team `red`, or grant `send-audio-any-team` to one of the user's roles (`user`) "
        "in scope `video:default`"
    )


# --- remedies that must not mislead ----------------------------------------------------------------------------------


def test_owning_is_no_remedy_for_another_persons_message() -> None:
    """`delete-any-message` is judged as if the user did not write the message, so owning can never help."""
    types = {"messaging": {"grants": {"user": ["delete-message-owner"]}}}
    told = on_channel("delete-any-message", channel_types=types).would_allow
    assert not any("own the resource" in text for text in told), told


def test_in_another_team_a_plain_grant_is_no_remedy() -> None:
    """Granting plain `send-audio` to a user outside the call's team turns NO_GRANT into OTHER_TEAM, not into a yes."""
    app, call = {"multi_tenant_enabled": True}, {"team": "red"}
    told = " ".join(on_call("send-audio", "lou", app=app, call=call).would_allow)
    assert "team" in told, told


def test_in_another_team_a_plain_grant_is_no_remedy_for_who_could_own_it_either() -> None:
    """A role holds the `-owner-any-team` form: owning would do, but granting plain `update-call` meets OTHER_TEAM."""
    app, call = {"multi_tenant_enabled": True}, {"team": "red"}
    types = {"default": {"grants": {"user": ["update-call-owner-any-team"]}}}
    told = " ".join(on_call("update-call", app=app, call=call, call_types=types).would_allow)
    assert "let the user own the resource" in told
    assert "`update-call-any-team`" in told, told


def test_a_banned_and_deactivated_user_needs_both_mended() -> None:
    told = " ".join(on_call("send-audio", "dee", users={"dee": {"banned": True, "deactivated": True}}).would_allow)
    assert "ban" in told
    assert "reactivate" in told, told


def test_on_a_frozen_channel_a_grant_to_send_is_not_all_it_takes() -> None:
    told = on_channel("send-message", "lou", channel={"frozen": True}).would_allow
    assert any("frozen" in text or "unfreeze" in text for text in told), told
    assert any("create-message" in text for text in told), told


def test_granting_again_to_the_user_is_all_that_a_revoke_takes() -> None:
    """A grant to the user allows by itself: that no role grants it is not in the way."""
    told = on_call("send-audio", "lou", call={"revoked": {"lou": ["send-audio"]}}).would_allow
    assert len(told) == 1, told


def test_without_a_team_of_the_resource_nobody_is_told_to_join_it() -> None:
    """The user has a team and the call has none: there is no team to be made a member of."""
    app = {"multi_tenant_enabled": True}
    told = on_call("send-audio", "dee", app=app, users={"dee": {"teams": ["red"]}}).would_allow
    assert told
    assert not any("member of the resource's team" in text for text in told), told


# --- permission version v1 -------------------------------------------------------------------------------------------

V1 = {"app": {"permission_version": "v1"}}


def remedies(question: dict[str, Any], **written: Any) -> tuple[str, ...]:
    return explain({"user": "ann", **question}, **V1, **written).would_allow


def test_owning_is_offered_where_a_policy_for_owners_would_allow() -> None:
    delete = {"channel": "messaging:general", "capability": "delete-channel"}
    (remedy,) = remedies(delete)
    assert remedy.startswith("let the user own the resource, or add a policy")
    (pin,) = remedies({**delete, "capability": "pin-message"})
    assert pin.startswith("add a policy above `Everything else is denied` that allows `PinMessage`")
    (others,) = remedies({**delete, "capability": "delete-any-message"})
    assert "own" not in others.partition(" that allows")[0]


def test_no_grant_is_offered_for_what_version_v1_governs_of_users() -> None:
    (edit,) = remedies({"capability": "update-user"})
    assert edit.startswith("do it server-side")
    assert "`resource_owner_id`" in edit
    (roles,) = remedies({"capability": "update-user-role"})
    assert roles.startswith("do it server-side")
    assert "`resource_owner_id`" not in roles
    (poll,) = remedies({"capability": "read-flag-reports"})
    assert "grant `read-flag-reports`" in poll


def test_a_condition_that_is_not_met_is_told_with_its_remedy() -> None:
    permissions = {"vip": {"action": "MuteUsers", "condition": {"$subject.custom.vip": True}}}
    grants = {"default": {"grants": {"user": ["vip"]}}}
    told = on_call("mute-users", permissions=permissions, call_types=grants)
    assert "role `user` holds `vip`, but its condition does not hold: " in detail(told, "role_grant")
    assert told.would_allow[0].startswith("meet the condition of `vip`")
