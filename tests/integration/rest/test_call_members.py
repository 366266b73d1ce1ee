"""Members of calls and what single users may do there, over the HTTP API; and what users may do to calls."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import pytest

from tests.doors import Server
from tests.integration.rest.call_door import (
    BOTH,
    CLIENT,
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
from tests.integration.rest.shapes import CALL_MEMBER, CALL_STATE, DONE
from tests.integration.rest.test_http_api import V2, Door, failed

MEMBERS: Final = {"members": [CALL_MEMBER]}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Door]]:
    with call_server(tmp_path_factory.mktemp("members")) as started:
        yield started


@pytest.fixture(scope="module")
def door(server: tuple[Server, Door]) -> Door:
    return server[1]


@pytest.fixture
def cid(door: Door) -> str:
    """Return a new call of alice's in which bob and carol are members."""
    cid = f"default:{new_id()}"
    make_call(door, cid, members=[{"user_id": "bob"}, {"user_id": "carol"}])
    return cid


def post(door: Door, surface: str, cid: str, rest: str, body: Any, shape: Any = DONE, **sent: Any) -> dict[str, Any]:
    return dict(door.ok("POST", path_of(surface, cid, rest), shape, status=201, json=body, **sent))


def roles(answer: dict[str, Any]) -> list[tuple[str, str]]:
    return [(one["user_id"], one["role"]) for one in answer["members"]]


def check_refused(door: Door, path: str, body: Any, field: str, **sent: Any) -> None:
    answer = door.raw("POST", path, json=body, **sent)
    assert (answer.status_code, answer.json()["code"]) == (400, 4), answer.text
    assert list(answer.json()["exception_fields"]) == [field], answer.text


# --- 6.17: UpdateCallMembers -----------------------------------------------------------------------------------------


@BOTH
def test_members_are_added_changed_and_removed(door: Door, surface: str, cid: str) -> None:
    body = {"remove_members": ["carol"], "update_members": [{"user_id": "bob", "role": "moderator"}]}
    assert roles(post(door, surface, cid, "/members", body, MEMBERS)) == [("bob", "moderator")]
    body = {"update_members": [{"user_id": "erin", "custom": {"k": 1}}, {"user_id": "dave"}, {"user_id": "bob"}]}
    answer = post(door, surface, cid, "/members", body, MEMBERS)
    assert roles(answer) == [("erin", "call_member"), ("dave", "call_member"), ("bob", "moderator")]  # as requested
    assert (answer["members"][0]["custom"], answer["members"][0]["user"]["id"]) == ({"k": 1}, "erin")
    listed = get_call(door, cid, surface)["members"]
    assert [one["user_id"] for one in listed] == ["dave", "erin", "bob"]  # newest first
    assert listed[1] == answer["members"][0]
    assert post(door, surface, cid, "/members", {"remove_members": ["carol", "erin"]}, MEMBERS)["members"] == []
    assert roles(get_call(door, cid, surface)) == [("dave", "call_member"), ("bob", "moderator")]


@BOTH
@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "update_members"),
        ({"update_members": None, "remove_members": None}, "update_members"),
        ({"update_members": {}}, "update_members"),
        ({"update_members": ["bob"]}, "update_members[0]"),
        ({"update_members": [{"role": "host"}]}, "update_members[0].user_id"),
        ({"update_members": [{"user_id": 7}]}, "update_members[0].user_id"),
        ({"update_members": [{"user_id": ""}]}, "update_members[0].user_id"),
        ({"update_members": [{"user_id": "dave"}, {"user_id": "nobody"}]}, "update_members[1].user_id"),
        ({"update_members": [{"user_id": "dave"}, {"user_id": "dave"}]}, "update_members[1].user_id"),
        ({"update_members": [{"user_id": "dave"}, {"user_id": "bob", "role": "nobody"}]}, "update_members[1].role"),
        ({"update_members": [{"user_id": "dave", "role": []}]}, "update_members[0].role"),
        ({"update_members": [{"user_id": "dave", "custom": "x"}]}, "update_members[0].custom"),
        ({"remove_members": "bob"}, "remove_members"),
        ({"remove_members": ["bob", 7]}, "remove_members[1]"),
        ({"remove_members": ["bob", "bob"]}, "remove_members[1]"),
        ({"update_members": [{"user_id": "bob"}], "remove_members": ["bob"]}, "remove_members[0]"),
    ],
    ids=str,
)
def test_a_bad_change_of_members_names_the_field_and_changes_nothing(
    door: Door, surface: str, cid: str, body: Any, field: str
) -> None:
    before = without_duration(get_call(door, cid, surface))
    check_refused(door, path_of(surface, cid, "/members"), body, field)
    assert without_duration(get_call(door, cid, surface)) == before


# --- 6.18: UpdateUserPermissions -------------------------------------------------------------------------------------


@BOTH
def test_permissions_of_one_user_change_whether_a_member_or_not(
    server: tuple[Server, Door], surface: str, cid: str
) -> None:
    started, door = server
    for user_id in ("bob", "dave"):
        before = capabilities(started, door, cid, user_id)
        assert {"send-audio", "send-video", "screenshare"} <= set(before)
        body: dict[str, Any] = {"user_id": user_id, "revoke_permissions": ["send-audio", "screenshare"]}
        post(door, surface, cid, "/user_permissions", body)
        assert set(before) - set(capabilities(started, door, cid, user_id)) == {"send-audio", "screenshare"}
        body = {"user_id": user_id, "grant_permissions": ["send-audio"], "revoke_permissions": None}
        post(door, surface, cid, "/user_permissions", body)
        assert set(before) - set(capabilities(started, door, cid, user_id)) == {"screenshare"}


@BOTH
@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"grant_permissions": ["send-audio"]}, "user_id"),
        ({"user_id": None, "grant_permissions": ["send-audio"]}, "user_id"),
        ({"user_id": "", "grant_permissions": ["send-audio"]}, "user_id"),
        ({"user_id": "nobody", "grant_permissions": ["send-audio"]}, "user_id"),
        ({"user_id": "bob"}, "grant_permissions"),
        ({"user_id": "bob", "grant_permissions": "send-audio"}, "grant_permissions"),
        ({"user_id": "bob", "grant_permissions": ["send-audio", "mute-users"]}, "grant_permissions[1]"),
        ({"user_id": "bob", "revoke_permissions": ["fly"]}, "revoke_permissions[0]"),
        ({"user_id": "bob", "revoke_permissions": [7]}, "revoke_permissions[0]"),
        (
            {"user_id": "bob", "grant_permissions": ["send-audio"], "revoke_permissions": ["send-audio"]},
            "revoke_permissions[0]",
        ),
    ],
    ids=str,
)
def test_bad_permissions_name_the_field_and_change_nothing(
    server: tuple[Server, Door], surface: str, cid: str, body: Any, field: str
) -> None:
    started, door = server
    before = capabilities(started, door, cid, "bob")
    check_refused(door, path_of(surface, cid, "/user_permissions"), body, field)
    assert capabilities(started, door, cid, "bob") == before


# --- 6.19: BlockUser and UnblockUser ---------------------------------------------------------------------------------


@BOTH
def test_a_blocked_user_may_do_nothing_until_unblocked(server: tuple[Server, Door], surface: str, cid: str) -> None:
    started, door = server
    before = capabilities(started, door, cid, "bob")
    for _ in range(2):
        post(door, surface, cid, "/block", {"user_id": "bob"})
        assert get_call(door, cid, surface)["call"]["blocked_user_ids"] == ["bob"]
        assert capabilities(started, door, cid, "bob") == []
    assert "bob" in dict(roles(get_call(door, cid, surface)))  # a member still
    told = door.no("GET", path_of(surface, cid), 403, 17, token=door.app.token("bob"))
    assert "is not allowed to perform action ReadCall in scope 'video:default'" in told
    refusal = door.raw("GET", path_of(surface, cid), token=door.app.token("bob")).json()
    assert refusal["exception_fields"] == {"reason": "BLOCKED"}
    for _ in range(2):
        post(door, surface, cid, "/unblock", {"user_id": "bob"})
        assert get_call(door, cid, surface)["call"]["blocked_user_ids"] == []
        assert capabilities(started, door, cid, "bob") == before


@BOTH
@pytest.mark.parametrize("state", ["block", "unblock"])
@pytest.mark.parametrize("body", [{}, {"user_id": None}, {"user_id": 7}, {"user_id": ""}, {"user_id": "a\n"}], ids=str)
def test_whom_to_block_is_said(door: Door, surface: str, cid: str, state: str, body: Any) -> None:
    check_refused(door, path_of(surface, cid, f"/{state}"), body, "user_id")
    assert get_call(door, cid, surface)["call"]["blocked_user_ids"] == []


def test_a_user_who_does_not_exist_is_not_blocked(door: Door, cid: str) -> None:
    check_refused(door, path_of(V2, cid, "/block"), {"user_id": "nobody"}, "user_id")
    check_refused(door, path_of(V2, cid, "/block"), {"user_id": "alice"}, "user_id", token=door.app.token("alice"))


# --- 6.22: QueryCallMembers ------------------------------------------------------------------------------------------


def find(door: Door, surface: str, cid: str, **body: Any) -> dict[str, Any]:
    name, _, call_id = cid.partition(":")
    sent = {"type": name, "id": call_id, **body}
    return dict(door.ok("POST", f"{surface}/video/call/members", MEMBERS, status=201, json=sent))


@BOTH
def test_members_are_found_page_by_page(door: Door, surface: str) -> None:
    """Do what the test of node-sdk does."""
    cid = f"default:{new_id()}"
    members = [{"user_id": "alice", "role": "admin"}, {"user_id": "bob"}, {"user_id": "carol", "role": "host"}]
    made = make_call(door, cid, surface, members=members)
    everyone = find(door, surface, cid)
    assert everyone["members"] == made["members"]
    assert everyone.get("next") is None
    sort = [{"field": "user_id", "direction": 1}]
    first = find(door, surface, cid, sort=sort, limit=2)
    assert [one["user_id"] for one in first["members"]] == ["alice", "bob"]
    rest = find(door, surface, cid, sort=sort, limit=2, next=first["next"])
    assert [one["user_id"] for one in rest["members"]] == ["carol"]
    assert rest.get("next") is None
    assert find(door, surface, cid, sort=sort, limit=2, prev=rest["prev"])["members"][1]["user_id"] == "bob"
    assert roles(find(door, surface, cid, filter_conditions={"role": {"$eq": "admin"}})) == [("alice", "admin")]
    recorded = find(
        door,
        surface,
        cid,
        limit=10,
        sort=[{"direction": 1, "field": "created_at"}],
        filter_conditions={"role": {"$eq": "host"}},
    )
    assert roles(recorded) == [("carol", "host")]


@BOTH
@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"type": None}, "type"),
        ({"id": 7}, "id"),
        ({"id": ""}, "cid"),
        ({"limit": 101}, "limit"),
        ({"limit": 1.5}, "limit"),
        ({"next": "x"}, "next"),
        ({"prev": {}}, "prev"),
        ({"sort": "user_id"}, "sort"),
        ({"sort": [{"field": 7}]}, "sort[0].field"),
        ({"filter_conditions": 7}, "filter_conditions"),
        ({"filter_conditions": {"role": {"$in": "host"}}}, "filter_conditions.role.$in"),
    ],
    ids=str,
)
def test_a_bad_query_of_members_names_the_field(door: Door, surface: str, cid: str, body: Any, field: str) -> None:
    sent = {"type": "default", "id": cid.partition(":")[2], **body}
    check_refused(door, f"{surface}/video/call/members", sent, field)


@BOTH
def test_members_of_a_call_that_is_not_there_are_not_found(door: Door, surface: str) -> None:
    told = door.no("POST", f"{surface}/video/call/members", 404, 16, json={"type": "default", "id": "none"})
    assert told == failed("QueryCallMembers", "Can't find call with id default:none")


# --- request_permission ----------------------------------------------------------------------------------------------


@BOTH
def test_users_ask_for_what_the_settings_let_them_ask_for(door: Door, surface: str) -> None:
    settings = {"audio": {"access_request_enabled": True}, "screensharing": {"access_request_enabled": False}}
    cid = f"{new_type(door, {'user': ['read-call']}, **settings)}:x"
    make_call(door, cid, surface)
    path, token = path_of(surface, cid, "/request_permission"), door.app.token("bob")
    door.ok("POST", path, DONE, status=201, json={"permissions": ["send-audio", "send-audio"]}, token=token)
    told = door.no("POST", path, 400, 4, json={"permissions": ["send-audio", "screenshare"]}, token=token)
    text = "`screenshare` can't be requested on this call: `screensharing.access_request_enabled` is off"
    assert told == failed("RequestPermission", text)
    door.no("POST", path, 403, 17, json={"permissions": ["send-audio"]})  # a server has nothing to ask for
    for body, field in (
        ({}, "permissions"),
        ({"permissions": None}, "permissions"),
        ({"permissions": []}, "permissions"),
        ({"permissions": "send-audio"}, "permissions"),
        ({"permissions": ["send-audio", "mute-users"]}, "permissions[1]"),
        ({"permissions": [7]}, "permissions[0]"),
    ):
        check_refused(door, path, body, field, token=token)
    post(door, surface, cid, "/user_permissions", {"user_id": "bob", "grant_permissions": ["send-audio"]})
    door.ok("POST", path, DONE, status=201, json={"permissions": ["send-audio"]}, token=token)  # has it already
    post(door, surface, cid, "/block", {"user_id": "bob"})
    told = door.no("POST", path, 403, 17, json={"permissions": ["send-audio"]}, token=token)
    assert "is not allowed to perform action ReadCall" in told
    told = door.no(
        "POST",
        path_of(surface, "default:none", "/request_permission"),
        404,
        16,
        json=body | {"permissions": ["send-audio"]},
        token=token,
    )
    assert told == failed("RequestPermission", "Can't find call with id default:none")


# --- what users may do -----------------------------------------------------------------------------------------------


class Case(NamedTuple):
    """One operation as a user asks for it: what permissions it takes, and the action that is refused without any."""

    operation: str
    method: str
    rest: str
    body: Any
    takes: tuple[str, ...]
    action: str
    status: int = 201


CASES: Final = (
    Case("GetCall", "GET", "", None, ("read-call",), "ReadCall", 200),
    Case("GetOrCreateCall", "POST", "", {}, ("read-call",), "ReadCall"),
    Case("UpdateCall", "PATCH", "", {"custom": {"a": 1}}, ("update-call", "read-call"), "UpdateCall", 200),
    Case("UpdateCall", "PATCH", "", {}, ("update-call", "read-call"), "UpdateCall", 200),
    Case(
        "UpdateCall",
        "PATCH",
        "",
        {"settings_override": {"audio": {"mic_default_on": False}}},
        ("update-call-settings", "read-call"),
        "UpdateCallSettings",
        200,
    ),
    Case(
        "UpdateCall",
        "PATCH",
        "",
        {"settings_override": {"encryption": {"mode": "disabled"}}},
        ("update-call-settings", "read-call"),
        "UpdateCallSettings",
        200,
    ),
    Case(
        "UpdateCallMembers",
        "POST",
        "/members",
        {"update_members": [{"user_id": "dave"}]},
        ("update-call-member",),
        "UpdateCallMember",
    ),
    Case(
        "UpdateCallMembers",
        "POST",
        "/members",
        {"update_members": [{"user_id": "carol", "role": "host"}]},
        ("update-call-member-role",),
        "UpdateCallMemberRole",
    ),
    Case(
        "UpdateCallMembers",
        "POST",
        "/members",
        {"remove_members": ["carol"]},
        ("remove-call-member",),
        "RemoveCallMember",
    ),
    Case(
        "UpdateUserPermissions",
        "POST",
        "/user_permissions",
        {"user_id": "carol", "grant_permissions": ["send-video"]},
        ("update-call-permissions",),
        "UpdateCallPermissions",
    ),
    Case(
        "RequestPermission", "POST", "/request_permission", {"permissions": ["send-audio"]}, ("read-call",), "ReadCall"
    ),
    Case("BlockUser", "POST", "/block", {"user_id": "carol"}, ("block-user",), "BlockUser"),
    Case("UnblockUser", "POST", "/unblock", {"user_id": "carol"}, ("block-user",), "BlockUser"),
    Case("GoLive", "POST", "/go_live", {}, ("update-call",), "UpdateCall"),
    Case("StopLive", "POST", "/stop_live", {}, ("update-call",), "UpdateCall"),
    Case("EndCall", "POST", "/mark_ended", None, ("end-call",), "EndCall"),
    Case("QueryCallMembers", "POST", "members", {}, ("read-call",), "ReadCall"),
    Case("DeleteCall", "POST", "/delete", {}, ("delete-call",), "DeleteCall"),
)


def asked(case: Case, surface: str, cid: str) -> tuple[str, Any]:
    """Return the path and body of a case on a call."""
    if case.rest != "members":
        return path_of(surface, cid, case.rest), case.body
    name, _, call_id = cid.partition(":")
    return f"{surface}/video/call/members", {"type": name, "id": call_id}


@BOTH
@pytest.mark.parametrize("case", CASES, ids=[f"{n}-{case.operation}" for n, case in enumerate(CASES)])
def test_users_may_what_their_permissions_say(door: Door, surface: str, case: Case) -> None:
    settings = {"audio": {"access_request_enabled": True}}
    cid = f"{new_type(door, {'user': list(case.takes)}, **settings)}:x"
    name = cid.partition(":")[0]
    make_call(door, cid, surface, members=[{"user_id": "carol"}])
    path, body = asked(case, surface, cid)
    guest, text = f"guest-{new_id()}", "is not allowed to perform action {} in scope 'video:{}'"
    make_users(door, guest, role="guest")
    before = without_duration(get_call(door, cid, surface))
    told = door.no(case.method, path, 403, 17, json=body, token=door.app.token(guest))
    assert told == failed(case.operation, f"User '{guest}' with role 'guest' {text.format(case.action, name)}")
    assert without_duration(get_call(door, cid, surface)) == before
    post(door, surface, cid, "/block", {"user_id": "bob"})
    told = door.no(case.method, path, 403, 17, json=body, token=door.app.token("bob"))
    assert told == failed(case.operation, f"User 'bob' with role 'user' {text.format(case.action, name)}")
    post(door, surface, cid, "/unblock", {"user_id": "bob"})
    answer = door.raw(case.method, path, json=body, token=door.app.token("bob"))
    assert answer.status_code == case.status, answer.text


@BOTH
def test_users_create_what_they_may(server: tuple[Server, Door], surface: str) -> None:
    started, door = server
    name = new_type(door, {"user": ["create-call", "read-call", "send-audio-owner"], "admin": ["update-call-settings"]})
    token = door.app.token("bob")
    cid = f"{name}:one"
    body: dict[str, Any] = {"data": {"members": [{"user_id": "carol"}], "custom": {"a": 1}}}
    made = door.ok("POST", path_of(surface, cid), CALL_STATE, status=201, json=body, token=token)
    assert made["created"] is True
    assert made["call"]["created_by"]["id"] == "bob"
    assert (
        made["own_capabilities"]
        == capabilities(started, door, cid, "bob")
        == ["create-call", "read-call", "send-audio"]
    )
    got = door.ok("POST", path_of(surface, cid), CALL_STATE, status=201, json={}, token=door.app.token("carol"))
    assert (got["created"], got["own_capabilities"]) == (False, ["create-call", "read-call"])
    same = {"data": {"created_by_id": "bob"}}
    assert door.ok("POST", path_of(surface, f"{name}:two"), CALL_STATE, status=201, json=same, token=token)["created"]

    text = "User 'bob' with role 'user' is not allowed to perform action {} in scope 'video:{}'"
    bare = new_type(door, {"user": ["read-call"]})
    told = door.no("POST", path_of(surface, f"{bare}:x"), 403, 17, json={}, token=token)
    assert told == failed("GetOrCreateCall", text.format("CreateCall", bare))
    for data, action in (
        ({"settings_override": {"audio": {"mic_default_on": True}}}, "UpdateCallSettings"),
        ({"settings_override": {"encryption": {"mode": "disabled"}}}, "UpdateCallSettings"),
        ({"members": [{"user_id": "bob", "role": "host"}]}, "UpdateCallMemberRole"),
    ):
        told = door.no("POST", path_of(surface, f"{name}:three"), 403, 17, json={"data": data}, token=token)
        assert told == failed("GetOrCreateCall", text.format(action, name))
    for other in ({"created_by_id": "carol"}, {"created_by": {"id": "carol"}}):
        told = door.no("POST", path_of(surface, f"{name}:three"), 403, 17, json={"data": other}, token=token)
        assert "takes a server-side token" in told
    door.no("GET", path_of(surface, f"{name}:three"), 404, 16)
    told = door.no("POST", path_of(surface, cid, "/delete"), 403, 17, json={"hard": True}, token=token)
    assert "takes a server-side token" in told


def test_an_unknown_user_may_nothing(door: Door, cid: str) -> None:
    token = door.app.token("stranger")
    for method, path, body in (("GET", path_of(V2, cid), None), ("POST", path_of(V2, f"default:{new_id()}"), {})):
        assert "is not allowed to perform action" in door.no(method, path, 403, 17, json=body, token=token)


@BOTH
def test_call_tokens_add_a_role_on_their_calls(server: tuple[Server, Door], surface: str) -> None:
    started, door = server
    name = new_type(door, {"admin": ["read-call", "update-call"], "call_member": ["read-call"]})
    cid, other = f"{name}:one", f"{name}:other"
    for one in (cid, other):
        make_call(door, one, surface)
    door.no("GET", path_of(surface, cid), 403, 17, token=door.app.token("bob"))
    plain = door.app.token("bob", call_cids=[cid])
    assert get_call(door, cid, surface, token=plain)["own_capabilities"] == ["read-call"]
    door.no("PATCH", path_of(surface, cid), 403, 17, json={"custom": {}}, token=plain)
    admin = door.app.token("bob", call_cids=[cid], role="admin")
    assert get_call(door, cid, surface, token=admin)["own_capabilities"] == ["read-call", "update-call"]
    door.ok("PATCH", path_of(surface, cid), CALL_STATE, json={"custom": {"a": 1}}, token=admin)
    told = door.no("GET", path_of(surface, other), 403, 17, token=admin)
    assert told == failed(
        "GetCall", f"User 'bob' with role 'user' is not allowed to perform action ReadCall in scope 'video:{name}'"
    )
    assert capabilities(started, door, cid, "bob") == []


ROLES: Final = ("user", "guest", "admin", "moderator")
MEMBER_ROLES: Final = ("", "call_member", "host", "admin")


@pytest.mark.parametrize("of", ["default", "livestream", "audio_room", "development"])
def test_own_capabilities_are_those_that_grpc_tells(server: tuple[Server, Door], of: str) -> None:
    started, door = server
    cid = f"{of}:{new_id()}"
    people = {f"{of}-{role}-{member or 'none'}": (role, member) for role in ROLES for member in MEMBER_ROLES}
    for user_id, (role, _) in people.items():
        make_users(door, user_id, role=role)
    members = [{"user_id": user_id, "role": member} for user_id, (_, member) in people.items() if member]
    make_call(door, cid, by=f"{of}-user-none", members=members)
    first, *_ = people
    post(door, V2, cid, "/user_permissions", {"user_id": first, "revoke_permissions": ["send-audio"]})
    seen = set()
    for user_id in people:
        told = capabilities(started, door, cid, user_id)
        seen.add(tuple(told))
        answer = door.raw("GET", path_of(CLIENT, cid), token=door.app.token(user_id))
        assert (answer.status_code == 200) is ("read-call" in told), user_id
        if answer.status_code == 200:
            assert answer.json()["own_capabilities"] == told
            again = door.raw("POST", path_of(V2, cid), json={}, token=door.app.token(user_id)).json()
            assert again["own_capabilities"] == told
    assert len(seen) > 3


def test_teams_keep_calls_apart(tmp_path: Any) -> None:
    with call_server(tmp_path) as (_, door):
        door.ok("PATCH", "/api/v2/app", DONE, json={"multi_tenant_enabled": True})
        make_users(door, "rita", "rob", teams=["red"])
        make_users(door, "ben", teams=["blue"])
        make_users(door, "gina", role="global_admin", teams=["blue"])
        make_call(door, "default:red", by="rita", team="red")
        rob, ben, gina = (door.app.token(user_id) for user_id in ("rob", "ben", "gina"))
        assert get_call(door, "default:red", token=rob)["call"]["team"] == "red"
        assert get_call(door, "default:red", token=gina)["own_capabilities"]
        told = door.no("GET", path_of(V2, "default:red"), 403, 17, token=ben)
        assert "User 'ben' with role 'user' from team 'blue'" in told
        body = {"filter_conditions": {"team": "red"}}
        for token, found in ((rob, 1), (ben, 0), (gina, 1)):
            calls = door.ok("POST", "/video/calls", {"calls": [CALL_STATE]}, status=201, json=body, token=token)
            assert len(calls["calls"]) == found
        made = door.ok(
            "POST", path_of(V2, "default:of-rob"), CALL_STATE, status=201, json={"data": {"team": "red"}}, token=rob
        )
        assert made["call"]["team"] == "red"
        door.no("POST", path_of(V2, "default:of-ben"), 403, 17, json={"data": {"team": "red"}}, token=ben)
        door.no("GET", path_of(V2, "default:of-ben"), 404, 16)
