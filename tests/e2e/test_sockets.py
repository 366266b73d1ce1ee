"""The doors that are no plain port: unix sockets, TLS, and TLS that asks clients who they are."""

from __future__ import annotations

import os
import shutil
import socket
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import grpc
import pytest

from rolecall.api.v1 import app_pb2
from tests.doors import TCP, App, Client, Server, attempt, make_app, running, start

Code = grpc.StatusCode
GET = app_pb2.GetAppRequest()


class Place(NamedTuple):
    """A store with an app, and a path short enough for a socket."""

    db: Path
    app: App
    socket: Path

    @property
    def address(self) -> str:
        return f"unix://{self.socket}"


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    db = tmp_path / "store.db"
    with tempfile.TemporaryDirectory(prefix="rolecall-") as folder:
        yield Place(db, make_app(db), Path(folder) / "door.sock")


# --- unix sockets ----------------------------------------------------------------------------------------------------


def test_a_socket_answers_beside_a_port_and_is_gone_after_a_stop(place: Place) -> None:
    with running(place.db, listen=(*TCP, place.address)) as server:
        assert server.listen[1] == place.address
        for address in server.listen:
            client = Client(server.channel(address), place.app.key, place.app.token())
            assert client(GET).app.name == "acme"
    assert not place.socket.exists()


def test_a_socket_can_be_opened_by_its_user_and_group_alone(place: Place) -> None:
    before = os.umask(0)
    try:
        with running(place.db, listen=(place.address,)):
            assert stat.S_IMODE(place.socket.stat().st_mode) == 0o660
    finally:
        os.umask(before)


def test_callers_on_a_socket_need_a_token_like_any_other(place: Place) -> None:
    with running(place.db, listen=(place.address,)) as server:
        refusal = Client(server.channel(place.address), place.app.key).refused(GET)
        assert (refusal.code, refusal.reason) == (Code.UNAUTHENTICATED, "TOKEN_MISSING")


def test_callers_on_a_trusted_socket_need_a_key_alone_and_those_on_a_port_still_a_token(place: Place) -> None:
    with running(place.db, listen=(*TCP, place.address), trust_unix_sockets=True) as server:
        here, there = server.channel(place.address), server.channel(server.listen[0])
        assert Client(here, place.app.key)(GET).app.name == "acme"
        assert Client(here).refused(GET).reason == "API_KEY_MISSING"
        assert Client(here, "nope").refused(GET).reason == "API_KEY_UNKNOWN"
        assert Client(here, place.app.key, "garbage").refused(GET).reason == "TOKEN_MALFORMED"
        user = Client(here, place.app.key, place.app.token("ann"))
        assert user.refused(GET).code == Code.PERMISSION_DENIED  # who shows a token is who the token says
        assert Client(there, place.app.key).refused(GET).reason == "TOKEN_MISSING"


def test_a_socket_that_a_killed_server_left_behind_is_replaced(place: Place) -> None:
    start(place.db, listen=(place.address,)).kill()
    assert place.socket.exists()
    with running(place.db, listen=(place.address,)) as server:
        client = Client(server.channel(place.address), place.app.key, place.app.token())
        assert client(GET).app.name == "acme"


def test_a_socket_that_another_server_answers_on_is_left_to_it(place: Place) -> None:
    with running(place.db, listen=(place.address,)) as server:
        done = attempt(place.db, listen=(place.address,))
        assert done.returncode not in {0, None}
        assert place.address in done.stderr
        assert "Traceback" not in done.stderr
        client = Client(server.channel(place.address), place.app.key, place.app.token())
        assert client(GET).app.name == "acme"


def test_a_file_that_is_no_socket_is_not_touched(place: Place) -> None:
    place.socket.write_text("mine")
    done = attempt(place.db, listen=(place.address,))
    assert done.returncode not in {0, None}
    assert "no socket" in done.stderr
    assert place.socket.read_text() == "mine"


def test_a_socket_in_a_folder_that_is_not_there_is_a_clear_error(place: Place) -> None:
    address = f"unix://{place.socket.parent}/nowhere/door.sock"
    done = attempt(place.db, listen=(address,))
    assert done.returncode not in {0, None}
    assert address in done.stderr
    assert "Traceback" not in done.stderr


# --- TLS -------------------------------------------------------------------------------------------------------------

_OPENSSL = shutil.which("openssl")
needs_openssl = pytest.mark.skipif(_OPENSSL is None, reason="certificates are made with the openssl command")


class Certificates(NamedTuple):
    """Two authorities; the first vouches for `server` and `client`, the second for `stranger`."""

    folder: Path

    def path(self, name: str) -> Path:
        return self.folder / name

    def bytes(self, name: str) -> bytes:
        return self.path(name).read_bytes()

    def credentials(self, client: str = "") -> grpc.ChannelCredentials:
        """Return what a client trusts and, when named, shows."""
        if not client:
            return grpc.ssl_channel_credentials(self.bytes("ca.crt"))
        return grpc.ssl_channel_credentials(
            self.bytes("ca.crt"), self.bytes(f"{client}.key"), self.bytes(f"{client}.crt")
        )


def _openssl(folder: Path, *arguments: str) -> None:
    subprocess.run([str(_OPENSSL), *arguments], cwd=folder, check=True, capture_output=True)


def _authority(folder: Path, name: str) -> None:
    subject = f"/CN={name}"
    new = ("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2")
    _openssl(folder, *new, "-keyout", f"{name}.key", "-out", f"{name}.crt", "-subj", subject)


def _certificate(folder: Path, name: str, authority: str) -> None:
    new = ("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", f"/CN={name}")
    (folder / "names").write_text("subjectAltName=DNS:localhost,IP:127.0.0.1")
    _openssl(folder, *new, "-keyout", f"{name}.key", "-out", f"{name}.csr")
    signs = ("-CA", f"{authority}.crt", "-CAkey", f"{authority}.key", "-CAcreateserial")
    _openssl(
        folder, "x509", "-req", "-in", f"{name}.csr", *signs, "-days", "2", "-extfile", "names", "-out", f"{name}.crt"
    )


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    folder = tmp_path_factory.mktemp("certificates")
    for authority in ("ca", "other-ca"):
        _authority(folder, authority)
    for name, authority in (("server", "ca"), ("client", "ca"), ("stranger", "other-ca")):
        _certificate(folder, name, authority)
    return Certificates(folder)


def _client(server: Server, app: App, credentials: grpc.ChannelCredentials | None) -> Client:
    return Client(server.channel(credentials=credentials), app.key, app.token())


def _is_turned_away(client: Client) -> bool:
    refusal = client.refused(GET)
    return refusal.code == Code.UNAVAILABLE and not refusal.reason


@needs_openssl
def test_with_a_certificate_the_port_speaks_tls_and_nothing_else(place: Place, certificates: Certificates) -> None:
    files = {"tls_cert": certificates.path("server.crt"), "tls_key": certificates.path("server.key")}
    with running(place.db, listen=(*TCP, place.address), **files) as server:
        assert _client(server, place.app, certificates.credentials())(GET).app.name == "acme"
        assert _is_turned_away(_client(server, place.app, None))
        distrusts = grpc.ssl_channel_credentials(certificates.bytes("other-ca.crt"))
        assert _is_turned_away(_client(server, place.app, distrusts))
        no_token = Client(server.channel(credentials=certificates.credentials()), place.app.key)
        assert no_token.refused(GET).reason == "TOKEN_MISSING"
        plain = Client(server.channel(place.address), place.app.key, place.app.token())
        assert plain(GET).app.name == "acme"  # sockets go without


@needs_openssl
def test_with_an_authority_for_clients_each_must_show_a_certificate_of_it(
    place: Place, certificates: Certificates
) -> None:
    files = {
        "tls_cert": certificates.path("server.crt"),
        "tls_key": certificates.path("server.key"),
        "tls_client_ca": certificates.path("ca.crt"),
    }
    with running(place.db, **files) as server:
        assert _client(server, place.app, certificates.credentials("client"))(GET).app.name == "acme"
        assert _is_turned_away(_client(server, place.app, certificates.credentials()))
        assert _is_turned_away(_client(server, place.app, certificates.credentials("stranger")))
        assert _is_turned_away(_client(server, place.app, None))
        no_token = Client(server.channel(credentials=certificates.credentials("client")), place.app.key)
        assert no_token.refused(GET).reason == "TOKEN_MISSING"  # a certificate is no token


@needs_openssl
@pytest.mark.parametrize(
    ("flags", "names"),
    [
        ({"tls_cert": "server.crt"}, "--tls-cert"),
        ({"tls_key": "server.key"}, "--tls-key"),
        ({"tls_client_ca": "ca.crt"}, "--tls-client-ca"),
        ({"tls_cert": "server.crt", "tls_key": "client.key"}, "--tls-key"),
        ({"tls_cert": "server.key", "tls_key": "server.key"}, "--tls-cert"),
        ({"tls_cert": "nothing.crt", "tls_key": "server.key"}, "--tls-cert"),
    ],
)
def test_tls_that_is_not_whole_or_does_not_fit_is_a_clear_error(
    place: Place, certificates: Certificates, flags: dict[str, str], names: str
) -> None:
    files: dict[str, Any] = {name: certificates.path(file) for name, file in flags.items()}
    done = attempt(place.db, **files)
    assert done.returncode == 2
    assert names in done.stderr
    assert "Traceback" not in done.stderr
    assert "PRIVATE KEY" not in done.stderr


def test_a_free_port_is_said(place: Place) -> None:
    with running(place.db, listen=("127.0.0.1:0", "[::1]:0") if socket.has_ipv6 else TCP) as server:
        for address in server.listen:
            assert not address.endswith(":0")
            client = Client(server.channel(address), place.app.key, place.app.token())
            assert client(GET).app.name == "acme"
