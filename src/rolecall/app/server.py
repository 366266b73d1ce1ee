"""Everything behind the doors, and the doors, as one thing that starts, drains and ends."""

from __future__ import annotations

import asyncio
import gc
import os
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractContextManager, AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

from rolecall import __version__
from rolecall.app.collector import staying
from rolecall.app.health import Door, following
from rolecall.app.local import index_over, services_over
from rolecall.app.observers import observer, store_observer, watching_failed
from rolecall.app.pages import Pages
from rolecall.app.place import ALONE, Place
from rolecall.app.started import Dev, Started
from rolecall.config import Settings
from rolecall.observe.logs import get_logger
from rolecall.observe.metrics import Metrics
from rolecall.service.callers import Callers
from rolecall.service.demo import APP_NAME, ensure_dev_app
from rolecall.service.watching.engine import Watching
from rolecall.service.watching.followings import Followings
from rolecall.service.watching.standing import Standing
from rolecall.store import Store
from rolecall.transports import connect
from rolecall.transports.asgi import AsgiDoor
from rolecall.transports.edge import Edge, Stream
from rolecall.transports.files import most_connections, most_files
from rolecall.transports.grpc import GrpcDoor, GrpcOptions, Tls
from rolecall.transports.http import HttpDoor
from rolecall.transports.methods import METHODS
from rolecall.transports.protocol import HttpBounds
from rolecall.transports.rest import reference
from rolecall.transports.rest.connections import Connections, bounds_of
from rolecall.transports.rest.door import Operations, http_name
from rolecall.transports.rest.limits import Limits
from rolecall.transports.rest.operations import OPERATIONS
from rolecall.transports.rest.websocket import Sockets

_MEBIBYTE: Final = 1024 * 1024


class Running(NamedTuple):
    """A server that answers; `door` is the ASGI app where Envoy listens."""

    started: Started
    door: Any
    leave: Leave


class Leave:
    """Takes leave of clients: what is being asked is answered, streams and sockets are ended."""

    def __init__(self, connections: Connections, door: Door, drain_seconds: int) -> None:
        self._connections = connections
        self._door = door
        self._drain_seconds = drain_seconds
        self._taken: asyncio.Task[Any] | None = None

    async def __call__(self) -> None:
        """Do so, once, and return when it is done."""
        if self._taken is None:
            self._taken = asyncio.create_task(self._take(), name="leave")
        await asyncio.shield(self._taken)

    async def _take(self) -> None:
        await asyncio.gather(self._connections.stop(), self._door.stop(self._drain_seconds))


class _Figures(NamedTuple):
    """What the WebSocket door says of itself."""

    connections: int
    streams: int
    watches: int
    events: int


@asynccontextmanager
async def server(
    settings: Settings, place: Place = ALONE, loading: Callable[[], AbstractContextManager[object]] = staying
) -> AsyncIterator[Running]:
    """Have a server, or one process of it, while the block runs; RolecallError when it can't start.

    Very much is loaded within `loading`.
    """
    log = get_logger()
    async with AsyncExitStack() as stack:
        store = await Store.open(str(settings.db), busy_timeout=settings.busy_timeout_ms / 1000)
        stack.callback(log.info, "stopped" if place == ALONE else "worker stopped", **_of(place))
        stack.push_async_callback(store.close)
        index = index_over(store, settings, lambda error: store_failed(error))  # noqa: PLW0108 - made below
        index.loading = loading
        services = services_over(store, index, settings)
        callers, limits = Callers(index, dev=settings.dev), Limits(settings.http_requests_per_minute)
        watching = Watching(index, services.authorizer, services.administration.scenes.read, watching_failed)
        bounds = HttpBounds(most_connections(settings.http_max_connections, most_files()))
        connections = Connections(index, callers, watching, bounds_of(bounds.for_sockets))
        metrics = Metrics(
            version=__version__,
            methods=[*(method.path for method in METHODS), *(http_name(operation) for operation in OPERATIONS)],
            decisions=services.authorizer.decisions,
            index=index.status,
            sockets=lambda: _Figures(len(connections), len(standing), len(watching), watching.told),
        )
        store_failed, observe = store_observer(metrics), observer(metrics)
        followings = Followings(watching, services.authorizer, services.administration.rosters)
        standing = Standing[Stream](index, callers)
        count = {method.path: metrics.rpc(method.path) for method in METHODS}
        edge = Edge(services._replace(followings=followings), callers, count, observe, standing)
        operations = Operations(
            services,
            callers,
            connections,
            limits,
            settings.max_message_mb * _MEBIBYTE,
            {operation.id: metrics.rpc(http_name(operation)) for operation in OPERATIONS},
            observe,
        )
        sockets = Sockets(callers, connections, services.administration, limits, observe)
        grpc_door = _door(edge, settings, place)
        http_door = HttpDoor(
            Pages(metrics, place).render,
            index.why_not_ready,
            api=[]
            if place.number
            else [
                *operations.routes(OPERATIONS),
                *sockets.routes(),
                *reference.routes(OPERATIONS, __version__),
                *connect.routes(edge, METHODS, settings.max_message_mb * _MEBIBYTE),
            ],
            missing=operations.missing,
            origins=settings.http_cors_origins,
            bounds=bounds,
        )
        stack.push_async_callback(index.stop)
        stack.push_async_callback(watching.stop)
        stack.push_async_callback(http_door.stop)
        stack.push_async_callback(standing.stop)
        leave = Leave(connections, grpc_door, settings.drain_seconds)
        stack.push_async_callback(leave)
        listen, http = _listen(grpc_door, settings), _listen_http(http_door, settings, place)
        if isinstance(grpc_door, GrpcDoor):
            await grpc_door.start()
            stack.callback(asyncio.create_task(_end_with(grpc_door), name="grpc crash").cancel)
        await http_door.start()
        await index.start()
        watching.start()
        connections.start()
        standing.start()
        made = settings.dev and not place.number
        dev = await ensure_dev_app(store, index, services.administration) if made else None
        gc.collect()
        gc.freeze()  # what was loaded stays; collections need not walk it again
        started = Started(listen, http, len(index.apps()), None if dev is None else Dev(APP_NAME, *dev))
        await stack.enter_async_context(following(grpc_door, index, followings.cut))
        log.info("serving" if place == ALONE else "worker serves", **_said(started, settings, place))
        yield Running(started, grpc_door, leave)


async def _end_with(door: GrpcDoor) -> None:
    """End this process at once when its gRPC server crashes: whoever started it starts another, which answers."""
    error = await door.crash()
    get_logger().critical("the gRPC server has crashed, so this process ends", error=repr(error))
    sys.stderr.flush()
    os._exit(1)


def _said(started: Started, settings: Settings, place: Place) -> Mapping[str, Any]:
    doors = {} if place.envoy else {"listen": list(started.listen), "http": started.http}
    return {**_of(place), **doors, "db": str(settings.db), "apps": started.apps}


def _of(place: Place) -> Mapping[str, Any]:
    return {} if place == ALONE else {"worker": place.number}


def _door(edge: Edge, settings: Settings, place: Place) -> GrpcDoor | AsgiDoor:
    options = _grpc_options(settings, place)
    if place.envoy:
        return AsgiDoor(edge, options, by_unix_socket=_by_unix_socket)
    return GrpcDoor(edge, options)


def _by_unix_socket(scope: Mapping[str, Any]) -> bool:
    """Tell whether a request came by a unix socket: Envoy has no address of its own then, whatever a client says."""
    return scope["server"] is None


def _grpc_options(settings: Settings, place: Place) -> GrpcOptions:
    tls = None
    if settings.tls_cert is not None and settings.tls_key is not None and not place.envoy:
        tls = Tls(settings.tls_cert.read_bytes(), settings.tls_key.read_bytes(), _bytes(settings.tls_client_ca))
    return GrpcOptions(
        max_message_bytes=settings.max_message_mb * _MEBIBYTE,
        keepalive_time=settings.keepalive_time_seconds,
        keepalive_timeout=settings.keepalive_timeout_seconds,
        max_concurrent_rpcs=settings.max_concurrent_rpcs,
        trust_unix_sockets=settings.trust_unix_sockets,
        shared_ports=place.workers > 1,
        tls=tls,
    )


def _bytes(path: Path | None) -> bytes | None:
    return None if path is None else path.read_bytes()


def _listen(door: Door, settings: Settings) -> tuple[str, ...]:
    if not isinstance(door, GrpcDoor):
        return ()
    return tuple(_bound(door, str(address)) for address in settings.listen)


def _bound(door: GrpcDoor, address: str) -> str:
    port = door.listen(address)
    return f"{address.rpartition(':')[0]}:{port}" if port else address


def _listen_http(door: HttpDoor, settings: Settings, place: Place) -> str | None:
    """Listen where this process is asked by HTTP; returns the address that clients are told."""
    if settings.http is None:
        return None
    if place.envoy or place.number:
        door.listen_unix(place.http_socket)
        return None
    host = settings.http.host
    port = door.listen(host, settings.http.port, shared=place.workers > 1)
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
