"""What is Envoy's alone: where gRPC and HTTP are asked, what is said when it can't start, and what ends it."""

from __future__ import annotations

import os
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import grpc
import httpx
import psutil
import pytest

from rolecall.api.v1 import app_pb2
from tests.doors import TCP, App, Client, Server, attempt, make_app, running, start, until
from tests.e2e.test_sockets import Certificates, certificates, needs_openssl
from tests.integration.rest.sockets import lines

__all__ = ["certificates"]
GET = app_pb2.GetAppRequest()


@pytest.fixture
def db(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


@pytest.fixture
def app(db: Path) -> App:
    return make_app(db)


@pytest.fixture
def folders(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Have a folder of their own for the private folders of servers."""
    with tempfile.TemporaryDirectory(prefix="rolecall-") as folder:
        monkeypatch.setenv("TMPDIR", folder)
        yield Path(folder)


def envoys(server: Server) -> list[psutil.Process]:
    return [one for one in psutil.Process(server.process.pid).children() if one.name() == "envoy"]


def name_of_app(server: Server, app: App, address: str | None = None, **channel: Any) -> str:
    return str(Client(server.channel(address, **channel), app.key, app.token())(GET).app.name)


# --- where what is asked ---------------------------------------------------------------------------------------------


async def test_every_address_answers_grpc_and_http_and_websockets(db: Path, app: App) -> None:
    with running(db, listen=("127.0.0.1:0", "[::1]:0", "localhost:0")) as server:
        bases = [server.http, *(f"http://{address}" for address in server.listen)]
        for base in bases:
            assert name_of_app(server, app, base.removeprefix("http://")) == "acme"
            assert _get(f"{base}/readyz") == "ok\n"
            async with lines(base, app) as line:
                assert (await line.chat("alice")).first["me"]["id"] == "alice"
        metrics = _get(f"{server.http}/metrics")
        assert 'rolecall_rpcs_total{code="OK",method="/rolecall.api.v1.AppService/GetApp"} 4.0' in metrics


def _get(url: str) -> str:
    return httpx.get(url).text


def test_without_http_only_grpc_is_answered(db: Path, app: App) -> None:
    with running(db, http="off") as server:
        assert name_of_app(server, app) == "acme"
        answer = httpx.get(f"http://{server.listen[0]}/healthz")
        assert answer.status_code in {405, 415}
        asked = "POST /rolecall.api.v1.AppService/GetApp"
        said = _upgraded(server.listen[0], asked, "content-type: application/grpc")
        assert said == "HTTP/1.1 200 OK"  # as gRPC says no, in a header: it was answered


def test_a_probe_of_http_1_0_needs_no_host(db: Path, app: App) -> None:
    with running(db) as server:
        host, port = server.http.removeprefix("http://").rsplit(":", 1)
        with socket.create_connection((host, int(port)), 20) as probe:
            probe.sendall(b"GET /readyz HTTP/1.0\r\n\r\n")
            assert probe.recv(4096).startswith(b"HTTP/1.0 200 ")


def test_a_websocket_that_says_it_is_grpc_is_answered_by_the_http_door(db: Path, app: App) -> None:
    with running(db) as server:
        base = server.http.removeprefix("http://")
        for asked in ("GET /connect", "GET /nothing", "POST /rolecall.api.v1.AppService/GetApp"):
            answers = [_upgraded(base, asked, *more) for more in ((), ("content-type: application/grpc",))]
            assert answers[0] == answers[1]
        assert name_of_app(server, app, base) == "acme"


def _upgraded(base: str, asked: str, *more: str) -> str:
    """Ask for a WebSocket and return the first line of the answer."""
    head = (
        f"{asked} HTTP/1.1",
        f"host: {base}",
        "connection: upgrade",
        "upgrade: websocket",
        "sec-websocket-version: 13",
        "sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==",
        *more,
    )
    host, port = base.rsplit(":", 1)
    with socket.create_connection((host, int(port)), 20) as wire:
        wire.sendall("\r\n".join((*head, "", "")).encode())
        return wire.recv(4096).split(b"\r\n")[0].decode()


def test_one_port_may_be_both(db: Path, app: App) -> None:
    with running(db) as found:
        port = found.listen[0]
    with running(db, listen=(port,), http=port) as server:
        assert name_of_app(server, app) == "acme"
        assert httpx.get(f"{server.http}/healthz").text == "ok\n"


@needs_openssl
def test_with_tls_the_http_port_has_http_alone_and_only_unix_sockets_are_trusted(
    db: Path, app: App, certificates: Certificates, folders: Path
) -> None:
    address = f"unix://{folders}/door.sock"
    files = {"tls_cert": certificates.path("server.crt"), "tls_key": certificates.path("server.key")}
    with running(db, listen=(*TCP, address), trust_unix_sockets=True, **files) as server:
        port = server.listen[0]
        https = httpx.Client(base_url=f"https://{port}", verify=_trusting(certificates))
        with https:
            assert https.get("/readyz").text == "ok\n"
        assert httpx.get(f"{server.http}/readyz").text == "ok\n"
        tls = certificates.credentials()
        assert name_of_app(server, app, credentials=tls) == "acme"
        assert Client(server.channel(credentials=tls), app.key).refused(GET).reason == "TOKEN_MISSING"
        assert Client(server.channel(address), app.key)(GET).app.name == "acme"
        over_http = Client(server.channel(server.http.removeprefix("http://")), app.key, app.token())
        assert over_http.refused(GET).code in {grpc.StatusCode.UNIMPLEMENTED, grpc.StatusCode.UNKNOWN}


@needs_openssl
def test_the_reference_knows_that_it_is_asked_by_tls(db: Path, app: App, certificates: Certificates) -> None:
    files = {"tls_cert": certificates.path("server.crt"), "tls_key": certificates.path("server.key")}
    with running(db, **files) as server:
        by_tls = f"https://{server.listen[0]}"
        assert by_tls in httpx.get(f"{by_tls}/docs", verify=_trusting(certificates)).text
        assert server.http in httpx.get(f"{server.http}/docs").text


def _trusting(certificates: Certificates) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(certificates.path("ca.crt")))


@pytest.mark.parametrize("name", ["x-forwarded-for", "forwarded", "x-envoy-external-address"])
def test_no_header_makes_a_caller_one_of_a_unix_socket(db: Path, app: App, folders: Path, name: str) -> None:
    address = f"unix://{folders}/door.sock"
    with running(db, listen=(*TCP, address), trust_unix_sockets=True) as server:
        ask: Any = server.channel().unary_unary("/rolecall.api.v1.AppService/GetApp")
        with pytest.raises(grpc.RpcError) as caught:
            ask(b"", timeout=10, metadata=(("x-api-key", app.key), (name, f"unix:{folders}/door.sock")))
        error: Any = caught.value
        assert error.code() == grpc.StatusCode.UNAUTHENTICATED


# --- its threads -----------------------------------------------------------------------------------------------------


def woken(task: Path) -> int:
    """Return how often a thread has waited and been woken."""
    (line,) = [one for one in (task / "status").read_text().splitlines() if one.startswith("voluntary")]
    return int(line.split()[1])


@pytest.mark.skipif(sys.platform != "linux", reason="batch threads are Linux's")
def test_the_thread_that_hands_each_call_over_is_a_batch_thread_and_no_other(db: Path, app: App) -> None:
    with running(db, front="envoy") as server:
        (envoy,) = envoys(server)
        name_of_app(server, app)

        tasks = list(Path(f"/proc/{envoy.pid}/task").iterdir())
        (batch,) = [task for task in tasks if os.sched_getscheduler(int(task.name)) == os.SCHED_BATCH]

        before = woken(batch)
        for _ in range(100):
            name_of_app(server, app)
        assert woken(batch) - before >= 100


# --- starts that fail ------------------------------------------------------------------------------------------------


def test_a_port_that_is_taken_is_an_error(db: Path, app: App) -> None:
    with running(db) as server:
        done = attempt(db, listen=server.listen)
        assert done.returncode == 1
        assert server.listen[0] in done.stderr
        done = attempt(db, http=server.listen[0])
        assert (done.returncode, "`http`" in done.stderr) == (1, True)
        assert name_of_app(server, app) == "acme"


def test_a_store_that_is_none_is_told_as_ever(db: Path, folders: Path) -> None:
    db.write_text("no store at all, but long enough for one to be looked for in it" * 20)
    done = attempt(db)
    assert done.returncode == 1
    assert "not a database" in done.stderr
    assert "Traceback" not in done.stderr
    assert list(folders.iterdir()) == []


def _serve_with(patch: str, db: Path) -> subprocess.CompletedProcess[str]:
    program = f"import sys, rolecall.app.launch as launch\n{patch}\nfrom rolecall.cli import main\nsys.exit(main())"
    flags = ["serve", "--front", "envoy", "--db", str(db), "--listen", "127.0.0.1:0", "--http", "off"]
    return subprocess.run(
        [sys.executable, "-c", program, *flags], capture_output=True, text=True, timeout=60, check=False
    )


def test_python_that_does_not_come_up_inside_envoy_is_an_error(db: Path, app: App, folders: Path) -> None:
    done = _serve_with("launch.INSIDE = 'rolecall.nowhere:app'", db)
    assert done.returncode == 1
    assert "No module named 'rolecall.nowhere'" in done.stderr
    assert "error: worker 0 ended with exit code 1 before it served" in done.stderr
    assert list(folders.iterdir()) == []


def test_a_temporary_folder_in_which_there_can_be_no_socket_is_told(
    db: Path, app: App, folders: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = folders / ("x" * 80)
    deep.mkdir()
    monkeypatch.setenv("TMPDIR", str(deep))
    done = attempt(db)
    said = f"error: can't have sockets in `{deep}`: set TMPDIR to a folder with a shorter path\n"
    assert (done.returncode, done.stderr) == (1, said)
    assert list(deep.iterdir()) == []


@pytest.mark.parametrize("package", ["pyvoy", "envoy"])
def test_without_pyvoy_it_is_told_what_to_install(db: Path, app: App, package: str) -> None:
    patch = (
        "from importlib.machinery import PathFinder\nfind = PathFinder.find_spec\n"
        f"without = lambda name: None if name == {package!r} else find(name)\n"
        "launch.program.PathFinder = type('Finder', (), {'find_spec': without})"
    )
    done = _serve_with(patch, db)
    assert done.returncode == 1
    what = "the Envoy front needs pyvoy, which is not installed: in a clone, `pip install '.[envoy]'` installs it"
    assert done.stderr.endswith(f"error: {what} (field `front`)\n")


@needs_openssl
def test_a_key_that_envoy_does_not_take_is_an_error(db: Path, app: App, folders: Path) -> None:
    new = (
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:secp256k1",
        "-nodes",
        "-days",
        "2",
    )
    named = (*new, "-subj", "/CN=x", "-keyout", "k.pem", "-out", "c.pem")
    subprocess.run(named, cwd=db.parent, check=True, capture_output=True)
    done = attempt(db, tls_cert=db.parent / "c.pem", tls_key=db.parent / "k.pem")
    assert done.returncode == 1
    assert f"certificate chain from {db.parent}/c.pem" in done.stderr
    assert "error: worker 0 ended with exit code 1 before it served" in done.stderr
    assert list(folders.iterdir()) == []


# --- ends ------------------------------------------------------------------------------------------------------------


def test_an_envoy_that_dies_is_started_again_at_its_addresses(db: Path, app: App) -> None:
    with running(db) as server:
        (envoy,) = envoys(server)
        envoy.kill()
        until(lambda: '"event": "worker serves again"' in server.log)
        assert '"how": "SIGKILL"' in server.log
        assert name_of_app(server, app) == "acme"
        assert httpx.get(f"{server.http}/readyz").text == "ok\n"
        (again,) = envoys(server)
        assert again.pid != envoy.pid


def test_a_worker_that_can_t_be_started_again_is_told_of_and_tried_again(db: Path, app: App, folders: Path) -> None:
    with running(db) as server:
        (own,) = folders.iterdir()
        own.rename(folders / "elsewhere")
        envoys(server)[0].kill()
        until(lambda: server.log.count('"error": "can\'t start worker 0: ') > 1)
        (folders / "elsewhere").rename(own)
        until(lambda: '"event": "worker serves again"' in server.log)
        assert name_of_app(server, app) == "acme"


def test_a_supervisor_that_is_killed_takes_its_envoy_with_it(db: Path, app: App, folders: Path) -> None:
    server = start(db)
    (envoy,) = envoys(server)
    server.kill()
    until(lambda: not envoy.is_running() or envoy.status() == psutil.STATUS_ZOMBIE)
    with suppress(psutil.NoSuchProcess, ChildProcessError):
        os.waitpid(envoy.pid, os.WNOHANG)
    until(lambda: list(folders.iterdir()) == [])


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_ends_everything_and_leaves_nothing(db: Path, app: App, folders: Path, number: signal.Signals) -> None:
    with running(db) as server:
        assert name_of_app(server, app) == "acme"
        assert [one.name.startswith("rolecall-") for one in folders.iterdir()] == [True]
        (envoy,) = envoys(server)
        server.process.send_signal(number)
        assert server.stop() == 0
        assert not envoy.is_running()
        assert list(folders.iterdir()) == []
        assert "Traceback" not in server.log
