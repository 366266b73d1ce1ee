"""What keeps a server from starting: each with one clear line and an exit code that is not zero."""

from __future__ import annotations

import json
import socket
import sqlite3
import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest

from rolecall.api.v1 import app_pb2
from tests.doors import attempt, make_app, running


def _line(done: subprocess.CompletedProcess[str]) -> str:
    """Return the one line that says why there is no server; a hint may follow it."""
    assert done.returncode not in {0, None}
    assert done.stdout == ""
    lines = [line for line in done.stderr.splitlines() if not line.startswith(("{", "hint: "))]
    assert len(lines) == 1, done.stderr
    assert "Traceback" not in done.stderr
    return lines[0]


@pytest.fixture
def db(tmp_path: Path) -> Path:
    path = tmp_path / "store.db"
    make_app(path)
    return path


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    path.write_bytes(b"this is no database, whatever its name says" * 100)
    line = _line(attempt(path))
    assert str(path) in line
    assert "not a database" in line
    assert path.read_bytes().startswith(b"this is no database")


def test_a_database_that_is_damaged(db: Path) -> None:
    content = bytearray(db.read_bytes())
    content[100:4_096] = b"\xa5" * 3_996
    db.write_bytes(content)
    line = _line(attempt(db))
    assert "damaged" in line
    assert "rolecall db check" in line


def test_a_database_of_another_program(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE mine (x)")
    other.close()
    before = path.read_bytes()
    assert "another program's" in _line(attempt(path))
    assert path.read_bytes() == before


def test_a_database_of_a_newer_program(db: Path) -> None:
    newer = sqlite3.connect(db)
    newer.execute("PRAGMA user_version = 999")
    newer.close()
    line = _line(attempt(db))
    assert "newer" in line
    assert "999" in line
    unchanged = sqlite3.connect(db)
    assert unchanged.execute("PRAGMA user_version").fetchone() == (999,)
    unchanged.close()


def test_a_database_that_another_process_keeps_for_itself(db: Path) -> None:
    keeper = sqlite3.connect(db, isolation_level=None)
    keeper.execute("PRAGMA locking_mode = EXCLUSIVE")
    keeper.execute("BEGIN EXCLUSIVE")
    try:
        line = _line(attempt(db, busy_timeout_ms=50))
    finally:
        keeper.close()
    assert "locked by another process" in line


@pytest.mark.parametrize("what", ["a folder that is not there", "a folder"])
def test_a_place_where_no_file_can_be(tmp_path: Path, what: str) -> None:
    path = tmp_path / "nowhere" / "store.db" if what.endswith("there") else tmp_path
    assert str(path) in _line(attempt(path))


def test_a_port_that_is_in_use(db: Path, tmp_path: Path) -> None:
    with running(db) as server:
        line = _line(attempt(db, listen=server.listen))
        assert server.listen[0] in line
        assert "in use" in line
        taken = server.http.removeprefix("http://")
        line = _line(attempt(db, http=taken))
        assert taken in line
        assert httpx.get(f"{server.http}/readyz").status_code == 200


def test_an_address_that_is_not_of_this_machine(db: Path) -> None:
    assert "192.0.2.1:1" in _line(attempt(db, listen=("192.0.2.1:1",)))


def test_settings_that_are_wrong_are_all_named_before_anything_is_opened(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    done = attempt(path, listen=("nowhere",), refresh_ms=0, max_message_mb="much")
    assert done.returncode == 2
    for name in ("--listen", "--refresh-ms", "--max-message-mb"):
        assert f"`{name}`" in done.stderr
    assert "Traceback" not in done.stderr
    assert not path.exists()


def test_a_failed_start_leaves_the_file_as_it_was_and_the_next_one_works(db: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert "in use" in _line(attempt(db, listen=(f"127.0.0.1:{port}",)))
    assert not db.with_name(f"{db.name}-wal").exists()
    with running(db):
        pass


def test_without_development_mode_nothing_insecure_is_made(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    with running(path) as server:
        log = [json.loads(line) for line in server.log.splitlines()]
        (warning,) = [line for line in log if line["level"] == "warning"]
        assert "rolecall app create" in warning["event"]
    store = sqlite3.connect(path)
    assert store.execute("SELECT count(*) FROM apps").fetchone() == (0,)
    store.close()
    assert path.stat().st_mode & 0o077 == 0


def test_development_mode_listens_on_this_machine_alone(tmp_path: Path) -> None:
    done = attempt(tmp_path / "store.db", listen=("0.0.0.0:0",), dev=True)
    assert done.returncode == 2
    assert "loopback" in done.stderr


# --- doors beside the gRPC one ---------------------------------------------------------------------------------------


def test_http_tells_of_health_and_figures_and_nothing_that_is_secret(db: Path) -> None:
    app = make_app(db, "watched")
    token = app.token("ann")
    with running(db) as server:
        client = server.client(app)
        client(app_pb2.GetAppRequest())
        refusals = [server.client(app._replace(secret="x" * 64)), server.client(app, "ann")]
        for caller in refusals:
            caller.refused(app_pb2.GetAppRequest())
        assert httpx.get(f"{server.http}/healthz").text == "ok\n"
        assert httpx.get(f"{server.http}/readyz").text == "ok\n"
        assert httpx.get(f"{server.http}/nothing").status_code == 404
        assert httpx.post(f"{server.http}/metrics").status_code == 405
        page = httpx.get(f"{server.http}/metrics")
        assert page.headers["content-type"].startswith("text/plain")
        method = 'method="/rolecall.api.v1.AppService/GetApp"'
        for sample in (
            f'rolecall_rpcs_total{{code="OK",{method}}} 1.0',
            f'rolecall_rpcs_total{{code="UNAUTHENTICATED",{method}}} 1.0',
            f'rolecall_rpcs_total{{code="PERMISSION_DENIED",{method}}} 1.0',
            f"rolecall_rpc_seconds_count{{{method}}} 3.0",
            "rolecall_index_apps 2.0",
            "rolecall_build_info{",
            "rolecall_decisions_total{",
            "rolecall_index_age_seconds ",
            "process_resident_memory_bytes ",
        ):
            assert sample in page.text, sample
        failed = [json.loads(line) for line in server.log.splitlines() if '"failed"' in line]
        assert [line["code"] for line in failed] == ["UNAUTHENTICATED", "PERMISSION_DENIED"]
        assert all(line["request_id"] for line in failed)
        for secret in (app.secret, app.token(), token, token.rpartition(".")[2]):
            assert secret not in page.text + server.log


def test_a_request_id_of_the_client_is_in_the_log_and_in_the_details(db: Path) -> None:
    app = make_app(db, "traced")
    with running(db) as server:
        call: Any = server.channel().unary_unary("/rolecall.api.v1.AppService/GetApp")
        metadata = (("x-api-key", app.key), ("authorization", "nonsense"), ("x-request-id", "id-of-mine"))
        assert b"id-of-mine" in dict(call.future(b"", metadata=metadata).trailing_metadata())["grpc-status-details-bin"]
        assert "id-of-mine" in server.log
