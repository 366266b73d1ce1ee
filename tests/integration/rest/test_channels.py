"""Channels over a real server: got, created by id or by members, found and deleted, on both surfaces."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from rolecall.api.v1 import channel_pb2
from rolecall.domain.channel_capabilities import CAPABILITIES
from tests.doors import Server
from tests.integration.rest.channel_door import (
    BOTH,
    CHAT,
    PREFIX,
    capabilities,
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
    state_of,
    without_duration,
)
from tests.integration.rest.shapes import CHANNEL, CHANNEL_MEMBER, Exactly
from tests.integration.rest.test_http_api import V2, Door

EVERY_CAPABILITY = [row.id for row in CAPABILITIES]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Door]]:
    with channel_server(tmp_path_factory.mktemp("channels")) as started:
        yield started


@pytest.fixture(scope="module")
def door(site: tuple[Server, Door]) -> Door:
    return site[1]


@pytest.fixture(scope="module")
def server(site: tuple[Server, Door]) -> Server:
    return site[0]


def query(door: Door, cid: str, body: Any, surface: str = V2, **sent: Any) -> dict[str, Any]:
    return dict(door.ok("POST", path_of(surface, cid, "/query"), state_of(surface), status=201, json=body, **sent))


def refused(door: Door, cid: str, body: Any, status: int, code: int, surface: str = V2, **sent: Any) -> str:
    return door.no("POST", path_of(surface, cid, "/query"), status, code, json=body, **sent)


# --- 6.37: GetOrCreateChannel ----------------------------------------------------------------------------------------


def test_the_recorded_request_of_v2(door: Door) -> None:
    cid = new_cid()
    data = {
        "created_by_id": "alice",
        "members": [{"user_id": "alice"}, {"channel_role": "channel_moderator", "user_id": "bob"}],
        "config_overrides": {"grants": {"user": ["!add-links", "create-reaction"]}},
        "custom": {"name": "x"},
    }
    made = query(door, cid, {"state": True, "data": data})
    channel = made["channel"]
    assert (channel["cid"], channel["id"], channel["type"]) == (cid, cid.partition(":")[2], "messaging")
    assert channel["created_by"]["id"] == "alice"
    assert channel["custom"] == {"name": "x"}
    assert channel["member_count"] == 2
    assert channel["own_capabilities"] == EVERY_CAPABILITY
    assert set(channel["config"]["grants"]["user"]) == {"!add-links", "create-reaction"}
    assert channel["config"]["name"] == "messaging"
    assert ids(made) == ["alice", "bob"]
    assert [member["channel_role"] for member in made["members"]] == ["channel_member", "channel_moderator"]
    assert [member["is_moderator"] for member in made["members"]] == [False, True]
    assert [member["role"] for member in made["members"]] == ["owner", "moderator"]
    assert all(member["user"]["id"] == member["user_id"] for member in made["members"])
    assert {"name", "grants"}.isdisjoint(channel.keys() - {"config", "custom"})
    assert without_duration(get(door, cid)) == without_duration(made)


def test_the_recorded_request_of_legacy(door: Door) -> None:
    cid = new_cid()
    data = {"members": ["alice", "bob"], "created_by": {"id": "alice"}, "color": "red", "deep": {"a": [1]}}
    body = {"state": False, "data": data, "watch": False, "presence": False}
    made = query(door, cid, body, CHAT)
    channel = made["channel"]
    assert (channel["color"], channel["deep"]) == ("red", {"a": [1]})
    assert "custom" not in channel
    assert "members" not in channel
    assert ids(made) == ["alice", "bob"]
    assert get(door, cid)["channel"]["custom"] == {"color": "red", "deep": {"a": [1]}}
    assert get(door, cid, CHAT)["channel"] == channel


@BOTH
def test_a_channel_that_is_there_is_got_as_it_is(door: Door, surface: str) -> None:
    cid = new_cid()
    made = make(door, cid, surface, members=[{"user_id": "alice"}], team="blue", frozen=True, cooldown=7)
    channel = made["channel"]
    assert (channel["team"], channel["frozen"], channel["cooldown"]) == ("blue", True, 7)
    again = make(door, cid, surface, by="bob", members=[{"user_id": "carol"}], team="red", frozen=False)
    assert without_duration(again) == without_duration(made)
    assert without_duration(query(door, cid, {}, surface)) == without_duration(made)
    assert door.raw("POST", path_of(surface, cid, "/query")).status_code == 201
    assert door.raw("POST", path_of(surface, cid, "/query"), json={"data": None}).status_code == 201


@BOTH
def test_an_unknown_creator_is_created(door: Door, surface: str) -> None:
    by_id, described = f"new-{new_cid()}", f"new-{new_cid()}"
    made = make(door, new_cid(), surface, by=by_id, members=[{"user_id": by_id}])
    assert made["channel"]["created_by"]["id"] == by_id
    assert ids(made) == [by_id]
    person: dict[str, Any] = {"id": described, "name": "Dee", "role": "admin"}
    person |= {"custom": {"k": 1}} if surface == V2 else {"k": 1}
    made = query(door, new_cid(), {"data": {"created_by": person}}, surface)
    user = made["channel"]["created_by"]
    assert (user["id"], user["name"], user["role"]) == (described, "Dee", "admin")
    assert (user["custom"]["k"] if surface == V2 else user["k"]) == 1


@BOTH
def test_creators_are_named_once(door: Door, surface: str) -> None:
    cid = new_cid()
    text = "either data.created_by or data.created_by_id must be provided when using server side auth."
    bodies: list[dict[str, Any]] = [{}, {"data": {}}, {"data": {"members": []}}]
    for body in bodies:
        assert refused(door, cid, body, 400, 4, surface) == failed("GetOrCreateChannel", text)
    text = "cannot set both data.created_by and data.created_by_id."
    data = {"created_by_id": "alice", "created_by": {"id": "alice"}}
    assert refused(door, cid, {"data": data}, 400, 4, surface) == failed("GetOrCreateChannel", text)
    door.no("GET", path_of(surface, cid), 404, 16)


@BOTH
def test_reserved_ids_and_unknown_types(door: Door, surface: str) -> None:
    text = "Cannot create a channel with a '!' in the ID, this is a reserved character."
    body = {"data": {"created_by_id": "alice"}}
    assert refused(door, "messaging:a!b", body, 400, 4, surface) == failed("GetOrCreateChannel", text)
    text = '"nothing" is not a defined channel type'
    assert refused(door, "nothing:x", body, 404, 16, surface) == failed("GetOrCreateChannel", text)
    assert "`type`" in refused(door, "Nothing:x", body, 400, 4, surface)


@BOTH
def test_what_is_kept_comes_back(door: Door, surface: str) -> None:
    overrides = {
        "typing_events": False,
        "max_message_length": 77,
        "commands": ["giphy"],
        "blocklist": "bad-words",
        "grants": {"user": ["create-reaction"]},
    }
    kept: dict[str, Any] = {"filter_tags": ["a"], "auto_translation_enabled": True, "auto_translation_language": "en"}
    cid = new_cid()
    made = make(door, cid, surface, config_overrides=overrides, **kept)["channel"]
    assert {name: made[name] for name in kept} == kept
    config = made["config"]
    assert (config["typing_events"], config["max_message_length"]) == (False, 77)
    assert config["blocklist"] == "bad-words"
    assert [command["name"] for command in config["commands"]] == ["giphy"]
    assert config["grants"] == {"user": ["create-reaction"]}
    assert door.raw("GET", "/channeltypes/messaging").json()["typing_events"] is True


@BOTH
def test_members_at_the_start(door: Door, surface: str) -> None:
    inner = {"custom": {"hat": "blue"}} if surface == V2 else {"hat": "blue"}
    members = [{"user_id": "bob", **inner}, "alice", "bob", {"user": {"id": "dave"}}]
    made = make(door, new_cid(), surface, members=members, invites=["carol", "alice"])
    assert ids(made) == ["bob", "alice", "dave", "carol"]
    bob, carol = member_of(made, "bob"), member_of(made, "carol")
    assert (bob["custom"]["hat"] if surface == V2 else bob["hat"]) == "blue"
    assert (carol["invited"], carol["status"]) == (True, "pending")
    assert (bob["invited"], bob["status"]) == (False, "member")


def test_custom_data_never_stands_for_a_field(door: Door) -> None:
    cid, custom = new_cid(), {"team": "fake", "cid": "fake", "members": [1], "own_capabilities": ["all"], "mine": 1}
    member = {"user_id": "bob", "custom": {"pinned_at": 1, "banned": True, "mine": 1}}
    made = make(door, cid, custom=custom, members=[member])
    assert (made["channel"]["custom"], made["members"][0]["custom"]) == (custom, member["custom"])
    seen = get(door, cid, CHAT)
    channel, bob = seen["channel"], seen["members"][0]
    assert {"team", "members"}.isdisjoint(channel)
    assert (channel["cid"], channel["mine"], channel["own_capabilities"]) == (cid, 1, EVERY_CAPABILITY)
    assert (bob["banned"], bob["mine"], "pinned_at" in bob) == (False, 1, False)


BAD_DATA: list[tuple[dict[str, Any], str]] = [
    ({"members": "alice"}, "`data.members`"),
    ({"members": [5]}, "`data.members[0]`"),
    ({"members": [{"user_id": 5}]}, "`data.members"),
    ({"members": [""]}, "`data.members[0]` is required"),
    ({"members": [{}]}, "`data.members[0].user_id` is required"),
    ({"members": ["alice", "ghost"]}, "user `ghost` does not exist"),
    ({"members": ["ghost", "alice", "spook"]}, "users `ghost`, `spook` do not exist"),
    ({"invites": ["ghost"]}, "`ghost`"),
    ({"members": [{"user_id": "bob", "channel_role": "nope"}]}, 'role "nope" does not exist'),
    ({"members": ["x" * 256]}, "`data.members[0]` is longer"),
    ({"members": ["a\ud800"]}, "`data.members[0]`"),
    ({"created_by_id": 5}, "`data.created_by_id`"),
    ({"created_by_id": ""}, "`data.created_by_id` is required"),
    ({"team": 5}, "`data.team`"),
    ({"team": "x" * 256}, "`data.team`"),
    ({"frozen": "yes"}, "`data.frozen`"),
    ({"disabled": 1}, "`data.disabled`"),
    ({"cooldown": 121}, "`data.cooldown` must be from 0 to 120"),
    ({"cooldown": "1"}, "`data.cooldown`"),
    ({"custom": [1]}, "`data.custom`"),
    ({"custom": {"a": "x" * 6000}}, "`data.custom`"),
    ({"filter_tags": "a"}, "`data.filter_tags`"),
    ({"auto_translation_enabled": "a"}, "`data.auto_translation_enabled`"),
    ({"config_overrides": []}, "`data.config_overrides`"),
    ({"config_overrides": {"grants": []}}, "`data.config_overrides.grants`"),
    ({"config_overrides": {"grants": {"user": ["no-such"]}}}, 'unknown permission "no-such"'),
    ({"config_overrides": {"grants": {"nobody": []}}}, 'role "nobody" does not exist'),
    ({"config_overrides": {"typing_events": 1}}, "`data.config_overrides.typing_events`"),
    ({"config_overrides": {"max_message_length": 0}}, "`data.config_overrides.max_message_length`"),
]


@pytest.mark.parametrize(("data", "said"), BAD_DATA, ids=[f"{n}-{said[:30]}" for n, (_, said) in enumerate(BAD_DATA)])
def test_bad_data_names_its_field_and_creates_nothing(door: Door, data: dict[str, Any], said: str) -> None:
    cid, creator = new_cid(), f"creator-{new_cid()}"
    body = json.dumps({"data": {"created_by_id": creator, **data}})
    told = door.no(
        "POST", path_of(V2, cid, "/query"), 400, 4, content=body, headers={"Content-Type": "application/json"}
    )
    assert said in told
    assert told.startswith("GetOrCreateChannel failed with error: ")
    door.no("GET", path_of(V2, cid), 404, 16)
    found = door.raw("GET", f"{V2}/users", params={"payload": json.dumps({"filter_conditions": {"id": creator}})})
    assert found.json()["users"] == []


@BOTH
def test_errors_name_the_field_that_the_request_has(door: Door, surface: str) -> None:
    data = {"created_by_id": "alice", "members": ["alice", {"user_id": "bob", "channel_role": "nope"}]}
    answer = door.raw("POST", path_of(surface, new_cid(), "/query"), json={"data": data})
    assert answer.json()["exception_fields"].keys() == {"data.members[1].channel_role"}


@BOTH
def test_how_many_members_are_shown(door: Door, surface: str) -> None:
    cid = new_cid()
    make(door, cid, surface, members=["alice", "bob", "carol"])
    made = query(door, cid, {"members": {"limit": 2}}, surface)
    assert (ids(made), made["channel"]["member_count"]) == (["alice", "bob"], 3)
    assert ids(query(door, cid, {"members": {"limit": 0}}, surface)) == []
    for limit in (-1, 101):
        assert "members.limit must be" in refused(door, cid, {"members": {"limit": limit}}, 400, 4, surface)


# --- users' own tokens -----------------------------------------------------------------------------------------------


@BOTH
def test_a_user_creates_and_reads_its_own(server: Server, door: Door, surface: str) -> None:
    cid, token = new_cid(), door.app.token("alice")
    made = query(door, cid, {"data": {"members": ["alice", "bob"]}}, surface, token=token)
    channel = made["channel"]
    assert channel["created_by"]["id"] == "alice"
    assert channel["own_capabilities"] == capabilities(server, door, cid, "alice")
    assert (made["membership"]["user_id"], ids(made)) == ("alice", ["alice", "bob"])
    assert get(door, cid, surface, token=door.app.token("bob"))["channel"]["own_capabilities"] == capabilities(
        server, door, cid, "bob"
    )


@BOTH
def test_reading_is_refused_in_streams_words(door: Door, surface: str) -> None:
    cid = new_cid()
    make(door, cid, surface)
    text = "User 'carol' with role 'user' is not allowed to perform action ReadChannel in scope 'messaging'"
    token = door.app.token("carol")
    assert refused(door, cid, {}, 403, 17, surface, token=token) == failed("GetOrCreateChannel", text)
    assert door.no("GET", path_of(surface, cid), 403, 17, token=token) == failed("GetChannel", text)
    kind = new_type(door, {})
    cid = new_cid(kind)
    make(door, cid, surface, members=["carol"])
    text = "User 'carol' with roles ['user', 'channel_member'] is not allowed to perform action ReadChannel in "
    assert text + f"scope '{kind}'" in door.no("GET", path_of(surface, cid), 403, 17, token=token)
    text = f"User 'carol' with role 'user' is not allowed to perform action CreateChannel in scope '{kind}'"
    new = new_cid(kind)
    assert refused(door, new, {"data": {}}, 403, 17, surface, token=token) == failed("GetOrCreateChannel", text)
    door.no("GET", path_of(surface, new), 404, 16)


@BOTH
@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"config_overrides": {}}, "data.config_overrides"),
        ({"config_overrides": {"grants": {"user": ["delete-channel"]}}}, "data.config_overrides"),
        ({"disabled": True}, "data.disabled"),
        ({"members": [{"user_id": "alice", "channel_role": "channel_moderator"}]}, "data.members[0].channel_role"),
        ({"created_by_id": "bob"}, "data.created_by"),
        ({"created_by": {"id": "bob", "role": "admin"}}, "data.created_by"),
    ],
)
def test_some_is_for_servers(door: Door, surface: str, data: dict[str, Any], field: str) -> None:
    cid = new_cid()
    answer = door.raw("POST", path_of(surface, cid, "/query"), json={"data": data}, token=door.app.token("alice"))
    assert (answer.status_code, answer.json()["code"]) == (403, 17)
    assert answer.json()["exception_fields"].keys() == {field}
    door.no("GET", path_of(surface, cid), 404, 16)


def test_a_user_that_names_itself_as_creator_does_not_change_itself(door: Door) -> None:
    make_users(door, "eve")
    person = {"id": "eve", "role": "admin"}
    made = query(door, new_cid(), {"data": {"created_by": person}}, CHAT, token=door.app.token("eve"))
    assert (made["channel"]["created_by"]["id"], made["channel"]["created_by"]["role"]) == ("eve", "user")


@BOTH
def test_a_token_for_a_channel_counts_there(door: Door, surface: str) -> None:
    cid, other = new_cid(), new_cid()
    make(door, cid, surface)
    make(door, other, surface)
    token = door.app.token("dave", channel_cids=[cid])
    assert "read-events" in get(door, cid, surface, token=token)["channel"]["own_capabilities"]
    door.no("GET", path_of(surface, other), 403, 17, token=token)


@BOTH
def test_members_are_shown_to_those_who_may_read_them(door: Door, surface: str) -> None:
    cid = new_cid(new_type(door, {"user": ["read-channel"]}))
    make(door, cid, surface, members=["alice", "bob"])
    seen = get(door, cid, surface, token=door.app.token("bob"))
    assert (ids(seen), seen["membership"]["user_id"]) == (["bob"], "bob")
    assert "member_count" not in seen["channel"]
    seen = get(door, cid, surface, token=door.app.token("carol"))
    assert (ids(seen), "membership" in seen) == ([], False)


ROLES = ["user", "guest", "admin", "moderator", "global_admin"]


@BOTH
@pytest.mark.parametrize("kind", ["messaging", "livestream", "team", "gaming", "commerce"])
def test_own_capabilities_are_those_of_grpc(server: Server, door: Door, surface: str, kind: str) -> None:
    cid = new_cid(kind)
    people = {f"{role}-{kind}-{surface.strip('/').replace('/', '')}": role for role in ROLES}
    for user_id, role in people.items():
        make_users(door, user_id, role=role)
    first, second, *_ = people
    make(door, cid, surface, by=first, members=[second], cooldown=5, config_overrides={"uploads": False})
    seen = 0
    for user_id in people:
        answer = door.raw("GET", path_of(surface, cid), token=door.app.token(user_id))
        if answer.status_code == 200:
            seen += 1
            assert answer.json()["channel"]["own_capabilities"] == capabilities(server, door, cid, user_id)
    assert seen >= 3


@BOTH
def test_watching_takes_a_connection_of_the_callers(door: Door, surface: str) -> None:
    cid, token = new_cid(), door.app.token("alice")
    path = path_of(surface, cid, "/query")
    params = {"connection_id": "no-such-connection"}
    told = door.no("POST", path, 400, 46, json={"watch": True}, params=params, token=token)
    assert told.startswith("GetOrCreateChannel failed with error: ")
    door.no("GET", path_of(surface, cid), 404, 16)
    query(door, cid, {"watch": True}, surface, token=token)
    path, body = f"{PREFIX[surface]}/channels", {"filter_conditions": {"cid": cid}, "watch": True}
    door.no("POST", path, 400, 46, json=body, params=params, token=token)
    assert cids(find(door, body, surface, token=token)) == [cid]


# --- 6.38: distinct channels -----------------------------------------------------------------------------------------


def distinct(door: Door, members: list[Any], surface: str, **sent: Any) -> dict[str, Any]:
    path = f"{PREFIX[surface]}/channels/messaging/query"
    data = {"members": members} | ({} if "token" in sent else {"created_by_id": "alice"})
    return dict(door.ok("POST", path, state_of(surface), status=201, json={"data": data}, **sent))


@BOTH
def test_the_same_members_have_the_same_channel(door: Door, surface: str) -> None:
    first = distinct(door, [{"user_id": "alice"}, {"user_id": "bob"}], surface)
    cid = first["channel"]["cid"]
    assert cid.startswith("messaging:!members-")
    for members in (["bob", "alice"], ["alice", "bob", "alice"], [{"user_id": "bob"}, "alice"]):
        assert distinct(door, members, surface)["channel"]["cid"] == cid
    assert distinct(door, ["alice", "carol"], surface)["channel"]["cid"] != cid
    assert distinct(door, ["alice", "bob", "carol"], surface)["channel"]["cid"] != cid
    assert query(door, cid, {}, surface)["channel"]["cid"] == cid  # by its id, once it is there
    assert get(door, cid, surface)["channel"]["member_count"] == 2
    assert distinct(door, ["bob", "alice"], surface, token=door.app.token("alice"))["channel"]["cid"] == cid


def test_distinct_ids_do_not_depend_on_where_names_are_split(door: Door) -> None:
    make_users(door, 'a","b', "a", "b", 'b","c', "c")
    one = distinct(door, ['a","b', "c"], V2)["channel"]["cid"]
    other = distinct(door, ["a", 'b","c'], V2)["channel"]["cid"]
    assert one != other


@BOTH
def test_one_member_makes_no_distinct_channel(door: Door, surface: str) -> None:
    path = f"{PREFIX[surface]}/channels/messaging/query"
    text = failed("GetOrCreateChannel", "When using member based IDs specify at least 2 members")
    for members in ([], ["alice"], ["alice", "alice"], None):
        body = {"data": {"created_by_id": "alice", "members": members}}
        assert door.no("POST", path, 400, 4, json=body) == text
    assert door.no("POST", path, 400, 4) == text
    body = {"data": {"created_by_id": "alice", "members": ["alice", "ghost"]}}
    assert "`ghost`" in door.no("POST", path, 400, 4, json=body)


@BOTH
def test_a_distinct_channel_keeps_its_members(door: Door, surface: str) -> None:
    cid = distinct(door, ["alice", "dave"], surface)["channel"]["cid"]
    text = (
        "cannot add members to the distinct channel they don't belong to, "
        "please create a new distinct channel with the desired members"
    )
    path, token = path_of(surface, cid), door.app.token("alice")
    for sent in ({}, {"token": token}):
        assert door.no("POST", path, 403, 17, json={"add_members": ["bob"]}, **sent) == failed("UpdateChannel", text)
    assert door.no("POST", path, 403, 17, json={"invites": ["bob"]}) == failed("UpdateChannel", text)
    assert door.raw("POST", path, json={"remove_members": ["dave"]}).status_code == 201
    assert door.raw("POST", path, json={"add_members": ["dave"]}).status_code == 201
    assert set(ids(get(door, cid, surface))) == {"alice", "dave"}


# --- 6.39: GetChannel, and DeleteChannel -----------------------------------------------------------------------------


@BOTH
def test_a_channel_is_deleted(door: Door, surface: str) -> None:
    cid = new_cid()
    make(door, cid, surface, members=["alice", "bob"])
    path, shape = path_of(surface, cid), {"channel": CHANNEL | {"cid": Exactly(cid)}}
    told = door.no("DELETE", path, 403, 17, token=door.app.token("bob"))
    assert "is not allowed to perform action DeleteChannel in scope 'messaging'" in told
    gone = door.ok("DELETE", path, shape, token=door.app.token("alice"))
    assert "members" not in gone
    for method in ("GET", "DELETE"):
        told = door.no(method, path, 404, 16)
        assert cid in told
    assert ids(make(door, cid, surface)) == []


# --- 6.44: QueryChannels ---------------------------------------------------------------------------------------------


def find(door: Door, body: dict[str, Any], surface: str = V2, **sent: Any) -> list[dict[str, Any]]:
    shape = {"channels": [state_of(surface)]}
    return list(door.ok("POST", f"{PREFIX[surface]}/channels", shape, status=201, json=body, **sent)["channels"])


def cids(found: list[dict[str, Any]]) -> list[str]:
    return [one["channel"]["cid"] for one in found]


@BOTH
def test_channels_are_found(door: Door, surface: str) -> None:
    first, second = new_cid(), new_cid()
    mark = f"mark-{first}"
    field = {"custom": {"mark": mark}} if surface == V2 else {"mark": mark}
    make(door, first, surface, members=["alice", "bob"], **field)
    make(door, second, surface, members=["bob"], **field)
    assert cids(find(door, {"filter_conditions": {"cid": first}}, surface)) == [first]
    body: dict[str, Any] = {"state": True, "watch": False, "presence": False, "sort": []}
    found = find(door, {**body, "filter_conditions": {"members": {"$in": ["alice"]}, "mark": mark}}, surface)
    assert (cids(found), ids(found[0])) == ([first], ["alice", "bob"])
    ordered = {"filter_conditions": {"mark": mark}, "sort": [{"field": "created_at", "direction": 1}]}
    assert cids(find(door, ordered, surface)) == [first, second]
    assert cids(find(door, {**ordered, "limit": 1, "offset": 1}, surface)) == [second]
    assert [ids(one) for one in find(door, {**ordered, "member_limit": 1}, surface)] == [["alice"], ["bob"]]


@BOTH
def test_users_find_what_they_may_read(server: Server, door: Door, surface: str) -> None:
    mine, other = new_cid(), new_cid()
    mark = f"mark-{mine}"
    field = {"custom": {"mark": mark}} if surface == V2 else {"mark": mark}
    make(door, other, surface, by="dave", **field)
    make(door, mine, surface, by="dave", members=["carol"], **field)
    body = {"filter_conditions": {"mark": mark}, "sort": [{"field": "created_at", "direction": 1}], "limit": 1}
    found = find(door, body, surface, token=door.app.token("carol"))
    assert cids(found) == [mine]
    assert found[0]["channel"]["own_capabilities"] == capabilities(server, door, mine, "carol")
    assert found[0]["membership"]["user_id"] == "carol"
    assert cids(find(door, {**body, "offset": 1}, surface, token=door.app.token("carol"))) == []
    assert cids(find(door, {**body, "limit": 10}, surface)) == [other, mine]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"member_limit": -1}, "member_limit must be 0 or greater"),
        ({"member_limit": 101}, "member_limit must be 100 or less"),
        ({"limit": 31}, "`limit` must be from 0 to 30"),
        ({"limit": -1}, "`limit`"),
        ({"offset": -1}, "`offset`"),
        ({"filter_conditions": []}, "`filter_conditions`"),
        ({"filter_conditions": {"cid": {"$nope": 1}}}, "filter_conditions.cid"),
        ({"sort": [{"direction": 1}]}, "sort[0]"),
        ({"watch": 1}, "`watch`"),
        ({"state": "x"}, "`state`"),
    ],
)
def test_bad_queries(door: Door, body: dict[str, Any], said: str) -> None:
    for surface in (V2, CHAT):
        told = door.no("POST", f"{PREFIX[surface]}/channels", 400, 4, json=body)
        assert told.startswith("QueryChannels failed with error: ")
        assert said in told


def test_grpc_and_http_write_the_same_channels(server: Server, door: Door) -> None:
    cid = new_cid()
    member = channel_pb2.ChannelMember(user_id="bob", channel_role="channel_moderator")
    client = server.client(door.app)
    client(channel_pb2.UpsertChannelRequest(cid=cid, created_by_id="alice", members=[member], frozen=True))
    seen = get(door, cid)
    assert (seen["channel"]["frozen"], member_of(seen, "bob")["is_moderator"]) == (True, True)
    assert member_of(seen, "bob").keys() >= CHANNEL_MEMBER.keys()


# --- teams and permission version v1 ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def tenants(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    with channel_server(tmp_path_factory.mktemp("tenants")) as (_, door):
        door.raw("PATCH", f"{V2}/app", json={"multi_tenant_enabled": True})
        make_users(door, "gym", teams=["gym_4"])
        make_users(door, "both", teams=["b", "a"])
        yield door


def test_refusals_name_the_users_teams(tenants: Door) -> None:
    teamed, bare = new_cid(), new_cid()
    make(tenants, teamed, team="gym_5")
    make(tenants, bare, members=["both"])
    make(tenants, new := new_cid(), team="gym_4")
    denied = "is not allowed to perform action ReadChannel in scope 'messaging'"
    told = tenants.no("GET", path_of(V2, new), 403, 17, token=tenants.app.token("gym"))
    assert told == failed("GetChannel", f"User 'gym' with role 'user' from team 'gym_4' {denied}")
    told = tenants.no("GET", path_of(V2, teamed), 403, 17, token=tenants.app.token("both"))
    assert told == failed("GetChannel", f"User 'both' with role 'user' from teams ['a', 'b'] {denied}")
    told = tenants.no("GET", path_of(V2, teamed), 403, 17, token=tenants.app.token("bob"))
    assert told == failed("GetChannel", f"User 'bob' with role 'user' {denied}")
    text = (
        "User 'both' with roles ['user', 'channel_member'] from teams ['a', 'b'] cannot access resource in scope "
        "'messaging' because requested resource does not belong to any team"
    )
    told = tenants.no("POST", path_of(V2, bare, "/query"), 403, 17, json={}, token=tenants.app.token("both"))
    assert told == failed("GetOrCreateChannel", text)


def test_refusals_on_calls_name_them_too(tenants: Door) -> None:
    path = f"{V2}/video/call/default/teamed"
    made = tenants.raw("POST", path, json={"data": {"created_by_id": "alice", "team": "gym_5"}})
    assert made.status_code == 201
    told = tenants.no("GET", path, 403, 17, token=tenants.app.token("gym"))
    text = "User 'gym' with role 'user' from team 'gym_4' is not allowed to perform action ReadCall in scope "
    assert told == failed("GetCall", text + "'video:default'")


@BOTH
def test_users_create_in_their_teams(tenants: Door, surface: str) -> None:
    cid, token = new_cid(), tenants.app.token("gym")
    query(tenants, cid, {"data": {"team": "gym_4"}}, surface, token=token)
    cid = new_cid()
    told = refused(tenants, cid, {"data": {}}, 403, 17, surface, token=token)
    assert "from team 'gym_4' cannot access resource in scope 'messaging'" in told
    refused(tenants, cid, {"data": {"team": "gym_5"}}, 403, 17, surface, token=token)


@BOTH
def test_v1_refuses_in_its_own_words(tmp_path_factory: pytest.TempPathFactory, surface: str) -> None:
    with channel_server(tmp_path_factory.mktemp("v1")) as (_, door):
        assert door.raw("PATCH", f"{V2}/app", json={"permission_version": "v1"}).status_code == 200
        cid = new_cid()
        make(door, cid, surface)
        text = "User 'bob' with role user is not allowed to access Resource ReadChannel on channel type messaging"
        told = refused(door, cid, {}, 403, 17, surface, token=door.app.token("bob"))
        assert told == failed("GetOrCreateChannel", text)
        seen = get(door, cid, surface, token=door.app.token("alice"))
        assert "read-events" in seen["channel"]["own_capabilities"]
