"""Settings handed to another process by its environment are the same there."""

from __future__ import annotations

from pathlib import Path

import pytest

from rolecall.config import SERVER_NAMES, Address, Settings, environment, resolve

EVERY = Settings(
    db=Path("a file.db"),
    listen=(Address("::1", 5), Address("localhost", 0), Address(path="/run/a b.sock")),
    http=None,
    http_cors_origins=("https://a.example", "http://b.example:8080"),
    front="envoy",
    dev=True,
    trust_unix_sockets=True,
    cache_mb=17,
    max_concurrent_rpcs=1,
    log_level="warning",
    log_format="console",
)


@pytest.mark.parametrize("settings", [Settings(), EVERY], ids=["defaults", "every kind"])
def test_another_process_reads_the_same(settings: Settings) -> None:
    assert resolve({}, environment(settings), names=SERVER_NAMES).settings == settings


def test_files_keep_their_places(tmp_path: Path) -> None:
    for name in ("cert", "key", "ca"):
        (tmp_path / name).touch()
    settings = Settings(tls_cert=tmp_path / "cert", tls_key=tmp_path / "key", tls_client_ca=tmp_path / "ca")
    told = environment(settings)
    assert [told[f"ROLECALL_TLS_{name}"] for name in ("CERT", "KEY", "CLIENT_CA")] == [
        str(tmp_path / name) for name in ("cert", "key", "ca")
    ]
