"""Each rule of channels on version v2, alone and against the rules before and after it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.domain_door import DomainDoor
from tests.oracle import Answer
from tests.scenarios import resolve
from tests.tables import CHANNEL_CAPABILITIES

GENERAL = "messaging:general"
ENABLED = Answer(True, "FEATURE_ENABLED")


def deny(reason: str) -> Answer:
    return Answer(False, reason)


def grant(role: str, permission: str) -> Answer:
    return Answer(True, "ROLE_GRANT", role, permission)


def door(channel: dict[str, Any], **parts: Any) -> DomainDoor:
    """Build a channel created by ann with ben as a member; `user` of the type holds what `grants` says."""
    grants = parts.pop("grants", None)
    types = {"messaging": {"config": parts.pop("config", {})}}
    if grants is not None:
        types["messaging"]["grants"] = grants
    written = {
        "app": parts.pop("app", {}),
        "users": {"ann": {}, "ben": {}, "cat": {"role": "guest"}, "sue": {"role": "admin"}, **parts.pop("users", {})},
        "channel_types": types,
        "channels": {GENERAL: {"created_by_id": "ann", "members": {"ben": None}, **channel}},
    }
    assert not parts
    return DomainDoor(resolve(written))


def ask(stored: dict[str, Any], capability: str, user: str = "ben", **parts: Any) -> Answer:
    question: dict[str, Any] = {
        name: parts.pop(name) for name in ("facts", "resource_owner", "channel") if name in parts
    }
    return door(stored, **parts).check({"channel": GENERAL, **question, "user": user, "capability": capability})


def only(*permissions: str) -> dict[str, list[str]]:
    """Return grants with which a plain user holds these permissions, member or not."""
    return {"user": list(permissions), "channel_member": []}


# --- standing and ban ------------------------------------------------------------------------------------------------


def test_an_app_without_checks_allows_everyone_everything() -> None:
    app = {"disable_permissions_checks": True}
    for capability in CHANNEL_CAPABILITIES:
        assert ask({"disabled": True}, capability, "stranger", app=app) == Answer(True, "CHECKS_DISABLED")


@pytest.mark.parametrize(
    ("user", "reason"), [({"banned": True}, "BANNED"), ({"deactivated": True}, "DEACTIVATED"), (None, "UNKNOWN_USER")]
)
def test_standing_comes_before_features_that_no_permission_governs(user: dict[str, Any] | None, reason: str) -> None:
    users = {} if user is None else {"dee": user}
    assert ask({"disabled": True}, "read-events", "dee", users=users) == deny(reason)


def test_a_ban_in_the_channel_takes_everything_there_and_nothing_elsewhere() -> None:
    banned = {"members": {"sue": {"channel_role": "channel_moderator", "banned": True}}, "disabled": True}
    for capability in CHANNEL_CAPABILITIES:
        assert ask(banned, capability, "sue") == deny("BANNED")
    assert ask(banned, "send-message", "sue", channel="messaging:other") == grant("admin", "create-message")


# --- disabled --------------------------------------------------------------------------------------------------------


def test_a_disabled_channel_takes_everything() -> None:
    assert ask({"disabled": True}, "send-message") == deny("CHANNEL_DISABLED")
    assert ask({"disabled": True}, "read-events") == deny("CHANNEL_DISABLED")
    assert ask({"disabled": True}, "cast-poll-vote") == deny("CHANNEL_DISABLED")
    assert ask({"disabled": True}, "read-disabled-channel") == deny("CHANNEL_DISABLED")


def test_with_read_disabled_channel_a_disabled_channel_is_as_any_other() -> None:
    disabled = {"disabled": True}
    grants = only("read-disabled-channel", "create-message")
    assert ask(disabled, "send-message", grants=grants) == grant("user", "create-message")
    assert ask(disabled, "read-events", grants=grants) == ENABLED
    assert ask(disabled, "pin-message", grants=grants) == deny("NO_GRANT")
    assert ask(disabled, "read-disabled-channel", grants=grants) == grant("user", "read-disabled-channel")


def test_read_disabled_channel_counts_ownership_and_teams() -> None:
    disabled = {"disabled": True, "team": "red"}
    owner = only("read-disabled-channel-owner", "create-message")
    assert ask(disabled, "send-message", "ann", grants=owner).allowed
    assert ask(disabled, "send-message", "ben", grants=owner) == deny("CHANNEL_DISABLED")
    app = {"multi_tenant_enabled": True}
    assert ask(disabled, "send-message", app=app, grants=only("read-disabled-channel", "create-message-any-team")) == (
        deny("CHANNEL_DISABLED")
    )


# --- features --------------------------------------------------------------------------------------------------------

FLAGGED = {name: row.flag for name, row in CHANNEL_CAPABILITIES.items() if row.flag}


@pytest.mark.parametrize(("capability", "flag"), FLAGGED.items())
def test_a_flag_that_is_off_takes_its_capability_from_everyone(capability: str, flag: str) -> None:
    assert ask({}, capability, "sue", config={flag: False}) == deny("FEATURE_DISABLED")
    assert ask({}, capability, "cat", config={flag: False}) == deny("FEATURE_DISABLED")
    assert ask({}, capability, "sue", config={flag: True}).reason != "FEATURE_DISABLED"


@pytest.mark.parametrize("flag", sorted(set(FLAGGED.values())))
def test_the_channels_own_flag_wins_over_its_type(flag: str) -> None:
    capability = next(name for name, its in FLAGGED.items() if its == flag)
    own_on = {"config_overrides": {"flags": {flag: True}}}
    own_off = {"config_overrides": {"flags": {flag: False}}}
    assert ask(own_on, capability, "sue", config={flag: False}).reason != "FEATURE_DISABLED"
    assert ask(own_off, capability, "sue", config={flag: True}) == deny("FEATURE_DISABLED")


def test_a_flag_takes_nothing_but_its_own_capabilities() -> None:
    for flag in set(FLAGGED.values()):
        door_off = door({}, config={flag: False})
        off = {
            capability
            for capability in CHANNEL_CAPABILITIES
            if door_off.check({"channel": GENERAL, "user": "sue", "capability": capability}).reason
            == "FEATURE_DISABLED"
        }
        always_off = {"slow-mode", "cast-poll-vote", "query-poll-votes", "send-poll", "share-location"}
        assert off - always_off == {name for name, its in FLAGGED.items() if its == flag} - always_off


@pytest.mark.parametrize(
    "capability", ["connect-events", "delivery-events", "read-events", "send-typing-events", "typing-events"]
)
def test_what_no_permission_governs_is_allowed_to_anyone_known(capability: str) -> None:
    assert ask({"frozen": True}, capability, "cat") == ENABLED


def test_slow_mode_holds_while_the_cooldown_is_above_zero() -> None:
    assert ask({"cooldown": 0}, "slow-mode") == deny("FEATURE_DISABLED")
    assert ask({"cooldown": 1}, "slow-mode") == ENABLED
    assert ask({"cooldown": 1}, "slow-mode", facts={"cooldown": 0}) == deny("FEATURE_DISABLED")
    assert ask({}, "slow-mode", facts={"cooldown": 5}) == ENABLED


def test_a_flag_speaks_of_quoting_and_searching_not_of_sending_and_reading() -> None:
    config = {"quotes": False, "search": False}
    assert ask({}, "quote-message", config=config) == deny("FEATURE_DISABLED")
    assert ask({}, "search-messages", config=config) == deny("FEATURE_DISABLED")
    assert ask({}, "create-message", config=config).allowed
    assert ask({}, "read-channel", config=config).allowed


# --- frozen ----------------------------------------------------------------------------------------------------------

SENDING = {"send-message", "send-poll", "send-reaction", "send-reply"}


def test_a_frozen_channel_takes_exactly_sending() -> None:
    grants = {"user": sorted({action for row in CHANNEL_CAPABILITIES.values() for action in row.actions})}
    config = dict.fromkeys(set(FLAGGED.values()), True)
    before = door({"cooldown": 1}, grants=grants, config=config)
    frozen = door({"cooldown": 1, "frozen": True}, grants=grants, config=config)
    question = {"channel": GENERAL, "user": "ben"}
    assert set(before.capabilities(question)) == set(CHANNEL_CAPABILITIES)
    assert set(before.capabilities(question)) - set(frozen.capabilities(question)) == SENDING
    for capability in (*SENDING, "create-message", "create-reaction-owner"):
        assert frozen.check({**question, "capability": capability}) == deny("CHANNEL_FROZEN")


def test_use_frozen_channel_lifts_it() -> None:
    grants = only("create-message", "use-frozen-channel")
    assert ask({"frozen": True}, "send-message", grants=grants) == grant("user", "create-message")
    owner = only("create-message", "use-frozen-channel-owner")
    assert ask({"frozen": True}, "send-message", "ann", grants=owner).allowed
    assert ask({"frozen": True}, "send-message", "ben", grants=owner) == deny("CHANNEL_FROZEN")


def test_sending_that_was_not_granted_is_denied_for_that() -> None:
    assert ask({"frozen": True}, "send-message", grants=only()) == deny("NO_GRANT")
    assert ask({"frozen": True}, "send-message", grants=only("create-message-owner")) == deny("OWNER_ONLY")


def test_a_feature_that_is_off_is_named_before_frozen() -> None:
    assert ask({"frozen": True}, "send-reply", config={"replies": False}) == deny("FEATURE_DISABLED")


# --- ownership -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("word", ["delete", "update"])
def test_own_and_others_messages(word: str) -> None:
    owner, plain = only(f"{word}-message-owner"), only(f"{word}-message")
    assert ask({}, f"{word}-own-message", grants=owner) == grant("user", f"{word}-message-owner")
    assert ask({}, f"{word}-any-message", grants=owner) == deny("OWNER_ONLY")
    assert ask({}, f"{word}-own-message", grants=plain) == grant("user", f"{word}-message")
    assert ask({}, f"{word}-any-message", grants=plain) == grant("user", f"{word}-message")
    assert ask({}, f"{word}-any-message", grants=only()) == deny("NO_GRANT")


def test_whose_message_it_is_says_the_capability_and_not_the_question() -> None:
    owner = only("delete-message-owner")
    assert ask({}, "delete-own-message", resource_owner="cat", grants=owner).allowed
    assert ask({}, "delete-any-message", "ben", resource_owner="ben", grants=owner) == deny("OWNER_ONLY")
    assert ask({}, "delete-any-message", "ann", grants=owner) == deny("OWNER_ONLY")


def test_a_permission_id_asks_of_the_message_the_question_names() -> None:
    owner = only("delete-message-owner")
    assert ask({}, "delete-message", grants=owner) == deny("OWNER_ONLY")
    assert ask({}, "delete-message", resource_owner="cat", grants=owner) == deny("OWNER_ONLY")
    assert ask({}, "delete-message", resource_owner="ben", grants=owner) == grant("user", "delete-message-owner")
    assert ask({}, "delete-message", "ann", grants=owner) == deny("OWNER_ONLY")


def test_a_reaction_belongs_to_its_author_and_a_channel_to_its_creator() -> None:
    assert ask({}, "delete-reaction", resource_owner="ben", grants=only("delete-reaction-owner")).allowed
    assert ask({}, "update-channel", "ann", grants=only("update-channel-owner")) == grant(
        "user", "update-channel-owner"
    )
    assert ask({}, "update-channel", "ben", resource_owner="ben", grants=only("update-channel-owner")) == deny(
        "OWNER_ONLY"
    )


@pytest.mark.parametrize("variant", ["", "-owner", "-any-team", "-owner-any-team"])
def test_any_variant_is_enough_to_update_a_thread(variant: str) -> None:
    assert ask({}, "update-thread", grants=only(f"update-thread{variant}")) == grant("user", f"update-thread{variant}")


@pytest.mark.parametrize(
    ("capability", "own"),
    [("join-channel", "add-own-channel-membership"), ("leave-channel", "remove-own-channel-membership")],
)
def test_joining_and_leaving_also_follow_from_updating_members(capability: str, own: str) -> None:
    assert ask({}, capability, grants=only("update-channel-members")) == grant("user", "update-channel-members")
    assert ask({}, capability, grants=only(own)) == grant("user", own)
    assert ask({}, capability, grants=only()) == deny("NO_GRANT")
    assert ask({}, own, grants=only("update-channel-members")) == deny("NO_GRANT")


@pytest.mark.parametrize(
    ("capability", "own"),
    [("join-channel", "add-own-channel-membership"), ("leave-channel", "remove-own-channel-membership")],
)
def test_joining_and_leaving_name_their_own_permission_when_both_are_held(capability: str, own: str) -> None:
    assert ask({}, capability, grants=only("update-channel-members", own)) == grant("user", own)


# --- roles, teams, own grants ----------------------------------------------------------------------------------------


def test_a_member_without_a_role_is_a_channel_member() -> None:
    grants = {"user": [], "channel_member": ["create-message"]}
    assert ask({}, "send-message", grants=grants) == grant("channel_member", "create-message")
    assert ask({}, "send-message", "ann", grants=grants) == deny("NO_GRANT")
    assert ask({}, "send-message", facts={"member_role": ""}, grants=grants) == deny("NO_GRANT")
    assert ask({}, "send-message", "ann", facts={"member_role": "channel_member"}, grants=grants).allowed


def test_teams_stand_in_the_way_in_multi_tenant_apps_only() -> None:
    users = {"dee": {"teams": ["red"]}}
    for app, expected in (
        ({"multi_tenant_enabled": True}, deny("OTHER_TEAM")),
        ({"multi_tenant_enabled": False}, grant("user", "create-message")),
    ):
        answer = ask({"team": "blue"}, "send-message", "dee", app=app, users=users, grants=only("create-message"))
        assert answer == expected


def test_own_grants_add_and_take_away_for_this_channel_alone() -> None:
    own = {"config_overrides": {"grants": {"user": ["!add-links", "pin-message"], "channel_member": ["!add-links"]}}}
    grants = {"user": ["add-links", "create-message"], "channel_member": ["add-links"]}
    assert ask(own, "send-links", grants=grants) == deny("NO_GRANT")
    assert ask(own, "pin-message", grants=grants) == grant("user", "pin-message")
    assert ask(own, "send-message", grants=grants) == grant("user", "create-message")
    assert ask(own, "send-links", grants=grants, channel="messaging:other") == grant("user", "add-links")
    assert ask(own, "pin-message", grants=grants, channel="messaging:other") == deny("NO_GRANT")


def test_taking_away_leaves_the_other_variants() -> None:
    own = {"config_overrides": {"grants": {"user": ["!delete-message"]}}}
    grants = only("delete-message", "delete-message-owner")
    assert ask(own, "delete-own-message", grants=grants) == grant("user", "delete-message-owner")
    assert ask(own, "delete-any-message", grants=grants) == deny("OWNER_ONLY")


def test_own_grants_reach_the_permissions_that_open_frozen_and_disabled_channels() -> None:
    opened = {"frozen": True, "config_overrides": {"grants": {"user": ["use-frozen-channel"]}}}
    closed = {"disabled": True, "config_overrides": {"grants": {"user": ["!read-disabled-channel"]}}}
    assert ask(opened, "send-message", grants=only("create-message")).allowed
    assert ask(closed, "send-message", grants=only("create-message", "read-disabled-channel")) == deny(
        "CHANNEL_DISABLED"
    )


# --- never stored, facts, v1 -----------------------------------------------------------------------------------------


def test_a_channel_never_stored_is_judged_by_its_type_alone() -> None:
    never = {"channel": "messaging:never"}
    assert ask({}, "send-message", "ben", grants={"user": [], "channel_member": ["create-message"]}, **never) == deny(
        "NO_GRANT"
    )
    assert ask({}, "update-channel", "ann", grants=only("update-channel-owner"), **never) == deny("OWNER_ONLY")
    assert ask({}, "slow-mode", **never) == deny("FEATURE_DISABLED")
    assert ask({}, "read-events", **never) == ENABLED


def test_facts_win_over_what_is_stored_field_by_field() -> None:
    grants = only("create-message", "create-reply", "update-channel-owner")
    frozen = {"frozen": True, "config_overrides": {"flags": {"replies": False, "reactions": False}}}
    assert ask(frozen, "send-message", facts={"frozen": False}, grants=grants).allowed
    assert ask(frozen, "send-message", facts={"disabled": True}, grants=grants) == deny("CHANNEL_DISABLED")
    assert ask({"disabled": True}, "send-message", facts={"disabled": False}, grants=grants).allowed
    facts = {"config_override": {"replies": True}, "frozen": False}
    assert ask(frozen, "send-reply", facts=facts, grants=grants).allowed
    assert ask(frozen, "send-reaction", facts=facts, grants=grants) == deny("FEATURE_DISABLED")
    assert ask({}, "update-channel", facts={"created_by_id": "ben"}, grants=grants).allowed
    assert ask({}, "update-channel", "ann", facts={"created_by_id": ""}, grants=grants) == deny("OWNER_ONLY")
