"""Servers as processes: side by side on one file, killed, stopped under load, and with the store gone."""

from __future__ import annotations

import fcntl
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from rolecall.api.v1 import app_pb2, authorization_pb2, call_pb2, user_pb2
from rolecall.api.v1.core_pb2 import Reason
from tests.doors import App, Client, Refusal, Server, make_app, rpc_of, running, until

Code = grpc.StatusCode


@pytest.fixture
def db(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


@pytest.fixture
def app(db: Path) -> App:
    return make_app(db)


def _users(*ids: str, **said: Any) -> user_pb2.UpsertUsersRequest:
    return user_pb2.UpsertUsersRequest(users=[user_pb2.User(id=name, **said) for name in ids])


def _asks(user_id: str, at: int = 0) -> authorization_pb2.CheckCapabilityRequest:
    return authorization_pb2.CheckCapabilityRequest(
        user_id=user_id, call="default:standup", capability="send-audio", min_revision=at
    )


# --- two on one file -------------------------------------------------------------------------------------------------


def test_a_write_through_one_server_is_read_through_another_exactly_with_its_revision(db: Path, app: App) -> None:
    """The reader looks for writes once a minute only, so what it knows it knows because it was asked for."""
    with running(db) as one, running(db, refresh_ms=60_000) as two:
        writer, reader = one.client(app), two.client(app)
        for number in range(30):
            name = f"user-{number}"
            assert reader(_asks(name)).reason == Reason.REASON_UNKNOWN_USER  # and its absence is remembered
            at = writer(_users(name)).revision
            answer = reader(_asks(name, at))
            assert (answer.allowed, answer.revision) == (True, at)
            at = writer(_users(name, banned=True)).revision
            assert reader(_asks(name, at)).reason == Reason.REASON_BANNED


def test_a_write_through_one_server_reaches_another_by_itself(db: Path, app: App) -> None:
    with running(db) as one, running(db) as two:
        writer, reader = one.client(app), two.client(app)
        for number in range(5):
            name = f"user-{number}"
            assert reader(_asks(name)).reason == Reason.REASON_UNKNOWN_USER
            at = writer(_users(name)).revision
            until(lambda name=name: reader(_asks(name)).allowed, seconds=10)  # type: ignore[misc]
            assert reader(_asks(name)).revision == at


def test_writes_through_two_servers_at_once_share_one_sequence(db: Path, app: App) -> None:
    with running(db) as one, running(db) as two:
        clients = (one.client(app), two.client(app))
        calls = [
            (client, client.begin(_users(f"{place}-{number}")))
            for number in range(40)
            for place, client in enumerate(clients)
        ]
        revisions = [user_pb2.UpsertUsersResponse.FromString(call.result()).revision for _, call in calls]
        assert sorted(revisions) == list(range(2, 82))
        for client in clients:
            assert len(client(user_pb2.ListUsersRequest(page_size=1_000)).users) == 80
            assert client(_asks("0-0", 81)).revision == 81


# --- killed ----------------------------------------------------------------------------------------------------------


def test_what_was_acknowledged_survives_a_kill_at_any_moment(db: Path, app: App) -> None:
    """Each round writes through several calls at once and kills the server between two of its answers."""
    written: dict[int, str] = {}
    for round_, answers in enumerate((1, 20, 60)):
        with running(db) as server:
            client = server.client(app)
            calls = [client.begin(_users(f"{round_}-{number}")) for number in range(100)]
            for call in calls[:answers]:
                call.result()
            server.kill()
        for number, call in enumerate(calls):
            if call.code() == Code.OK:
                revision = user_pb2.UpsertUsersResponse.FromString(call.result()).revision
                assert revision not in written
                written[revision] = f"{round_}-{number}"
        assert len(written) >= answers
    with running(db) as server:
        client = server.client(app)
        head = client(app_pb2.GetAppRequest()).revision
        assert max(written) <= head
        users = {user.id for page in _pages(client) for user in page.users}
        assert set(written.values()) <= users
        assert len(users) == head - 1  # one user a revision, and the app itself was the first: no gap, nothing by half
        assert client(_users("after")).revision == head + 1


def _pages(client: Client) -> Iterator[Any]:
    token = ""
    while True:
        page = client(user_pb2.ListUsersRequest(page_size=1_000, page_token=token))
        yield page
        token = page.next_page_token
        if not token:
            return


# --- stopped ---------------------------------------------------------------------------------------------------------


def _accepts(server: Server) -> bool:
    host, _, port = server.listen[0].rpartition(":")
    with socket.socket() as probe:
        return probe.connect_ex((host, int(port))) == 0


def _arrived(client: Client, request: Any, number: int) -> list[Any]:
    """Begin calls that wait, and return when the server has all of them."""
    client(_asks("ann"))  # connected: from here on calls arrive in the order in which they begin
    calls = [client.begin(request) for _ in range(number)]
    client(_asks("ann"))
    return calls


def test_a_stop_lets_the_calls_that_run_end_as_they_would(db: Path, app: App) -> None:
    """The calls wait for a revision that another server writes only when the first takes no new ones any more."""
    with running(db) as other, running(db) as server:
        writer = other.client(app)
        at = writer(_users("ann")).revision
        client = server.client(app)
        calls = _arrived(client, _asks("ann", at + 1), 20)
        server.process.send_signal(signal.SIGTERM)
        until(lambda: not _accepts(server))
        assert server.process.poll() is None
        assert not any(call.done() for call in calls)
        writer(_users("bob"))
        for call in calls:
            answer = authorization_pb2.CheckCapabilityResponse.FromString(call.result())
            assert (answer.allowed, answer.revision) == (True, at + 1)
        assert server.stop() == 0
        assert '"event": "stopped"' in server.log


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_under_load_fails_no_call_of_a_client_that_has_another_server(
    db: Path, app: App, number: signal.Signals
) -> None:
    with running(db) as other, running(db) as server:
        other.client(app)(_users("ann"))
        ports = ",".join(one.listen[0] for one in (server, other))
        client = Client(other.channel(f"ipv4:{ports}"), app.key, app.token())
        answered, failed, over = [0], [], threading.Event()

        def work(worker: int) -> None:
            while not over.is_set():
                request: Any = _asks("ann") if worker % 2 else _users(f"load-{worker}-{answered[0]}")
                call = client.begin(request, wait_for_ready=True)
                if call.code() == Code.OK:
                    answered[0] += 1
                else:
                    failed.append(call.details())

        workers = [threading.Thread(target=work, args=(worker,)) for worker in range(8)]
        for worker in workers:
            worker.start()
        until(lambda: answered[0] > 200)
        server.process.send_signal(number)
        assert server.stop() == 0
        after = answered[0]
        until(lambda: answered[0] > after + 100)
        over.set()
        for worker in workers:
            worker.join()
        assert failed == []


def test_connections_that_ask_nothing_take_no_files_from_others(db: Path, app: App) -> None:
    with running(db, http_max_connections=3) as server, ExitStack() as held:
        host, port = server.http.removeprefix("http://").split(":")
        answers = []
        for _ in range(5):
            idle = held.enter_context(socket.create_connection((host, int(port)), timeout=10))
            answers.append(idle)
        for surplus in answers[3:]:
            assert surplus.recv(100).startswith(b"HTTP/1.1 503 ")
        assert server.client(app)(app_pb2.GetAppRequest()).app.name == "acme"
        answers[0].close()
        until(lambda: _healthy(server))


def _healthy(server: Server) -> bool:
    return httpx.get(f"{server.http}/healthz").status_code == 200


def test_a_stop_ends_what_does_not_end_within_the_time_to_drain(db: Path, app: App) -> None:
    with running(db, drain_seconds=1) as server:
        client = server.client(app)
        at = client(_users("ann")).revision
        calls = _arrived(client, _asks("ann", at + 1), 3)
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(timeout=15) == 0
        assert {call.code() for call in calls} <= {Code.UNAVAILABLE, Code.CANCELLED}


# --- the store gone --------------------------------------------------------------------------------------------------


@contextmanager
def _unreadable(db: Path) -> Iterator[None]:
    """Hold the locks that every reader and writer of the file needs: to them the file hangs, as on a disk that is gone.

    SQLite goes on trying for some ten seconds before it gives up.
    """
    with db.with_name(f"{db.name}-shm").open("r+b") as shared:
        until(lambda: _locked(shared.fileno()))
        yield


def _locked(descriptor: int) -> bool:
    try:
        fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, 8, 120)
    except OSError:
        return False
    return True


def test_without_its_store_a_server_answers_what_it_knows_for_a_while_and_then_nothing(db: Path, app: App) -> None:
    """Never an allow because something failed, and no answer of unknown age; all is well again once the store is."""
    with running(db, max_staleness_seconds=1, busy_timeout_ms=50, refresh_ms=10) as server:
        client = server.client(app)
        client(_users("ann", "eve"))
        client(call_pb2.UpsertCallRequest(cid="default:standup"))
        client(call_pb2.BlockUserRequest(cid="default:standup", user_id="eve"))
        assert client(_asks("ann")).allowed
        assert client(_asks("eve")).reason == Reason.REASON_BLOCKED
        health: Any = health_pb2_grpc.HealthStub(server.channel())
        assert httpx.get(f"{server.http}/readyz").status_code == 200
        with _unreadable(db):
            assert client(_asks("ann")).allowed
            for request in (_asks("stranger"), _users("new")):
                assert client.refused(request, seconds=0.2).code in {Code.UNAVAILABLE, Code.DEADLINE_EXCEEDED}
            seen = set()

            def stale() -> bool:
                for name in ("ann", "eve", "stranger"):
                    outcome = client.outcome(rpc_of(_asks(name)), _asks(name).SerializeToString(), seconds=0.2)
                    if isinstance(outcome, Refusal):
                        assert outcome.code in {Code.UNAVAILABLE, Code.DEADLINE_EXCEEDED}
                        seen.add((name, outcome.reason))
                    else:
                        answer = authorization_pb2.CheckCapabilityResponse.FromString(outcome)
                        assert answer.allowed == (name == "ann")
                return ("ann", "INDEX_STALE") in seen

            until(stale)
            assert client.refused(_asks("eve")).reason == "INDEX_STALE"
            for service in ("", "rolecall.api.v1.AuthorizationService"):
                asks = health_pb2.HealthCheckRequest(service=service)
                until(lambda asks=asks: health.Check(asks).status == _NOT_SERVING)  # type: ignore[misc]
            ready = httpx.get(f"{server.http}/readyz")
            assert (ready.status_code, "store" in ready.text) == (503, True)
            assert httpx.get(f"{server.http}/healthz").status_code == 200
            metrics = httpx.get(f"{server.http}/metrics").text.splitlines()
            (age,) = [line for line in metrics if line.startswith("rolecall_index_age_seconds ")]
            assert float(age.split()[1]) > 1
        until(lambda: health.Check(health_pb2.HealthCheckRequest()).status == _SERVING)
        assert httpx.get(f"{server.http}/readyz").status_code == 200
        assert client(_asks("ann")).allowed
        assert client(_asks("stranger")).reason == Reason.REASON_UNKNOWN_USER
        client(_users("new"))


_SERVING = health_pb2.HealthCheckResponse.SERVING
_NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING
