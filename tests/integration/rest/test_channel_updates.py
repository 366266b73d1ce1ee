"""Updates of channels over a real server: data, members, roles and invites in one write, and single fields."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.doors import Server
from tests.integration.rest.channel_door import (
    BOTH,
    CHAT,
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
    update,
    without_duration,
    written_of,
)
from tests.integration.rest.test_http_api import V2, Door


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Door]]:
    with channel_server(tmp_path_factory.mktemp("updates")) as started:
        yield started


@pytest.fixture(scope="module")
def door(site: tuple[Server, Door]) -> Door:
    return site[1]


@pytest.fixture(scope="module")
def server(site: tuple[Server, Door]) -> Server:
    return site[0]


def partly(door: Door, cid: str, body: dict[str, Any], surface: str = V2, **sent: Any) -> dict[str, Any]:
    return dict(door.ok("PATCH", path_of(surface, cid), written_of(surface), json=body, **sent))


def custom_of(answer: dict[str, Any], surface: str, *names: str) -> dict[str, Any]:
    channel = answer["channel"]
    held = channel["custom"] if surface == V2 else channel
    return {name: held[name] for name in names if name in held}


def own_data(surface: str, **custom: Any) -> dict[str, Any]:
    return {"custom": custom} if surface == V2 else custom


# --- 6.40: UpdateChannel ---------------------------------------------------------------------------------------------


def test_the_recorded_requests(door: Door) -> None:
    cid = new_cid()
    make(door, cid, members=["alice", "bob"])
    roles = {"assign_roles": [{"channel_role": "channel_moderator", "user_id": "bob"}]}
    assert member_of(update(door, cid, roles), "bob")["is_moderator"] is True
    answer = update(door, cid, {"add_members": ["carol"], "message": None}, CHAT)
    assert ids(answer) == ["alice", "bob", "carol"]
    assert answer["channel"]["member_count"] == 3


@BOTH
def test_moderators_are_made_and_unmade(door: Door, surface: str) -> None:
    cid = new_cid()
    make(door, cid, surface)
    bob = member_of(update(door, cid, {"add_moderators": ["bob"]}, surface), "bob")  # becomes a member with it
    assert (bob["channel_role"], bob["is_moderator"], bob["role"]) == ("channel_moderator", True, "moderator")
    bob = member_of(update(door, cid, {"demote_moderators": ["bob"]}, surface), "bob")
    assert (bob["channel_role"], bob["is_moderator"], bob["role"]) == ("channel_member", False, "member")


@BOTH
def test_everything_in_one_write(door: Door, surface: str) -> None:
    cid = new_cid()
    make(door, cid, surface, members=["alice", "bob"], filter_tags=["x"], **own_data(surface, old=1))
    inner = own_data(surface, hat="red")
    body = {
        "add_members": [{"user_id": "carol", "channel_role": "channel_moderator", **inner}, "carol"],
        "remove_members": ["bob", "nobody"],
        "invites": [{"user_id": "dave"}, "alice"],
        "assign_roles": [{"user_id": "alice", "channel_role": "channel_moderator"}],
        "demote_moderators": ["carol"],
        "data": {"team": "blue", "frozen": True, **own_data(surface, color="red")},
        "cooldown": 9,
        "add_filter_tags": ["y", "y"],
        "remove_filter_tags": ["x"],
        "message": {"text": "hi"},
        "hide_history": True,
        "user_id": "alice",
    }
    answer = update(door, cid, body, surface)
    channel = answer["channel"]
    assert ids(answer) == ["alice", "carol", "dave"]
    assert [member["is_moderator"] for member in answer["members"]] == [True, False, False]
    assert member_of(answer, "dave")["status"] == "pending"
    assert member_of(answer, "alice")["invited"] is False
    assert (channel["team"], channel["frozen"], channel["cooldown"]) == ("blue", True, 9)
    assert channel["filter_tags"] == ["y"]
    assert custom_of(answer, surface, "old", "color") == {"color": "red"}
    seen = get(door, cid, surface)
    assert (seen["channel"], seen["members"]) == (channel, answer["members"])


@BOTH
def test_data_replaces_custom_data_where_it_names_any(door: Door, surface: str) -> None:
    cid = new_cid()
    make(door, cid, surface, **own_data(surface, a=1, b=2))
    assert custom_of(update(door, cid, {"data": {}}, surface), surface, "a", "b") == {"a": 1, "b": 2}
    assert custom_of(update(door, cid, {"data": None, "cooldown": 1}, surface), surface, "a") == {"a": 1}
    answer = update(door, cid, {"data": own_data(surface, a=3)}, surface)
    assert custom_of(answer, surface, "a", "b") == {"a": 3}


def test_legacy_data_that_comes_from_an_answer_is_no_custom_data(door: Door) -> None:
    cid = new_cid()
    channel = make(door, cid, CHAT, color="red")["channel"]
    sent = {name: value for name, value in channel.items() if name != "created_by"}
    answer = update(door, cid, {"data": sent | {"color": "blue"}}, CHAT)["channel"]
    assert {**answer, "updated_at": ""} == {**channel, "color": "blue", "updated_at": ""}
    assert get(door, cid)["channel"]["custom"] == {"color": "blue"}


@BOTH
def test_invites_are_answered(door: Door, surface: str) -> None:
    cid = new_cid()
    make(door, cid, surface, members=["alice"], invites=["bob", "carol"])
    path = path_of(surface, cid)
    bob = member_of(update(door, cid, {"accept_invite": True}, surface, token=door.app.token("bob")), "bob")
    assert (bob["status"], bob["invited"], "invite_rejected_at" in bob) == ("accepted", True, False)
    assert bob["invite_accepted_at"]
    carol = member_of(update(door, cid, {"reject_invite": True, "user_id": "carol"}, surface), "carol")
    assert (carol["status"], "invite_accepted_at" in carol) == ("rejected", False)
    assert carol["invite_rejected_at"]
    assert "`accept_invite`" in door.no("POST", path, 400, 4, json={"accept_invite": True, "user_id": "alice"})
    assert "`user_id` is required" in door.no("POST", path, 400, 4, json={"accept_invite": True})
    body = {"accept_invite": True, "user_id": "carol"}
    assert "server-side" in door.no("POST", path, 403, 17, json=body, token=door.app.token("bob"))


@BOTH
def test_an_answer_and_other_parts_for_the_same_user_count_together(door: Door, surface: str) -> None:
    for parts in ({"add_moderators": ["bob"]}, {"add_members": [{"user_id": "bob"}]}, {"invites": ["bob"]}):
        cid = new_cid()
        make(door, cid, surface, members=["alice"], invites=["bob"])
        bob = member_of(update(door, cid, {"accept_invite": True, "user_id": "bob", **parts}, surface), "bob")
        assert (bob["status"], bob["is_moderator"]) == ("accepted", "add_moderators" in parts)
        assert bob["invite_accepted_at"]
        assert member_of(get(door, cid, surface), "bob") == bob


@BOTH
def test_who_answers_an_invite_stays(door: Door, surface: str) -> None:
    cid = new_cid()
    make(door, cid, surface, members=["alice"], invites=["bob"])
    before = without_duration(get(door, cid, surface))
    token = door.app.token("bob")
    for body, said in (
        ({"accept_invite": True, "remove_members": ["bob"]}, "`remove_members[0]`: `bob` answers an invite"),
        ({"reject_invite": True, "remove_members": ["bob"]}, "`remove_members[0]`: `bob` answers an invite"),
        ({"accept_invite": True, "reject_invite": True}, "`reject_invite` can't go with `accept_invite`"),
    ):
        assert said in door.no("POST", path_of(surface, cid), 400, 4, json=body, token=token)
    assert without_duration(get(door, cid, surface)) == before


@BOTH
def test_the_creator_is_named_by_id_or_as_a_user(door: Door, surface: str) -> None:
    cid = new_cid()
    make(door, cid, surface, by="alice")
    answer = update(door, cid, {"data": {"created_by": {"id": "bob", "name": "Not Bob"}}}, surface)
    assert (answer["channel"]["created_by"]["id"], answer["channel"]["created_by"].get("name")) == ("bob", None)
    answer = update(door, cid, {"data": {"created_by_id": "carol"}}, surface)
    assert answer["channel"]["created_by"]["id"] == "carol"
    answer = door.raw("POST", path_of(surface, cid), json={"data": {"created_by": {"id": "ghost"}}})
    assert answer.json()["exception_fields"].keys() == {"data.created_by"}


BAD: list[tuple[dict[str, Any], str]] = [
    ({"add_members": ["ghost"]}, "`ghost`"),
    ({"add_members": "bob"}, "`add_members`"),
    ({"add_members": [""]}, "`add_members[0]` is required"),
    ({"add_members": [{"user_id": "dave", "channel_role": "nope"}]}, 'role "nope" does not exist'),
    ({"invites": ["ghost"]}, "`ghost`"),
    ({"invites": [5]}, "`invites"),
    ({"add_moderators": ["ghost"]}, "`ghost`"),
    ({"add_moderators": [5]}, "`add_moderators[0]`"),
    ({"demote_moderators": ["dave"]}, "`demote_moderators[0].user_id`: `dave` is not a member"),
    ({"demote_moderators": "dave"}, "`demote_moderators`"),
    ({"assign_roles": [{"user_id": "dave", "channel_role": "channel_moderator"}]}, "`dave` is not a member"),
    ({"assign_roles": [{"user_id": "bob", "channel_role": "nope"}]}, 'role "nope" does not exist'),
    ({"assign_roles": [{"channel_role": "channel_member"}]}, "`assign_roles[0].user_id` is required"),
    ({"remove_members": ["alice"], "add_members": ["alice"]}, "`remove_members[0]`: `alice` is named in"),
    ({"remove_members": [""]}, "`remove_members[0]` is required"),
    ({"remove_members": [5]}, "`remove_members[0]`"),
    ({"cooldown": 121}, "`cooldown`"),
    ({"cooldown": "5"}, "`cooldown`"),
    ({"data": []}, "`data`"),
    ({"data": {"cooldown": -1}}, "`data.cooldown`"),
    ({"data": {"frozen": 1}}, "`data.frozen`"),
    ({"data": {"team": "x" * 300}}, "`data.team`"),
    ({"data": {"created_by_id": "ghost"}}, "`ghost`"),
    ({"data": {"config_overrides": {"grants": {"user": ["nope"]}}}}, "unknown permission"),
    ({"add_filter_tags": "a"}, "`add_filter_tags`"),
    ({"add_filter_tags": ["x" * 256]}, "`add_filter_tags[0]`"),
    ({"data": {"filter_tags": ["x" * 200] * 40}}, "`data.filter_tags`"),
    ({"accept_invite": "yes"}, "`accept_invite`"),
    ({"user": {"name": "x"}}, "`user.id` is required"),
    ({"data": {"created_by": {"id": "ghost"}}}, "`ghost`"),
    ({"data": {"created_by": {"id": "alice"}, "created_by_id": "alice"}}, "cannot set both"),
    ({"data": {"members": ["dave"]}}, "`data.members` is for new channels"),
    ({"data": {"invites": []}}, "`data.invites` is for new channels"),
    ({"accept_invite": True, "reject_invite": True, "user_id": "alice"}, "`reject_invite` can't go with"),
    ({"accept_invite": True, "user_id": "bob"}, "`remove_members[0]`: `bob` answers an invite in `accept_invite`"),
    *(
        ({name: [""] * 1_001}, f"`{name}`: expected `array` of length <= 1000")
        for name in ("add_members", "remove_members", "invites", "add_moderators", "demote_moderators", "assign_roles")
    ),
    *(
        ({name: [""] * 1_001}, f"`{name}`: expected `array` of length <= 1000")
        for name in ("add_filter_tags", "remove_filter_tags")
    ),
    *(
        ({"data": {name: [""] * 1_001}}, f"`data.{name}`: expected `array` of length <= 1000")
        for name in ("members", "invites", "filter_tags")
    ),
]


@pytest.mark.parametrize(("part", "said"), BAD, ids=[f"{number}-{said[:30]}" for number, (_, said) in enumerate(BAD)])
def test_one_bad_part_leaves_everything_as_it_was(door: Door, part: dict[str, Any], said: str) -> None:
    cid = new_cid()
    make(door, cid, members=["alice", "bob"], custom={"a": 1})
    before = without_duration(get(door, cid))
    good = {"add_members": ["carol"], "remove_members": ["bob"], "data": {"custom": {"a": 2}, "frozen": True}}
    if "assign_roles" in part:
        good.pop("remove_members")
    told = door.no("POST", path_of(V2, cid), 400, 4, json={**good, **part})
    assert said in told
    assert told.startswith("UpdateChannel failed with error: ")
    assert without_duration(get(door, cid)) == before


def test_errors_name_the_field_that_the_request_has(door: Door) -> None:
    cid = new_cid()
    make(door, cid, members=["alice"])
    body = {"add_members": ["bob"], "assign_roles": [{"user_id": "bob", "channel_role": "nope"}]}
    answer = door.raw("POST", path_of(V2, cid), json=body)
    assert answer.json()["exception_fields"].keys() == {"assign_roles[0].channel_role"}
    body = {"assign_roles": [{"user_id": "bob", "channel_role": "channel_member"}]}
    answer = door.raw("POST", path_of(V2, cid), json=body)
    assert answer.json()["exception_fields"].keys() == {"assign_roles[0].user_id"}


@BOTH
def test_a_channel_that_is_not_there(door: Door, surface: str) -> None:
    for method, body in (("POST", {"add_members": ["bob"]}), ("PATCH", {"set": {"a": 1}})):
        told = door.no(method, path_of(surface, "messaging:nothing"), 404, 16, json=body)
        assert "`messaging:nothing` does not exist" in told


PERMISSIONS = {
    "UpdateChannel": "update-channel",
    "UpdateChannelMembers": "update-channel-members",
    "AddOwnChannelMembership": "add-own-channel-membership",
    "RemoveOwnChannelMembership": "remove-own-channel-membership",
    "UpdateChannelFrozen": "update-channel-frozen",
    "UpdateChannelCooldown": "update-channel-cooldown",
    "ReadChannel": "read-channel",
}
WIDER = {"AddOwnChannelMembership": "UpdateChannelMembers", "RemoveOwnChannelMembership": "UpdateChannelMembers"}
NEEDS: list[tuple[dict[str, Any], tuple[str, ...]]] = [
    ({}, ("ReadChannel",)),
    ({"add_members": ["carol"]}, ("AddOwnChannelMembership",)),
    ({"remove_members": ["carol"]}, ("RemoveOwnChannelMembership",)),
    ({"add_members": ["dave"]}, ("UpdateChannelMembers",)),
    ({"invites": ["dave"]}, ("UpdateChannelMembers",)),
    ({"remove_members": ["bob"]}, ("UpdateChannelMembers",)),
    ({"data": {"name": "x", "custom": {"name": "x"}}}, ("UpdateChannel",)),
    ({"add_filter_tags": ["x"]}, ("UpdateChannel",)),
    ({"data": {"frozen": True}}, ("UpdateChannelFrozen",)),
    ({"cooldown": 3}, ("UpdateChannelCooldown",)),
    ({"data": {"frozen": True}, "cooldown": 3}, ("UpdateChannelFrozen", "UpdateChannelCooldown")),
]


@BOTH
@pytest.mark.parametrize(("body", "actions"), NEEDS, ids=[f"{n}-{actions[0]}" for n, (_, actions) in enumerate(NEEDS)])
def test_a_user_needs_exactly_these_actions(
    door: Door, surface: str, body: dict[str, Any], actions: tuple[str, ...]
) -> None:
    for missing in actions:
        held = [name for action, name in PERMISSIONS.items() if action not in {missing, WIDER.get(missing)}]
        kind = new_type(door, {"user": held})
        cid = new_cid(kind)
        make(door, cid, surface, members=["bob"])
        before = without_duration(get(door, cid, surface))
        told = door.no("POST", path_of(surface, cid), 403, 17, json=body, token=door.app.token("carol"))
        text = f"User 'carol' with role 'user' is not allowed to perform action {missing} in scope '{kind}'"
        assert told == failed("UpdateChannel", text)
        assert without_duration(get(door, cid, surface)) == before
    cid = new_cid(new_type(door, {"user": [PERMISSIONS[action] for action in actions]}))
    make(door, cid, surface, members=["bob"])
    update(door, cid, body, surface, token=door.app.token("carol"))


@BOTH
@pytest.mark.parametrize(
    "body",
    [
        {"add_moderators": ["bob"]},
        {"demote_moderators": ["dave"]},
        {"assign_roles": [{"user_id": "bob", "channel_role": "channel_moderator"}]},
        {"add_members": [{"user_id": "carol", "channel_role": "channel_moderator"}]},
        {"data": {"config_overrides": {"grants": {"user": ["delete-channel"]}}}},
        {"data": {"disabled": True}},
        {"data": {"team": "blue"}},
        {"data": {"created_by_id": "bob"}},
        {"data": {"created_by": {"id": "bob"}}},
    ],
)
def test_some_is_for_servers_whatever_the_grants(door: Door, surface: str, body: dict[str, Any]) -> None:
    cid = new_cid(new_type(door, {"user": [*PERMISSIONS.values(), "read-channel-members"]}))
    dave = {"user_id": "dave", "channel_role": "channel_moderator"}
    make(door, cid, surface, members=["alice", "bob", dave])
    before = without_duration(get(door, cid, surface))
    told = door.no("POST", path_of(surface, cid), 403, 17, json=body, token=door.app.token("alice"))
    assert "takes a server-side token" in told
    assert without_duration(get(door, cid, surface)) == before


@BOTH
def test_who_leaves_sees_no_members_any_more(server: Server, door: Door, surface: str) -> None:
    cid = new_cid()
    make(door, cid, surface, members=["alice", "bob"])
    answer = update(door, cid, {"remove_members": ["bob"]}, surface, token=door.app.token("bob"))
    assert (answer["members"], "member_count" in answer["channel"]) == ([], False)
    assert answer["channel"]["own_capabilities"] == capabilities(server, door, cid, "bob")
    door.no("GET", path_of(surface, cid), 403, 17, token=door.app.token("bob"))


@BOTH
def test_a_token_for_the_channel(door: Door, surface: str) -> None:
    cid = new_cid()
    make(door, cid, surface)
    path, body = path_of(surface, cid), {"add_members": ["dave"]}
    make_users(door, "guide")
    token = door.app.token("guide", channel_cids=[cid], role="channel_moderator")
    assert ids(update(door, cid, body, surface, token=token)) == ["dave"]
    other = new_cid()
    make(door, other, surface)
    door.no("POST", path_of(surface, other), 403, 17, json=body, token=token)
    door.no("POST", path, 403, 17, json={"add_members": ["bob"]}, token=door.app.token("guide"))


# --- 6.41: UpdateChannelPartial --------------------------------------------------------------------------------------


def test_the_recorded_requests_of_partial_updates(door: Door) -> None:
    grants = {"grants": {"user": ["!add-links", "create-reaction"]}}
    for surface in (V2, CHAT):
        cid = new_cid()
        make(door, cid, surface, **own_data(surface, age=7, kept=1))
        answer = partly(door, cid, {"unset": ["age"], "set": {"config_overrides": grants, "color": "red"}}, surface)
        assert set(answer["channel"]["config"]["grants"]["user"]) == {"!add-links", "create-reaction"}
        assert custom_of(answer, surface, "age", "kept", "color") == {"kept": 1, "color": "red"}
        assert get(door, cid, surface)["channel"] == answer["channel"]


@BOTH
def test_keys_within_objects(door: Door, surface: str) -> None:
    cid = new_cid()
    make(door, cid, surface, **own_data(surface, detail={"topic": "Plants", "rating": "pg"}))
    answer = partly(door, cid, {"set": {"detail.topic": "Nature", "fresh.deep.key": [1]}}, surface)
    expected = {"detail": {"topic": "Nature", "rating": "pg"}, "fresh": {"deep": {"key": [1]}}}
    assert custom_of(answer, surface, "detail", "fresh") == expected
    answer = partly(door, cid, {"unset": ["detail.topic", "fresh", "nothing.there"]}, surface)
    assert custom_of(answer, surface, "detail", "fresh") == {"detail": {"rating": "pg"}}


@BOTH
def test_own_fields_are_set_and_taken_away(door: Door, surface: str) -> None:
    cid = new_cid()
    make(door, cid, surface)
    overrides = {"typing_events": False, "blocklist": "x", "grants": {"user": ["create-reaction"]}}
    values = {
        "frozen": True,
        "disabled": True,
        "cooldown": 5,
        "team": "blue",
        "filter_tags": ["a"],
        "auto_translation_enabled": True,
        "config_overrides": overrides,
    }
    channel = partly(door, cid, {"set": values}, surface)["channel"]
    own = {name: value for name, value in values.items() if name != "config_overrides"}
    assert {name: channel[name] for name in own} == own
    config = channel["config"]
    assert (config["typing_events"], config["blocklist"]) == (False, "x")
    channel = partly(door, cid, {"unset": list(values)}, surface)["channel"]
    shown = [channel.get(name) for name in own]
    assert shown == [False, False, None, None, None, False]
    assert (channel["config"]["typing_events"], channel["config"]["grants"]) == (True, {})
    assert "blocklist" not in channel["config"]


@BOTH
@pytest.mark.parametrize("unset", [False, True])
def test_fields_that_are_not_to_be_written(door: Door, surface: str, unset: bool) -> None:
    cid = new_cid()
    make(door, cid, surface, members=["alice", {"user_id": "bob", "channel_role": "channel_moderator"}])
    before = without_duration(get(door, cid, surface))
    path, token = path_of(surface, cid), door.app.token("bob")

    def body(name: str) -> dict[str, Any]:
        return {"unset": [name, "x"]} if unset else {"set": {name: 0, "x": 1}}

    for name in ("team", "disabled", "config_overrides"):
        text = f"you are not allowed to update the field `{name}`"
        sent = body(name) if unset else {"set": {name: {"team": "t", "disabled": True}.get(name, {})}}
        assert door.no("PATCH", path, 403, 17, json=sent, token=token) == failed("UpdateChannelPartial", text)
    for name in ("updated_at", "created_at", "members", "member_count", "cid", "own_capabilities"):
        for text, sent in (
            (f"you are not allowed to update the field `{name}`", {"token": token}),
            (f"field `{name}` is reserved and cannot updated", {}),
        ):
            assert door.no("PATCH", path, 403, 17, json=body(name), **sent) == failed("UpdateChannelPartial", text)
    assert without_duration(get(door, cid, surface)) == before


@BOTH
def test_moderators_slow_a_channel_down(door: Door, surface: str) -> None:
    cid = new_cid()
    make(door, cid, surface, members=[{"user_id": "bob", "channel_role": "channel_moderator"}, "carol"])
    answer = partly(door, cid, {"set": {"cooldown": 10}}, surface, token=door.app.token("bob"))
    assert answer["channel"]["cooldown"] == 10
    told = door.no(
        "PATCH", path_of(surface, cid), 403, 17, json={"set": {"cooldown": 0}}, token=door.app.token("carol")
    )
    assert "is not allowed to perform action UpdateChannelCooldown in scope 'messaging'" in told
    assert "cooldown" not in partly(door, cid, {"set": {"cooldown": 0}}, surface)["channel"]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"set": []}, "`set`"),
        ({"unset": "a"}, "`unset`"),
        ({"unset": [5]}, "`unset[0]`"),
        ({"set": {"frozen": 1}}, "`set.frozen`"),
        ({"set": {"disabled": "x"}}, "`set.disabled`"),
        ({"set": {"cooldown": 200}}, "`set.cooldown`"),
        ({"set": {"team": 5}}, "`set.team`"),
        ({"set": {"filter_tags": "x"}}, "`set.filter_tags`"),
        ({"set": {"config_overrides": 5}}, "`set.config_overrides`"),
        ({"set": {"config_overrides": {"uploads": "x"}}}, "`set.config_overrides.uploads`"),
        ({"set": {"config_overrides": {"grants": {"user": ["nope"]}}}}, "unknown permission"),
        ({"set": {"a.b": 1}}, "`set.custom.a.b`"),
        ({"set": {"big": "x" * 6000}}, "`set.custom`"),
        ({"set": {"a..b": 1}}, "empty key"),
        ({"set": {"custom": 5}}, "`set.custom`"),
        ({"set": {"config_overrides.grants": {"user": []}}}, "`set`: `config_overrides` can only be changed whole"),
        ({"set": {"frozen.x": 1}}, "`set`: `frozen` can only be changed whole"),
        ({"set": {"filter_tags.0": "x"}}, "`set`: `filter_tags` can only be changed whole"),
        ({"unset": ["team.x"]}, "`unset`: `team` can only be changed whole"),
        ({"unset": [""] * 1_001}, "`unset`: expected `array` of length <= 1000"),
        ({"set": {f"k{number}": 1 for number in range(1_001)}}, "`set`: expected `object` of length <= 1000"),
    ],
)
def test_a_bad_field_leaves_everything_as_it_was(door: Door, body: dict[str, Any], said: str) -> None:
    cid = new_cid()
    make(door, cid, custom={"a": 1})
    before = without_duration(get(door, cid))
    told = door.no("PATCH", path_of(V2, cid), 400, 4, json=body)
    assert said in told
    assert without_duration(get(door, cid)) == before
