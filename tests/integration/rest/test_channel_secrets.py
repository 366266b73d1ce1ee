"""What users must not learn of channels, or take, by asking: who is in them, and which of them there are."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

import grpc
import pytest

from rolecall.api.v1 import channel_pb2
from rolecall.service.administration.channels.distinct import distinct_id
from tests.doors import Server
from tests.integration.rest.channel_door import (
    BOTH,
    PREFIX,
    channel_server,
    failed,
    get,
    ids,
    make,
    new_cid,
    new_type,
    path_of,
    state_of,
    without_duration,
)
from tests.integration.rest.test_http_api import V2, Door

PEOPLE: Final = ("bob", "carol", "dave", "nobody")
"""Two members, of whom one is a moderator, one who is none, and nobody."""

MEMBERS: Final = ["alice", {"user_id": "bob", "channel_role": "channel_moderator"}, "carol"]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Door]]:
    with channel_server(tmp_path_factory.mktemp("secrets")) as started:
        yield started


@pytest.fixture(scope="module")
def door(site: tuple[Server, Door]) -> Door:
    return site[1]


@pytest.fixture(scope="module")
def server(site: tuple[Server, Door]) -> Server:
    return site[0]


def denied(operation: str, action: str, kind: str, user_id: str = "eve") -> str:
    text = f"User '{user_id}' with role 'user' is not allowed to perform action {action} in scope '{kind}'"
    return failed(operation, text)


@pytest.fixture(scope="module")
def eve(door: Door) -> str:
    """Return the token of a user that is in no channel."""
    assert door.raw("POST", f"{V2}/users", json={"users": {"eve": {"id": "eve"}}}).status_code == 201
    return door.app.token("eve")


# --- who is a member -------------------------------------------------------------------------------------------------

NAMING: Final = (
    lambda user_id: {"add_members": [user_id]},
    lambda user_id: {"add_members": [{"user_id": user_id, "channel_role": "channel_member"}]},
    lambda user_id: {"add_members": [{"user_id": user_id, "channel_role": "no-such-role"}]},
    lambda user_id: {"invites": [user_id]},
    lambda user_id: {"remove_members": [user_id]},
    lambda user_id: {"add_moderators": [user_id]},
    lambda user_id: {"demote_moderators": [user_id]},
    lambda user_id: {"assign_roles": [{"user_id": user_id, "channel_role": "channel_moderator"}]},
    lambda user_id: {"assign_roles": [{"user_id": user_id, "channel_role": "no-such-role"}]},
)


@BOTH
@pytest.mark.parametrize("held", [[], ["read-channel"], ["read-channel", "add-own-channel-membership"]])
def test_updates_refuse_whoever_is_named(door: Door, eve: str, surface: str, held: list[str]) -> None:
    cid = new_cid(kind := new_type(door, {"user": held}))
    make(door, cid, surface, members=MEMBERS)
    before = without_duration(get(door, cid, surface))
    for body in (naming(user_id) for naming in NAMING for user_id in PEOPLE):
        told = door.no("POST", path_of(surface, cid), 403, 17, json=body, token=eve)
        assert told == denied("UpdateChannel", "UpdateChannelMembers", kind), body
    assert without_duration(get(door, cid, surface)) == before


@BOTH
def test_who_changes_members_does_not_learn_their_roles(door: Door, eve: str, surface: str) -> None:
    cid = new_cid(kind := new_type(door, {"user": ["read-channel", "update-channel-members"]}))
    make(door, cid, surface, members=MEMBERS)
    before = without_duration(get(door, cid, surface))
    for naming in NAMING:
        for user_id in PEOPLE:
            if "channel_role" in (text := json.dumps(body := naming(user_id))) or "moderators" in text:
                told = door.no("POST", path_of(surface, cid), 403, 17, json=body, token=eve)
                assert told == denied("UpdateChannel", "ReadChannelMembers", kind), body
    assert without_duration(get(door, cid, surface)) == before
    for user_id in ("bob", "dave"):
        answer = door.raw("POST", path_of(surface, cid), json={"add_members": [user_id]}, token=eve)
        assert (answer.status_code, answer.json()["members"]) == (201, [])


@BOTH
def test_a_channel_that_is_not_to_be_read_tells_nothing_of_itself(door: Door, eve: str, surface: str) -> None:
    kind = new_type(door, {})
    plain, full = new_cid(kind), new_cid(kind)
    make(door, plain, surface)
    make(door, full, surface, invites=["bob"], **({"custom": {"a": 1}} if surface == V2 else {"a": 1}))
    for body, action in (
        ({"accept_invite": True}, "AddOwnChannelMembership"),
        ({"demote_moderators": ["eve"]}, "AddOwnChannelMembership"),
        ({"add_members": [{"user_id": "eve", "channel_role": "no-such-role"}]}, "AddOwnChannelMembership"),
        ({"data": {"custom": {}, "team": ""}}, "UpdateChannel"),
        ({"data": {"created_by_id": "alice"}}, "ReadChannel" if surface == V2 else "UpdateChannel"),
        ({}, "ReadChannel"),
    ):
        for cid in (plain, full):
            told = door.no("POST", path_of(surface, cid), 403, 17, json=body, token=eve)
            assert told == denied("UpdateChannel", action, kind), body


@BOTH
@pytest.mark.parametrize("held", [["read-channel"], ["read-channel", "update-channel-members"]])
def test_a_member_is_shown_to_who_may_read_members(door: Door, eve: str, surface: str, held: list[str]) -> None:
    cid = new_cid(kind := new_type(door, {"user": held}))
    make(door, cid, surface, members=MEMBERS)
    action = "ReadChannelMembers" if len(held) > 1 else "UpdateChannelMembers"
    for user_id in PEOPLE:
        bodies: tuple[dict[str, Any], ...] = (
            {},
            {"set": {}},
            {"set": {"hat": "red"}},
            {"set": {"channel_role": "channel_member"}},
        )
        for body in bodies:
            params = {"user_id": user_id}
            told = door.no("PATCH", path_of(surface, cid, "/member"), 403, 17, json=body, params=params, token=eve)
            assert told == denied("UpdateMemberPartial", action, kind), (user_id, body)
    cid = new_cid(new_type(door, {"user": [*held, "read-channel-members"]}))
    make(door, cid, surface, members=MEMBERS)
    params = {"user_id": "bob"}
    answer = door.raw("PATCH", path_of(surface, cid, "/member"), json={"set": {}}, params=params, token=eve)
    assert (answer.status_code, answer.json()["channel_member"]["channel_role"]) == (200, "channel_moderator")


# --- what queries tell -----------------------------------------------------------------------------------------------


def found(door: Door, surface: str, conditions: dict[str, Any], token: str = "", sort: Any = None) -> list[str]:
    body = {"filter_conditions": conditions, "sort": sort or []}
    sent = {"token": token} if token else {}
    answer = door.raw("POST", f"{PREFIX[surface]}/channels", json=body, **sent)
    assert answer.status_code == 201, answer.text
    return [one["channel"]["cid"] for one in answer.json()["channels"]]


@BOTH
def test_queries_by_members_find_where_members_may_be_read(door: Door, surface: str) -> None:
    quiet, open_ = (
        new_cid(new_type(door, {"user": ["read-channel"]})),
        new_cid(new_type(door, {"user": ["read-channel", "read-channel-members"]})),
    )
    for cid in (quiet, open_):
        make(door, cid, surface, members=["alice", "bob"])
    here: dict[str, Any] = {"cid": {"$in": [quiet, open_]}}
    token = door.app.token("bob")
    assert set(found(door, surface, here, token)) == {quiet, open_}
    for conditions in (
        {"members": {"$in": ["alice"]}},
        {"members": {"$in": ["bob", "alice"]}},
        {"members": {"$nin": ["carol"]}},
        {"members": {"$contains": "alice"}},
        {"members": {"$exists": True}},
        {"members": "alice"},
        {"$or": [{"members": "alice"}, {"cid": quiet}]},
        {"$nor": [{"members": "carol"}]},
        {"member_count": 2},
        {"member_count": {"$gt": 1}},
    ):
        both = {"$and": [here, conditions]}
        assert set(found(door, surface, both)) == {quiet, open_}, conditions
        assert found(door, surface, both, token) == [open_], conditions
    for own in ({"members": {"$in": ["bob"]}}, {"members": "bob"}, {"members": {"$eq": "bob"}}):
        assert set(found(door, surface, {"$and": [here, own]}, token)) == {quiet, open_}
        assert found(door, surface, {"$and": [here, own]}, door.app.token("carol")) == [open_]
    assert found(door, surface, here, token, [{"field": "member_count", "direction": 1}]) == [open_]


# --- distinct channels -----------------------------------------------------------------------------------------------


def together(door: Door, surface: str, kind: str, *members: str, **sent: Any) -> Any:
    data = {"members": list(members)} | ({} if "token" in sent else {"created_by_id": members[0]})
    return door.raw("POST", f"{PREFIX[surface]}/channels/{kind}/query", json={"data": data}, **sent)


@BOTH
def test_outsiders_are_not_told_which_distinct_channels_there_are(door: Door, eve: str, surface: str) -> None:
    kind = new_type(door, {"channel_member": ["read-channel"], "user": ["create-channel"]})
    assert together(door, surface, kind, "alice", "bob").status_code == 201
    for pair in (("alice", "bob"), ("alice", "carol")):
        identifier = distinct_id(pair)
        path = path_of(surface, f"{kind}:{identifier}")
        for operation, method, where, sent in (
            ("GetChannel", "GET", path, {}),
            ("GetOrCreateChannel", "POST", f"{path}/query", {"json": {}}),
            ("GetOrCreateChannel", "POST", f"{PREFIX[surface]}/channels/{kind}/query", {"json": with_members(pair)}),
            ("UpdateChannel", "POST", path, {"json": {"add_members": ["eve"]}}),
            ("UpdateChannelPartial", "PATCH", path, {"json": {"set": {"a": 1}}}),
            ("UpdateMemberPartial", "PATCH", f"{path}/member", {"json": {}, "params": {"user_id": "alice"}}),
            ("DeleteChannel", "DELETE", path, {}),
            ("QueryMembers", "GET", f"{PREFIX[surface]}/members", payload(type=kind, members=list(pair))),
            ("QueryMembers", "GET", f"{PREFIX[surface]}/members", payload(type=kind, id=identifier)),
        ):
            told = door.no(method, where, 403, 17, token=eve, **sent)
            assert told == denied(operation, "ReadChannel", kind), (operation, pair)
    assert together(door, surface, kind, "alice", "bob", token=door.app.token("bob")).status_code == 201
    door.no("GET", path_of(surface, f"{kind}:{distinct_id(('alice', 'carol'))}"), 404, 16)


def with_members(user_ids: tuple[str, ...]) -> dict[str, Any]:
    return {"data": {"members": list(user_ids)}}


def payload(**asked: Any) -> dict[str, Any]:
    return {"params": {"payload": json.dumps({"filter_conditions": {}, **asked})}}


def test_grpc_does_not_tell_either(server: Server, door: Door, eve: str) -> None:
    assert eve
    kind = new_type(door, {"channel_member": ["read-channel"]})
    assert together(door, V2, kind, "alice", "bob").status_code == 201
    client = server.client(door.app, "eve")
    for pair in (("alice", "bob"), ("alice", "carol")):
        cid = f"{kind}:{distinct_id(pair)}"
        for request in (
            channel_pb2.GetChannelRequest(cid=cid),
            channel_pb2.DeleteChannelRequest(cid=cid),
            channel_pb2.ListChannelMembersRequest(cid=cid),
            channel_pb2.UpsertChannelRequest(cid=cid),
            channel_pb2.UpdateChannelMembersRequest(cid=cid, remove_members=["alice"]),
        ):
            refusal = client.refused(request)
            assert (refusal.code, refusal.metadata["action"]) == (grpc.StatusCode.PERMISSION_DENIED, "ReadChannel")


@BOTH
def test_a_user_makes_no_distinct_channel_of_others(door: Door, eve: str, surface: str) -> None:
    kind = new_type(door, {"user": ["create-channel", "read-channel"]})
    path, body = f"{PREFIX[surface]}/channels/{kind}/query", with_members(("alice", "bob"))
    told = door.no("POST", path, 403, 17, json=body, token=eve)
    assert told == failed("GetOrCreateChannel", "a distinct channel is created by one of its members")
    door.no("GET", path_of(surface, f"{kind}:{distinct_id(('alice', 'bob'))}"), 404, 16)
    made = together(door, surface, kind, "alice", "bob", token=door.app.token("alice")).json()
    assert made["channel"]["created_by"]["id"] == "alice"
    seen = door.ok("POST", path, state_of(surface), status=201, json=body, token=eve)
    assert seen["channel"]["cid"] == made["channel"]["cid"]


def test_nobody_takes_a_reserved_id_over_grpc(server: Server, door: Door) -> None:
    member = channel_pb2.ChannelMember(user_id="carol")
    for identifier in (distinct_id(("carol", "dave")), "!", "a!b"):
        for user_id in ("carol", ""):
            client = server.client(door.app, user_id) if user_id else server.client(door.app)
            cid = f"livestream:{identifier}"
            refusal = client.refused(channel_pb2.UpsertChannelRequest(cid=cid, members=[member]))
            assert refusal.code == grpc.StatusCode.INVALID_ARGUMENT, refusal
            text = "Cannot create a channel with a '!' in the ID, this is a reserved character."
            assert refusal.message == text
            door.no("GET", path_of(V2, cid), 404, 16)
    made = together(door, V2, "livestream", "carol", "dave", token=door.app.token("dave"))
    assert (made.status_code, made.json()["channel"]["created_by"]["id"]) == (201, "dave")
    assert set(ids(made.json())) == {"carol", "dave"}
    server.client(door.app)(channel_pb2.UpsertChannelRequest(cid=made.json()["channel"]["cid"], frozen=True))
