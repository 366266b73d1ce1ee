"""What the command line says where a server is there and can't be spoken to, from what gRPC says of it."""

from __future__ import annotations

import grpc
import pytest

from rolecall.cli.connection import Connection, as_problem
from rolecall.client.errors import RolecallClientError, Unavailable, Unimplemented
from rolecall.config import Address

TO = Connection(Address("127.0.0.1", 50_051), "", "", grpc.ssl_channel_credentials(), 5.0)
HANDSHAKE = "Tls handshake failed (TSI_PROTOCOL_FAILURE): SSL_ERROR_SSL: error:1000007d:SSL routines:OPENSSL_internal:"


@pytest.mark.parametrize(
    ("error", "hint"),
    [
        (Unavailable(f"{HANDSHAKE}WRONG_VERSION_NUMBER: OK"), "leave the --tls flags out"),
        (Unavailable(f"{HANDSHAKE}CERTIFICATE_VERIFY_FAILED: unable to get local issuer certificate"), "--tls-ca FILE"),
        (Unavailable(f"{HANDSHAKE}CERTIFICATE_VERIFY_FAILED: certificate has expired: OK"), "has expired"),
        (Unavailable("UNAUTHENTICATED: Hostname Verification Check failed."), "is for other names"),
        (Unavailable("Failed parsing HTTP/2 (Trying to connect an http1.x server (HTTP status 404))"), "no gRPC port"),
        (Unimplemented("Received http2 header with status: 404"), "no gRPC port"),
        (Unavailable("Received http2 header with status: 503"), "start one with `rolecall serve`"),
    ],
)
def test_what_grpc_says_comes_with_what_to_do(error: RolecallClientError, hint: str) -> None:
    problem = as_problem(error, TO)
    assert str(problem).startswith(f"error: can't reach a server at `{TO.address}` ({error.message})\nhint: ")
    assert hint in problem.hint


def test_what_a_server_says_itself_is_its_own() -> None:
    error = Unavailable("the index is too old", reason="INDEX_STALE")
    assert str(as_problem(error, TO)) == "error: the index is too old"
