"""What an Envoy is configured with, made from where it listens and what is behind it. Pure: values in, JSON out.

There may be one filter that runs Python and no more, for each has an event loop of its own; so all that may be asked
for gRPC comes to one listener:

- without TLS it has every address, the HTTP door's too
- with TLS it has every TCP address of `listen`, and the HTTP door's address a listener without Python
- with TLS and unix sockets it has these, and one more socket, to which another listener hands over what it has freed
  of TLS
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from rolecall.transports.envoy import parts
from rolecall.transports.envoy.parts import Json, Keepalive, Python, TlsFiles

STATISTICS: Final = (f"http.{parts.PREFIX}.downstream_rq_active", "listener_manager.workers_started")
"""The figures that Envoy keeps: the others cost time in each call, and nobody reads them."""

_CONNECTIONS: Final = "envoy.resource_monitors.global_downstream_max_connections"
_MAIN, _TLS, _HTTP = "main", "tls", "http"


class Port(NamedTuple):
    """An IP address and a port of it."""

    host: str
    port: int


@dataclass(frozen=True, slots=True)
class Doors:
    """Where an Envoy listens: ports and unix sockets for gRPC, TLS on these ports, ports for HTTP.

    `http_socket` is where the HTTP door is, None for no HTTP at all.
    """

    ports: tuple[Port, ...]
    sockets: tuple[str, ...] = ()
    tls: TlsFiles | None = None
    http: tuple[Port, ...] = ()
    http_socket: str | None = None


class Limits(NamedTuple):
    """How many connections there may be, and how they are kept alive."""

    connections: int
    keepalive: Keepalive


def bootstrap(doors: Doors, inside: Python, limits: Limits, folder: str) -> Json:
    """Return the configuration; `folder` is private to the server and has room for the sockets of this Envoy."""
    hand_over = f"{folder}/tls.sock"
    main = parts.connections(limits.keepalive, *_answering(doors, inside))
    return {
        "admin": {"address": {"pipe": {"path": admin_socket(folder), "mode": 0o600}}},
        "static_resources": {
            "listeners": list(_listeners(doors, main, limits.keepalive, hand_over)),
            "clusters": list(_clusters(doors, hand_over)),
        },
        "overload_manager": _most(limits.connections),
        "stats_config": {
            "stats_matcher": {"inclusion_list": {"patterns": [{"exact": name} for name in STATISTICS]}},
        },
    }


def admin_socket(folder: str) -> str:
    """Return where Envoy is asked and told while it runs."""
    return f"{folder}/admin.sock"


def _answering(doors: Doors, inside: Python) -> tuple[list[Json], list[Json]]:
    """Return routes and filters of the listener that Python answers on."""
    alone = doors.http_socket is None
    others = parts.nothing_route() if alone else parts.http_route()
    return [parts.python_route(alone=alone), others], [parts.python(inside), parts.router()]


def _listeners(doors: Doors, main: Json, keepalive: Keepalive, hand_over: str) -> Iterator[Json]:
    ports = [parts.tcp(*port) for port in doors.ports]
    sockets = [parts.pipe(path) for path in doors.sockets]
    http = [parts.tcp(*port) for port in doors.http if doors.http_socket is not None]
    if doors.tls is None:
        yield parts.listener(_MAIN, [*ports, *sockets, *(one for one in http if one not in ports)], main)
        return
    if not ports or not sockets:
        yield parts.listener(_MAIN, ports or sockets, main, doors.tls if ports else None)
    else:
        taking = parts.listener(_MAIN, [*sockets, parts.pipe(hand_over)], main)
        yield taking | {"listener_filters": [parts.handed_over()]}
        yield parts.listener(_TLS, ports, parts.handing_over(), doors.tls)
    if http:
        yield parts.listener(_HTTP, http, parts.connections(keepalive, [parts.http_route()], [parts.router()]))


def _clusters(doors: Doors, hand_over: str) -> Iterator[Json]:
    if doors.http_socket is not None:
        yield parts.http_cluster(doors.http_socket)
    if doors.tls is not None and doors.ports and doors.sockets:
        yield parts.hand_over_cluster(hand_over)


def _most(connections: int) -> Json:
    monitor = parts.typed(
        "envoy.extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig",
        max_active_downstream_connections=connections,
    )
    return {"resource_monitors": [{"name": _CONNECTIONS, "typed_config": monitor}]}
