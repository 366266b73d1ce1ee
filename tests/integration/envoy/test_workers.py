"""Several processes on one port and one file, behind either front."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import grpc
import httpx
import psutil
import pytest

from rolecall.api.v1 import authorization_pb2, user_pb2
from rolecall.api.v1.core_pb2 import Reason
from tests.doors import App, Client, Server, attempt, make_app, running, start, until

WORKERS = 2


class Stage(NamedTuple):
    """A server of two workers, and an app."""

    server: Server
    app: App

    def client(self) -> Client:
        """Return a caller on a connection of its own, so at one worker or the other."""
        channel = self.server.channel(use_local_subchannel_pool=1)
        return Client(channel, self.app.key, self.app.token())

    def at_each(self) -> list[Client]:
        """Return a caller at each worker."""
        found: dict[str, Client] = {}
        while len(found) < WORKERS:
            client, before = self.client(), self.answered()
            client(_asks("nobody"))
            (worker,) = [name for name, number in self.answered().items() if number > before.get(name, 0)]
            found[worker] = client
        return list(found.values())

    def answered(self) -> dict[str, float]:
        """Return how many checks each worker has answered."""
        method = 'code="OK",method="/rolecall.api.v1.AuthorizationService/CheckCapability"'
        figures = {}
        for line in httpx.get(f"{self.server.http}/metrics").text.splitlines():
            if line.startswith("rolecall_rpcs_total{") and method in line:
                figures[line.split('worker="')[1].split('"')[0]] = float(line.split()[-1])
        return figures


@pytest.fixture(scope="module", params=["grpc", "envoy"])
def front(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def stage(front: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    db = tmp_path_factory.mktemp(front) / "store.db"
    app = make_app(db)
    with running(db, front=front, workers=WORKERS, refresh_ms=60_000) as server:
        yield Stage(server, app)


def _users(*ids: str, **said: Any) -> user_pb2.UpsertUsersRequest:
    return user_pb2.UpsertUsersRequest(users=[user_pb2.User(id=name, **said) for name in ids])


def _asks(user_id: str, at: int = 0) -> authorization_pb2.CheckCapabilityRequest:
    return authorization_pb2.CheckCapabilityRequest(
        user_id=user_id, call="default:standup", capability="send-audio", min_revision=at
    )


def test_a_write_through_one_is_read_exactly_through_the_other(stage: Stage) -> None:
    """Workers look for writes once a minute only, so what they know they know because it was asked for."""
    one, other = stage.at_each()
    for writer, reader, name in ((one, other, "ann"), (other, one, "bob")):
        assert reader(_asks(name)).reason == Reason.REASON_UNKNOWN_USER
        at = writer(_users(name)).revision
        assert reader(_asks(name, at)).allowed
        at = writer(_users(name, banned=True)).revision
        assert reader(_asks(name, at)).reason == Reason.REASON_BANNED


def test_metrics_tell_of_every_worker_and_describe_each_family_once(stage: Stage) -> None:
    stage.at_each()
    page = httpx.get(f"{stage.server.http}/metrics").text
    heads = [line for line in page.splitlines() if line.startswith("# TYPE ")]
    assert len(heads) == len(set(heads))
    for worker in range(WORKERS):
        assert f'rolecall_build_info{{worker="{worker}",version=' in page
        assert f'rolecall_index_apps{{worker="{worker}"}} 1.0' in page


def test_http_is_one_worker_s(stage: Stage) -> None:
    with httpx.Client(base_url=stage.server.http) as http:
        for _ in range(8):
            assert http.get("/readyz", headers={"connection": "close"}).text == "ok\n"


def test_a_worker_that_is_killed_is_missed_by_none_but_its_clients(stage: Stage) -> None:
    workers = psutil.Process(stage.server.process.pid).children()
    assert len(workers) == WORKERS
    before = stage.server.log.count('"event": "worker serves again"')
    workers[-1].kill()
    until(lambda: stage.server.log.count('"event": "worker serves again"') > before)
    for client in stage.at_each():
        assert client(_asks("nobody")).reason == Reason.REASON_UNKNOWN_USER


@pytest.mark.parametrize("front", ["grpc"], scope="function")  # Envoy's Python works in that folder
def test_the_folder_that_a_server_was_started_from_may_go(
    front: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    db = tmp_path / "store.db"
    make_app(db)
    with running(db, front=front, workers=WORKERS) as server:
        gone.rmdir()
        psutil.Process(server.process.pid).children()[0].kill()
        until(lambda: '"event": "worker serves again"' in server.log)


@pytest.mark.parametrize("front", ["grpc", "envoy"], scope="function")
def test_a_stop_under_load_fails_no_call_of_a_client_that_has_another_server(front: str, tmp_path: Path) -> None:
    db = tmp_path / "store.db"
    app = make_app(db)
    with running(db) as other, running(db, front=front, workers=WORKERS) as server:
        ports = ",".join(one.listen[0] for one in (server, other))
        answered, failed, over = [0], [], threading.Event()

        def work() -> None:
            channel = other.channel(f"ipv4:{ports}", use_local_subchannel_pool=1)
            client = Client(channel, app.key, app.token())
            while not over.is_set():
                call = client.begin(_asks("ann"), wait_for_ready=True)
                if call.code() == grpc.StatusCode.OK:
                    answered[0] += 1
                else:
                    failed.append(call.details())

        threads = [threading.Thread(target=work) for _ in range(6)]
        for thread in threads:
            thread.start()
        until(lambda: answered[0] > 200)
        assert server.stop() == 0
        after = answered[0]
        until(lambda: answered[0] > after + 100)
        over.set()
        for thread in threads:
            thread.join()
        assert failed == []


@pytest.mark.parametrize("front", ["grpc", "envoy"], scope="function")
def test_workers_that_find_no_supervisor_any_more_end(front: str, tmp_path: Path) -> None:
    db = tmp_path / "store.db"
    make_app(db)
    server = start(db, front=front, workers=WORKERS)
    workers = psutil.Process(server.process.pid).children()
    server.kill()
    until(lambda: all(not one.is_running() or one.status() == psutil.STATUS_ZOMBIE for one in workers))


@pytest.mark.parametrize("front", ["grpc", "envoy"], scope="function")
def test_the_development_app_is_made_once(front: str, tmp_path: Path) -> None:
    db = tmp_path / "store.db"
    with running(db, front=front, workers=WORKERS, dev=True) as server:
        assert "Traceback" not in server.log
        page = httpx.get(f"{server.http}/metrics").text
        assert page.count("rolecall_index_apps{") == WORKERS
        assert 'rolecall_index_apps{worker="0"} 1.0' in page


@pytest.mark.parametrize("front", ["grpc", "envoy"], scope="function")
def test_a_unix_socket_needs_one_worker(front: str, tmp_path: Path) -> None:
    done = attempt(tmp_path / "store.db", front=front, workers=WORKERS, listen=("unix:///tmp/nobody.sock",))
    assert done.returncode == 2
    assert "`--listen` must not be a unix socket while `workers` is more than 1" in done.stderr
