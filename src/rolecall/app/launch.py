"""How the workers of a server are started: what each is told, and behind which front.

Everything here is light: the supervisor does not import what workers are made of.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final, NamedTuple

from rolecall.app.place import Place, http_socket
from rolecall.app.ports import Kept, Ports
from rolecall.app.processes import EnvoyWorker, Worker, launched, python_command
from rolecall.config import Settings, environment
from rolecall.domain.errors import Unavailable
from rolecall.transports.envoy import program
from rolecall.transports.envoy.admin import Admin
from rolecall.transports.envoy.bootstrap import Doors, Limits, Port, admin_socket, bootstrap
from rolecall.transports.envoy.parts import Json, Keepalive, Python, TlsFiles
from rolecall.transports.files import most_files
from rolecall.transports.unix import check_free

INSIDE: Final = "rolecall.app.inside:app"
"""The ASGI app that runs in Envoy."""

_WORKER: Final = "rolecall.app.worker"
_LONGEST_FOLDER: Final = 103 - len("/63/admin.sock")
"""Bytes of its path, for a socket's has at most 103 on macOS, and 107 on Linux."""

_FILES_A_CONNECTION: Final = 3
"""One to the client, and for HTTP both ends of one to the HTTP door."""


class Addresses(NamedTuple):
    """Where the server is, ports as they came out."""

    listen: tuple[Kept | str, ...]
    http: Kept | None

    def as_text(self) -> tuple[tuple[str, ...], str | None]:
        """Return what clients are told of gRPC and of HTTP."""
        listen = tuple(one if isinstance(one, str) else str(one.address) for one in self.listen)
        return listen, None if self.http is None else str(self.http.address)


Launch = Callable[[int], Awaitable[Worker]]
"""Starts the worker of this number."""


def kept(settings: Settings, ports: Ports) -> Addresses:
    """Keep the ports that the workers listen on."""
    listen = tuple(str(address) if address.is_unix else ports.keep(address, "listen") for address in settings.listen)
    return Addresses(listen, _http(settings, listen, ports))


def _http(settings: Settings, listen: Sequence[Kept | str], ports: Ports) -> Kept | None:
    """Keep the port for HTTP. It may be one of gRPC's where Envoy answers both."""
    if settings.http is None:
        return None
    both = settings.front == "envoy" and settings.tls_cert is None and settings.http.port
    same = [one for one in listen if both and isinstance(one, Kept) and one.address == settings.http]
    return same[0] if same else ports.keep(settings.http, "http")


def launcher(settings: Settings, addresses: Addresses, folder: str) -> Launch:
    """Return what starts workers; `folder` is private to the server. Unavailable when they can't be started here."""
    if len(os.fsencode(folder)) > _LONGEST_FOLDER:
        text = f"can't have sockets in `{Path(folder).parent}`: set TMPDIR to a folder with a shorter path"
        raise Unavailable(text, reason="TMPDIR_TOO_LONG")
    return _envoys(settings, addresses, folder) if settings.front == "envoy" else _pythons(settings, addresses, folder)


def _pythons(settings: Settings, addresses: Addresses, folder: str) -> Launch:
    listen = tuple(one.address for one in addresses.listen if isinstance(one, Kept))
    http = None if addresses.http is None else addresses.http.address
    environ = _environ(replace(settings, listen=listen, http=http)) | {"PYTHONPATH": os.pathsep.join(sys.path)}
    here = _here()

    async def launch(number: int) -> Worker:
        place = Place(number, settings.workers, folder)
        return Worker(place, *await launched(python_command(_WORKER), place, environ, here))

    return launch


def _envoys(settings: Settings, addresses: Addresses, folder: str) -> Launch:
    try:
        found = program.find()
    except program.Missing as missing:
        raise Unavailable(str(missing), field="front", reason="ENVOY_MISSING") from missing
    sockets = tuple(address.path for address in settings.listen if address.is_unix)
    for path in sockets:
        check_free(path)
    doors = Doors(
        _ports(*(one for one in addresses.listen if isinstance(one, Kept))),
        sockets,
        _tls(settings),
        _ports(*filter(None, [addresses.http])),
        http_socket(folder, 0) if settings.http is not None else None,
    )
    keepalive = Keepalive(settings.keepalive_time_seconds, settings.keepalive_timeout_seconds)
    limits = Limits(max(1, most_files() // _FILES_A_CONNECTION), keepalive)
    environ = _environ(settings) | found.environment()
    here = _here()
    json_lines = settings.log_format == "json" or (settings.log_format == "auto" and not sys.stderr.isatty())

    async def launch(number: int) -> Worker:
        place = Place(number, settings.workers, folder, envoy=True)
        own = f"{folder}/{number}"
        configuration = _written(bootstrap(doors, Python(found.pyvoy, INSIDE), limits, own), own)
        command = found.command(configuration, json_lines=json_lines)
        return EnvoyWorker(place, *await launched(command, place, environ, here, cwd=own), Admin(admin_socket(own)))

    return launch


def _here() -> str:
    """Return from where paths are meant. It is asked once: the folder may be gone when a worker is started again."""
    try:
        return os.getcwd()  # noqa: PTH109 - as text
    except OSError as error:
        raise Unavailable("can't start workers from a folder that is gone", reason="WORKER_NOT_STARTED") from error


def _written(configuration: Json, folder: str) -> str:
    """Write a configuration to the folder of its Envoy, and return where it is."""
    Path(folder).mkdir(mode=0o700, exist_ok=True)
    file = Path(folder, "envoy.json")
    file.write_text(json.dumps(configuration), encoding="utf-8")
    return str(file)


def _environ(settings: Settings) -> dict[str, str]:
    """Return this process's variables, and settings in place of ours."""
    return {name: value for name, value in os.environ.items() if not name.startswith("ROLECALL_")} | environment(
        settings
    )


def _ports(*ports: Kept) -> tuple[Port, ...]:
    return tuple(Port(host, one.address.port) for one in ports for host in one.hosts)


def _tls(settings: Settings) -> TlsFiles | None:
    if settings.tls_cert is None or settings.tls_key is None:
        return None
    client_ca = None if settings.tls_client_ca is None else str(settings.tls_client_ca.absolute())
    return TlsFiles(str(settings.tls_cert.absolute()), str(settings.tls_key.absolute()), client_ca)
