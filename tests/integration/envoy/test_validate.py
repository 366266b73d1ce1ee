"""Envoy's own opinion of every configuration that is made for it."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from rolecall.transports.envoy import program
from rolecall.transports.envoy.bootstrap import Doors, Limits, Port, bootstrap
from rolecall.transports.envoy.parts import Keepalive, Python, TlsFiles
from tests.e2e.test_sockets import Certificates, certificates, needs_openssl

__all__ = ["certificates"]

PORTS = (Port("127.0.0.1", 0), Port("::1", 0), Port("::", 0))
PLAIN = Doors(PORTS, ("/tmp/a.sock",), None, (Port("127.0.0.1", 1),), "/tmp/h.sock")  # noqa: S108 - never opened
LAYOUTS = {
    "all": PLAIN,
    "no sockets": replace(PLAIN, sockets=()),
    "sockets alone": replace(PLAIN, ports=(), http=()),
    "no http": replace(PLAIN, http=(), http_socket=None),
}
APP = """
async def app(scope, receive, send):
    await receive()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await send({"type": "lifespan.shutdown.complete"})
"""


def _valid(doors: Doors, folder: Path) -> str:
    """Return what Envoy has to say."""
    found = program.find()
    (folder / "nothing.py").write_text(APP)
    made = bootstrap(doors, Python(found.pyvoy, "nothing:app"), Limits(1_000, Keepalive(60, 20)), str(folder))
    (folder / "envoy.json").write_text(json.dumps(made))
    command = [*found.command(str(folder / "envoy.json"), json_lines=True), "--mode", "validate"]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=60, check=False, env=found.environment(), cwd=folder
    )
    return done.stderr if done.returncode else ""


@pytest.mark.parametrize("layout", LAYOUTS)
def test_without_tls(tmp_path: Path, layout: str) -> None:
    assert _valid(LAYOUTS[layout], tmp_path) == ""


@needs_openssl
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("mutual", [False, True])
def test_with_tls(tmp_path: Path, certificates: Certificates, layout: str, mutual: bool) -> None:
    client_ca = str(certificates.path("ca.crt")) if mutual else None
    files = TlsFiles(str(certificates.path("server.crt")), str(certificates.path("server.key")), client_ca)
    assert _valid(replace(LAYOUTS[layout], tls=files), tmp_path) == ""


def test_what_is_wrong_would_be_heard(tmp_path: Path) -> None:
    assert "nonsense" in _valid(replace(PLAIN, ports=(Port("nonsense", 1),)), tmp_path)
