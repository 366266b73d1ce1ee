"""What a user's token may do here: each operation takes the actions it names, on its target, and nothing else will do.

A role is given exactly what an operation takes, then everything but one of these.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple

import grpc
import pytest
from google.protobuf.message import Message
from google.protobuf.struct_pb2 import Struct, Value
from google.protobuf.timestamp_pb2 import Timestamp

from rolecall.api.v1 import (
    app_pb2,
    authorization_pb2,
    call_pb2,
    call_type_pb2,
    channel_pb2,
    channel_type_pb2,
    role_pb2,
    user_pb2,
)
from rolecall.api.v1.core_pb2 import PermissionList
from rolecall.domain.actions import ACTIONS
from tests.contract.good_requests import GOOD, dump, fill, revision
from tests.doors import UNARY, App, Client, Refusal, Server, make_app, rpc_of, running

Code = grpc.StatusCode
EVERY: Final = tuple(action.id for action in ACTIONS)
CUSTOM: Final = Struct(fields={"a": Value(string_value="b")})


class Stage(NamedTuple):
    """A server with one app, whose types `work` (of calls and of channels) and `.app` grant to the role `worker`."""

    server: Server
    app: App
    admin: Client

    def user(self, user_id: str = "wim", **claims: Any) -> Client:
        return self.server.client(self.app, user_id, **claims)

    def grant(self, scope: str, permissions: tuple[str, ...]) -> None:
        """Give the role these permissions in a scope, and no others."""
        grants = {"worker": PermissionList(permissions=permissions)}
        requests: dict[str, Message] = {
            "call": call_type_pb2.UpsertCallTypeRequest(name="work", grants=grants),
            "channel": channel_type_pb2.UpsertChannelTypeRequest(name="work", grants=grants),
            ".app": app_pb2.UpdateAppRequest(grants=grants),
        }
        self.admin(requests[scope])


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    db = tmp_path_factory.mktemp("permits") / "store.db"
    app = make_app(db)
    with running(db, refresh_ms=10) as server:
        admin = server.client(app)
        fill(admin)
        admin(role_pb2.CreateRoleRequest(name="worker"))
        workers = [user_pb2.User(id=name, role="worker") for name in ("wim", "wendy")]
        admin(user_pb2.UpsertUsersRequest(users=[*workers, user_pb2.User(id="root", role="admin")]))
        nothing = {role: PermissionList() for role in ("user", "call_member", "channel_member", "host")}
        admin(call_type_pb2.UpsertCallTypeRequest(name="work", grants=nothing))
        admin(channel_type_pb2.UpsertChannelTypeRequest(name="work", grants=nothing))
        yield Stage(server, app, admin)


# --- what takes which actions ----------------------------------------------------------------------------------------


class Operation(NamedTuple):
    """A request of a user, and what it takes; `or_else` are permissions that would do instead."""

    about: str
    scope: str
    request: Callable[[str], Any]
    takes: tuple[str, ...]
    or_else: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.about


def _call(**said: Any) -> Callable[[str], call_pb2.UpsertCallRequest]:
    return lambda cid: call_pb2.UpsertCallRequest(cid=cid, **said)


def _call_members(**said: Any) -> Callable[[str], call_pb2.UpdateCallMembersRequest]:
    return lambda cid: call_pb2.UpdateCallMembersRequest(cid=cid, **said)


def _channel(**said: Any) -> Callable[[str], channel_pb2.UpsertChannelRequest]:
    return lambda cid: channel_pb2.UpsertChannelRequest(cid=cid, **said)


def _channel_members(**said: Any) -> Callable[[str], channel_pb2.UpdateChannelMembersRequest]:
    return lambda cid: channel_pb2.UpdateChannelMembersRequest(cid=cid, **said)


def _myself(**said: Any) -> Callable[[str], user_pb2.UpsertUsersRequest]:
    return lambda _: user_pb2.UpsertUsersRequest(users=[user_pb2.User(id="wim", **said)])


_MUTED: Final = {"audio": {"mic_default_on": False}}
_MEMBER, _CHANNEL_MEMBER = call_pb2.CallMember, channel_pb2.ChannelMember

OPERATIONS: Final = [
    Operation("create a call", "call", lambda cid: call_pb2.UpsertCallRequest(cid=f"{cid}-new"), ("create-call",)),
    Operation(
        "create a call with settings",
        "call",
        lambda cid: call_pb2.UpsertCallRequest(cid=f"{cid}-new", settings_override=_MUTED),
        ("create-call", "update-call-settings"),
    ),
    Operation("change data of a call", "call", _call(custom=CUSTOM), ("read-call", "update-call")),
    Operation("plan a call", "call", _call(starts_at=Timestamp(seconds=1)), ("read-call", "update-call")),
    Operation("set up a call", "call", _call(settings_override=_MUTED), ("read-call", "update-call-settings")),
    Operation("upsert a member", "call", _call(members=[_MEMBER(user_id="ann")]), ("read-call", "update-call-member")),
    Operation("get a call", "call", lambda cid: call_pb2.GetCallRequest(cid=cid), ("read-call",)),
    Operation("list members", "call", lambda cid: call_pb2.ListCallMembersRequest(cid=cid), ("read-call",)),
    Operation("delete a call", "call", lambda cid: call_pb2.DeleteCallRequest(cid=cid), ("delete-call",)),
    Operation("end a call", "call", lambda cid: call_pb2.EndCallRequest(cid=cid), ("end-call",)),
    Operation("go live", "call", lambda cid: call_pb2.GoLiveRequest(cid=cid), ("update-call",)),
    Operation("stop live", "call", lambda cid: call_pb2.StopLiveRequest(cid=cid), ("update-call",)),
    Operation("block", "call", lambda cid: call_pb2.BlockUserRequest(cid=cid, user_id="bob"), ("block-user",)),
    Operation("unblock", "call", lambda cid: call_pb2.UnblockUserRequest(cid=cid, user_id="bob"), ("block-user",)),
    Operation(
        "grant to one user",
        "call",
        lambda cid: call_pb2.UpdateUserPermissionsRequest(cid=cid, user_id="wim", grant_permissions=["send-audio"]),
        ("update-call-permissions",),
    ),
    Operation("add a member", "call", _call_members(update_members=[_MEMBER(user_id="ann")]), ("update-call-member",)),
    Operation(
        "change data of a member",
        "call",
        _call_members(update_members=[_MEMBER(user_id="bob", custom=CUSTOM)]),
        ("update-call-member",),
    ),
    Operation(
        "give a member a role",
        "call",
        _call_members(update_members=[_MEMBER(user_id="bob", role="host")]),
        ("update-call-member-role",),
    ),
    Operation(
        "add a member with a role",
        "call",
        _call_members(update_members=[_MEMBER(user_id="ann", role="host")]),
        ("update-call-member", "update-call-member-role"),
    ),
    Operation("remove a member", "call", _call_members(remove_members=["bob"]), ("remove-call-member",)),
    Operation("leave a call", "call", _call_members(remove_members=["wendy"]), ("remove-call-member",)),
    Operation(
        "create a channel", "channel", lambda cid: channel_pb2.UpsertChannelRequest(cid=f"{cid}-n"), ("create-channel",)
    ),
    Operation("change data of a channel", "channel", _channel(custom=CUSTOM), ("update-channel",)),
    Operation("freeze a channel", "channel", _channel(frozen=True), ("update-channel-frozen",)),
    Operation("slow a channel down", "channel", _channel(cooldown=7), ("update-channel-cooldown",)),
    Operation("get a channel", "channel", lambda cid: channel_pb2.GetChannelRequest(cid=cid), ("read-channel",)),
    Operation(
        "list channel members",
        "channel",
        lambda cid: channel_pb2.ListChannelMembersRequest(cid=cid),
        ("read-channel-members",),
    ),
    Operation(
        "delete a channel", "channel", lambda cid: channel_pb2.DeleteChannelRequest(cid=cid), ("delete-channel",)
    ),
    Operation(
        "add a channel member",
        "channel",
        _channel_members(update_members=[_CHANNEL_MEMBER(user_id="ann")]),
        ("update-channel-members",),
    ),
    Operation(
        "remove a channel member", "channel", _channel_members(remove_members=["bob"]), ("update-channel-members",)
    ),
    Operation(
        "remove a banned channel member",
        "channel",
        _channel_members(remove_members=["wendy"]),
        ("update-channel-members", "ban-channel-member"),
    ),
    Operation(
        "join a channel",
        "channel",
        _channel_members(update_members=[_CHANNEL_MEMBER(user_id="wim")]),
        ("add-own-channel-membership",),
        ("update-channel-members",),
    ),
    Operation(
        "leave a channel",
        "channel",
        _channel_members(remove_members=["wim"]),
        ("remove-own-channel-membership",),
        ("update-channel-members",),
    ),
    Operation(
        "ban a channel member",
        "channel",
        _channel_members(update_members=[_CHANNEL_MEMBER(user_id="bob", banned=True)]),
        ("ban-channel-member",),
    ),
    Operation("change own data", ".app", _myself(custom=CUSTOM), ("update-user",)),
    Operation("list users", ".app", lambda _: user_pb2.ListUsersRequest(), ("search-user",)),
]


def _target(stage: Stage, operation: Operation, round_: str) -> str:
    """Make what an operation is about, new for each round."""
    cid = f"work:{operation.about.replace(' ', '-')}-{round_}"
    if operation.scope == "call":
        stage.admin(call_pb2.UpsertCallRequest(cid=cid, members=[_MEMBER(user_id="bob"), _MEMBER(user_id="wendy")]))
    if operation.scope == "channel":
        members = [_CHANNEL_MEMBER(user_id="bob"), _CHANNEL_MEMBER(user_id="wendy", banned=True)]
        stage.admin(channel_pb2.UpsertChannelRequest(cid=cid, members=members))
    return cid


@pytest.mark.parametrize("operation", OPERATIONS, ids=str)
def test_an_operation_takes_the_actions_it_names(stage: Stage, operation: Operation) -> None:
    stage.grant(operation.scope, operation.takes)
    stage.user()(operation.request(_target(stage, operation, "allowed")))


@pytest.mark.parametrize("operation", OPERATIONS, ids=str)
def test_nothing_else_will_do(stage: Stage, operation: Operation) -> None:
    for missing in operation.takes:
        stage.grant(operation.scope, tuple(name for name in EVERY if name not in {missing, *operation.or_else}))
        request = operation.request(_target(stage, operation, f"without-{missing}"))
        before = dump(stage.admin)
        refusal = stage.user().refused(request)
        assert refusal.code == Code.PERMISSION_DENIED, refusal
        assert refusal.metadata["action"] == _action(missing)
        assert refusal.metadata["scope"] == {"call": "video:work", "channel": "work"}.get(operation.scope, ".app")
        assert dump(stage.admin) == before


def _action(permission: str) -> str:
    return next(action.name for action in ACTIONS if action.id == permission)


STANDINGS: Final = [
    (operation, standing)
    for operation in OPERATIONS
    for standing in ("banned", "deactivated", "unknown", *(("blocked",) if operation.scope == "call" else ()))
]


@pytest.mark.parametrize(("operation", "standing"), STANDINGS, ids=str)
def test_who_may_do_nothing_may_do_nothing_here(stage: Stage, operation: Operation, standing: str) -> None:
    """A user with every permission there is, but banned, deactivated, not known, or blocked on the call."""
    stage.grant(operation.scope, EVERY)
    cid, who = _target(stage, operation, standing), f"{standing}-worker"
    if standing != "unknown":
        user = user_pb2.User(id=who, role="worker")
        if standing != "blocked":
            setattr(user, standing, True)
        stage.admin(user_pb2.UpsertUsersRequest(users=[user]))
    for blocked in (cid, f"{cid}-new") if standing == "blocked" else ():
        stage.admin(call_pb2.UpsertCallRequest(cid=blocked))
        stage.admin(call_pb2.BlockUserRequest(cid=blocked, user_id=who))
    request = _as(who, operation.request(cid))
    at = revision(stage.admin)
    refusal = stage.user(who).refused(request)
    assert refusal.code == Code.PERMISSION_DENIED, refusal
    assert refusal.metadata["reason"] == ("UNKNOWN_USER" if standing == "unknown" else standing.upper())
    assert revision(stage.admin) == at


def _as(who: str, request: Any) -> Any:
    """Let a request be about another user where it was about the worker itself."""
    for user in getattr(request, "users", ()):
        user.id = who
    return request


# --- what is nobody's but a server's ---------------------------------------------------------------------------------

SERVER_ONLY: Final = {
    rpc.name
    for rpc in UNARY
    if rpc.service.rpartition(".")[2]
    in {"PermissionService", "RoleService", "CallTypeService", "ChannelTypeService", "AppService"}
    or rpc.name in {"ListRosterCapabilities", "DeleteUsers"}
}


@pytest.mark.parametrize("good", [good for good in GOOD if good.split()[0] in SERVER_ONLY])
def test_what_is_server_side_is_refused_to_a_user_with_every_permission(stage: Stage, good: str) -> None:
    for scope in ("call", "channel", ".app"):
        stage.grant(scope, EVERY)
    before = dump(stage.admin)
    for user_id in ("wim", "root", "nobody"):
        refusal = stage.user(user_id).refused(GOOD[good])
        assert refusal.code == Code.PERMISSION_DENIED, refusal
        assert refusal.domain == "rolecall"
    assert dump(stage.admin) == before


_CALL, _CHANNEL = "work:server-only", "work:server-only"
SERVER_FIELDS: Final[list[tuple[str, Message]]] = [
    ("created_by_id", call_pb2.UpsertCallRequest(cid="work:fresh", created_by_id="ann")),
    ("created_by_id", call_pb2.UpsertCallRequest(cid=_CALL, created_by_id="wim")),
    ("team", call_pb2.UpsertCallRequest(cid=_CALL, team="blue")),
    ("created_by_id", channel_pb2.UpsertChannelRequest(cid="work:fresh", created_by_id="ann")),
    ("created_by_id", channel_pb2.UpsertChannelRequest(cid=_CHANNEL, created_by_id="wim")),
    ("team", channel_pb2.UpsertChannelRequest(cid=_CHANNEL, team="blue")),
    ("disabled", channel_pb2.UpsertChannelRequest(cid=_CHANNEL, disabled=True)),
    ("disabled", channel_pb2.UpsertChannelRequest(cid="work:fresh", disabled=False)),
    ("config_overrides", channel_pb2.UpsertChannelRequest(cid=_CHANNEL, config_overrides={})),
    (
        "members[0].channel_role",
        channel_pb2.UpsertChannelRequest(
            cid="work:fresh", members=[_CHANNEL_MEMBER(user_id="wim", channel_role="channel_moderator")]
        ),
    ),
    (
        "update_members[0].channel_role",
        channel_pb2.UpdateChannelMembersRequest(
            cid=_CHANNEL, update_members=[_CHANNEL_MEMBER(user_id="wim", channel_role="channel_moderator")]
        ),
    ),
    ("users[0].id", user_pb2.UpsertUsersRequest(users=[user_pb2.User(id="ann", custom=CUSTOM)])),
    ("users[1].id", user_pb2.UpsertUsersRequest(users=[user_pb2.User(id="wim"), user_pb2.User(id="ann")])),
    ("users[0].role", user_pb2.UpsertUsersRequest(users=[user_pb2.User(id="wim", role="admin")])),
    ("users[0].teams", user_pb2.UpsertUsersRequest(users=[user_pb2.User(id="wim", teams=["red"])])),
    ("users[0].teams_role", user_pb2.UpsertUsersRequest(users=[user_pb2.User(id="wim", teams_role={"red": "admin"})])),
    ("users[0].banned", user_pb2.UpsertUsersRequest(users=[user_pb2.User(id="wim", banned=False)])),
    ("users[0].deactivated", user_pb2.UpsertUsersRequest(users=[user_pb2.User(id="wim", deactivated=False)])),
    (
        "users[0].revoke_tokens_issued_before",
        user_pb2.UpsertUsersRequest(users=[user_pb2.User(id="wim", revoke_tokens_issued_before=Timestamp(seconds=1))]),
    ),
    (
        "users[0].revoke_tokens_issued_before",
        user_pb2.UpsertUsersRequest(
            users=[user_pb2.User(id="wim")], update_mask={"paths": ["revoke_tokens_issued_before"]}
        ),
    ),
]


@pytest.mark.parametrize(
    ("field", "request_"),
    SERVER_FIELDS,
    ids=[f"{place}: {rpc_of(row[1]).name} {row[0]}" for place, row in enumerate(SERVER_FIELDS)],
)
def test_what_only_a_server_writes_is_refused_by_its_field(stage: Stage, field: str, request_: Message) -> None:
    for scope in ("call", "channel", ".app"):
        stage.grant(scope, EVERY)
    stage.admin(call_pb2.UpsertCallRequest(cid=_CALL, created_by_id="ann", team="red"))
    members = [_CHANNEL_MEMBER(user_id="ann"), _CHANNEL_MEMBER(user_id="wim")]
    stage.admin(channel_pb2.UpsertChannelRequest(cid=_CHANNEL, created_by_id="ann", team="red", members=members))
    before = dump(stage.admin)
    refusal = stage.user().refused(request_)
    assert refusal.code == Code.PERMISSION_DENIED, refusal
    assert refusal.fields == (field,), refusal
    assert dump(stage.admin) == before


# --- what a user sees ------------------------------------------------------------------------------------------------


def test_lists_hold_what_a_user_may_read_and_nothing_else(stage: Stage) -> None:
    stage.grant("call", ())
    stage.grant("channel", ())
    stage.admin(call_pb2.UpsertCallRequest(cid="work:hidden"))
    stage.admin(channel_pb2.UpsertChannelRequest(cid="work:hidden"))
    user, calls, channels = (
        stage.user(),
        call_pb2.ListCallsRequest(type="work"),
        channel_pb2.ListChannelsRequest(type="work"),
    )
    assert list(user(calls).calls) == []
    assert list(user(channels).channels) == []
    stage.grant("call", ("read-call",))
    stage.grant("channel", ("read-channel",))
    assert "work:hidden" in {call.cid for call in user(calls).calls}
    assert "work:hidden" in {channel.cid for channel in user(channels).channels}


def test_a_user_gets_itself_and_others_only_with_search_user(stage: Stage) -> None:
    user = stage.user()
    for permissions in ((), ("search-user",)):
        stage.grant(".app", permissions)
        assert user(user_pb2.GetUserRequest()).user.id == "wim"
        assert user(user_pb2.GetUserRequest(user_id="wim")).user.id == "wim"
        if permissions:
            assert user(user_pb2.GetUserRequest(user_id="ann")).user.id == "ann"
            assert user.refused(user_pb2.GetUserRequest(user_id="nobody")).code == Code.NOT_FOUND
            continue
        for other in ("ann", "nobody"):
            assert user.refused(user_pb2.GetUserRequest(user_id=other)).code == Code.PERMISSION_DENIED


def test_whoever_creates_a_call_or_channel_owns_it(stage: Stage) -> None:
    stage.grant("call", ("create-call", "end-call-owner"))
    stage.grant("channel", ("create-channel", "delete-channel-owner"))
    user = stage.user()
    response = user(call_pb2.UpsertCallRequest(cid="work:mine"))
    assert (response.created, response.call.created_by_id) == (True, "wim")
    assert "end-call" in response.own_capabilities
    response = user(channel_pb2.UpsertChannelRequest(cid="work:mine"))
    assert (response.created, response.channel.created_by_id) == (True, "wim")
    assert "delete-channel" in response.own_capabilities
    stage.admin(call_pb2.UpsertCallRequest(cid="work:theirs", created_by_id="ann"))
    assert user.refused(call_pb2.EndCallRequest(cid="work:theirs")).metadata["reason"] == "OWNER_ONLY"
    user(call_pb2.EndCallRequest(cid="work:mine"))
    user(channel_pb2.DeleteChannelRequest(cid="work:mine"))


# --- what must not be learned or made by asking for nothing ----------------------------------------------------------


def test_naming_a_member_without_a_change_shows_nothing_to_who_may_not_read(stage: Stage) -> None:
    """A write that changes nothing still answers with what is there: it takes as much as reading that."""
    stage.grant("call", ())
    stage.grant("channel", ())
    stage.admin(call_pb2.UpsertCallRequest(cid="work:private", members=[_MEMBER(user_id="bob", custom=CUSTOM)]))
    stage.admin(
        channel_pb2.UpsertChannelRequest(cid="work:private", members=[_CHANNEL_MEMBER(user_id="bob", custom=CUSTOM)])
    )
    for request in (
        call_pb2.UpdateCallMembersRequest(cid="work:private", update_members=[_MEMBER(user_id="bob")]),
        channel_pb2.UpdateChannelMembersRequest(cid="work:private", update_members=[_CHANNEL_MEMBER(user_id="bob")]),
        call_pb2.UpsertCallRequest(cid="work:private"),
        channel_pb2.UpsertChannelRequest(cid="work:private"),
    ):
        outcome = stage.user().outcome(rpc_of(request), request.SerializeToString())
        assert isinstance(outcome, Refusal), rpc_of(request).name
        assert outcome.code == Code.PERMISSION_DENIED


def test_a_token_of_a_user_that_does_not_exist_does_not_make_it(stage: Stage) -> None:
    stage.grant(".app", EVERY)
    request = user_pb2.UpsertUsersRequest(users=[user_pb2.User(id="ghost")])
    outcome = stage.user("ghost").outcome(rpc_of(request), request.SerializeToString())
    assert isinstance(outcome, Refusal)
    assert outcome.code == Code.PERMISSION_DENIED
    assert stage.admin.refused(user_pb2.GetUserRequest(user_id="ghost")).code == Code.NOT_FOUND


def test_a_user_cannot_give_itself_what_it_has_not(stage: Stage) -> None:
    """Whoever may grant on a call, or give roles on it, may do so there; nothing of it reaches beyond the call."""
    stage.grant("call", ("update-call-permissions", "update-call-member", "update-call-member-role"))
    stage.grant("channel", ())
    for cid in ("work:granting", "work:beside"):
        stage.admin(call_pb2.UpsertCallRequest(cid=cid))
    stage.admin(channel_pb2.UpsertChannelRequest(cid="work:granting"))
    user = stage.user()
    request = call_pb2.UpdateUserPermissionsRequest(
        cid="work:granting", user_id="wim", grant_permissions=["end-call", "block-users"]
    )
    granted = user(request)
    assert {"end-call", "block-users"} <= set(granted.own_capabilities)
    beside = authorization_pb2.ListCapabilitiesRequest(call="work:beside")
    assert not {"end-call", "block-users"} & set(user(beside).own_capabilities)
    assert user.refused(call_pb2.EndCallRequest(cid="work:beside")).code == Code.PERMISSION_DENIED
    user(call_pb2.EndCallRequest(cid="work:granting"))
