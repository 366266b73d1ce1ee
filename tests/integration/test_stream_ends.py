"""What ends the streams of a caller at once, even while nothing is sent: its token, its user, its app's keys."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import grpc
import pytest

from rolecall.api.v1 import app_pb2, call_pb2, user_pb2
from tests.doors import App, Client, Server, make_app, running
from tests.integration.streams import CALL, Checks, Watch, nothing_is_open, question

Code = grpc.StatusCode


class Stage:
    def __init__(self, server: Server, app: App) -> None:
        self.server = server
        self.app = app
        self.client: Client = server.client(app)

    def user(self, name: str, **fields: Any) -> None:
        self.client(user_pb2.UpsertUsersRequest(users=[user_pb2.User(id=name, **fields)]))


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    db = tmp_path_factory.mktemp("ends") / "rolecall.db"
    app = make_app(db)
    with running(db) as server:
        stage = Stage(server, app)
        stage.user("ann")
        stage.client(call_pb2.UpsertCallRequest(cid=CALL, created_by_id="ann"))
        yield stage


def _revoke(user: str) -> user_pb2.UpsertUsersRequest:
    request = user_pb2.UpsertUsersRequest(users=[user_pb2.User(id=user)])
    request.users[0].revoke_tokens_issued_before.GetCurrentTime()
    return request


def _revoke_all(_: str) -> app_pb2.UpdateAppRequest:
    request = app_pb2.UpdateAppRequest()
    request.revoke_tokens_issued_before.GetCurrentTime()
    return request


ENDS: dict[str, tuple[Callable[[str], Any], str]] = {
    "deactivated": (
        lambda user: user_pb2.UpsertUsersRequest(users=[user_pb2.User(id=user, deactivated=True)]),
        "USER_DEACTIVATED",
    ),
    "deleted": (lambda user: user_pb2.DeleteUsersRequest(user_ids=[user]), "USER_DELETED"),
    "revoked": (_revoke, "TOKEN_REVOKED"),
    "all-revoked": (_revoke_all, "TOKEN_REVOKED"),
}


@pytest.mark.parametrize("name", ENDS)
def test_a_change_ends_the_idle_streams_of_its_user_and_no_others(stage: Stage, name: str) -> None:
    write, reason = ENDS[name]
    for user in (name, "ben"):
        stage.user(user)
    issued = int(time.time()) - 60
    client = stage.server.client(stage.app, name, iat=issued)
    other = stage.server.client(stage.app, "ben", iat=int(time.time()) + 4)  # after any revocation
    checks, watch, staying = Checks(client), Watch(client, call=CALL), Checks(other)
    for stream in (checks, staying):
        stream.ask(question("one", ""))
        assert stream.next().id == "one"
    watch.next()
    stage.client(write(name))
    for ended in (checks, watch):
        refusal = ended.end()
        assert (refusal.code, refusal.reason) == (Code.UNAUTHENTICATED, reason)
        assert "request_id" in refusal.metadata
    assert Watch(client, call=CALL).end()[0] == Code.UNAUTHENTICATED
    staying.ask(question("two", ""))
    assert staying.next().id == "two"
    staying.done()
    assert staying.rest() == []
    server_side = Checks(stage.client)
    server_side.ask(question("still", "ann"))
    assert server_side.next().id == "still"
    server_side.done()
    assert server_side.rest() == []
    assert nothing_is_open(stage.server)


@pytest.mark.parametrize("user", ["ann", None], ids=["user", "server"])
def test_a_token_that_expires_ends_its_idle_streams(stage: Stage, user: str | None) -> None:
    client = stage.server.client(stage.app, user, exp=int(time.time()) + 2, iat=int(time.time()) + 4)
    checks, watch = Checks(client), Watch(client, user_id="ann", call=CALL)
    watch.next()
    for stream in (checks, watch):
        refusal = stream.end()
        assert (refusal.code, refusal.reason) == (Code.UNAUTHENTICATED, "TOKEN_EXPIRED")


def test_a_user_that_is_not_there_has_no_streams(stage: Stage) -> None:
    refusal = Watch(stage.server.client(stage.app, "nobody", iat=int(time.time()) + 4), call=CALL).end()
    assert (refusal.code, refusal.reason) == (Code.UNAUTHENTICATED, "USER_DELETED")


def test_a_user_that_is_banned_is_told_so_and_stays(stage: Stage) -> None:
    stage.user("bea")
    client = stage.server.client(stage.app, "bea", iat=int(time.time()) + 4)
    watch, checks = Watch(client, call=CALL), Checks(client)
    assert watch.next().own_capabilities
    stage.user("bea", banned=True)
    told = watch.next()
    assert (told.cause, list(told.own_capabilities)) == ("user_banned", [])
    checks.ask(question("one", ""))
    assert not checks.next().result.allowed
    stage.user("bea", banned=False)
    told = watch.next()
    assert (told.cause, bool(told.own_capabilities)) == ("user_unbanned", True)
    watch.cancel()
    checks.done()
