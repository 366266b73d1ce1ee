"""Policies of version v1: which one decides, and what they must be to be stored."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from rolecall.domain.actions import ALL, BIT
from rolecall.domain.builtin.policies import POLICIES
from rolecall.domain.decision import Decision, Reason
from rolecall.domain.errors import InvalidInput, UnknownRole
from rolecall.domain.policies import RESOURCES, asks_for, compile_policies
from rolecall.domain.policy_checks import checked_policies
from rolecall.domain.records import PolicyRecord

SEND, READ, BAN = BIT["CreateMessage"], BIT["ReadChannel"], BIT["BanChannelMember"]


def policy(name: str, priority: int = 10, resources: str = "*", roles: str = "*", **more: Any) -> PolicyRecord:
    return PolicyRecord(name, priority, tuple(resources.split()), tuple(roles.split()), **more)


def verdict(*policies: PolicyRecord, roles: str = "user", action: int = SEND, owns: int = 0) -> Decision:
    return compile_policies(policies).verdict(tuple(roles.split()), (owns,), action)


def allowed(name: str) -> Decision:
    return Decision(allowed=True, reason=Reason.POLICY_ALLOW, policy=name)


def denied(name: str = "") -> Decision:
    return Decision(allowed=False, reason=Reason.POLICY_DENY, policy=name)


# --- which one decides -----------------------------------------------------------------------------------------------


def test_the_highest_priority_that_matches_decides() -> None:
    assert verdict(policy("low", 1), policy("high", 2, allow=False)) == denied("high")
    assert verdict(policy("low", 1, allow=False), policy("high", 2)) == allowed("high")


def test_of_equal_priorities_the_first_stored_decides() -> None:
    assert verdict(policy("first"), policy("second", allow=False)) == allowed("first")
    assert verdict(policy("second", allow=False), policy("first")) == denied("second")


def test_none_matching_denies_without_a_name() -> None:
    assert verdict() == denied()
    assert verdict(policy("others", roles="admin"), policy("elsewhere", resources="ReadChannel")) == denied()


def test_one_of_the_roles_and_one_of_the_resources_are_enough() -> None:
    assert verdict(policy("p", resources="ReadChannel CreateMessage", roles="guest user")) == allowed("p")


def test_an_owner_policy_matches_owners_only() -> None:
    owners = policy("owners", roles="user", owner=True)
    assert verdict(owners, owns=SEND) == allowed("owners")
    assert verdict(owners, owns=READ) == denied()
    assert verdict(owners, owns=SEND, roles="guest") == denied()


def test_an_owner_policy_without_roles_is_for_every_role() -> None:
    owners = policy("owners", roles="", owner=True, allow=False)
    assert verdict(owners, policy("all", 1), owns=SEND, roles="anyone") == denied("owners")
    assert verdict(owners, policy("all", 1), roles="anyone") == allowed("all")


def test_a_record_without_roles_is_about_owners_even_if_it_does_not_say_so() -> None:
    assert verdict(policy("broken", roles="")) == denied()


def test_a_policy_on_what_an_action_asks_for_matches_the_action() -> None:
    assert asks_for("BanChannelMember") == ("BanUser",)
    assert verdict(policy("bans", resources="BanUser"), action=BAN) == allowed("bans")
    assert verdict(policy("bans", resources="BanChannelMember"), action=BAN) == denied()


def test_one_of_two_resources_asked_for_is_enough_and_the_first_policy_decides() -> None:
    leave = BIT["RemoveOwnChannelMembership"]
    itself = policy("itself", 2, "RemoveOwnChannelMembership", allow=False)
    members = policy("members", 1, "UpdateChannelMembers")
    assert verdict(itself, members, action=leave) == denied("itself")
    assert verdict(replace(itself, priority=1), replace(members, priority=2), action=leave) == allowed("members")


def test_all_at_once_agrees_with_one_by_one() -> None:
    for policies in POLICIES.values():
        compiled = compile_policies(policies)
        for roles in (("user",), ("guest", "channel_member"), ("admin",), ("user", "channel_moderator"), ("nobody",)):
            for owns in (0, ALL, SEND | READ):
                one_by_one = sum(bit for bit in BIT.values() if compiled.verdict(roles, (owns,), bit).allowed)
                assert compiled.allowed(roles, owns) == one_by_one


def test_several_actions_and_ways_of_owning_take_the_first_yes_else_the_first_no() -> None:
    compiled = compile_policies(
        [policy("owners", 2, "CreateMessage", "", owner=True, allow=False), policy("readers", 1, "ReadChannel")]
    )
    assert compiled.verdict(("user",), (ALL,), SEND) == denied("owners")
    assert compiled.verdict(("user",), (ALL,), SEND | READ) == allowed("readers")
    assert compiled.verdict(("user",), (0, ALL), SEND) == denied()
    assert compiled.verdict(("user",), (), SEND) == denied()


# --- writing ---------------------------------------------------------------------------------------------------------


def test_policies_are_stored_highest_priority_first_ties_as_sent() -> None:
    sent = [policy("b", 5), policy("a", 9), policy("c", 5), policy("d", 999)]
    assert [one.name for one in checked_policies(sent, ())] == ["d", "a", "b", "c"]


def test_roles_are_spelled_canonically_and_names_kept_once() -> None:
    (stored,) = checked_policies([policy("p", resources="* ReadChannel *", roles="call-member call_member *")], ())
    assert (stored.resources, stored.roles) == (("*", "ReadChannel"), ("call_member", "*"))


def test_built_in_policies_can_be_written_back() -> None:
    for policies in POLICIES.values():
        assert checked_policies(policies, ()) == policies


def test_the_older_resources_are_known() -> None:
    assert {"EditUser", "UseCommands", "*", "BanUser"} <= set(RESOURCES)


@pytest.mark.parametrize(
    ("change", "field", "says"),
    [
        ({"name": ""}, "name", "required"),
        ({"name": "x" * 101}, "name", "longer than 100 characters"),
        ({"name": "a\nb"}, "name", "control character"),
        ({"name": "\ud800"}, "name", "not valid Unicode"),
        ({"priority": 0}, "priority", "from 1 to 999, got 0"),
        ({"priority": 1000}, "priority", "from 1 to 999, got 1000"),
        ({"resources": ()}, "resources", "is empty"),
        ({"resources": ("*",) * 1001}, "resources", "at most 1000"),
        ({"roles": ("user",) * 1001}, "roles", "at most 1000"),
        ({"resources": ("ReadChannel", "ReadChanel")}, "resources[1]", "did you mean `ReadChannel`"),
        ({"resources": ("read-channel",)}, "resources[0]", "no resource"),
        ({"resources": ("",)}, "resources[0]", "no resource"),
        ({"roles": ()}, "roles", "only an `owner` policy"),
        ({"roles": ("user", "nobody")}, "roles[1]", "does not exist"),
        ({"roles": ("no body",)}, "roles[0]", "must be a role name"),
    ],
)
def test_a_bad_policy_is_refused_naming_the_place(change: dict[str, Any], field: str, says: str) -> None:
    with pytest.raises(InvalidInput, match=says) as raised:
        checked_policies([policy("good"), replace(policy("bad"), **change)], ())
    assert raised.value.field == f"permissions[1].{field}"


def test_a_custom_role_must_exist() -> None:
    assert checked_policies([policy("p", roles="speaker")], {"speaker"})
    with pytest.raises(UnknownRole):
        checked_policies([policy("p", roles="speaker")], ())


def test_a_name_counts_characters_not_bytes() -> None:
    assert checked_policies([policy("é" * 100)], ())


def test_at_most_a_hundred() -> None:
    assert len(checked_policies([policy("p")] * 100, ())) == 100
    with pytest.raises(InvalidInput, match="at most 100") as raised:
        checked_policies([policy("p")] * 101, ())
    assert raised.value.field == "permissions"
