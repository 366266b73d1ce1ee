"""Custom permissions, conditions and policies over the wire: what is sent comes back, and answers follow."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import grpc
import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.json_format import MessageToDict
from google.protobuf.struct_pb2 import Struct

from rolecall.api.v1 import (
    app_pb2,
    authorization_pb2,
    call_pb2,
    call_type_pb2,
    channel_pb2,
    channel_type_pb2,
    core_pb2,
    permission_pb2,
    user_pb2,
)
from tests.contract.good_requests import POLICY
from tests.doors import App, Client, Server, make_app, running

Code = grpc.StatusCode
Policy = channel_type_pb2.Policy
ALLOW, DENY = channel_type_pb2.POLICY_ACTION_ALLOW, channel_type_pb2.POLICY_ACTION_DENY
CONDITION: dict[str, Any] = {
    "$or": [{"$subject.age": {"$gte": 18, "$lt": 99.5}}, {"$subject.role": {"$in": ["admin"]}}]
}


@pytest.fixture(scope="module")
def running_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Iterator[App]]]:
    """A server that knows an app for each test."""
    db = tmp_path_factory.mktemp("permissions") / "store.db"
    apps = [make_app(db, f"app-{number}") for number in range(20)]
    with running(db, refresh_ms=10) as server:
        yield server, iter(apps)


@pytest.fixture
def app(running_server: tuple[Server, Iterator[App]]) -> App:
    return next(running_server[1])


@pytest.fixture
def client(running_server: tuple[Server, Iterator[App]], app: App) -> Client:
    """A server-side caller of a new app."""
    return running_server[0].client(app)


def struct(value: dict[str, Any]) -> Struct:
    message = Struct()
    message.update(value)
    return message


def create(client: Client, permission_id: str, action: str, **fields: Any) -> permission_pb2.Permission:
    response = client(permission_pb2.CreatePermissionRequest(id=permission_id, action=action, **fields))
    made: permission_pb2.Permission = response.permission
    return made


def check(client: Client, user_id: str, capability: str, **fields: Any) -> authorization_pb2.CheckCapabilityResponse:
    request = authorization_pb2.CheckCapabilityRequest(user_id=user_id, capability=capability, **fields)
    answer: authorization_pb2.CheckCapabilityResponse = client(request)
    return answer


# --- custom permissions ----------------------------------------------------------------------------------------------


def test_a_custom_permission_says_all_there_is(client: Client) -> None:
    fields = {"name": "Delete", "description": "d", "owner": True, "same_team": False}
    made = create(client, "mine", "DeleteChannel", condition=struct(CONDITION), **fields)
    assert MessageToDict(made, preserving_proto_field_name=True) == {
        "id": "mine",
        "name": "Delete",
        "description": "d",
        "action": "DeleteChannel",
        "owner": True,
        "custom": True,
        "level": "channel",
        "owner_resource": "Channel",
        "products": ["chat"],
        "condition": CONDITION,
    }
    assert client(permission_pb2.GetPermissionRequest(id="mine")).permission == made
    listed = client(permission_pb2.ListPermissionsRequest(custom=True))
    assert list(listed.permissions) == [made]


def test_a_team_is_what_it_counts_in_unless_it_is_said_otherwise(client: Client) -> None:
    assert create(client, "narrow", "SendAudio").same_team
    assert create(client, "as-said", "SendAudio", same_team=True).same_team
    assert not create(client, "wide", "SendAudio", same_team=False).same_team


def test_without_a_condition_there_is_none(client: Client) -> None:
    assert not create(client, "none", "SendAudio").HasField("condition")
    assert not create(client, "empty", "SendAudio", condition=Struct()).HasField("condition")
    assert not client(permission_pb2.GetPermissionRequest(id="send-audio")).permission.HasField("condition")


def test_an_update_changes_what_is_present(client: Client) -> None:
    create(client, "mine", "SendAudio", name="Talk", same_team=False, condition=struct(CONDITION))
    update = permission_pb2.UpdatePermissionRequest
    kept = client(update(id="mine", owner=True)).permission
    assert (kept.name, kept.owner, kept.same_team, kept.action) == ("Talk", True, False, "SendAudio")
    assert MessageToDict(kept.condition) == CONDITION
    cleared = client(update(id="mine", name="", owner=False, same_team=True, condition=Struct())).permission
    assert (cleared.name, cleared.owner, cleared.same_team) == ("mine", False, True)
    assert not cleared.HasField("condition")


def test_a_condition_is_refused_at_its_place(client: Client) -> None:
    bad = struct({"$and": [CONDITION, {"$subject.age": {"$gt": None}}]})
    refusal = client.refused(permission_pb2.CreatePermissionRequest(id="mine", action="SendAudio", condition=bad))
    assert (refusal.code, refusal.fields) == (Code.INVALID_ARGUMENT, ("condition.$and[1].$subject.age.$gt",))


def test_one_in_use_is_kept_and_the_error_says_where_it_is_used(client: Client) -> None:
    create(client, "mine", "CreateMessage")
    overrides = channel_pb2.ChannelConfigOverrides(grants={"guest": core_pb2.PermissionList(permissions=["!mine"])})
    client(channel_pb2.UpsertChannelRequest(cid="team:x", config_overrides=overrides))
    refusal = client.refused(permission_pb2.DeletePermissionRequest(id="mine"))
    assert (refusal.code, refusal.reason) == (Code.FAILED_PRECONDITION, "PERMISSION_IN_USE")
    assert "channel `team:x`" in refusal.message
    client(channel_pb2.DeleteChannelRequest(cid="team:x"))
    client(permission_pb2.DeletePermissionRequest(id="mine"))
    assert client.refused(permission_pb2.GetPermissionRequest(id="mine")).code == Code.NOT_FOUND


def test_a_condition_on_whole_numbers_compares_whole_numbers(client: Client) -> None:
    create(client, "mine", "SendAudio", condition=struct({"$subject.age": 18}))
    grants = {"guest": core_pb2.PermissionList(permissions=["mine"])}
    client(call_type_pb2.UpsertCallTypeRequest(name="default", grants=grants))
    client(user_pb2.UpsertUsersRequest(users=[user_pb2.User(id="gil", role="guest", custom=struct({"age": 18}))]))
    answer = check(client, "gil", "send-audio", call="default:x")
    assert (answer.allowed, answer.role, answer.permission, answer.policy) == (True, "guest", "mine", "")
    assert check(client, "gil", "mine", call="default:x").allowed


# --- facts -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["call", "channel"])
def test_custom_data_among_the_facts_replaces_the_stored_for_one_answer(client: Client, kind: str) -> None:
    action, capability, cid = {
        "call": ("SendAudio", "send-audio", "default:x"),
        "channel": ("CreateMessage", "send-message", "team:x"),
    }[kind]
    create(client, "mine", action, condition=struct({"$resource.open": True, "$resource.size": {"$lt": 10}}))
    grants = {"guest": core_pb2.PermissionList(permissions=["mine"])}
    stored = struct({"open": True, "size": 3})
    client(user_pb2.UpsertUsersRequest(users=[user_pb2.User(id="gil", role="guest")]))
    if kind == "call":
        client(call_type_pb2.UpsertCallTypeRequest(name="default", grants=grants))
        client(call_pb2.UpsertCallRequest(cid=cid, custom=stored))
    else:
        client(channel_type_pb2.UpsertChannelTypeRequest(name="team", grants=grants))
        client(channel_pb2.UpsertChannelRequest(cid=cid, custom=stored))

    def allowed(facts: authorization_pb2.Facts | None) -> bool:
        return check(client, "gil", capability, facts=facts, **{kind: cid}).allowed

    facts = authorization_pb2.Facts
    assert allowed(None)
    assert allowed(facts(team="")), "absent: as stored"
    assert not allowed(facts(custom={})), "replaced whole"
    assert not allowed(facts(custom=struct({"open": True}))), "replaced whole"
    assert not allowed(facts(custom=struct({"open": True, "size": 10})))
    assert allowed(facts(custom=struct({"open": True, "size": 9})))
    assert allowed(None), "never stored"
    target: dict[str, Any] = {kind: cid}
    explain = authorization_pb2.ExplainCapabilityRequest(
        user_id="gil", capability=capability, facts=facts(custom={}), **target
    )
    assert not client(explain).allowed


# --- policies --------------------------------------------------------------------------------------------------------


def test_policies_come_back_highest_priority_first(client: Client) -> None:
    low = Policy(name="low", priority=1, resources=["*"], roles=["*"], action=DENY)
    own = Policy(name="own", priority=999, resources=["EditUser"], owner=True, action=ALLOW)
    upsert = channel_type_pb2.UpsertChannelTypeRequest
    sent = client(upsert(name="team", permissions=[low, POLICY, own]))
    assert list(sent.channel_type.permissions) == [own, POLICY, low]
    assert list(client(channel_type_pb2.GetChannelTypeRequest(name="team")).channel_type.permissions) == [
        own,
        POLICY,
        low,
    ]
    again = client(upsert(name="team", permissions=sent.channel_type.permissions))
    assert again.channel_type == sent.channel_type


def test_no_policies_are_sent_by_naming_them_in_the_mask(client: Client) -> None:
    upsert = channel_type_pb2.UpsertChannelTypeRequest
    assert len(client(upsert(name="team")).channel_type.permissions) == 7, "absent: kept"
    mask = FieldMask(paths=["permissions"])
    assert list(client(upsert(name="team", update_mask=mask, dry_run=True)).channel_type.permissions) == []
    assert len(client(upsert(name="team")).channel_type.permissions) == 7
    assert list(client(upsert(name="team", update_mask=mask)).channel_type.permissions) == []
    assert list(client(upsert(name="team", update_mask=mask, permissions=[POLICY])).channel_type.permissions) == [
        POLICY
    ]


@pytest.mark.parametrize("action", [channel_type_pb2.POLICY_ACTION_UNSPECIFIED, 3])
def test_a_policy_says_what_it_does(client: Client, action: Any) -> None:
    vague = Policy(name="x", priority=1, resources=["*"], roles=["*"], action=action)
    refusal = client.refused(channel_type_pb2.UpsertChannelTypeRequest(name="team", permissions=[POLICY, vague]))
    assert (refusal.code, refusal.fields) == (Code.INVALID_ARGUMENT, ("permissions[1].action",))


def test_answers_under_v1_name_the_policy_in_every_way_of_asking(
    client: Client, app: App, running_server: tuple[Server, Iterator[App]]
) -> None:
    client(app_pb2.UpdateAppRequest(permission_version="v1"))
    denies = Policy(name="No talk", priority=9, resources=["CreateMessage"], roles=["guest"], action=DENY)
    client(channel_type_pb2.UpsertChannelTypeRequest(name="team", permissions=[POLICY, denies]))
    client(user_pb2.UpsertUsersRequest(users=[user_pb2.User(id="gil", role="guest")]))
    for capability, allowed, reason, policy in (
        ("read-channel", True, core_pb2.REASON_POLICY_ALLOW, "Everyone reads"),
        ("send-message", False, core_pb2.REASON_POLICY_DENY, "No talk"),
        ("pin-message", False, core_pb2.REASON_POLICY_DENY, ""),
    ):
        answer = check(client, "gil", capability, channel="team:x")
        assert (answer.allowed, answer.reason, answer.policy) == (allowed, reason, policy)
        assert (answer.role, answer.permission) == ("", "")
        asked = authorization_pb2.CheckCapabilityRequest(user_id="gil", capability=capability, channel="team:x")
        batch = client(authorization_pb2.BatchCheckCapabilitiesRequest(checks=[asked]))
        assert batch.results[0].result == answer
        explain = authorization_pb2.ExplainCapabilityRequest(user_id="gil", capability=capability, channel="team:x")
        explained = client(explain)
        assert (explained.allowed, explained.reason, explained.policy) == (allowed, reason, policy)
    refusal = running_server[0].client(app, "gil").refused(channel_pb2.UpsertChannelRequest(cid="team:new"))
    assert refusal.code == Code.PERMISSION_DENIED
    assert refusal.message == (
        "User 'gil' with role guest is not allowed to access Resource CreateChannel on channel type team"
    )
