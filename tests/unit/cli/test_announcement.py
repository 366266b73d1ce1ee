"""What `rolecall serve` says: addresses, and in development mode lines that fit the server's doors."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from rolecall.app.started import Dev, Started
from rolecall.cli.announcement import announcement, as_json, program
from rolecall.config import Settings

FIRST = Dev("dev", "k1", "s3cret", "t0ken")
LATER = Dev("dev", "k1", None, "t1ken")


@pytest.fixture(autouse=True)
def _on_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")


def said(settings: Settings, listen: str, dev: Dev | None, http: str | None = None) -> list[str]:
    return list(announcement(settings, Started((listen,), http, 1, dev)))


def pasted(settings: Settings, listen: str) -> list[str]:
    lines = said(settings, listen, FIRST)
    start = next(place for place, line in enumerate(lines) if line.startswith("paste"))
    return [line.strip() for line in lines[start + 1 :]]


def test_without_development_it_says_where_and_no_more() -> None:
    settings = Settings(db=Path("x.db"))
    started = Started(("127.0.0.1:1", "unix:///s"), "127.0.0.1:2", 3, None)
    _, *lines = announcement(settings, started)
    assert lines == [
        "  gRPC    127.0.0.1:1",
        "  gRPC    unix:///s",
        "  HTTP    http://127.0.0.1:2  (/docs, /metrics, /healthz, /readyz)",
        "  store   x.db",
    ]
    assert as_json(started)["dev"] is None


def test_the_secret_is_shown_at_the_first_start_only() -> None:
    assert "  secret  s3cret" in said(Settings(), "127.0.0.1:1", FIRST)
    later = said(Settings(), "127.0.0.1:1", LATER)
    assert not any(line.startswith("  secret") for line in later)
    assert any("rolecall app rotate-secret dev --db rolecall.db" in line for line in later)


def test_lines_for_the_default_address() -> None:
    assert pasted(Settings(), "127.0.0.1:50051")[:4] == [
        "grpcurl -plaintext 127.0.0.1:50051 list",
        (
            "grpcurl -plaintext -H 'x-api-key: k1' -H 'authorization: t0ken' "
            '-d \'{"user_id":"bob","call":"default:standup","capability":"send-audio"}\' '
            "127.0.0.1:50051 rolecall.api.v1.AuthorizationService/CheckCapability"
        ),
        "ROLECALL_API_KEY=k1 ROLECALL_TOKEN=t0ken rolecall check bob send-audio --call default:standup",
        "rolecall explain gil mute-users --call default:standup --db rolecall.db --app dev",
    ]


def test_lines_for_another_port_and_a_path_with_spaces() -> None:
    _, _, check, explain, *_ = pasted(Settings(db=Path("my dev.db")), "127.0.0.1:7")
    assert check.endswith(" --call default:standup --address 127.0.0.1:7")
    assert explain.endswith(" --db 'my dev.db' --app dev")


def test_lines_for_a_unix_socket() -> None:
    listed, asked, check, *_ = pasted(Settings(), "unix:///run/x.sock")
    assert listed == "grpcurl -plaintext -unix -authority localhost /run/x.sock list"
    assert " /run/x.sock rolecall.api.v1." in asked
    assert check.endswith(" --address unix:///run/x.sock")


def test_lines_for_tls_and_mutual_tls() -> None:
    tls = Settings(tls_cert=Path("c.pem"), tls_key=Path("k.pem"))
    listed, _, check, *_ = pasted(tls, "127.0.0.1:7")
    assert listed == "grpcurl -cacert c.pem 127.0.0.1:7 list"
    assert check.endswith(" --address 127.0.0.1:7 --tls-ca c.pem")
    assert "  gRPC    127.0.0.1:7  (TLS)" in said(tls, "127.0.0.1:7", None)
    mutual = Settings(tls_cert=Path("c.pem"), tls_key=Path("k.pem"), tls_client_ca=Path("a.pem"))
    listed, _, check, *_ = pasted(mutual, "127.0.0.1:7")
    assert listed == "grpcurl -cacert c.pem -cert CERT -key KEY 127.0.0.1:7 list"
    assert check.endswith(" --tls-ca c.pem --tls-client-cert CERT --tls-client-key KEY")
    assert pasted(mutual, "unix:///s")[0].startswith("grpcurl -plaintext -unix")


def test_the_command_is_named_as_it_can_be_called(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert program() == "rolecall"
    monkeypatch.setattr("shutil.which", lambda _: None)
    monkeypatch.setattr(sys, "executable", str(tmp_path / ".venv" / "bin" / "python"))
    monkeypatch.chdir(tmp_path)
    assert program() == f"{tmp_path}/.venv/bin/python -m rolecall"
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / ".venv" / "bin" / "rolecall").touch()
    assert program() == ".venv/bin/rolecall"
    monkeypatch.chdir(tmp_path / ".venv")
    assert program() == "bin/rolecall"
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert program() == f"{tmp_path}/.venv/bin/rolecall"
