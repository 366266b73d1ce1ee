"""Each rule of calls, alone and against the rules before and after it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.domain_door import DomainDoor
from tests.oracle import Answer
from tests.scenarios import resolve

STANDUP = "default:standup"


def deny(reason: str) -> Answer:
    return Answer(False, reason)


def grant(role: str, permission: str) -> Answer:
    return Answer(True, "ROLE_GRANT", role, permission)


def ask(stored: dict[str, Any], capability: str, user: str = "ann", **question: Any) -> Answer:
    """Ask about `default:standup`, created by ann and as `stored` says, in an app where `app` may be given too."""
    written = {
        "app": question.pop("app", {}),
        "roles": ["speaker"],
        "users": {"ann": {}, "ben": {"role": "anonymous"}, "cat": {"role": "anonymous"}, **question.pop("users", {})},
        "call_types": question.pop("call_types", {}),
        "calls": {STANDUP: {"created_by_id": "ann", **stored}},
    }
    return DomainDoor(resolve(written)).check({"call": STANDUP, **question, "user": user, "capability": capability})


# --- standing --------------------------------------------------------------------------------------------------------


def test_an_app_without_checks_allows_everyone_everything() -> None:
    app = {"disable_permissions_checks": True}
    allowed = Answer(True, "CHECKS_DISABLED")
    assert ask({"blocked": ["ann"]}, "send-audio", app=app) == allowed
    assert ask({}, "delete-call", "nobody-we-know", app=app) == allowed
    assert ask({"revoked": {"ann": ["send-audio"]}}, "send-audio", app=app) == allowed


@pytest.mark.parametrize(
    ("user", "reason"),
    [
        ({"banned": True}, "BANNED"),
        ({"deactivated": True}, "DEACTIVATED"),
        ({"banned": True, "deactivated": True}, "BANNED"),
    ],
)
def test_standing_comes_before_all_of_the_call(user: dict[str, Any], reason: str) -> None:
    call = {"blocked": ["dee"], "granted": {"dee": ["send-audio"]}, "members": {"dee": "host"}}
    assert ask(call, "send-audio", "dee", users={"dee": user}) == deny(reason)


def test_an_unknown_user_is_denied_even_with_a_token_or_facts() -> None:
    token = {"call_cids": [STANDUP], "role": "host"}
    assert ask({}, "send-audio", "nobody", token=token) == deny("UNKNOWN_USER")
    assert ask({}, "send-audio", "nobody", facts={"member_role": "host"}) == deny("UNKNOWN_USER")


# --- block, revoke, setting, grant -----------------------------------------------------------------------------------


def test_a_block_takes_everything_from_a_member_with_grants() -> None:
    call = {"blocked": ["ben"], "members": {"ben": "host"}, "granted": {"ben": ["send-audio"]}}
    assert ask(call, "send-audio", "ben") == deny("BLOCKED")
    assert ask(call, "list-recordings", "ben") == deny("BLOCKED")
    assert ask(call, "send-audio", "ann").allowed


def test_a_revoke_beats_the_role_and_a_grant_to_the_user() -> None:
    call = {"revoked": {"ann": ["send-audio"]}, "granted": {"ann": ["send-audio"]}}
    assert ask(call, "send-audio") == deny("USER_REVOKED")
    assert ask(call, "send-video") == grant("user", "send-video")


def test_a_revoke_is_named_before_a_setting() -> None:
    call = {"revoked": {"ann": ["send-video"]}, "settings_override": {"video": {"enabled": False}}}
    assert ask(call, "send-video") == deny("USER_REVOKED")


def test_no_grant_lifts_a_setting_that_is_off() -> None:
    call = {"settings_override": {"video": {"enabled": False}}, "granted": {"ann": ["send-video"]}}
    assert ask(call, "send-video") == deny("SETTING_DISABLED")
    assert ask(call, "send-audio") == grant("user", "send-audio")


def test_a_setting_is_named_before_a_missing_grant() -> None:
    call = {"settings_override": {"recording": {"mode": "disabled"}}}
    assert ask(call, "start-record-call", "cat") == deny("SETTING_DISABLED")


@pytest.mark.parametrize("user", ["cat", "ann"])
def test_a_grant_to_the_user_works_with_and_without_a_role_that_grants(user: str) -> None:
    assert ask({"granted": {user: ["send-audio"]}}, "send-audio", user) == Answer(True, "USER_GRANT")


def test_a_grant_to_one_user_says_nothing_of_another() -> None:
    assert ask({"granted": {"cat": ["send-audio"]}}, "send-audio", "ben") == deny("NO_GRANT")


def test_asking_for_access_being_possible_changes_nothing() -> None:
    call = {"settings_override": {"audio": {"access_request_enabled": False}}}
    assert ask(call, "send-audio") == grant("user", "send-audio")


@pytest.mark.parametrize("asked", ["start-recording", "start-recording-owner", "start-recording-any-team"])
def test_a_permission_id_of_a_capability_is_judged_as_the_capability(asked: str) -> None:
    assert ask({"revoked": {"ann": ["start-record-call"]}}, asked) == deny("USER_REVOKED")
    assert ask({"settings_override": {"recording": {"mode": "disabled"}}}, asked) == deny("SETTING_DISABLED")
    assert ask({"granted": {"cat": ["start-record-call"]}}, asked, "cat") == Answer(True, "USER_GRANT")
    assert ask({}, asked) == grant("user", "start-recording")


def test_a_permission_id_without_capability_is_left_to_the_roles() -> None:
    assert ask({}, "send-event") == grant("user", "send-event")
    assert ask({}, "delete-call") == deny("NO_GRANT")
    assert ask({}, "delete-call", users={"ann": {"role": "admin"}}) == grant("admin", "delete-call")


# --- roles -----------------------------------------------------------------------------------------------------------


def test_the_users_own_role_comes_first_then_membership_then_the_token() -> None:
    token = {"call_cids": [STANDUP], "role": "admin"}
    assert ask({"members": {"ann": "host"}}, "send-audio", token=token) == grant("user", "send-audio")
    assert ask({"members": {"cat": "host"}}, "send-audio", "cat", token=token) == grant("host", "send-audio")
    assert ask({}, "send-audio", "cat", token=token) == grant("admin", "send-audio")


def test_membership_adds_and_never_takes_away() -> None:
    call = {"members": {"ann": "guest"}}
    assert ask(call, "send-audio") == grant("user", "send-audio")


def test_a_member_without_a_role_is_a_call_member() -> None:
    assert ask({"members": {"cat": None}}, "send-audio", "cat") == grant("call_member", "send-audio")
    assert ask({"members": {"cat": "call-member"}}, "send-audio", "cat") == grant("call_member", "send-audio")


def test_a_token_of_another_call_gives_nothing() -> None:
    token = {"call_cids": ["default:other"], "role": "host"}
    assert ask({}, "send-audio", "cat", token=token) == deny("NO_GRANT")


def test_an_app_wide_grant_gives_nothing_on_a_call() -> None:
    app = {"grants": {"anonymous": ["send-audio"]}}
    assert ask({}, "send-audio", "cat", app=app) == deny("NO_GRANT")


def test_a_role_without_any_grant_in_the_scope_gives_nothing() -> None:
    assert ask({"members": {"cat": "speaker"}}, "send-audio", "cat") == deny("NO_GRANT")


# --- ownership -------------------------------------------------------------------------------------------------------


def test_the_creator_owns_the_call_and_nobody_else_does() -> None:
    assert ask({}, "update-call") == grant("user", "update-call-owner")
    users: dict[str, Any] = {"dee": {}}
    assert ask({}, "update-call", "dee", users=users) == deny("OWNER_ONLY")
    assert ask({"members": {"dee": "user"}}, "update-call", "dee", users=users, resource_owner="dee") == deny(
        "OWNER_ONLY"
    )


def test_a_message_on_a_call_is_owned_by_whom_the_question_names() -> None:
    types = {"default": {"grants": {"user": ["delete-message-owner"]}}}
    assert ask({}, "delete-message", call_types=types) == deny("OWNER_ONLY")
    assert ask({}, "delete-message", call_types=types, resource_owner="ben") == deny("OWNER_ONLY")
    assert ask({}, "delete-message", call_types=types, resource_owner="ann") == grant("user", "delete-message-owner")


@pytest.mark.parametrize("capability", ["update-call", "mute-users"])
def test_a_call_that_was_never_stored_has_no_owner(capability: str) -> None:
    assert ask({}, capability, call="default:never") == deny("OWNER_ONLY")
    assert ask({}, capability, call="default:never", facts={"created_by_id": "ann"}).allowed


@pytest.mark.parametrize(
    ("grants", "permission"),
    [
        (["send-audio", "send-audio-any-team", "send-audio-owner", "send-audio-owner-any-team"], "send-audio"),
        (["send-audio-any-team", "send-audio-owner", "send-audio-owner-any-team"], "send-audio-any-team"),
        (["send-audio-owner", "send-audio-owner-any-team"], "send-audio-owner"),
        (["send-audio-owner-any-team"], "send-audio-owner-any-team"),
    ],
)
def test_of_several_grants_of_a_role_the_plainest_is_named(grants: list[str], permission: str) -> None:
    types = {"default": {"grants": {"user": grants}}}
    assert ask({}, "send-audio", call_types=types) == grant("user", permission)


# --- teams -----------------------------------------------------------------------------------------------------------

TENANTS = {"multi_tenant_enabled": True}
RED = {"dee": {"teams": ["red"]}}


@pytest.mark.parametrize(
    ("team", "teams", "allowed"),
    [
        ("red", ["red", "blue"], True),
        ("red", ["blue"], False),
        ("red", [], False),
        ("", ["red"], False),
        ("", [], True),
    ],
)
def test_the_user_shares_the_calls_team_or_neither_has_one(team: str, teams: list[str], allowed: bool) -> None:
    answer = ask({"team": team}, "send-audio", "dee", app=TENANTS, users={"dee": {"teams": teams}})
    assert answer == (grant("user", "send-audio") if allowed else deny("OTHER_TEAM"))


def test_teams_are_ignored_in_an_app_of_one_tenant() -> None:
    assert ask({"team": "blue"}, "send-audio", "dee", users=RED) == grant("user", "send-audio")


def test_any_team_ignores_teams() -> None:
    assert ask({"team": "blue", "members": {"dee": None}}, "join-call", "dee", app=TENANTS, users=RED) == grant(
        "call_member", "join-call-any-team"
    )
    users = {"dee": {"role": "global_moderator"}}
    assert ask({"team": "blue"}, "mute-users", "dee", app=TENANTS, users=users) == grant(
        "global_moderator", "mute-users-any-team"
    )


def test_an_own_call_of_another_team_is_another_teams() -> None:
    assert ask({"team": "blue", "created_by_id": "dee"}, "update-call", "dee", app=TENANTS, users=RED) == deny(
        "OTHER_TEAM"
    )


def test_when_team_and_ownership_both_stand_in_the_way_neither_is_named() -> None:
    assert ask({"team": "blue"}, "update-call", "dee", app=TENANTS, users=RED) == deny("NO_GRANT")


def test_when_either_alone_would_do_the_team_is_named() -> None:
    types = {"default": {"grants": {"user": ["send-audio", "send-audio-owner-any-team"]}}}
    call = {"team": "blue", "created_by_id": "ann"}
    assert ask(call, "send-audio", "dee", app=TENANTS, users=RED, call_types=types) == deny("OTHER_TEAM")


def test_a_role_in_a_team_replaces_the_users_own_there_and_only_there() -> None:
    users = {"dee": {"role": "anonymous", "teams": ["red", "blue"], "teams_role": {"red": "admin"}}}
    assert ask({"team": "red"}, "send-audio", "dee", app=TENANTS, users=users) == grant("admin", "send-audio")
    assert ask({"team": "blue"}, "send-audio", "dee", app=TENANTS, users=users) == deny("NO_GRANT")
    assert ask({"team": "red"}, "send-audio", "dee", users=users) == deny("NO_GRANT")


def test_a_role_in_a_team_may_be_less_than_the_users_own() -> None:
    users = {"dee": {"role": "admin", "teams": ["red"], "teams_role": {"red": "anonymous"}}}
    assert ask({"team": "red"}, "send-audio", "dee", app=TENANTS, users=users) == deny("NO_GRANT")


def test_a_grant_to_the_user_crosses_teams() -> None:
    call = {"team": "blue", "granted": {"dee": ["send-audio"]}}
    assert ask(call, "send-audio", "dee", app=TENANTS, users=RED) == Answer(True, "USER_GRANT")


# --- facts -----------------------------------------------------------------------------------------------------------


def test_facts_win_over_what_is_stored_field_by_field() -> None:
    call = {"members": {"cat": "host"}, "team": "blue", "blocked": ["cat"]}
    assert ask(call, "send-audio", "cat", facts={"blocked": False}) == grant("host", "send-audio")
    assert ask(call, "send-audio", "cat", facts={"blocked": False, "member_role": "anonymous"}) == deny("NO_GRANT")
    assert ask(call, "send-audio", "cat", facts={"member_role": "host"}) == deny("BLOCKED")


def test_facts_can_say_that_something_stored_is_not() -> None:
    assert ask({"members": {"cat": "host"}}, "send-audio", "cat", facts={"member_role": ""}) == deny("NO_GRANT")
    assert ask({}, "update-call", facts={"created_by_id": ""}) == deny("OWNER_ONLY")
    assert ask({"team": "blue"}, "send-audio", app=TENANTS, facts={"team": ""}) == grant("user", "send-audio")


def test_settings_in_facts_are_taken_one_by_one() -> None:
    call = {"settings_override": {"video": {"enabled": False}, "recording": {"mode": "disabled"}}}
    facts = {"settings_override": {"video.enabled": True}}
    assert ask(call, "send-video", facts=facts) == grant("user", "send-video")
    assert ask(call, "start-record-call", facts=facts) == deny("SETTING_DISABLED")
    assert ask({}, "screenshare", facts={"settings_override": {"screensharing.enabled": False}}) == deny(
        "SETTING_DISABLED"
    )


def test_the_role_in_facts_may_be_spelled_either_way() -> None:
    assert ask({}, "send-audio", "cat", facts={"member_role": "call-member"}) == grant("call_member", "send-audio")


def test_facts_do_not_lift_a_revoke_or_add_a_grant() -> None:
    call = {"revoked": {"ann": ["send-audio"]}}
    assert ask(call, "send-audio", facts={"member_role": "host"}) == deny("USER_REVOKED")
