"""WebSocket connections over a real server: who may come in, what each is told, and what ends them."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator
from itertools import count
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from rolecall.api.v1 import call_type_pb2, user_pb2
from rolecall.api.v1.core_pb2 import PermissionList
from rolecall.service.administration import rotate_secret
from rolecall.store import Store
from tests.doors import App, Server, make_app, running, signed, until
from tests.integration.rest.shapes import (
    CALL,
    CALL_MEMBER,
    CHANNEL,
    CHANNEL_MEMBER,
    ERROR,
    FULL_USER,
    USER,
    Exactly,
    Ts,
    check,
)
from tests.integration.rest.sockets import Line, Rest, Socket, lines
from tests.integration.rest.test_http_api import V2, Door

_NUMBERS: Final = count(1)
USERS: Final = ("alice", "bob", "carol")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, App, Path]]:
    db = tmp_path_factory.mktemp("sockets") / "rolecall.db"
    app = make_app(db)
    with running(db) as started:
        yield started, app, db


@pytest.fixture(scope="module")
def door(server: tuple[Server, App, Path]) -> Iterator[Door]:
    started, app, _ = server
    with httpx.Client(base_url=started.http, timeout=20) as http:
        door = Door(http, app)
        _make_users(door)
        yield door


@pytest.fixture
async def line(server: tuple[Server, App, Path], door: Door) -> AsyncIterator[Line]:
    async with lines(server[0].http, server[1]) as line:
        yield line


@pytest.fixture
def user() -> str:
    """Return a user's id that no other test uses."""
    return f"user-{next(_NUMBERS)}"


def _make_users(door: Door) -> None:
    users: dict[str, Any] = {user: {"id": user} for user in USERS}
    users["bob"]["role"] = "admin"
    assert door.raw("POST", f"{V2}/users", json={"users": users}).status_code == 201


def _checked(message: dict[str, Any], shape: dict[str, Any]) -> dict[str, Any]:
    check(message, {"created_at": Ts, **shape}, nanoseconds=False)
    return message


# --- coming in -------------------------------------------------------------------------------------------------------

CONNECTED: Final = {"type": Exactly("health.check"), "connection_id": str, "cid": Exactly("*"), "me": FULL_USER}


async def test_a_chat_user_comes_in(line: Line) -> None:
    first, second = await line.chat("alice"), await line.chat("alice")
    assert _checked(first.first, CONNECTED)["me"]["id"] == "alice"
    assert len(first.id) >= 22
    assert first.id != second.id


async def test_a_video_user_comes_in_with_its_first_message(line: Line) -> None:
    socket = await line.video("alice")
    shape = {"type": Exactly("connection.ok"), "connection_id": str, "me": {**FULL_USER, "custom": dict}}
    assert _checked(socket.first, shape)["me"]["id"] == "alice"


@pytest.mark.parametrize("kind", ["chat", "video"])
async def test_who_comes_in_becomes_a_user_but_never_with_a_role_or_teams(
    line: Line, door: Door, user: str, kind: str
) -> None:
    own = {"custom": {"hat": "blue"}} if kind == "video" else {"hat": "blue"}
    details = {"id": user, "name": "Ann", "image": "i.png", "role": "admin", "teams": ["red"], "banned": True, **own}
    socket = await (line.chat if kind == "chat" else line.video)(user, details)
    me = socket.first["me"]
    assert (me["name"], me["image"], me["role"], me["teams"], me["banned"]) == ("Ann", "i.png", "user", [], False)
    assert (me if kind == "chat" else me["custom"])["hat"] == "blue"
    stored = Rest(door)("GET", f"{V2}/users?" + _payload({"filter_conditions": {"id": user}}))["users"][0]
    assert (stored["name"], stored["role"], stored["teams"], stored["custom"]) == ("Ann", "user", [], {"hat": "blue"})


async def test_a_user_changes_itself_by_coming_in_when_it_may(line: Line, door: Door, user: str) -> None:
    await line.chat(user, {"id": user, "name": "Ann", "hat": "blue"})
    me = (await line.chat(user, {"id": user, "name": "Anna", "shoes": "red"})).first["me"]
    assert (me["name"], me["hat"], me["shoes"]) == ("Anna", "blue", "red")
    role = f"role-{next(_NUMBERS)}"
    Rest(door)("POST", "/roles", {"name": role})
    Rest(door)("POST", f"{V2}/users", {"users": {user: {"id": user, "role": role, "name": "Anna"}}})
    me = (await line.chat(user, {"id": user, "name": "Eve", "role": "admin"})).first["me"]
    assert (me["name"], me["role"]) == ("Anna", role)


async def test_nobody_in_particular_comes_in_for_chat(line: Line) -> None:
    socket = await line.chat("", token="", **{"stream-auth-type": "anonymous"})
    me = _checked(socket.first, CONNECTED)["me"]
    assert (me["id"], me["role"]) == ("!anon", "anonymous")


def _payload(value: Any) -> str:
    return str(httpx.QueryParams({"payload": json.dumps(value)}))


# --- being refused ---------------------------------------------------------------------------------------------------

NOW: Final = int(time.time())
CHAT_REFUSALS: Final[dict[str, tuple[dict[str, Any], int]]] = {
    "no key": ({"api_key": None}, 2),
    "unknown key": ({"api_key": "nobody"}, 2),
    "no kind of token": ({"stream-auth-type": None}, 5),
    "unknown kind of token": ({"stream-auth-type": "basic"}, 5),
    "no token": ({"authorization": None}, 5),
    "no JWT": ({"authorization": "xx"}, 5),
    "json that is none": ({"json": "{"}, 4),
    "json of a wrong shape": ({"json": json.dumps({"user_id": 5})}, 4),
    "details of a wrong shape": ({"json": json.dumps({"user_id": "alice", "user_details": {"name": 5}})}, 4),
    "an id of a wrong shape": ({"json": json.dumps({"user_details": {"id": 5}})}, 4),
    "somebody else": ({"json": json.dumps({"user_id": "bob"})}, 5),
    "details of somebody else": ({"json": json.dumps({"user_details": {"id": "bob"}})}, 5),
    "anonymous with a token": ({"stream-auth-type": "anonymous"}, 5),
}
TOKENS: Final[dict[str, tuple[dict[str, Any], int]]] = {
    "expired": ({"user_id": "alice", "exp": NOW - 10}, 40),
    "not yet valid": ({"user_id": "alice", "nbf": NOW + 1000}, 41),
    "issued in the future": ({"user_id": "alice", "iat": NOW + 1000}, 42),
    "a server's": ({"server": True}, 5),
    "without any claim": ({}, 5),
}


async def _refused(socket: Socket, code: int) -> None:
    assert socket.first["type"] == "connection.error", socket.first
    status = {2: 401, 4: 400, 5: 401}.get(code, 401)
    check(socket.first["error"], ERROR | {"code": Exactly(code), "StatusCode": Exactly(status)}, nanoseconds=False)
    assert socket.first["error"]["message"].startswith('Connect failed with error: "')
    assert await socket.end() == (None, 1000)


@pytest.mark.parametrize("name", CHAT_REFUSALS)
async def test_chat_refuses(line: Line, name: str) -> None:
    query, code = CHAT_REFUSALS[name]
    await _refused(await line.chat("alice", **query), code)


@pytest.mark.parametrize("kind", ["chat", "video"])
@pytest.mark.parametrize("name", TOKENS)
async def test_tokens_are_refused_with_stream_s_codes(line: Line, door: Door, name: str, kind: str) -> None:
    claims, code = TOKENS[name]
    token = signed(claims, door.app.secret)
    await _refused(await (line.chat if kind == "chat" else line.video)("alice", token=token), code)


@pytest.mark.parametrize("kind", ["chat", "video"])
@pytest.mark.filterwarnings("ignore:The HMAC key is")
async def test_a_token_of_another_secret_is_refused(line: Line, kind: str) -> None:
    token = signed({"user_id": "alice"}, "another")
    await _refused(await (line.chat if kind == "chat" else line.video)("alice", token=token), 43)


@pytest.mark.parametrize(
    ("first", "code"),
    [
        ("{", 4),
        ([], 4),
        ({"products": ["video"]}, 4),
        ({"token": 5}, 4),
        ({"token": "xx"}, 5),
        ({"token": "", "user_details": {"id": "alice"}}, 5),
    ],
)
async def test_video_refuses_a_first_message(line: Line, first: Any, code: int) -> None:
    await _refused(await line.dial("/video/connect", first=first, **{"stream-auth-type": "jwt"}), code)


@pytest.mark.parametrize(
    ("query", "code"),
    [({"api_key": "nobody"}, 2), ({"stream-auth-type": "anonymous"}, 5), ({"stream-auth-type": None}, 5)],
)
async def test_video_refuses_before_it_is_told_anything(line: Line, query: dict[str, Any], code: int) -> None:
    await _refused(await line.dial("/video/connect", **{"stream-auth-type": "jwt", **query}), code)


async def test_video_refuses_somebody_else(line: Line) -> None:
    await _refused(await line.video("alice", {"id": "bob"}), 5)


async def test_what_is_named_twice_is_refused(line: Line, door: Door) -> None:
    other = door.app.token("bob")
    await _refused(await line.chat("alice", authorization=[door.app.token("alice"), other]), 4)


async def test_a_deactivated_user_is_put_out_stays_out_and_is_not_written(
    line: Line, door: Door, server: tuple[Server, App, Path], user: str
) -> None:
    socket = await line.chat(user)
    client = server[0].client(server[1])
    client(user_pb2.UpsertUsersRequest(users=[user_pb2.User(id=user, deactivated=True)]))
    error, code = await socket.end()
    assert error is not None
    assert (error["code"], code) == (5, 1000)
    await _refused(await line.chat(user, {"id": user, "name": "Eve"}), 5)
    assert client(user_pb2.GetUserRequest(user_id=user)).user.custom == user_pb2.User().custom


# --- what a client says ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ping", [[{"type": "health.check", "client_id": "x"}], {"type": "health.check"}])
async def test_pings_are_answered_and_all_else_is_passed_over(line: Line, ping: Any) -> None:
    socket = await line.chat("alice")
    await socket.say({"type": "typing.start"})
    await socket.say([1, None, {"a": 1}])
    await socket.wire.send(b"\x00\x01")
    await socket.say(ping)
    shape = {"type": Exactly("health.check"), "connection_id": Exactly(socket.id), "cid": Exactly("*")}
    _checked(await socket.next(), shape)


async def test_what_is_no_json_ends_the_connection(line: Line) -> None:
    socket = await line.chat("alice")
    await socket.say("{")
    error, code = await socket.end()
    assert error is not None
    assert (error["code"], code) == (4, 1013)


async def test_a_message_that_is_too_large_ends_the_connection(line: Line) -> None:
    socket = await line.chat("alice")
    await socket.say(" " * 100_000)
    assert (await socket.end())[1] == 1009


# --- calls -----------------------------------------------------------------------------------------------------------


class OnCall:
    """Alice, Bob (an admin) and Carol watch a call of a type in which a user may only read and talk."""

    def __init__(self, door: Door, line: Line) -> None:
        self.door, self.line = door, line
        self.server = Rest(door)
        self.type = f"type-{next(_NUMBERS)}"
        self.cid = f"{self.type}:c1"
        self.path = f"/video/call/{self.type}/c1"
        self.sockets: dict[str, Socket] = {}

    async def begin(self) -> None:
        default = self.server("GET", f"{V2}/video/calltypes/default")["grants"]
        grants = {role: [] for role in default} | {
            "user": ["read-call", "create-call", "send-audio"],
            "admin": default["admin"],
        }
        self.server("POST", f"{V2}/video/calltypes", {"name": self.type, "grants": grants})
        self.server("POST", self.path, {"data": {"created_by_id": "bob"}})
        for user in USERS:
            await self.join(user)

    async def join(self, user: str) -> Socket:
        socket = self.sockets[user] = await self.line.video(user)
        Rest(self.door, user, socket)("GET", self.path)
        return socket

    def own(self, user: str) -> list[str]:
        return list(Rest(self.door, user)("GET", self.path)["own_capabilities"])


@pytest.fixture
async def call(door: Door, line: Line) -> OnCall:
    call = OnCall(door, line)
    await call.begin()
    return call


BY_ROLE: Final = {"capabilities_by_role": dict}
CALL_EVENTS: Final[dict[str, tuple[str, Any, dict[str, Any]]]] = {
    "call.updated": ("PATCH", {"custom": {"name": "x"}}, {"call": CALL, **BY_ROLE}),
    "call.live_started": ("POST go_live", {}, {"call": CALL}),
    "call.ended": ("POST mark_ended", None, {"call": CALL, "user": USER}),
    "call.member_added": (
        "POST members",
        {"update_members": [{"user_id": "bob"}]},
        {"call": CALL, "members": [CALL_MEMBER]},
    ),
    "call.blocked_user": ("POST block", {"user_id": "carol"}, {"call": CALL, "user": USER, "blocked_by_user": USER}),
}


@pytest.mark.parametrize("event", CALL_EVENTS)
async def test_what_happens_on_a_call_is_told_to_who_watches(call: OnCall, event: str) -> None:
    how, body, shape = CALL_EVENTS[event]
    method, _, rest = how.partition(" ")
    if event == "call.live_started":
        call.server("POST", f"{call.path}/stop_live", {})
    Rest(call.door, "bob")(method, f"{call.path}/{rest}".rstrip("/"), body)
    for user in ("alice", "bob"):
        message = await call.sockets[user].until(event)
        _checked(message, {"type": str, "call_cid": Exactly(call.cid), "own_capabilities": [str], **shape})
        assert message["own_capabilities"] == call.own(user)
        assert message["call"]["cid"] == call.cid


async def test_members_of_a_call(call: OnCall) -> None:
    call.server("POST", f"{call.path}/members", {"update_members": [{"user_id": "alice", "custom": {"n": 1}}]})
    added = await call.sockets["bob"].until("call.member_added")
    assert [(one["user_id"], one["custom"]) for one in added["members"]] == [("alice", {"n": 1})]
    call.server("POST", f"{call.path}/members", {"update_members": [{"user_id": "alice", "custom": {"n": 2}}]})
    changed = await call.sockets["bob"].until("call.member_updated")
    assert [(one["user_id"], one["custom"]) for one in changed["members"]] == [("alice", {"n": 2})]
    call.server("POST", f"{call.path}/members", {"update_members": [{"user_id": "alice", "role": "admin"}]})
    changed = await call.sockets["bob"].until("call.member_updated_permission")
    assert [(one["user_id"], one["role"]) for one in changed["members"]] == [("alice", "admin")]
    assert changed["capabilities_by_role"]["user"] == ["create-call", "read-call", "send-audio"]
    assert "block-users" in changed["capabilities_by_role"]["admin"]
    told = await call.sockets["alice"].until("call.permissions_updated")
    assert told["user"]["id"] == "alice"
    assert told["own_capabilities"] == call.own("alice") == call.own("bob")
    call.server("POST", f"{call.path}/members", {"remove_members": ["alice"]})
    gone = await call.sockets["bob"].until("call.member_removed")
    assert gone["members"] == ["alice"]


async def test_who_is_blocked_hears_of_that_and_of_nothing_else(call: OnCall) -> None:
    call.server("POST", f"{call.path}/block", {"user_id": "alice"})
    call.server("PATCH", call.path, {"custom": {"secret": "plan"}})
    call.server("POST", f"{call.path}/unblock", {"user_id": "alice"})
    heard = await call.sockets["alice"].through("call.unblocked_user")
    assert [one["type"] for one in heard] == [
        "call.permissions_updated",
        "call.blocked_user",
        "call.permissions_updated",
        "call.unblocked_user",
    ]
    assert heard[0]["own_capabilities"] == heard[1]["own_capabilities"] == []
    assert heard[1]["user"]["id"] == "alice"
    assert "call" not in heard[1]
    assert "plan" not in json.dumps(heard[:3])
    others = await call.sockets["carol"].through("call.unblocked_user")
    assert [one["type"] for one in others] == ["call.blocked_user", "call.updated", "call.unblocked_user"]


async def test_a_request_for_permission_reaches_who_can_give_it(call: OnCall) -> None:
    call.server("PATCH", call.path, {"settings_override": {"video": {"access_request_enabled": True}}})
    Rest(call.door, "alice")("POST", f"{call.path}/request_permission", {"permissions": ["send-video"]})
    asked = await call.sockets["bob"].until("call.permission_request")
    assert (asked["permissions"], asked["user"]["id"]) == (["send-video"], "alice")
    call.server("POST", f"{call.path}/mark_ended", None)
    for user in ("alice", "carol"):
        assert "call.permission_request" not in [one["type"] for one in await call.sockets[user].through("call.ended")]


async def test_the_end_of_a_call(call: OnCall) -> None:
    call.server("POST", f"{call.path}/delete", {})
    message = await call.sockets["alice"].until("call.deleted")
    assert message["call_cid"] == call.cid
    call.server("POST", call.path, {"data": {"created_by_id": "bob"}})
    Rest(call.door, "alice", call.sockets["alice"])("GET", call.path)
    call.server("PATCH", call.path, {"custom": {"again": True}})
    assert (await call.sockets["alice"].until("call.updated"))["call"]["custom"] == {"again": True}


async def test_a_call_that_is_created_and_watched_at_once(call: OnCall) -> None:
    socket, path = call.sockets["alice"], f"/video/call/{call.type}/c2"
    answer = Rest(call.door, "alice", socket)("POST", path, {"data": {"members": [{"user_id": "alice"}]}})
    assert answer["created"]
    created = await socket.next()
    _checked(created, {"type": Exactly("call.created"), "call": CALL, "members": [CALL_MEMBER]})
    assert created["own_capabilities"] == answer["own_capabilities"]


async def test_calls_that_are_found_are_watched_when_asked(call: OnCall) -> None:
    socket = await call.line.video("carol")
    asked = {"filter_conditions": {"id": "c1", "type": call.type}}
    Rest(call.door, "carol", socket)("POST", "/video/calls", asked)
    call.server("PATCH", call.path, {"custom": {"n": 1}})
    Rest(call.door, "carol", socket)("POST", "/video/calls", {**asked, "watch": True})
    call.server("PATCH", call.path, {"custom": {"n": 2}})
    assert (await socket.until("call.updated"))["call"]["custom"] == {"n": 2}


# --- what changes capabilities ---------------------------------------------------------------------------------------


async def test_grants_changed_over_grpc_reach_the_socket(call: OnCall, server: tuple[Server, App, Path]) -> None:
    client = server[0].client(server[1])
    grants = {"user": PermissionList(permissions=["read-call", "send-video"])}
    client(call_type_pb2.UpsertCallTypeRequest(name=call.type, grants=grants))
    message = await call.sockets["alice"].next()
    shape = {"type": Exactly("call.permissions_updated"), "call_cid": Exactly(call.cid), "user": USER}
    _checked(message, shape)
    assert message["own_capabilities"] == ["read-call", "send-video"] == call.own("alice")


async def test_a_grant_to_one_is_told_to_that_one_alone(call: OnCall) -> None:
    sent = {"user_id": "alice", "grant_permissions": ["screenshare"], "revoke_permissions": ["send-audio"]}
    call.server("POST", f"{call.path}/user_permissions", sent)
    call.server("PATCH", call.path, {"custom": {"n": 1}})
    heard = await call.sockets["alice"].through("call.updated")
    assert [one["type"] for one in heard] == ["call.permissions_updated", "call.updated"]
    assert heard[0]["own_capabilities"] == heard[1]["own_capabilities"] == ["create-call", "read-call", "screenshare"]
    assert [one["type"] for one in await call.sockets["carol"].through("call.updated")] == ["call.updated"]


async def test_another_process_on_the_same_file_is_heard(call: OnCall, server: tuple[Server, App, Path]) -> None:
    _, app, db = server
    with running(db) as other, httpx.Client(base_url=other.http, timeout=20) as http:
        async with lines(other.http, app) as line:
            there = Door(http, app)
            socket = await line.video("carol")
            Rest(there, "carol", socket)("GET", call.path)
            Rest(there)("PATCH", call.path, {"custom": {"from": "there"}})
            assert (await call.sockets["alice"].until("call.updated"))["call"]["custom"] == {"from": "there"}
            await socket.until("call.updated")
            call.server("POST", f"{call.path}/block", {"user_id": "carol"})
            assert (await socket.until("call.permissions_updated"))["own_capabilities"] == []
            assert (await socket.until("call.blocked_user"))["user"]["id"] == "carol"


# --- channels --------------------------------------------------------------------------------------------------------


class InChannel:
    """Alice, a member, and Bob, an admin, watch a channel."""

    def __init__(self, door: Door, line: Line) -> None:
        self.door, self.line = door, line
        self.server = Rest(door)
        self.id = f"channel-{next(_NUMBERS)}"
        self.cid = f"messaging:{self.id}"
        self.path = f"/channels/messaging/{self.id}"
        self.sockets: dict[str, Socket] = {}

    async def begin(self) -> None:
        self.server("POST", f"{self.path}/query", {"data": {"created_by_id": "bob", "members": ["alice"]}})
        for user in ("alice", "bob"):
            self.sockets[user] = await self.line.chat(user)
            Rest(self.door, user, self.sockets[user])("POST", f"{self.path}/query", {"watch": True})

    def own(self, user: str) -> list[str]:
        return list(Rest(self.door, user)("POST", f"{self.path}/query", {})["channel"]["own_capabilities"])


@pytest.fixture
async def channel(door: Door, line: Line) -> InChannel:
    channel = InChannel(door, line)
    await channel.begin()
    return channel


IN_CHANNEL: Final = {"channel_type": Exactly("messaging"), "channel_id": str, "channel": CHANNEL}


async def test_what_happens_in_a_channel_is_told_to_who_watches(channel: InChannel) -> None:
    by_bob = Rest(channel.door, "bob")
    by_bob("POST", channel.path, {"data": {"color": "red"}})
    for user in ("alice", "bob"):
        message = await channel.sockets[user].next()
        _checked(message, {"type": Exactly("channel.updated"), "cid": Exactly(channel.cid), "user": USER, **IN_CHANNEL})
        assert message["channel"]["color"] == "red"
        assert message["channel"]["own_capabilities"] == message["own_capabilities"] == channel.own(user)
    by_bob("POST", channel.path, {"add_members": ["bob", "carol"]})
    names = [(await channel.sockets["alice"].next()) for _ in range(2)]
    for message in names:
        _checked(message, {"type": Exactly("member.added"), "user": USER, "member": CHANNEL_MEMBER, **IN_CHANNEL})
    assert [one["member"]["user_id"] for one in names] == [one["user"]["id"] for one in names] == ["bob", "carol"]
    channel.server("POST", channel.path, {"add_moderators": ["carol"]})
    changed = await channel.sockets["alice"].next()
    assert (changed["type"], changed["member"]["channel_role"]) == ("member.updated", "channel_moderator")


async def test_a_channel_that_is_created_and_watched_at_once(channel: InChannel) -> None:
    socket, path = channel.sockets["alice"], f"/channels/messaging/{channel.id}-2"
    answer = Rest(channel.door, "alice", socket)("POST", f"{path}/query", {"watch": True, "data": {"color": "red"}})
    created = await socket.next()
    _checked(created, {"type": Exactly("channel.created"), "user": USER, **IN_CHANNEL})
    assert created["channel"]["color"] == "red"
    assert created["own_capabilities"] == answer["channel"]["own_capabilities"]


async def test_who_leaves_a_channel_is_told_to_who_may_see_members(channel: InChannel) -> None:
    channel.server("POST", channel.path, {"add_members": ["carol"]})
    channel.server("POST", channel.path, {"remove_members": ["carol"]})
    message = await channel.sockets["alice"].until("member.removed")
    assert (message["member"]["user_id"], message["user"]["id"]) == ("carol", "carol")
    assert message["channel"]["cid"] == channel.cid


async def test_a_permission_that_changes_in_a_channel_is_told_to_that_user_alone(channel: InChannel) -> None:
    channel.server("POST", channel.path, {"add_moderators": ["alice"]})
    heard = await channel.sockets["alice"].through("member.updated")
    assert [one["type"] for one in heard] == ["channel.updated", "member.updated"]
    assert heard[0]["channel"]["own_capabilities"] == heard[0]["own_capabilities"] == channel.own("alice")
    assert "ban-channel-members" in heard[0]["own_capabilities"]
    assert (await channel.sockets["bob"].next())["type"] == "member.updated"


async def test_who_is_removed_hears_of_that_and_sees_the_channel_no_more(channel: InChannel) -> None:
    channel.server("POST", channel.path, {"remove_members": ["alice"]})
    channel.server("POST", channel.path, {"data": {"secret": "plan"}})
    channel.server("DELETE", channel.path)
    heard = [await channel.sockets["alice"].next() for _ in range(2)]
    assert [one["type"] for one in heard] == ["channel.updated", "member.removed"]
    assert heard[0]["channel"] == {
        "cid": channel.cid,
        "id": channel.id,
        "type": "messaging",
        "own_capabilities": heard[0]["own_capabilities"],
    }
    assert heard[1]["member"]["user_id"] == "alice"
    assert "channel" not in heard[1]
    await channel.sockets["alice"].say([{"type": "health.check"}])
    assert [await channel.sockets["alice"].next()][0]["type"] == "health.check"
    assert (await channel.sockets["bob"].until("channel.deleted"))["cid"] == channel.cid


@pytest.mark.parametrize("prefix", ["", f"{V2}/chat"])
async def test_watching_a_channel_stops_when_asked(channel: InChannel, prefix: str) -> None:
    socket = channel.sockets["alice"]
    alice = Rest(channel.door, "alice", socket)
    assert alice("POST", f"{prefix}{channel.path}/stop-watching", {})["duration"]
    channel.server("POST", channel.path, {"data": {"n": 1}})
    await channel.sockets["bob"].until("channel.updated")
    alice("POST", f"{channel.path}/query", {"watch": True})
    channel.server("POST", channel.path, {"data": {"n": 2}})
    assert (await socket.next())["channel"]["n"] == 2


async def test_a_channel_is_not_watched_unless_asked(channel: InChannel) -> None:
    socket = await channel.line.chat("carol")
    carol = Rest(channel.door, "bob")  # only who may read can be told at all
    carol("POST", channel.path, {"add_members": ["carol"]})
    Rest(channel.door, "carol", socket)("POST", f"{channel.path}/query", {"state": True})
    channel.server("POST", channel.path, {"data": {"n": 1}})
    Rest(channel.door, "carol", socket)("POST", "/channels", {"filter_conditions": {"cid": channel.cid}, "watch": True})
    channel.server("POST", channel.path, {"data": {"n": 2}})
    assert (await socket.next())["channel"]["n"] == 2


# --- connections of others -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("whose", ["bob", None])
async def test_a_connection_of_another_watches_nothing(call: OnCall, line: Line, whose: str | None) -> None:
    """Nor is anything written by a request that names one."""
    socket = await line.video("alice")
    path = f"/video/call/{call.type}/c3"
    body = {"data": {} if whose else {"created_by_id": "bob"}}
    answer = Rest(call.door, whose, socket)("POST", path, body, status=400)
    assert answer["code"] == 46
    Rest(call.door, "bob")("GET", path, status=404)
    assert Rest(call.door, "bob", socket)("GET", call.path, status=400)["code"] == 46


async def test_a_connection_that_is_closed_is_none(call: OnCall, line: Line) -> None:
    socket = await line.video("alice")
    Rest(call.door, "alice", socket)("GET", call.path)
    await socket.wire.close()
    sent: dict[str, Any] = {"token": call.door.app.token("alice"), "params": {"connection_id": socket.id}}
    await asyncio.to_thread(until, lambda: call.door.raw("GET", call.path, **sent).status_code == 400)


async def test_what_clients_report_is_taken(door: Door) -> None:
    for path in ("/video/call_client_event", f"{V2}/video/call_client_event"):
        for body in ({"event": "joined"}, [1], "text", None):
            assert Rest(door, "alice")("POST", path, body)["duration"]


# --- what ends a connection ------------------------------------------------------------------------------------------


async def test_revoking_a_user_s_tokens_ends_its_connections_at_once(line: Line, door: Door, user: str) -> None:
    mine, other = await line.chat(user), await line.chat("alice")
    video = await line.video(user)
    until_now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 100))
    sent = {"users": [{"id": user, "set": {"revoke_tokens_issued_before": until_now}}]}
    answer = door.raw("PATCH", f"{V2}/users", json=sent)
    assert answer.is_success, answer.text
    for socket in (mine, video):
        error, code = await socket.end()
        assert error is not None
        assert (error["code"], error["StatusCode"], code) == (5, 401, 1008)
    await other.say([{"type": "health.check"}])
    assert (await other.next())["type"] == "health.check"


async def test_deleting_a_user_ends_its_connections_for_good(line: Line, door: Door, user: str) -> None:
    socket = await line.chat(user)
    Rest(door)("POST", f"{V2}/users/delete", {"user_ids": [user], "user": "hard"})
    error, code = await socket.end()
    assert error is not None
    assert (error["code"], code) == (5, 1000)


async def test_a_deleted_user_does_not_come_back_by_connecting(line: Line, door: Door, user: str) -> None:
    server, path = Rest(door), f"/api/v2/chat/channels/messaging/of-{user}"
    await line.chat(user)
    Rest(door, user)("POST", f"{path}/query", {}, status=201)
    sent = {"users": [{"id": user, "set": {"revoke_tokens_issued_before": "2020-01-01T00:00:00Z"}}]}
    server("PATCH", f"{V2}/users", sent)
    server("POST", f"{V2}/users/delete", {"user_ids": [user]})
    for connect in (line.chat, line.video):
        refused = await connect(user, {"id": user, "name": "back"})
        error = refused.first["error"]
        assert (error["code"], error["StatusCode"]) == (5, 401)
        assert f"user `{user}` was deleted" in error["message"]
        assert (await refused.end())[1] == 1000
    Rest(door, user)("GET", path, status=403)
    server("POST", f"{V2}/users", {"users": {user: {"id": user}}})
    assert (await line.chat(user)).first["me"]["id"] == user


async def test_who_is_deleted_leaves_calls_and_channels_and_others_hear_of_it(
    line: Line, door: Door, user: str
) -> None:
    server = Rest(door)
    server("POST", f"{V2}/users", {"users": {user: {"id": user}}})
    call, channel = f"/api/v2/video/call/default/{user}", f"/api/v2/chat/channels/messaging/{user}"
    members = [{"user_id": "alice"}, {"user_id": user}]
    server("POST", call, {"data": {"created_by_id": user, "members": members}})
    server("POST", f"{channel}/query", {"data": {"created_by_id": user, "members": members}})
    video, chat = await line.video("alice"), await line.chat("alice")
    Rest(door, "alice", video)("POST", call, {})
    Rest(door, "alice", chat)("POST", f"{channel}/query", {"watch": True})
    owners = {"new_call_owner_id": "carol", "new_channel_owner_id": "carol"}
    server("POST", f"{V2}/users/delete", {"user_ids": [user], **owners})
    updated = await video.until("call.updated")
    assert updated["call"]["created_by"]["id"] == "carol"
    assert (await video.until("call.member_removed"))["members"] == [user]
    updated = await chat.until("channel.updated")
    assert updated["channel"]["created_by"]["id"] == "carol"
    assert (await chat.until("member.removed"))["member"]["user_id"] == user


async def test_taking_a_secret_away_ends_what_came_in_by_it(tmp_path: Path) -> None:
    db = tmp_path / "rolecall.db"
    app = await asyncio.to_thread(make_app, db)
    with running(db) as server:
        async with lines(server.http, app) as line:
            socket = await line.chat("alice")
            await _rotate(db, app)
            error, code = await socket.end()
            assert error is not None
            assert (error["code"], code) == (43, 1008)


async def _rotate(db: Path, app: App) -> None:
    store = await Store.open(str(db))
    try:
        await rotate_secret(store, app.name, keep_old=False)
    finally:
        await store.close()


async def test_the_server_s_end_closes_every_connection_in_order_and_no_token_is_in_its_log(tmp_path: Path) -> None:
    db = tmp_path / "rolecall.db"
    app = await asyncio.to_thread(make_app, db)
    with running(db, log_level="debug") as server, httpx.Client(base_url=server.http, timeout=20) as http:
        door = Door(http, app)
        _make_users(door)
        async with lines(server.http, app) as line:
            sockets = [await line.chat("alice"), await line.video("bob")]
            await line.chat("alice", token="x.secret-of-mine.y")
            Rest(door, "bob", sockets[1])("POST", "/video/call/default/c1", {})
            assert _gauges(door) == {"rolecall_connections": 2.0, "rolecall_watches": 1.0}
            await line.video("carol")
            loop = asyncio.get_running_loop()
            stopped = loop.run_in_executor(None, server.stop)
            assert [(await socket.end())[1] for socket in sockets] == [1001, 1001]
            assert await stopped == 0
        for token in (app.token("alice"), app.token("bob"), app.token("carol"), "secret-of-mine"):
            assert token not in server.log
        assert "Traceback" not in server.log


async def test_closing_leaves_nothing_watched(call: OnCall, line: Line) -> None:
    before = {"rolecall_connections": 3.0, "rolecall_watches": 3.0}
    await asyncio.to_thread(until, lambda: _gauges(call.door) == before)
    sockets = [await line.video("alice") for _ in range(3)]
    for socket in sockets:
        Rest(call.door, "alice", socket)("GET", call.path)
    assert _gauges(call.door)["rolecall_watches"] == before["rolecall_watches"] + 3
    for socket in sockets[:2]:
        await socket.wire.close()
    sockets[2].wire.transport.abort()
    await asyncio.to_thread(until, lambda: _gauges(call.door) == before)


def _gauges(door: Door) -> dict[str, float]:
    text = door.http.get("/metrics").text
    named = (
        line.split() for line in text.splitlines() if line.startswith(("rolecall_connections", "rolecall_watches"))
    )
    return {name: float(value) for name, value in named}
