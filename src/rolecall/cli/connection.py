"""Connections to a server: where it is, how to speak to it, and its errors as problems."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple, TypeVar

import grpc
from google.protobuf.message import Message

from rolecall.cli.configuration import resolved
from rolecall.cli.output import printable
from rolecall.cli.problem import BAD_INPUT, FAILED, Problem, bad_input, with_field
from rolecall.client.errors import (
    DeadlineExceeded,
    InvalidArgument,
    NotFound,
    RolecallClientError,
    Unauthenticated,
    Unavailable,
    of_rpc,
)
from rolecall.config import CLIENT_NAMES, Address

R = TypeVar("R", bound=Message)

_BAD_REQUEST: Final = (InvalidArgument, NotFound)
_NO_SERVER: Final = "start one with `rolecall serve`, name another with --address"
_OR_A_FILE: Final = ", or read a store file with --db"
_PERHAPS_TLS: Final = "if it speaks TLS, ask with --tls or --tls-ca FILE; otherwise "
_CUT_OFF: Final = ("socket closed", "connection reset")  # what a door with TLS does to plaintext
_NO_GRPC: Final = "this is no gRPC port, perhaps the one of --http: --address is to be one of --listen"
_ANOTHER_DOOR: Final = (
    ("wrong_version_number", "this address speaks no TLS: leave the --tls flags out"),
    ("certificate has expired", "the server's certificate has expired: the server needs another one"),
    (
        "certificate_verify_failed",
        "the server's certificate is of no authority that is trusted: give the authority's with --tls-ca FILE",
    ),
    ("hostname verification", "the server's certificate is for other names: give one of them with --address"),
    ("http1.x server", _NO_GRPC),
    ("received http2 header with status: 4", _NO_GRPC),
)
"""What gRPC says, in lower case, when somebody is there but can't be spoken to like this; and what to do then."""

_HOW_TO_CALL: Final = (
    "the API key is taken from ROLECALL_API_KEY and the token from ROLECALL_TOKEN; "
    "`rolecall token --db FILE --key KEY` makes a token, and `--db FILE` answers without any"
)


class Connection(NamedTuple):
    """How to reach a server. No `credentials`: plaintext. `timeout` is the deadline of each call in seconds.

    `or_file` says that the command can do without a server, with a store file.
    """

    address: Address
    api_key: str
    token: str
    credentials: grpc.ChannelCredentials | None
    timeout: float
    or_file: bool = False

    @property
    def metadata(self) -> tuple[tuple[str, str], ...]:
        """What names the app and the caller; neither is sent when it is not given."""
        pairs = (("x-api-key", self.api_key), ("authorization", self.token))
        return tuple((name, value) for name, value in pairs if value)


def connection(args: argparse.Namespace) -> Connection:
    """Return the connection that flags, environment and file ask for."""
    settings = resolved(args, CLIENT_NAMES).settings
    token = _given_token(args) or settings.token or ""
    credentials = _credentials(args)
    if credentials is not None and settings.address.is_unix:
        raise bad_input("a unix socket speaks no TLS: leave the --tls flags out")
    api_key = settings.api_key or ""
    _check_sendable("API key", api_key)
    _check_sendable("token", token)
    return Connection(settings.address, api_key, token, credentials, args.timeout, or_file=hasattr(args, "db"))


def open_channel(to: Connection) -> grpc.aio.Channel:
    """Open a channel; it connects at the first call."""
    options = [("grpc.max_receive_message_length", -1)]  # reports of migrations may be of many megabytes
    if to.address.is_local:
        options.append(("grpc.enable_http_proxy", 0))
    if to.credentials is None:
        return grpc.aio.insecure_channel(str(to.address), options=options)
    return grpc.aio.secure_channel(str(to.address), to.credentials, options=options)


async def unary(channel: grpc.aio.Channel, to: Connection, path: str, request: Message, response: type[R]) -> R:
    """Make one call; a Problem when it fails."""
    call = channel.unary_unary(
        path, request_serializer=type(request).SerializeToString, response_deserializer=response.FromString
    )
    with _problems(to):
        answer: R = await call(request, timeout=to.timeout, metadata=to.metadata)
        return answer


# --- what was given --------------------------------------------------------------------------------------------------


def _given_token(args: argparse.Namespace) -> str:
    """Return the token from a file or stdin, empty when neither is asked for."""
    file, flag = getattr(args, "token_file", None), getattr(args, "token", None)
    if flag is not None and flag != "-":
        raise bad_input(
            "a token is not taken from the command line, where everyone on the machine can see it",
            "set ROLECALL_TOKEN, or use --token-file FILE, or `--token -` to read it from stdin",
        )
    if flag is None and file is None:
        return ""
    text = sys.stdin.readline() if file is None else _read(file, "--token-file").decode("utf-8", "replace")
    token = text.strip()
    if not token:
        raise bad_input("the token is empty")
    return token


def _check_sendable(what: str, text: str) -> None:
    if not (text.isascii() and text.isprintable()):
        raise bad_input(f"the {what} holds characters that none has")


def _credentials(args: argparse.Namespace) -> grpc.ChannelCredentials | None:
    cert, key = args.tls_client_cert, args.tls_client_key
    if (cert is None) != (key is None):
        raise bad_input("--tls-client-cert and --tls-client-key come together")
    if not (args.tls or args.tls_ca or cert):
        return None
    return grpc.ssl_channel_credentials(
        root_certificates=_read(args.tls_ca, "--tls-ca") if args.tls_ca else None,
        private_key=_read(key, "--tls-client-key") if key else None,
        certificate_chain=_read(cert, "--tls-client-cert") if cert else None,
    )


def _read(path: str, flag: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise bad_input(f"can't read the file of {flag}: {error.strerror or error}") from error


# --- what went wrong -------------------------------------------------------------------------------------------------


@contextmanager
def _problems(to: Connection) -> Iterator[None]:
    """Turn what a call fails with into problems; one that failed while Ctrl-C ended it is just ended."""
    try:
        yield
    except grpc.aio.AioRpcError as error:
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise asyncio.CancelledError from error
        raise as_problem(of_rpc(error), to) from error


def as_problem(error: RolecallClientError, to: Connection) -> Problem:
    """Return what a call failed with as a problem."""
    message = printable(error.message)
    if not error.reason and (type(error) is Unavailable or _at_another_door(message)):
        return Problem(f"can't reach a server at `{to.address}` ({message})", hint=_how_to_reach(to, message))
    if isinstance(error, DeadlineExceeded):
        return Problem(f"no answer from `{to.address}` within {to.timeout:g} seconds")
    if isinstance(error, Unauthenticated):
        return Problem(message, hint=_HOW_TO_CALL)
    text = with_field(message, printable(error.field))
    return Problem(text, exit_code=BAD_INPUT if isinstance(error, _BAD_REQUEST) else FAILED)


def _how_to_reach(to: Connection, message: str) -> str:
    if hint := _at_another_door(message):
        return hint
    cut_off = any(sign in message.lower() for sign in _CUT_OFF)
    perhaps_tls = cut_off and to.credentials is None and not to.address.is_unix
    return (_PERHAPS_TLS if perhaps_tls else "") + _NO_SERVER + (_OR_A_FILE if to.or_file else "")


def _at_another_door(message: str) -> str:
    """Return what to do where somebody is there but can't be spoken to like this, "" where that is not so."""
    return next((hint for sign, hint in _ANOTHER_DOOR if sign in message.lower()), "")
