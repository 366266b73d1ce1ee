"""What `rolecall serve` says on stdout once it answers: where, and in development mode lines to paste."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from rolecall import __version__
from rolecall.app.started import Dev, Started
from rolecall.config import Settings

_UNIX: Final = "unix://"
_DEFAULT_ADDRESS: Final = "127.0.0.1:50051"
_CHECK: Final = "rolecall.api.v1.AuthorizationService/CheckCapability"
_QUESTION: Final = {"user_id": "bob", "call": "default:standup", "capability": "send-audio"}


def as_json(started: Started) -> dict[str, object]:
    """Return the announcement for machines."""
    dev = started.dev
    return {
        "version": __version__,
        "listen": list(started.listen),
        "http": started.http,
        "apps": started.apps,
        "dev": None if dev is None else {"app": dev.name, "key": dev.key, "secret": dev.secret, "token": dev.token},
    }


def announcement(settings: Settings, started: Started) -> Iterator[str]:
    """Yield the lines of the announcement."""
    yield f"rolecall {__version__} is serving"
    for address in started.listen:
        yield f"  gRPC    {address}{_spoken(settings, address)}"
    if started.http is not None:
        yield f"  HTTP    http://{started.http}  (/docs, /metrics, /healthz, /readyz)"
    yield f"  store   {settings.db}"
    if settings.front != "grpc" or settings.workers > 1:
        yield f"  front   {settings.front}, {settings.workers} worker{'s' if settings.workers > 1 else ''}"
    if started.dev is not None:
        yield from _development(settings, started.listen[0], started.dev)


def _spoken(settings: Settings, address: str) -> str:
    if settings.tls_cert is None or address.startswith(_UNIX):
        return ""
    return "  (mutual TLS)" if settings.tls_client_ca is not None else "  (TLS)"


def _development(settings: Settings, address: str, dev: Dev) -> Iterator[str]:
    command, store = program(), f"--db {shlex.quote(str(settings.db))} --app {dev.name}"
    yield ""
    yield f"development app `{dev.name}`, with demo data"
    yield f"  key     {dev.key}"
    if dev.secret is not None:
        yield f"  secret  {dev.secret}"
    yield f"  token   {dev.token}"
    if dev.secret is None:
        rotate = f"{command} app rotate-secret {dev.name} --db {shlex.quote(str(settings.db))}"
        yield f"  (the secret was shown at the first start; for a new one: `{rotate}`)"
    else:
        yield "  (the secret is shown this once; the token is server-side)"
    yield ""
    yield "paste into another terminal, in this folder:"
    yield from _grpcurl(settings, address, dev)
    yield f"  {_check(settings, address, dev, command)}"
    yield f"  {command} explain gil mute-users --call default:standup {store}"
    yield f"  {command} capabilities mia --call livestream:launch {store}"
    yield f"  {command} capabilities bob --channel messaging:general {store}"


def _grpcurl(settings: Settings, address: str, dev: Dev) -> Iterator[str]:
    """Yield grpcurl lines; clients of mutual TLS need a certificate that nobody here knows."""
    start = f"grpcurl {_grpcurl_flags(settings, address)}"
    target = shlex.quote(address.removeprefix(_UNIX))
    headers = f"-H 'x-api-key: {dev.key}' -H 'authorization: {dev.token}'"
    question = json.dumps(_QUESTION, separators=(",", ":"))
    yield f"  {start} {target} list"
    yield f"  {start} {headers} -d '{question}' {target} {_CHECK}"


def _grpcurl_flags(settings: Settings, address: str) -> str:
    if address.startswith(_UNIX):
        return "-plaintext -unix -authority localhost"
    if settings.tls_cert is None:
        return "-plaintext"
    client = " -cert CERT -key KEY" if settings.tls_client_ca is not None else ""
    return f"-cacert {shlex.quote(str(settings.tls_cert))}{client}"


def _check(settings: Settings, address: str, dev: Dev, command: str) -> str:
    flags = "" if address == _DEFAULT_ADDRESS else f" --address {shlex.quote(address)}"
    if settings.tls_cert is not None and not address.startswith(_UNIX):
        flags += f" --tls-ca {shlex.quote(str(settings.tls_cert))}"
        if settings.tls_client_ca is not None:
            flags += " --tls-client-cert CERT --tls-client-key KEY"
    question = f"{_QUESTION['user_id']} {_QUESTION['capability']} --call {_QUESTION['call']}"
    environment = f"ROLECALL_API_KEY={dev.key} ROLECALL_TOKEN={dev.token}"
    return f"{environment} {command} check {question}{flags}"


def program() -> str:
    """Return how this program is called in the folder it was started in: `rolecall` when it is on PATH."""
    if shutil.which("rolecall"):
        return "rolecall"
    beside = Path(sys.executable).with_name("rolecall")
    if beside.is_file():
        return shlex.quote(os.path.relpath(beside) if beside.is_relative_to(Path.cwd()) else str(beside))
    return f"{shlex.quote(sys.executable)} -m rolecall"
