"""Members of channels over a real server: found, and changed field by field, on both surfaces."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.integration.rest.channel_door import (
    BOTH,
    CHAT,
    PREFIX,
    channel_server,
    failed,
    get,
    ids,
    make,
    make_users,
    member_of,
    new_cid,
    new_type,
    path_of,
    without_duration,
)
from tests.integration.rest.shapes import CHANNEL_MEMBER, NESTED
from tests.integration.rest.test_http_api import V2, Door


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    with channel_server(tmp_path_factory.mktemp("members")) as (_, door):
        yield door


def shape_of(surface: str) -> dict[str, Any]:
    return CHANNEL_MEMBER | NESTED if surface == V2 else dict(CHANNEL_MEMBER)


def find(door: Door, payload: dict[str, Any], surface: str = V2, **sent: Any) -> list[dict[str, Any]]:
    params = {"payload": json.dumps(payload)}
    path, shape = f"{PREFIX[surface]}/members", {"members": [shape_of(surface)]}
    return list(door.ok("GET", path, shape, params=params, **sent)["members"])


def users(found: list[dict[str, Any]]) -> list[str]:
    return ids({"members": found})


# --- 6.42: QueryMembers ----------------------------------------------------------------------------------------------


def test_the_recorded_request_of_v2(door: Door) -> None:
    cid = new_cid()
    make(door, cid, members=["alice", "bob"])
    nulls = (
        "created_at_after created_at_after_or_equal created_at_before created_at_before_or_equal limit offset user_id "
        "user_id_gt user_id_gte user_id_lt user_id_lte members sort user"
    )
    payload: dict[str, Any] = {
        "type": "messaging",
        "id": cid.partition(":")[2],
        "filter_conditions": {},
        **dict.fromkeys(nulls.split()),
    }
    found = find(door, payload)
    assert found == get(door, cid)["members"]
    assert users(found) == ["alice", "bob"]


def test_the_recorded_request_of_legacy(door: Door) -> None:
    cid = new_cid()
    make_users(door, "named", name="x")
    make(door, cid, CHAT, members=["alice", "named"])
    payload = {"id": cid.partition(":")[2], "type": "messaging", "filter_conditions": {"name": "x"}, "sort": []}
    assert users(find(door, payload, CHAT)) == ["named"]


@BOTH
def test_filters_orders_and_parts(door: Door, surface: str) -> None:
    cid = new_cid()
    kind, _, channel_id = cid.partition(":")
    bob = {"user_id": "bob", "channel_role": "channel_moderator"}
    make(door, cid, surface, members=["carol", "alice", bob], invites=["dave"])
    base: dict[str, Any] = {"type": kind, "id": channel_id, "filter_conditions": {}}
    assert users(find(door, base, surface)) == ["carol", "alice", "bob", "dave"]
    for conditions, expected in (
        ({"id": "bob"}, ["bob"]),
        ({"user_id": {"$in": ["alice", "carol"]}}, ["carol", "alice"]),
        ({"channel_role": "channel_moderator"}, ["bob"]),
        ({"invite": "pending"}, ["dave"]),
    ):
        assert users(find(door, {**base, "filter_conditions": conditions}, surface)) == expected
    ordered = {**base, "sort": [{"field": "user_id", "direction": -1}]}
    assert users(find(door, ordered, surface)) == ["dave", "carol", "bob", "alice"]
    assert users(find(door, {**ordered, "limit": 2, "offset": 1}, surface)) == ["carol", "bob"]
    assert users(find(door, {**base, "user_id_gt": "bob"}, surface)) == ["carol", "dave"]
    assert users(find(door, {**base, "user_id_gte": "bob", "user_id_lt": "dave"}, surface)) == ["carol", "bob"]
    assert users(find(door, {**base, "created_at_after": "2100-01-01T00:00:00Z"}, surface)) == []
    assert len(find(door, {**base, "created_at_after": "2001-01-01T00:00:00Z"}, surface)) == 4


@BOTH
def test_a_distinct_channel_is_named_by_its_members(door: Door, surface: str) -> None:
    data = {"created_by_id": "alice", "members": ["alice", "bob"]}
    made = door.raw("POST", f"{PREFIX[surface]}/channels/messaging/query", json={"data": data})
    assert made.status_code == 201
    members = [{"user_id": "bob"}, {"user_id": "alice"}]
    payload = {"type": "messaging", "members": members, "filter_conditions": {}}
    assert set(users(find(door, payload, surface))) == {"alice", "bob"}
    params = {"payload": json.dumps({**payload, "members": members[:1]})}
    told = door.no("GET", f"{PREFIX[surface]}/members", 400, 4, params=params)
    assert "When using member based IDs specify at least 2 members" in told
    params = {"payload": json.dumps({**payload, "members": ["alice", "dave"]})}
    door.no("GET", f"{PREFIX[surface]}/members", 404, 16, params=params)


@pytest.mark.parametrize(
    ("payload", "said"),
    [
        ({"type": None}, "`type`"),
        ({"type": "X Y"}, "`type`"),
        ({"id": None}, "`id` is required"),
        ({"id": 5}, "`id`"),
        ({"limit": 301}, "`limit` must be from 0 to 300"),
        ({"limit": -1}, "`limit`"),
        ({"offset": 10_001}, "`offset`"),
        ({"filter_conditions": {"user_id": {"$nope": 1}}}, "filter_conditions.user_id"),
        ({"filter_conditions": []}, "`filter_conditions`"),
        ({"sort": {}}, "`sort`"),
        ({"created_at_after": "soon"}, "created_at_after"),
        ({"user_id_gt": 5}, "`user_id_gt`"),
        ({"id": None, "members": [5, 6]}, "`members"),
        ({"id": None, "members": [""] * 1_001}, "`members`: expected `array` of length <= 1000"),
    ],
)
def test_bad_queries(door: Door, payload: dict[str, Any], said: str) -> None:
    cid = new_cid()
    make(door, cid)
    whole = {"type": "messaging", "id": cid.partition(":")[2], "filter_conditions": {}, **payload}
    for surface in (V2, CHAT):
        told = door.no("GET", f"{PREFIX[surface]}/members", 400, 4, params={"payload": json.dumps(whole)})
        assert told.startswith("QueryMembers failed with error: ")
        assert said in told


@BOTH
def test_users_see_the_members_of_channels_they_read(door: Door, surface: str) -> None:
    cid = new_cid()
    make(door, cid, surface, members=["alice", "bob"])
    payload = {"type": "messaging", "id": cid.partition(":")[2], "filter_conditions": {}}
    assert users(find(door, payload, surface, token=door.app.token("bob"))) == ["alice", "bob"]
    params = {"payload": json.dumps(payload)}
    told = door.no("GET", f"{PREFIX[surface]}/members", 403, 17, params=params, token=door.app.token("carol"))
    text = "User 'carol' with role 'user' is not allowed to perform action ReadChannel in scope 'messaging'"
    assert told == failed("QueryMembers", text)


@BOTH
def test_who_may_read_the_channel_alone_sees_itself(door: Door, surface: str) -> None:
    kind = new_type(door, {"user": ["read-channel"]})
    cid = new_cid(kind)
    make(door, cid, surface, members=["alice", "bob"])
    payload = {"type": kind, "id": cid.partition(":")[2], "filter_conditions": {}}
    assert users(find(door, payload, surface, token=door.app.token("bob"))) == ["bob"]
    assert users(find(door, {**payload, "offset": 1}, surface, token=door.app.token("bob"))) == []
    assert users(find(door, payload, surface, token=door.app.token("carol"))) == []


# --- 6.43: UpdateMemberPartial ---------------------------------------------------------------------------------------

PATHS = pytest.mark.parametrize("way", ["v2", "legacy path", "legacy query"])


def change(door: Door, cid: str, user_id: str, body: Any, way: str = "v2", **sent: Any) -> dict[str, Any]:
    surface, path, params = place(cid, user_id, way)
    shape = {"channel_member": shape_of(surface)} | ({"member": shape_of(surface)} if surface == CHAT else {})
    answer = door.ok("PATCH", path, shape, json=body, params=params, **sent)
    assert answer.get("member", answer["channel_member"]) == answer["channel_member"]
    return dict(answer["channel_member"])


def place(cid: str, user_id: str, way: str) -> tuple[str, str, dict[str, str]]:
    surface = V2 if way == "v2" else CHAT
    if way == "legacy path":
        return surface, path_of(surface, cid, f"/member/{user_id}"), {}
    return surface, path_of(surface, cid, "/member"), {"user_id": user_id} if user_id else {}


def hat_of(member: dict[str, Any], way: str) -> Any:
    return (member["custom"] if way == "v2" else member).get("hat")


@PATHS
def test_the_recorded_requests(door: Door, way: str) -> None:
    cid = new_cid()
    make(door, cid, members=["alice", "bob"])
    member = change(door, cid, "bob", {"set": {"hat": "blue"}, "unset": []}, way)
    assert (member["user_id"], hat_of(member, way)) == ("bob", "blue")
    assert get(door, cid)["members"][1]["custom"] == {"hat": "blue"}
    member = change(door, cid, "bob", {"unset": ["hat"]}, way)
    assert hat_of(member, way) is None
    assert get(door, cid)["members"][1]["custom"] == {}


@PATHS
def test_roles_pins_and_archives(door: Door, way: str) -> None:
    cid = new_cid()
    make(door, cid, members=["bob"])
    values = {"channel_role": "channel_moderator", "pinned": True, "archived": True, "deep.key": 1}
    member = change(door, cid, "bob", {"set": values}, way)
    assert (member["channel_role"], member["is_moderator"]) == ("channel_moderator", True)
    assert member["pinned_at"]
    assert member["archived_at"]
    member = change(door, cid, "bob", {"set": {"pinned": False}, "unset": ["archived"]}, way)
    assert {"pinned_at", "archived_at"}.isdisjoint(member)
    assert member_of(get(door, cid), "bob")["custom"] == {"deep": {"key": 1}}


@PATHS
def test_users_change_themselves_as_far_as_they_may(door: Door, way: str) -> None:
    cid = new_cid(new_type(door, {"user": ["read-channel", "add-own-channel-membership"]}))
    make(door, cid, members=["alice", "bob"])
    token = door.app.token("bob")
    assert hat_of(change(door, cid, "bob", {"set": {"hat": "red"}}, way, token=token), way) == "red"
    if way != "legacy path":
        assert change(door, cid, "", {"set": {"pinned": True}}, way, token=token)["pinned_at"]
    _, path, params = place(cid, "alice", way)
    for body in ({"set": {"hat": "red"}}, {"set": {"pinned": True}}):
        told = door.no("PATCH", path, 403, 17, json=body, params=params, token=token)
        assert "is not allowed to perform action UpdateChannelMembers" in told
    _, path, params = place(cid, "bob", way)
    body = {"set": {"channel_role": "channel_moderator"}}
    assert "server-side" in door.no("PATCH", path, 403, 17, json=body, params=params, token=token)
    make(door, bare := new_cid(new_type(door, {"user": ["read-channel"]})), members=["bob"])
    _, path, params = place(bare, "bob", way)
    told = door.no("PATCH", path, 403, 17, json={"set": {"hat": "red"}}, params=params, token=token)
    assert "is not allowed to perform action AddOwnChannelMembership" in told
    assert member_of(get(door, bare), "bob")["custom"] == {}


@PATHS
def test_who_is_no_member_is_not_found(door: Door, way: str) -> None:
    cid = new_cid()
    make(door, cid, members=["alice"])
    _, path, params = place(cid, "bob", way)
    assert "`bob` is not a member" in door.no("PATCH", path, 404, 16, json={"set": {"a": 1}}, params=params)
    token = door.app.token("carol")
    door.no("PATCH", path, 403, 17, json={"set": {"a": 1}}, params=params, token=token)
    _, path, params = place("messaging:nothing", "bob", way)
    door.no("PATCH", path, 404, 16, json={"set": {"a": 1}}, params=params)


@PATHS
@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"set": []}, "`set`"),
        ({"unset": [1]}, "`unset[0]`"),
        ({"set": {"channel_role": "nope"}}, 'role "nope" does not exist'),
        ({"set": {"channel_role": 5}}, "`set.channel_role`"),
        ({"set": {"pinned": "x"}}, "`set.pinned`"),
        ({"set": {"archived": 1}}, "`set.archived`"),
        ({"set": {"big": "x" * 6000}}, "`set.custom`"),
        ({"unset": ["channel_role"]}, "`channel_role`"),
        ({"set": {"pinned.at": 1}}, "`set`: `pinned` can only be changed whole"),
        ({"unset": ["channel_role.x"]}, "`unset`: `channel_role` can only be changed whole"),
        ({"unset": [""] * 1_001}, "`unset`: expected `array` of length <= 1000"),
    ],
)
def test_a_bad_field_leaves_the_member_as_it_was(door: Door, way: str, body: dict[str, Any], said: str) -> None:
    cid = new_cid()
    make(door, cid, members=["bob"])
    before = without_duration(get(door, cid))
    _, path, params = place(cid, "bob", way)
    told = door.no("PATCH", path, 400, 4, json=body, params=params)
    assert told.startswith("UpdateMemberPartial failed with error: ")
    assert said in told
    assert without_duration(get(door, cid)) == before


@PATHS
def test_fields_that_are_not_to_be_written(door: Door, way: str) -> None:
    cid = new_cid()
    make(door, cid, members=["bob"])
    _, path, params = place(cid, "bob", way)
    for name in ("user_id", "banned", "status", "created_at", "is_moderator"):
        for body in ({"set": {name: 1}}, {"unset": [name]}):
            told = door.no("PATCH", path, 403, 17, json=body, params=params)
            assert told == failed("UpdateMemberPartial", f"field `{name}` is reserved and cannot updated")
    token = door.app.token("bob")
    told = door.no("PATCH", path, 403, 17, json={"set": {"banned": False}}, params=params, token=token)
    assert told == failed("UpdateMemberPartial", "you are not allowed to update the field `banned`")
    _, path, params = place(cid, "", "v2")
    assert "`user_id` is required" in door.no("PATCH", path, 400, 4, json={"set": {"a": 1}})
