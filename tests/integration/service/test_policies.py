"""Policies of channel types, for permission version v1: written and read beside the grants, which they don't touch."""

from __future__ import annotations

from typing import Any

import pytest

from rolecall.domain.builtin.policies import POLICIES
from rolecall.domain.decision import Decision, Reason
from rolecall.domain.errors import InvalidInput, RevisionConflict, UnknownPermission, UnknownRole
from rolecall.domain.records import PolicyRecord
from rolecall.service.administration.changes import AppChange, Page, TypeChange
from tests.integration.service.desk import Desk
from tests.integration.service.refusals import refused

READ = PolicyRecord("Everyone reads", 5, ("ReadChannel",), ("*",))


async def upsert(desk: Desk, name: str, *policies: PolicyRecord, **fields: Any) -> tuple[PolicyRecord, ...]:
    change = TypeChange(name, policies=policies, **fields)
    return (await desk.admin.channel_types.upsert(desk.server, change)).record.policies


async def policies_of(desk: Desk, name: str) -> tuple[PolicyRecord, ...]:
    return (await desk.admin.channel_types.get(desk.server, name))[0].policies


async def test_a_new_app_has_the_built_in_policies(desk: Desk) -> None:
    listing = await desk.admin.channel_types.list(desk.server, Page())
    assert {record.scope: record.policies for record in listing.items} == dict(POLICIES)
    for record in listing.items:
        priorities = [policy.priority for policy in record.policies]
        assert priorities == sorted(priorities, reverse=True)


async def test_call_types_have_none(desk: Desk) -> None:
    for record in (await desk.admin.call_types.list(desk.server, Page())).items:
        assert record.policies == ()
    assert (await desk.admin.call_types.upsert(desk.server, TypeChange("mine"))).record.policies == ()


async def test_a_new_type_starts_from_those_of_messaging_as_they_were_shipped(desk: Desk) -> None:
    await upsert(desk, "messaging", READ)
    result = await desk.admin.channel_types.upsert(desk.server, TypeChange("mine"))
    assert result.record.policies == POLICIES["messaging"]
    assert await upsert(desk, "other", READ) == (READ,)


async def test_they_are_replaced_whole_and_come_back_highest_priority_first_ties_as_sent(desk: Desk) -> None:
    low, high = PolicyRecord("low", 1, ("*",), ("*",), allow=False), PolicyRecord("high", 999, ("EditUser",), (), True)
    tie = PolicyRecord("also 5", 5, ("ReadChannel", "ReadChannel"), ("call-member", "call_member"), allow=False)
    kept = PolicyRecord("also 5", 5, ("ReadChannel",), ("call_member",), allow=False)
    assert await upsert(desk, "team", low, READ, high, tie) == (high, READ, kept, low)
    assert await policies_of(desk, "team") == (high, READ, kept, low)
    assert await upsert(desk, "team", tie, READ) == (kept, READ)


async def test_policies_and_the_rest_of_a_type_leave_each_other_alone(desk: Desk) -> None:
    types = desk.admin.channel_types
    before, _ = await types.get(desk.server, "team")
    await upsert(desk, "team", READ)
    after, _ = await types.get(desk.server, "team")
    assert (after.grants, after.settings) == (before.grants, before.settings)
    await types.upsert(desk.server, TypeChange("team", grants={"user": ()}, settings={"polls": False}))
    await types.upsert(desk.server, TypeChange("team", reset_grants=True))
    assert await policies_of(desk, "team") == (READ,)


async def test_no_policies_at_all_can_be_said(desk: Desk) -> None:
    assert await upsert(desk, "team") == ()
    assert await policies_of(desk, "team") == ()


async def test_the_same_policies_again_write_nothing(desk: Desk) -> None:
    before = await desk.revision()
    await upsert(desk, "team", *POLICIES["team"])
    assert await desk.revision() == before
    await upsert(desk, "team", READ)
    assert await desk.revision() == before + 1


async def test_a_dry_run_answers_as_if_and_changes_nothing(desk: Desk) -> None:
    before = await desk.revision()
    assert await upsert(desk, "team", READ, dry_run=True) == (READ,)
    assert await policies_of(desk, "team") == POLICIES["team"]
    with refused(UnknownRole, field="permissions[0].roles[0]"):
        await upsert(desk, "team", PolicyRecord("x", 1, ("*",), ("nobody",)), dry_run=True)
    assert await desk.revision() == before


async def test_an_expected_revision_guards_them_too(desk: Desk) -> None:
    read_at = (await desk.admin.channel_types.get(desk.server, "team"))[1]
    await upsert(desk, "team", READ, expected_revision=read_at)
    with refused(RevisionConflict, field="expected_revision"):
        await upsert(desk, "team", expected_revision=read_at)
    assert await policies_of(desk, "team") == (READ,)


GOOD: dict[str, Any] = {"name": "fine", "priority": 5, "resources": ("*",), "roles": ("*",)}
BAD: dict[str, tuple[dict[str, Any], type[Exception], str]] = {
    "no name": ({"name": ""}, InvalidInput, "name"),
    "name of 101 characters": ({"name": "x" * 101}, InvalidInput, "name"),
    "priority 0": ({"priority": 0}, InvalidInput, "priority"),
    "priority 1000": ({"priority": 1_000}, InvalidInput, "priority"),
    "no resources": ({"resources": ()}, InvalidInput, "resources"),
    "unknown resource": ({"resources": ("*", "ReadChanel")}, InvalidInput, "resources[1]"),
    "unknown role": ({"roles": ("user", "nobody")}, UnknownRole, "roles[1]"),
    "no roles and no owner": ({"roles": ()}, InvalidInput, "roles"),
}


@pytest.mark.parametrize(("fields", "kind", "field"), BAD.values(), ids=BAD)
async def test_a_bad_one_refuses_everything_with_its_place(
    desk: Desk, fields: dict[str, Any], kind: Any, field: str
) -> None:
    policies = (READ, PolicyRecord(**GOOD | fields))
    before = await desk.revision()
    with refused(kind, field=f"permissions[1].{field}"):
        await upsert(desk, "team", *policies, grants={"user": ()}, settings={"polls": False})
    with refused(kind, field=f"permissions[1].{field}"):
        await upsert(desk, "fresh", *policies)
    assert await desk.revision() == before
    assert await policies_of(desk, "team") == POLICIES["team"]


async def test_more_than_a_hundred_are_refused(desk: Desk) -> None:
    await upsert(desk, "team", *[READ] * 100)
    with refused(InvalidInput, field="permissions", text="at most 100"):
        await upsert(desk, "team", *[READ] * 101)
    assert len(await policies_of(desk, "team")) == 100


async def test_bad_grants_keep_the_policies_as_they_were(desk: Desk) -> None:
    with refused(UnknownPermission, field="grants.user"):
        await upsert(desk, "team", READ, grants={"user": ("nothing",)})
    assert await policies_of(desk, "team") == POLICIES["team"]


async def test_roles_of_the_app_can_be_named_and_stay_while_they_are(desk: Desk) -> None:
    await desk.admin.roles.create(desk.server, "speaker")
    named = PolicyRecord("speakers", 9, ("CreateMessage",), ("speaker", "*"))
    assert await upsert(desk, "team", named) == (named,)


async def test_they_decide_under_v1_only_and_switching_loses_neither(desk: Desk) -> None:
    await desk.make_users("gil", role="guest")
    await upsert(desk, "team", PolicyRecord("Guests talk", 5, ("CreateMessage",), ("guest",)))
    await desk.admin.channel_types.upsert(desk.server, TypeChange("team", grants={"guest": ("read-channel",)}))
    for _ in range(2):
        await desk.admin.apps.update(desk.server, AppChange(permission_version="v1"))
        assert await desk.decide("gil", "send-message", channel="team:x") == Decision(
            True, Reason.POLICY_ALLOW, policy="Guests talk"
        )
        assert await desk.decide("gil", "read-channel", channel="team:x") == Decision(False, Reason.POLICY_DENY)
        await desk.admin.apps.update(desk.server, AppChange(permission_version="v2"))
        assert await desk.decide("gil", "send-message", channel="team:x") == Decision(False, Reason.NO_GRANT)
        assert (await desk.decide("gil", "read-channel", channel="team:x")).reason is Reason.ROLE_GRANT
