from __future__ import annotations

from dataclasses import replace

import pytest

from rolecall.domain.builtin.policies import POLICIES
from rolecall.domain.grants import compile_grants
from rolecall.domain.migration import (
    Change,
    GrantJudge,
    PolicyJudge,
    differences,
    names,
    same_policies,
    translate,
    without_search,
)
from rolecall.domain.policies import compile_policies
from rolecall.domain.records import PolicyRecord

ROLES = ("user", "guest", "host", "channel_member", "channel_moderator", "speaker")
EVERYTHING = PolicyRecord("all", 10, ("*",), ("*",))


def policy(resource: str, *roles: str, priority: int = 10, owner: bool = False, allow: bool = True) -> PolicyRecord:
    return PolicyRecord("a policy", priority, (resource,), roles, owner or not roles, allow)


# --- same policies ---------------------------------------------------------------------------------------------------


def test_policies_of_other_names_say_the_same() -> None:
    renamed = [replace(one, name="other") for one in POLICIES["messaging"]]
    assert same_policies(renamed, POLICIES["messaging"])
    assert same_policies(POLICIES["team"], POLICIES["messaging"])


@pytest.mark.parametrize(
    "change", [{"priority": 998}, {"allow": False}, {"owner": True}, {"roles": ("*",)}, {"resources": ("*",)}]
)
def test_policies_that_differ_in_anything_else_do_not(change: dict[str, object]) -> None:
    first, *others = POLICIES["messaging"]
    assert not same_policies([replace(first, **change), *others], POLICIES["messaging"])  # type: ignore[arg-type]
    assert not same_policies(others, POLICIES["messaging"])


# --- translating -----------------------------------------------------------------------------------------------------


def test_allowed_without_owning_is_the_plain_permission_and_else_the_owners() -> None:
    policies = [policy("UpdateMessage", "guest"), policy("DeleteMessage", "guest", owner=True)]
    assert translate(policies, ROLES) == {"guest": ("delete-message-owner", "update-message", "update-thread")}


def test_an_action_is_translated_by_the_resource_it_asks_for() -> None:
    assert translate([policy("UpdateChannelMembers", "guest")], ROLES) == {
        "guest": ("add-own-channel-membership", "remove-own-channel-membership", "update-channel-members")
    }


def test_the_first_policy_counts_and_none_denies() -> None:
    policies = [policy("CreateMessage", "guest", priority=9), policy("CreateMessage", "*", priority=10, allow=False)]
    assert translate(policies, ROLES) == {}
    assert translate([], ROLES) == {}


def test_policies_without_roles_speak_to_roles_of_users_alone() -> None:
    assert translate([policy("DeleteMessage")], ROLES) == dict.fromkeys(
        ("user", "guest", "speaker"), ("delete-message-owner",)
    )


def test_a_star_speaks_to_roles_of_members_too() -> None:
    assert set(translate([EVERYTHING], ROLES)) == set(ROLES)


def test_creating_a_channel_goes_to_no_role_of_channels() -> None:
    grants = translate([EVERYTHING], ROLES)
    assert {role for role, held in grants.items() if "create-channel" in held} == {"user", "guest", "host", "speaker"}
    assert translate([policy("CreateChannel", "channel_member", owner=True)], ROLES) == {}


def test_users_get_for_their_own_what_members_hold() -> None:
    policies = [policy("PinMessage", "channel_member"), policy("MuteChannel", "channel_moderator")]
    assert translate(policies, ROLES) == {
        "channel_member": ("pin-message",),
        "channel_moderator": ("mute-channel",),
        "user": ("pin-message-owner",),
    }
    denied = policy("PinMessage", "user", priority=11, allow=False)
    assert "user" not in translate([*policies, denied], ROLES)
    assert "user" not in translate(policies, ["user", "channel_moderator"])


# --- search ----------------------------------------------------------------------------------------------------------


def test_every_permission_that_lets_search_is_taken_custom_ones_too() -> None:
    held = ("create-poll", "find", "look", "search-user", "search-user-any-team", "search-user-owner")
    grants = {"guest": held, "user": held, "speaker": ()}
    custom = {"find": "SearchUser", "look": "ReadRoles"}
    after = without_search(grants, ["guest", "speaker", "host"], custom)
    assert after == {"guest": ("create-poll", "look"), "user": held, "speaker": ()}


# --- differences -----------------------------------------------------------------------------------------------------


def test_roles_that_change_alike_are_told_together() -> None:
    before = PolicyJudge(compile_policies([policy("PinMessage", "user", "guest")]))
    after = GrantJudge(compile_grants({"user": ("mute-channel",), "guest": ("mute-channel",)}))
    changes = list(differences(before, after, ["user", "guest", "speaker"], ["channel_member"]))
    assert changes == [
        Change(("guest", "user"), ("", "channel_member"), owner, *_masks("MuteChannel", "PinMessage"))
        for owner in (False, True)
    ]


def test_the_creator_counts_as_a_member_under_v1() -> None:
    before = PolicyJudge(compile_policies([policy("PinMessage", "channel_member")]))
    nothing = GrantJudge(compile_grants({}))
    assert list(differences(before, nothing, ["user"])) == [Change(("user",), ("",), True, *_masks("", "PinMessage"))]


def test_what_stays_the_same_is_not_told() -> None:
    policies = [policy("PinMessage", "user"), policy("DeleteMessage", "user", owner=True)]
    before = PolicyJudge(compile_policies(policies))
    after = GrantJudge(compile_grants({"user": ("delete-message-owner", "pin-message")}))
    assert list(differences(before, after, ["user", "guest"], ["channel_member"])) == []
    assert list(differences(before, before, ["user", "guest"], ["channel_member"])) == []


def _masks(gained: str, lost: str) -> tuple[int, int]:
    bits = {name: bit for bit in (1 << place for place in range(122)) for name in names(bit)}
    return bits.get(gained, 0), bits.get(lost, 0)
