"""Unary calls that end before they are answered, on a real server: each is counted once, by what its client sees."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

import grpc
import httpx
import pytest

from rolecall.api.v1 import authorization_pb2, role_pb2, user_pb2
from tests.doors import App, Client, Rpc, Server, make_app, rpc_of, running, until

FAR: Final = 2**40
CALLS: Final = 3
USERS: Final = user_pb2.UpsertUsersRequest(users=[user_pb2.User(id="ann")])
ROLE: Final = role_pb2.CreateRoleRequest(name="boss")


class Stage(NamedTuple):
    """A server whose writes wait for two seconds where the file is locked."""

    server: Server
    client: Client
    app: App
    db: Path

    def counted(self, rpc: Rpc) -> dict[str, float]:
        """Return how many calls of an RPC have ended, by code."""
        page = httpx.get(f"{self.server.http}/metrics").text
        line = re.compile(rf'rolecall_rpcs_total{{code="(\w+)",method="{rpc.path}"}} (\S+)')
        found = {code: float(number) for code, number in line.findall(page)}
        took = re.search(rf'rolecall_rpc_seconds_count{{method="{rpc.path}"}} (\S+)', page)
        assert sum(found.values()) == (float(took[1]) if took else 0.0)
        return found

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Let no write begin."""
        with closing(sqlite3.connect(self.db, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            yield
            other.execute("ROLLBACK")


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    db = tmp_path_factory.mktemp("unanswered") / "store.db"
    app = make_app(db)
    with running(db, busy_timeout_ms=2_000) as server:
        yield Stage(server, server.client(app), app, db)


def test_calls_that_their_client_cancels(stage: Stage) -> None:
    def asks(at: int = 0) -> Any:
        return authorization_pb2.CheckCapabilityRequest(user_id="ann", capability="search-user", min_revision=at)

    stage.client(asks())  # connected: from here on calls arrive in the order in which they begin
    calls = [stage.client.begin(asks(FAR)) for _ in range(CALLS)]
    stage.client(asks())
    assert stage.counted(rpc_of(asks())) == {"OK": 2}
    for call in calls:
        call.cancel()
        assert call.code() == grpc.StatusCode.CANCELLED
    until(lambda: stage.counted(rpc_of(asks())) == {"OK": 2, "CANCELLED": CALLS})


def test_calls_whose_deadline_passes(stage: Stage) -> None:
    """A check with a deadline is answered before it passes; a write waits for the file as long as it must.

    A request that was long on its way here is left by its client long before its deadline passes here.
    """
    with stage.locked():
        assert stage.client.refused(USERS, seconds=0.2).code == grpc.StatusCode.DEADLINE_EXCEEDED
        until(lambda: stage.counted(rpc_of(USERS)) in ({"DEADLINE_EXCEEDED": 1}, {"CANCELLED": 1}))
    stage.client(USERS)
    assert sum(stage.counted(rpc_of(USERS)).values()) == 2


def test_calls_over_http_whose_deadline_passes(stage: Stage) -> None:
    said = {"x-api-key": stage.app.key, "authorization": stage.app.token(), "connect-timeout-ms": "200"}
    with stage.locked():
        url = f"{stage.server.http}{rpc_of(ROLE).path}"
        answer = httpx.post(url, json={"name": ROLE.name}, headers=said, timeout=20)
    assert (answer.status_code, answer.json()["code"]) == (504, "deadline_exceeded")
    assert stage.counted(rpc_of(ROLE)) == {"DEADLINE_EXCEEDED": 1}
