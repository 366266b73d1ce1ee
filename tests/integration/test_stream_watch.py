"""WatchCapabilities over a real server: what begins and ends a stream, and two processes on one store."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest

from rolecall.api.v1 import authorization_pb2 as pb
from rolecall.api.v1 import call_pb2, call_type_pb2, core_pb2, user_pb2
from tests.doors import App, Client, Server, make_app, running, until
from tests.integration.streams import CALL, WATCH, Watch, gauge, nothing_is_open

Code = grpc.StatusCode
USERS = [f"user-{number:03}" for number in range(150)]


class Stage:
    def __init__(self, db: Path, server: Server, app: App) -> None:
        self.db = db
        self.server = server
        self.app = app
        self.client: Client = server.client(app)


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    db = tmp_path_factory.mktemp("watches") / "rolecall.db"
    app = make_app(db)
    with running(db) as server:
        stage = Stage(db, server, app)
        stage.client(user_pb2.UpsertUsersRequest(users=[user_pb2.User(id=user) for user in ("ann", *USERS)]))
        stage.client(call_pb2.UpsertCallRequest(cid=CALL, created_by_id="ann"))
        yield stage


def _listed(stage: Stage, user: str, cid: str = CALL) -> list[str]:
    return list(stage.client(pb.ListCapabilitiesRequest(user_id=user, call=cid)).own_capabilities)


def test_the_kick_that_sticks(stage: Stage) -> None:
    watch = Watch(stage.client, user_id=USERS[0], call=CALL)
    first = watch.next()
    assert (first.cause, first.snapshot_complete) == ("snapshot", True)
    assert list(first.own_capabilities) == list(first.added) == _listed(stage, USERS[0])
    revision = stage.client(call_pb2.BlockUserRequest(cid=CALL, user_id=USERS[0])).revision
    kicked = watch.next()
    assert (kicked.cause, list(kicked.own_capabilities), kicked.revision) == ("user_blocked", [], revision)
    assert list(kicked.removed) == list(first.own_capabilities)
    stage.client(call_pb2.UnblockUserRequest(cid=CALL, user_id=USERS[0]))
    back = watch.next()
    assert (back.cause, list(back.added)) == ("user_unblocked", list(first.own_capabilities))
    watch.call.cancel()
    assert nothing_is_open(stage.server)


def test_the_whole_roster_is_what_list_capabilities_says_after_each_change(stage: Stage) -> None:
    cid = "default:roster"
    members = [call_pb2.CallMember(user_id=user) for user in USERS[:100]]
    stage.client(call_pb2.UpsertCallRequest(cid=cid, created_by_id="ann", members=members))
    watch = Watch(stage.client, call=cid)
    own: dict[str, list[str]] = {}
    while True:
        message = watch.next()
        own[message.user_id] = list(message.own_capabilities)
        if message.snapshot_complete:
            break
    assert own == {user: _listed(stage, user, cid) for user in USERS[:100]}
    more = [call_pb2.CallMember(user_id=user, role="admin") for user in USERS[100:120]]
    stage.client(call_pb2.UpdateCallMembersRequest(cid=cid, update_members=more, remove_members=USERS[:20]))
    _follow(watch, own, 40)
    assert own == {user: _listed(stage, user, cid) for user in USERS[20:120]}
    few = core_pb2.PermissionList(permissions=["join-call", "send-audio"])
    grants = {"user": few, "call_member": few}
    stage.client(call_type_pb2.UpsertCallTypeRequest(name="default", grants=grants))
    _follow(watch, own, 80)
    assert own == {user: _listed(stage, user, cid) for user in USERS[20:120]}
    stage.client(call_pb2.DeleteCallRequest(cid=cid))
    _follow(watch, own, 100)
    assert set(map(tuple, own.values())) == {()}
    assert watch.end()[:3] == (Code.NOT_FOUND, f"call `{cid}` was deleted", "CALL_NOT_FOUND")


def _follow(watch: Watch, own: dict[str, list[str]], messages: int) -> None:
    for _ in range(messages):
        message = watch.next()
        if message.left:
            del own[message.user_id]
        else:
            own[message.user_id] = list(message.own_capabilities)


def test_a_stream_is_resumed_from_a_revision_and_not_from_one_that_never_was(stage: Stage) -> None:
    watch = Watch(stage.client, user_id="ann", call=CALL)
    revision = watch.next().revision
    watch.call.cancel()
    assert Watch(stage.client, user_id="ann", call=CALL, from_revision=revision).next().revision >= revision
    refusal = Watch(stage.client, user_id="ann", call=CALL, from_revision=revision + 1_000).end()
    assert (refusal.code, refusal.reason, refusal.fields) == (
        Code.OUT_OF_RANGE,
        "REVISION_OUT_OF_RANGE",
        ("from_revision",),
    )


REFUSED: dict[str, tuple[dict[str, str], grpc.StatusCode]] = {
    "no target": ({}, Code.INVALID_ARGUMENT),
    "an empty call": ({"user_id": "ann", "call": ""}, Code.INVALID_ARGUMENT),
    "an unknown type": ({"user_id": "ann", "call": "nope:1"}, Code.NOT_FOUND),
    "members of what is not stored": ({"call": "default:nowhere"}, Code.NOT_FOUND),
    "a malformed cid": ({"user_id": "ann", "call": "standup"}, Code.INVALID_ARGUMENT),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_can_not_be_watched(stage: Stage, name: str) -> None:
    request, code = REFUSED[name]
    assert Watch(stage.client, **request).end().code == code  # type: ignore[arg-type]


def test_bytes_that_are_no_request(stage: Stage) -> None:
    refusal = stage.client.refused_stream(WATCH, b"\xff\xff")
    assert (refusal.code, refusal.reason) == (Code.INVALID_ARGUMENT, "MALFORMED")


def test_a_user_watches_itself_only(stage: Stage) -> None:
    own = stage.server.client(stage.app, "ann")
    assert Watch(own, call=CALL).next().user_id == "ann"
    assert Watch(own, user_id=USERS[0], call=CALL).end().code == Code.PERMISSION_DENIED


def test_a_slow_reader_is_cut_off(stage: Stage) -> None:
    """It reads nothing at all while more is told than a stream may keep."""
    assert nothing_is_open(stage.server)
    small: dict[str, int] = {"http2.bdp_probe": 0, "http2.lookahead_bytes": 16_384}
    client = Client(stage.server.channel(**small), stage.app.key, stage.app.token())  # type: ignore[arg-type]
    watch = Watch(client, seconds=60.0, user_id=USERS[1], call=CALL)
    watch.next()
    for number in range(4_000):
        role = "user" if number % 2 else "admin"
        stage.client(user_pb2.UpsertUsersRequest(users=[user_pb2.User(id=USERS[1], role=role)]))
        if number % 50 == 0 and gauge(stage.server, "rolecall_watches") == 0:
            break
    refusal = watch.end()
    assert (refusal.code, refusal.reason) == (Code.RESOURCE_EXHAUSTED, "SLOW_READER")


def test_a_change_through_one_process_reaches_a_watch_of_another(stage: Stage) -> None:
    with running(stage.db) as other:
        watch = Watch(other.client(stage.app), user_id=USERS[2], call=CALL)
        assert watch.next().own_capabilities
        revision = stage.client(call_pb2.BlockUserRequest(cid=CALL, user_id=USERS[2])).revision
        message = watch.next()
        assert (message.cause, message.revision) == ("user_blocked", revision)


def test_a_server_that_stops_ends_its_streams(tmp_path: Path) -> None:
    db = tmp_path / "rolecall.db"
    app = make_app(db)
    with running(db, drain_seconds=30) as server:
        client = server.client(app)
        client(user_pb2.UpsertUsersRequest(users=[user_pb2.User(id="ann")]))
        watch = Watch(client, user_id="ann", call=CALL)
        watch.next()
        server.process.terminate()
        refusal = watch.end()
        assert (refusal.code, refusal.reason) == (Code.UNAVAILABLE, "SERVER_STOPPING")
        assert until(lambda: server.process.poll() is not None)
        assert server.process.poll() == 0
