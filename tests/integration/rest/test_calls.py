"""Calls over the HTTP API: every operation on every surface, from the requests that Stream's SDKs send."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

import pytest

from tests.doors import Server
from tests.integration.rest.call_door import (
    BOTH,
    call_server,
    capabilities,
    get_call,
    make_call,
    make_users,
    new_id,
    new_type,
    path_of,
    without_duration,
)
from tests.integration.rest.shapes import CALL, CALL_MEMBER, CALL_STATE, DONE, USER, Exactly, Ts
from tests.integration.rest.test_http_api import V2, Door, failed

CREATED: Final = CALL_STATE | {"created": bool}
DATA: Final[dict[str, Any]] = {
    "created_by_id": "alice",
    "starts_at": "2026-01-01T00:00:00+00:00",
    "members": [{"user_id": "alice", "role": "host"}, {"user_id": "bob", "custom": {"k": "v"}}],
    "custom": {"topic": "x"},
    "settings_override": {"screensharing": {"access_request_enabled": True, "enabled": False}},
}
"""The recorded request of getstream-py."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Door]]:
    with call_server(tmp_path_factory.mktemp("calls")) as started:
        yield started


@pytest.fixture(scope="module")
def door(server: tuple[Server, Door]) -> Door:
    return server[1]


@pytest.fixture
def cid() -> str:
    """Return a call that no other test uses."""
    return f"default:{new_id()}"


# --- 6.14: GetOrCreateCall -------------------------------------------------------------------------------------------


@BOTH
def test_a_call_is_created_once_and_then_got(door: Door, surface: str, cid: str) -> None:
    path, times = path_of(surface, cid), {"starts_at": Ts, "join_ahead_time_seconds": int}
    shape = CREATED | {"call": CALL | times, "members": [CALL_MEMBER | {"role": str}]}
    made = door.ok("POST", path, shape, status=201, json={"data": DATA})
    call, call_id = made["call"], cid.partition(":")[2]
    assert made["created"] is True
    assert (call["cid"], call["type"], call["id"], call["backstage"]) == (cid, "default", call_id, False)
    assert call["created_by"]["id"] == "alice"
    assert call["custom"] == {"topic": "x"}
    assert call["settings"]["screensharing"]["enabled"] is False
    assert call["settings"]["screensharing"]["access_request_enabled"] is True
    assert call["settings"]["limits"]["max_duration_seconds"] == 0
    assert call_id in call["ingress"]["rtmp"]["address"]
    assert call["ingress"]["srt"]["address"]
    assert "ended_at" not in call
    assert "team" not in call
    assert [(one["user_id"], one["role"], one["custom"]) for one in made["members"]] == [
        ("bob", "call_member", {"k": "v"}),  # newest first
        ("alice", "host", {}),
    ]
    assert made["members"][0]["user"]["id"] == "bob"
    assert len(made["own_capabilities"]) == 36
    if surface == V2:
        assert call["starts_at"] == 1_767_225_600_000_000_000
    else:
        assert call["starts_at"] == "2026-01-01T00:00:00.000000Z"

    again = door.ok("POST", path, shape, status=201, json={"data": {"custom": {"topic": "y"}, "members": []}})
    assert without_duration(again) == without_duration(made) | {"created": False}
    assert without_duration(get_call(door, cid, surface)) == {
        name: value for name, value in without_duration(made).items() if name != "created"
    }


@BOTH
@pytest.mark.parametrize("body", [{}, {"data": None}, {"data": {}}, None], ids=str)
def test_nothing_need_be_sent_for_a_call_that_is_there(door: Door, surface: str, cid: str, body: Any) -> None:
    make_call(door, cid, surface)
    sent = {} if body is None else {"json": body}
    assert door.ok("POST", path_of(surface, cid), CREATED, status=201, **sent)["created"] is False


@BOTH
def test_data_for_a_call_that_is_there_is_ignored(door: Door, surface: str, cid: str) -> None:
    made = make_call(door, cid, surface, members=[{"user_id": "bob"}])
    data = {**DATA, "team": "red", "members": [{"user_id": "carol"}], "created_by_id": "nobody-yet"}
    got = door.ok("POST", path_of(surface, cid), CREATED, status=201, json={"data": data})
    assert without_duration(got) == without_duration(made) | {"created": False}
    assert get_call(door, cid, surface)["call"] == made["call"]


def test_a_creator_who_is_unknown_is_created(door: Door, cid: str) -> None:
    made = make_call(door, cid, by="fresh-one", members=[{"user_id": "fresh-one"}])
    assert made["call"]["created_by"]["id"] == "fresh-one"
    assert [one["user_id"] for one in made["members"]] == ["fresh-one"]
    payload = {"payload": json.dumps({"filter_conditions": {"id": "fresh-one"}})}
    [user] = door.ok("GET", "/users", {"users": [USER]}, params=payload)["users"]
    assert (user["id"], user["role"]) == ("fresh-one", "user")


@BOTH
def test_a_creator_who_is_described_is_written(door: Door, surface: str, cid: str) -> None:
    described = {"id": f"maker-{cid[8:]}", "name": "Maker", "role": "admin", "custom": {"color": "red"}}
    body = {"data": {"created_by": described}}
    made = door.ok("POST", path_of(surface, cid), CREATED, status=201, json=body)["call"]["created_by"]
    assert {name: made[name] for name in described} == described
    other = f"default:{new_id()}"
    body = {"data": {"created_by": {"id": described["id"], "custom": {"color": "blue"}}}}
    made = door.ok("POST", path_of(surface, other), CREATED, status=201, json=body)["call"]["created_by"]
    assert (made["custom"], made["role"]) == ({"color": "blue"}, "admin")


@BOTH
def test_a_server_says_once_who_creates(door: Door, surface: str, cid: str) -> None:
    path = path_of(surface, cid)
    text = "either data.created_by or data.created_by_id must be provided when using server side auth."
    without: tuple[dict[str, Any], ...] = ({}, {"data": {}}, {"data": {"created_by_id": None, "created_by": None}})
    for body in without:
        assert door.no("POST", path, 400, 4, json=body) == failed("GetOrCreateCall", text)
    both = {"data": {"created_by_id": "alice", "created_by": {"id": "alice"}}}
    text = "cannot set both data.created_by and data.created_by_id."
    assert door.no("POST", path, 400, 4, json=both) == failed("GetOrCreateCall", text)
    door.no("GET", path, 404, 16)


@BOTH
def test_members_that_do_not_exist_are_all_named(door: Door, surface: str, cid: str) -> None:
    members = [{"user_id": "jaewoong"}, {"user_id": "bob"}]
    told = door.no("POST", path_of(surface, cid), 400, 4, json={"data": {"created_by_id": "new", "members": members}})
    text = (
        "The following users are involved in call create operation, but don't exist: [{}]. "
        "Please create the user objects before setting up the call."
    )
    assert told == failed("GetOrCreateCall", text.format("jaewoong"))
    members.append({"user_id": "sara"})
    told = door.no("POST", path_of(surface, cid), 400, 4, json={"data": {"created_by_id": "new", "members": members}})
    assert told == failed("GetOrCreateCall", text.format("jaewoong, sara"))
    door.no("GET", path_of(surface, cid), 404, 16)
    payload = {"payload": json.dumps({"filter_conditions": {"id": "new"}})}
    assert door.ok("GET", "/users", {"users": []}, params=payload)["users"] == []  # rolled back with the call


@BOTH
def test_an_unknown_call_type_is_not_found(door: Door, surface: str) -> None:
    path = path_of(surface, "nowhere:x")
    told = door.no("POST", path, 404, 16, json={"data": {"created_by_id": "alice"}})
    assert told == failed("GetOrCreateCall", "call type `nowhere` does not exist")
    door.no("POST", path, 404, 16, json={}, token=door.app.token("alice"))


@BOTH
def test_settings_that_contradict_each_other_are_refused(door: Door, surface: str, cid: str) -> None:
    path = path_of(surface, cid)
    recording = {"recording": {"mode": "available", "audio_only": False}}
    data = {"created_by_id": "alice", "settings_override": recording}
    quality = "recording quality is required when audio_only is false and recording is enabled"
    assert door.no("POST", path, 400, 4, json={"data": data}) == failed("GetOrCreateCall", quality)
    data = {"created_by_id": "alice", "settings_override": {"video": {"enabled": False}}}
    video = "Video is not enabled for this call"
    for body in ({"data": {**data, "video": True}}, {"data": data, "video": True}):
        assert door.no("POST", path, 400, 4, json=body) == failed("GetOrCreateCall", video)
    door.no("GET", path, 404, 16)
    recording["recording"]["quality"] = "1080p"
    made = make_call(door, cid, surface, settings_override=recording, video=True)
    assert made["call"]["settings"]["recording"]["quality"] == "1080p"
    del recording["recording"]["quality"]
    told = door.no("PATCH", path, 400, 4, json={"settings_override": recording})
    assert told == failed("UpdateCall", quality)


@BOTH
def test_fields_without_effect_are_kept_and_returned(door: Door, surface: str, cid: str) -> None:
    settings = {"recording": {"layout": {"name": "grid"}}, "encryption": {"mode": "auto-on"}}
    sent: dict[str, Any] = {"settings_override": settings, "channel_cid": "messaging:x", "video": True, "team": "red"}
    call = make_call(door, cid, surface, **sent)["call"]
    assert (call["channel_cid"], call["team"]) == ("messaging:x", "red")
    assert call["settings"]["recording"]["layout"]["name"] == "grid"
    assert call["settings"]["encryption"]["mode"] == "auto-on"
    change = {"settings_override": {"encryption": {"mode": "disabled"}}}
    call = door.ok("PATCH", path_of(surface, cid), CALL_STATE, json=change)["call"]
    assert call["settings"]["recording"]["layout"]["name"] == "grid"
    assert call["settings"]["encryption"]["mode"] == "disabled"


def test_a_call_keeps_all_settings_its_type_had(door: Door, cid: str) -> None:
    name = new_type(door, {}, recording={"layout": {"name": "grid"}}, backstage={"join_ahead_time_seconds": 300})
    call = make_call(door, f"{name}:x")["call"]
    assert call["join_ahead_time_seconds"] == 300
    changed = {"settings": {"recording": {"layout": {"name": "mobile"}}}}
    assert door.raw("PUT", f"{V2}/video/calltypes/{name}", json=changed).status_code == 200
    assert get_call(door, f"{name}:x")["call"]["settings"]["recording"]["layout"]["name"] == "grid"
    assert make_call(door, f"{name}:y")["call"]["settings"]["recording"]["layout"]["name"] == "mobile"


@BOTH
def test_a_query_shows_the_newest_members_of_each_call(door: Door, surface: str, cid: str) -> None:
    names = [f"member-{n}" for n in range(30)]
    make_users(door, *names)
    make_call(door, cid, surface, members=[{"user_id": name} for name in names])
    query = {"filter_conditions": {"cid": cid}}
    (found,) = door.raw("POST", f"{surface}/video/calls", json=query).json()["calls"]
    assert [one["user_id"] for one in found["members"]] == names[:4:-1]


@BOTH
def test_as_many_members_are_shown_as_asked_for(door: Door, surface: str, cid: str) -> None:
    members = [{"user_id": name} for name in ("alice", "bob", "carol")]
    body = {"data": {"created_by_id": "alice", "members": members}, "members_limit": 2}
    made = door.ok("POST", path_of(surface, cid), CREATED, status=201, json=body)
    assert [one["user_id"] for one in made["members"]] == ["carol", "bob"]
    for limit, shown in (("1", ["carol"]), ("0", []), ("", ["carol", "bob", "alice"])):
        got = get_call(door, cid, surface, params={"members_limit": limit})
        assert [one["user_id"] for one in got["members"]] == shown
    for limit in ("101", "-1", "x", "1.5", "²", "1" * 5_000):
        told = door.no("GET", path_of(surface, cid), 400, 4, params={"members_limit": limit})
        assert "members_limit" in told


BAD_DATA: Final[list[tuple[Any, str]]] = [
    ([], "data"),
    ("x", "data"),
    ({"created_by_id": 7}, "data.created_by_id"),
    ({"created_by_id": ""}, "data.created_by_id"),
    ({"created_by_id": "a\n"}, "data.created_by_id"),
    ({"created_by_id": "x" * 256}, "data.created_by_id"),
    ({"created_by_id": None, "created_by": "alice"}, "data.created_by"),
    ({"created_by_id": None, "created_by": {}}, "data.created_by.id"),
    ({"created_by_id": None, "created_by": {"id": ""}}, "data.created_by.id"),
    ({"created_by_id": None, "created_by": {"id": "new", "role": 1}}, "data.created_by.role"),
    ({"created_by_id": None, "created_by": {"id": "new", "role": "nobody"}}, "data.created_by.role"),
    ({"created_by_id": None, "created_by": {"id": "new", "custom": []}}, "data.created_by.custom"),
    ({"created_by_id": None, "created_by": {"id": "new", "teams": [7]}}, "data.created_by.teams[0]"),
    ({"starts_at": 7}, "data.starts_at"),
    ({"starts_at": "tomorrow"}, "data.starts_at"),
    ({"starts_at": "1950-01-01T00:00:00Z"}, "data.starts_at"),
    ({"team": {}}, "data.team"),
    ({"team": "x" * 256}, "data.team"),
    ({"video": "yes"}, "data.video"),
    ({"channel_cid": 7}, "data.channel_cid"),
    ({"channel_cid": "x" * 256}, "data.channel_cid"),
    ({"custom": []}, "data.custom"),
    ({"custom": {"x": "x" * 6_000}}, "data.custom"),
    ({"members": {}}, "data.members"),
    ({"members": ["bob"]}, "data.members[0]"),
    ({"members": [None]}, "data.members[0]"),
    ({"members": [{}]}, "data.members[0].user_id"),
    ({"members": [{"user_id": ""}]}, "data.members[0].user_id"),
    ({"members": [{"user_id": "bob"}, {"user_id": 7}]}, "data.members[1].user_id"),
    ({"members": [{"user_id": "bob"}, {"user_id": "bob"}]}, "data.members[1].user_id"),
    ({"members": [{"user_id": "bob", "role": 7}]}, "data.members[0].role"),
    ({"members": [{"user_id": "bob", "role": "nobody"}]}, "data.members[0].role"),
    ({"members": [{"user_id": "bob", "custom": 7}]}, "data.members[0].custom"),
    ({"members": [{"user_id": "bob", "custom": {"x": "x" * 6_000}}]}, "data.members[0].custom"),
    ({"members": [{"user_id": f"u{number}"} for number in range(1_001)]}, "data.members"),
    ({"settings_override": []}, "data.settings_override"),
    ({"settings_override": {"audio": "loud"}}, "data.settings_override.audio"),
    ({"settings_override": {"audio": {"mic_default_on": "yes"}}}, "data.settings_override.audio.mic_default_on"),
    ({"settings_override": {"audio": {"default_device": "horn"}}}, "data.settings_override.audio.default_device"),
    (
        {"settings_override": {"limits": {"max_participants_exclude_roles": ["nobody"]}}},
        "data.settings_override.limits.max_participants_exclude_roles",
    ),
    ({"settings_override": {"encryption": {"mode": 7}}}, "data.settings_override.encryption.mode"),
    ({"settings_override": {"recording": {"layout": []}}}, "data.settings_override.recording.layout"),
]


@BOTH
@pytest.mark.parametrize(("data", "field"), BAD_DATA, ids=[f"{n}-{field}" for n, (_, field) in enumerate(BAD_DATA)])
def test_bad_data_names_the_field_and_creates_nothing(
    door: Door, surface: str, cid: str, data: Any, field: str
) -> None:
    sent = {"created_by_id": "alice", **data} if isinstance(data, dict) else data
    answer = door.raw("POST", path_of(surface, cid), json={"data": sent})
    assert (answer.status_code, answer.json()["code"]) == (400, 4), answer.text
    assert list(answer.json()["exception_fields"]) == [field]
    door.no("GET", path_of(surface, cid), 404, 16)
    payload = {"payload": json.dumps({"filter_conditions": {"id": "new"}})}
    assert door.ok("GET", "/users", {"users": []}, params=payload)["users"] == []


@pytest.mark.parametrize(
    ("field", "value"),
    [("members_limit", "3"), ("members_limit", 101), ("members_limit", -1), ("ring", 1), ("notify", 1), ("video", 1)],
)
def test_bad_fields_beside_the_data_are_refused(door: Door, cid: str, field: str, value: Any) -> None:
    answer = door.raw("POST", path_of(V2, cid), json={"data": {"created_by_id": "alice"}, field: value})
    assert (answer.status_code, list(answer.json()["exception_fields"])) == (400, [field])
    door.no("GET", path_of(V2, cid), 404, 16)


def test_nulls_say_nothing_and_unknown_fields_are_ignored(door: Door, cid: str) -> None:
    data = {
        "created_by_id": "alice",
        "created_by": None,
        "starts_at": None,
        "custom": None,
        "team": None,
        "video": None,
        "channel_cid": None,
        "members": [{"user_id": "bob", "role": None, "custom": None, "color": "red"}],
        "settings_override": {"audio": {"mic_default_on": None, "color": 1}, "video": None, "color": {}},
        "color": "red",
    }
    body: dict[str, Any] = {
        "data": data,
        "members_limit": None,
        "ring": None,
        "notify": None,
        "video": None,
        "color": [],
    }
    made = door.ok("POST", path_of(V2, cid), CREATED, status=201, json=body)
    assert (made["call"]["custom"], made["members"][0]["role"]) == ({}, "call_member")
    assert "starts_at" not in made["call"]


@pytest.mark.parametrize("name", ["a:b", "a b", "a%2Bb", "ü", "a!b"])
def test_ids_are_what_the_path_says(door: Door, name: str) -> None:
    made = door.ok(
        "POST", f"/video/call/default/{name}", CREATED, status=201, json={"data": {"created_by_id": "alice"}}
    )
    assert made["call"]["id"] == name.replace("%2B", "+")


@pytest.mark.parametrize("path", ["Default/x", "default/a%0Ab", "default/" + "x" * 256])
def test_a_path_that_names_no_call_is_refused(door: Door, path: str) -> None:
    for method, rest, body in (("GET", "", None), ("POST", "", {"data": {"created_by_id": "alice"}})):
        door.no(method, f"/video/call/{path}{rest}", 400, 4, json=body)


# --- 6.15 and 6.16: GetCall and UpdateCall ---------------------------------------------------------------------------


@BOTH
def test_a_call_that_is_not_there_is_not_found(door: Door, surface: str, cid: str) -> None:
    for operation, method, rest, body in (
        ("GetCall", "GET", "", None),
        ("UpdateCall", "PATCH", "", {"custom": {}}),
        ("DeleteCall", "POST", "/delete", {}),
        ("GoLive", "POST", "/go_live", {}),
        ("StopLive", "POST", "/stop_live", {}),
        ("EndCall", "POST", "/mark_ended", None),
        ("BlockUser", "POST", "/block", {"user_id": "bob"}),
        ("UnblockUser", "POST", "/unblock", {"user_id": "bob"}),
        ("UpdateCallMembers", "POST", "/members", {"remove_members": ["bob"]}),
        ("UpdateUserPermissions", "POST", "/user_permissions", {"user_id": "bob", "grant_permissions": ["send-audio"]}),
    ):
        told = door.no(method, path_of(surface, cid, rest), 404, 16, json=body)
        assert told == failed(operation, f"Can't find call with id {cid}")


@BOTH
def test_a_call_is_changed(door: Door, surface: str, cid: str) -> None:
    made = make_call(door, cid, surface, custom={"color": "blue"}, members=[{"user_id": "bob"}])
    sent = {"default_device": "earpiece", "mic_default_on": False}
    body = {"custom": {"a": 1}, "settings_override": {"audio": sent}}
    changed = door.ok("PATCH", path_of(surface, cid), CALL_STATE, json=body)
    audio = made["call"]["settings"]["audio"] | sent
    assert changed["call"]["settings"] == made["call"]["settings"] | {"audio": audio}
    assert changed["call"]["custom"] == {"a": 1}  # replaced
    assert changed["members"] == made["members"]
    assert len(changed["own_capabilities"]) == 36
    assert without_duration(get_call(door, cid, surface)) == without_duration(changed)

    limits = {"settings_override": {"limits": {"max_duration_seconds": 60}}}
    changed = door.ok("PATCH", path_of(surface, cid), CALL_STATE, json=limits)
    assert changed["call"]["settings"]["limits"]["max_duration_seconds"] == 60
    limits["settings_override"]["limits"]["max_duration_seconds"] = 0
    changed = door.ok("PATCH", path_of(surface, cid), CALL_STATE, json=limits)
    assert changed["call"]["settings"]["limits"]["max_duration_seconds"] == 0

    starts = {"starts_at": "2030-01-01T00:00:00Z"}
    assert door.ok("PATCH", path_of(surface, cid), CALL_STATE, json=starts)["call"]["starts_at"]
    same = door.ok("PATCH", path_of(surface, cid), CALL_STATE, json={"starts_at": None, "custom": None, "color": 1})
    assert without_duration(same) == without_duration(get_call(door, cid, surface))
    assert same["call"]["custom"] == {"a": 1}


@BOTH
@pytest.mark.parametrize(
    ("body", "field"),
    [
        ([], "body"),
        ({"custom": 7}, "custom"),
        ({"custom": {"x": "x" * 6_000}}, "custom"),
        ({"starts_at": {}}, "starts_at"),
        ({"starts_at": "never"}, "starts_at"),
        ({"settings_override": 7}, "settings_override"),
        ({"settings_override": {"audio": 7}}, "settings_override.audio"),
        (
            {"settings_override": {"ring": {"missed_call_timeout_ms": 1}}},
            "settings_override.ring.missed_call_timeout_ms",
        ),
        ({"settings_override": {"encryption": {"mode": []}}}, "settings_override.encryption.mode"),
    ],
    ids=str,
)
def test_a_bad_change_names_the_field_and_changes_nothing(
    door: Door, surface: str, cid: str, body: Any, field: str
) -> None:
    made = make_call(door, cid, surface)
    sent = {"custom": {"never": 1}, **body} if isinstance(body, dict) else body
    answer = door.raw("PATCH", path_of(surface, cid), json=sent)
    assert (answer.status_code, answer.json()["code"]) == (400, 4), answer.text
    assert list(answer.json()["exception_fields"]) == [field]
    assert get_call(door, cid, surface)["call"] == made["call"]


# --- 6.20 and 6.21: live, ended --------------------------------------------------------------------------------------


@BOTH
def test_a_call_goes_live_and_back(door: Door, surface: str) -> None:
    cid = f"livestream:{new_id()}"
    assert make_call(door, cid, surface)["call"]["backstage"] is True
    options = {"start_hls": True, "start_recording": False, "recording_storage_name": "s", "start_transcription": None}
    ways: tuple[dict[str, Any], ...] = ({"json": {}}, {"json": options}, {})
    for sent in ways:
        call = door.ok("POST", path_of(surface, cid, "/go_live"), {"call": CALL}, status=201, **sent)["call"]
        assert call["backstage"] is False
        assert get_call(door, cid, surface)["call"] == call
        call = door.ok("POST", path_of(surface, cid, "/stop_live"), {"call": CALL}, status=201, **sent)["call"]
        assert call["backstage"] is True
    for state, field, value in (("go_live", "start_hls", "yes"), ("stop_live", "continue_recording", 1)):
        answer = door.raw("POST", path_of(surface, cid, f"/{state}"), json={field: value})
        assert (answer.status_code, list(answer.json()["exception_fields"])) == (400, [field])
    assert get_call(door, cid, surface)["call"]["backstage"] is True


@BOTH
def test_a_call_ends_once_and_without_a_body(door: Door, surface: str, cid: str) -> None:
    make_call(door, cid, surface)
    ways: tuple[dict[str, Any], ...] = ({}, {"content": b""}, {"json": {}})
    for sent in ways:
        assert door.ok("POST", path_of(surface, cid, "/mark_ended"), DONE, status=201, **sent).keys() == {"duration"}
        call = door.ok("GET", path_of(surface, cid), {"call": CALL | {"ended_at": Ts}})["call"]
        assert call["ended_at"] == call["updated_at"]


# --- 6.23: DeleteCall ------------------------------------------------------------------------------------------------


@BOTH
def test_a_deleted_call_is_gone(door: Door, surface: str, cid: str) -> None:
    made = make_call(door, cid, surface, members=[{"user_id": "bob"}])
    deleted = door.ok("POST", path_of(surface, cid, "/delete"), {"call": CALL}, status=201, json={})
    assert deleted["call"] == made["call"]
    assert deleted.get("task_id") is None
    told = door.no("GET", path_of(surface, cid), 404, 16)
    assert told == failed("GetCall", f"Can't find call with id {cid}")
    assert make_call(door, cid, surface)["members"] == []


@BOTH
def test_a_hard_delete_leaves_a_task(door: Door, surface: str, cid: str) -> None:
    make_call(door, cid, surface)
    shape = {"call": CALL, "task_id": str}
    deleted = door.ok("POST", path_of(surface, cid, "/delete"), shape, status=201, json={"hard": True})
    task = door.ok("GET", f"{surface}/tasks/{deleted['task_id']}", {"task_id": str, "status": Exactly("completed")})
    assert task["result"] == {cid: {"status": "ok"}}
    door.no("GET", path_of(surface, cid), 404, 16)
    door.no("POST", path_of(surface, cid, "/delete"), 400, 4, json={"hard": "yes"})


# --- 6.24: QueryCalls ------------------------------------------------------------------------------------------------

FOUND: Final = {"calls": [CALL_STATE]}


def query(door: Door, surface: str, body: dict[str, Any], **sent: Any) -> dict[str, Any]:
    return dict(door.ok("POST", f"{surface}/video/calls", FOUND, status=201, json=body, **sent))


def cids(found: dict[str, Any]) -> list[str]:
    return [one["call"]["cid"] for one in found["calls"]]


@BOTH
def test_calls_are_found(door: Door, surface: str) -> None:
    maker, first, second = f"maker-{new_id()}", f"default:{new_id()}", f"livestream:{new_id()}"
    make_users(door, maker)
    make_call(door, first, by=maker, team="red", members=[{"user_id": "bob"}], starts_at="2030-01-01T00:00:00Z")
    make_call(door, second, by=maker, custom={"color": "blue"})
    mine = {"created_by_user_id": maker}
    for conditions, expected in (
        ({}, [second, first]),  # newest first
        ({"id": first.partition(":")[2]}, [first]),
        ({"cid": {"$in": [first, "default:none"]}}, [first]),
        ({"team": "red"}, [first]),
        ({"members": {"$in": ["bob"]}}, [first]),
        ({"backstage": True}, [second]),
        ({"ongoing": True}, [first]),
        ({"starts_at": {"$gt": "2029-01-01T00:00:00Z"}}, [first]),
        ({"starts_at": {"$gt": "2031-01-01T00:00:00Z"}}, []),
        ({"custom.color": "blue"}, [second]),
        ({"$or": [{"team": "red"}, {"type": "livestream"}]}, [second, first]),
    ):
        found = query(door, surface, {"filter_conditions": {**mine, **conditions}})
        assert cids(found) == expected, conditions
        assert found.get("next") is None
        assert found.get("prev") is None
    found = query(door, surface, {"filter_conditions": mine, "sort": [{"field": "created_at", "direction": 1}]})
    assert cids(found) == [first, second]
    for one in found["calls"]:
        got = get_call(door, one["call"]["cid"], surface)
        assert one == {name: got[name] for name in ("call", "members", "own_capabilities")}


@BOTH
def test_pages_of_calls_lead_to_both_sides(door: Door, surface: str) -> None:
    maker = f"maker-{new_id()}"
    made = [f"default:{new_id()}" for _ in range(5)]
    for one in made:
        make_call(door, one, by=maker)
    body = {"filter_conditions": {"created_by_user_id": maker}, "sort": [{"field": "created_at", "direction": 1}]}
    first = query(door, surface, {**body, "limit": 2})
    for sent in ({}, {"token": door.app.token(maker)}):
        pages = [query(door, surface, {**body, "limit": 2}, **sent)]
        while pages[-1].get("next"):
            pages.append(query(door, surface, {**body, "limit": 2, "next": pages[-1]["next"]}, **sent))
        assert [cids(page) for page in pages] == [made[:2], made[2:4], made[4:]]
        assert pages[0].get("prev") is None
        back = query(door, surface, {**body, "limit": 2, "prev": pages[2]["prev"]}, **sent)
        assert cids(back) == made[2:4]
        assert cids(query(door, surface, {**body, "limit": 2, "prev": back["prev"]}, **sent)) == made[:2]
    for bad in ({"next": "x"}, {"prev": "x"}, {"next": first["next"], "filter_conditions": {}}):
        door.no("POST", f"{surface}/video/calls", 400, 4, json={**body, "limit": 2, **bad})


@BOTH
@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"limit": 101}, "limit"),
        ({"limit": -1}, "limit"),
        ({"limit": "1"}, "limit"),
        ({"next": 7}, "next"),
        ({"watch": 1}, "watch"),
        ({"sort": {}}, "sort"),
        ({"sort": [7]}, "sort[0]"),
        ({"sort": [{"field": "created_at", "direction": 2}]}, "sort[0].direction"),
        ({"filter_conditions": []}, "filter_conditions"),
        ({"filter_conditions": {"id": {"$near": 1}}}, "filter_conditions.id.$near"),
    ],
    ids=str,
)
def test_a_bad_query_names_the_field(door: Door, surface: str, body: Any, field: str) -> None:
    answer = door.raw("POST", f"{surface}/video/calls", json=body)
    assert (answer.status_code, answer.json()["code"]) == (400, 4), answer.text
    assert list(answer.json()["exception_fields"]) == [field]


def test_a_user_finds_the_calls_it_may_read(server: tuple[Server, Door]) -> None:
    started, door = server
    readers, nobodies = new_type(door, {"user": ["read-call", "send-audio"]}), new_type(door, {"user": ["join-call"]})
    made = [f"{name}:{number}" for number in range(4) for name in (readers, nobodies)]
    for one in made:
        make_call(door, one)
    readable = [one for one in made if one.startswith(f"{readers}:")]
    blocked = readable.pop()
    door.ok("POST", path_of(V2, blocked, "/block"), DONE, status=201, json={"user_id": "bob"})
    body = {
        "filter_conditions": {"type": {"$in": [readers, nobodies]}},
        "sort": [{"field": "created_at", "direction": 1}],
        "limit": 2,
    }
    token = door.app.token("bob")
    first = query(door, V2, body, token=token)
    assert cids(first) == readable[:2]
    last = query(door, V2, {**body, "next": first["next"]}, token=token)
    assert cids(last) == readable[2:]
    assert last.get("next") is None
    assert cids(query(door, V2, {**body, "prev": last["prev"]}, token=token)) == readable[:2]
    for one in (*first["calls"], *last["calls"]):
        assert one["own_capabilities"] == capabilities(started, door, one["call"]["cid"], "bob")
        assert set(one["own_capabilities"]) == {"read-call", "send-audio"}
    assert len(query(door, V2, {**body, "limit": 100})["calls"]) == len(made)
