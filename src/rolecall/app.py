"""The composition root: settings in, a running server or local access to a store out. Nothing is decided here."""

from __future__ import annotations

import asyncio
import gc
import signal
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

from rolecall import __version__
from rolecall.config import Settings
from rolecall.domain.errors import RolecallError
from rolecall.observe.logs import get_logger
from rolecall.observe.metrics import Metrics
from rolecall.service.administration import Administration
from rolecall.service.authorizer import Authorizer
from rolecall.service.callers import Callers
from rolecall.service.demo import DevApp, ensure_dev_app
from rolecall.service.index import Index
from rolecall.service.watching.engine import Watching
from rolecall.store import Store
from rolecall.transports.edge import Edge, Event, Services
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

_HEALTH_SECONDS: Final = 0.25
_REPEAT_SECONDS: Final = 10.0
_MEBIBYTE: Final = 1024 * 1024


class Started(NamedTuple):
    """A server that answers: where, how many apps it knows, and the development app in development mode."""

    listen: tuple[str, ...]
    http: str | None
    apps: int
    dev: DevApp | None


class _Sockets(NamedTuple):
    """What the WebSocket door says of itself."""

    connections: int
    watches: int
    events: int


@dataclass(frozen=True, slots=True)
class Local:
    """A store opened in this process, with everything that answers from it and no doors."""

    store: Store
    index: Index
    services: Services


@asynccontextmanager
async def local(settings: Settings, *, create: bool = False) -> AsyncIterator[Local]:
    """Open the store of `settings.db` and an index over it; a missing file is an error unless `create`."""
    store = await Store.open(str(settings.db), create=create, busy_timeout=settings.busy_timeout_ms / 1000)
    try:
        index = _index(store, settings, lambda _: None)
        await index.start()
        try:
            yield Local(store, index, _services(store, index, settings))
        finally:
            await index.stop()
    finally:
        await store.close()


async def serve(settings: Settings, announce: Callable[[Started], None]) -> None:
    """Serve until SIGTERM or SIGINT, then drain; RolecallError when it can't start."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    async with _server(settings) as started:
        announce(started)
        await stopping.wait()
        get_logger().info("stopping", drain_seconds=settings.drain_seconds)


@asynccontextmanager
async def _server(settings: Settings) -> AsyncIterator[Started]:
    log = get_logger()
    store = await Store.open(str(settings.db), busy_timeout=settings.busy_timeout_ms / 1000)
    index = _index(store, settings, lambda error: store_failed(error))  # noqa: PLW0108 - made below, from the index
    services = _services(store, index, settings)
    callers, limits = Callers(index, dev=settings.dev), Limits(settings.http_requests_per_minute)
    watching = Watching(index, services.authorizer, services.administration.scenes.read, _watching_failed)
    http_bounds = HttpBounds(most_connections(settings.http_max_connections, most_files()))
    connections = Connections(index, callers, watching, bounds_of(http_bounds.for_sockets))
    metrics = Metrics(
        version=__version__,
        methods=[*(method.path for method in METHODS), *(http_name(operation) for operation in OPERATIONS)],
        decisions=services.authorizer.decisions,
        index=index.status,
        sockets=lambda: _Sockets(len(connections), len(watching), watching.told),
    )
    count = {method.path: metrics.rpc(method.path) for method in METHODS}
    store_failed = _store_observer(metrics)
    observe = _observer(metrics)
    edge = Edge(services, callers, count, observe)
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
    grpc_door = GrpcDoor(edge, _grpc_options(settings))
    http_door = HttpDoor(
        metrics.render,
        index.why_not_ready,
        api=[*operations.routes(OPERATIONS), *sockets.routes(), *reference.routes(OPERATIONS, __version__)],
        missing=operations.missing,
        origins=settings.http_cors_origins,
        bounds=http_bounds,
    )
    health: asyncio.Task[None] | None = None
    try:
        listen = tuple(_listen(grpc_door, str(address)) for address in settings.listen)
        http = None if settings.http is None else _listen_http(http_door, settings.http.host, settings.http.port)
        await grpc_door.start()
        await http_door.start()
        await index.start()
        watching.start()
        connections.start()
        dev = await ensure_dev_app(store, index, services.administration) if settings.dev else None
        gc.collect()
        gc.freeze()  # what was loaded stays; collections need not walk it again
        health = asyncio.create_task(_follow_health(grpc_door, index), name="health")
        await grpc_door.serving(ready=True)
        log.info("serving", listen=list(listen), http=http, db=str(settings.db), apps=len(index.apps()))
        yield Started(listen, http, len(index.apps()), dev)
    finally:
        if health is not None:
            health.cancel()
            with suppress(asyncio.CancelledError):
                await health
        await asyncio.gather(connections.stop(), grpc_door.stop(settings.drain_seconds))
        await http_door.stop()
        await watching.stop()
        await index.stop()
        await store.close()
        log.info("stopped")


def _index(store: Store, settings: Settings, on_error: Callable[[RolecallError], None]) -> Index:
    return Index(
        store,
        cache_mb=settings.cache_mb,
        refresh_seconds=settings.refresh_ms / 1000,
        max_staleness_seconds=settings.max_staleness_seconds,
        on_error=on_error,
    )


def _services(store: Store, index: Index, settings: Settings) -> Services:
    authorizer = Authorizer(index)
    administration = Administration(
        store, index, authorizer, dev=settings.dev, max_custom_roles=settings.max_custom_roles
    )
    return Services(authorizer, administration, settings.min_revision_wait_seconds)


def _grpc_options(settings: Settings) -> GrpcOptions:
    tls = None
    if settings.tls_cert is not None and settings.tls_key is not None:
        tls = Tls(settings.tls_cert.read_bytes(), settings.tls_key.read_bytes(), _bytes(settings.tls_client_ca))
    return GrpcOptions(
        max_message_bytes=settings.max_message_mb * _MEBIBYTE,
        keepalive_time=settings.keepalive_time_seconds,
        keepalive_timeout=settings.keepalive_timeout_seconds,
        max_concurrent_rpcs=settings.max_concurrent_rpcs,
        trust_unix_sockets=settings.trust_unix_sockets,
        tls=tls,
    )


def _bytes(path: Path | None) -> bytes | None:
    return None if path is None else path.read_bytes()


def _listen(door: GrpcDoor, address: str) -> str:
    port = door.listen(address)
    return f"{address.rpartition(':')[0]}:{port}" if port else address


def _listen_http(door: HttpDoor, host: str, port: int) -> str:
    bound = door.listen(host, port)
    return f"[{host}]:{bound}" if ":" in host else f"{host}:{bound}"


async def _follow_health(door: GrpcDoor, index: Index) -> None:
    """Say SERVING only while answers are given."""
    said = True
    while True:
        await asyncio.sleep(_HEALTH_SECONDS)
        if index.ready != said:
            said = index.ready
            await door.serving(ready=said)
            if said:
                get_logger().info("serving again")
            else:
                get_logger().error("not serving", why=index.why_not_ready())


def _store_observer(metrics: Metrics) -> Callable[[RolecallError], None]:
    """Return what hears of refreshes that failed: counts each, logs one in ten seconds."""
    log = get_logger()
    logged_at = float("-inf")

    def observe(error: RolecallError) -> None:
        nonlocal logged_at
        metrics.store_error(error.code_reason)
        if time.monotonic() - logged_at >= _REPEAT_SECONDS:
            logged_at = time.monotonic()
            log.warning("store can't be read", reason=error.code_reason, error=error.message)

    return observe


def _watching_failed(error: RolecallError) -> None:
    """Log that an app's watches were cut because of an error that nobody foresaw."""
    get_logger().error("watches failed", reason=error.code_reason, exc_info=error.__cause__ or error)


def _observer(metrics: Metrics) -> Callable[[Event], None]:
    """Return what hears of calls that were denied or failed: a log line each."""
    log = get_logger()

    def observe(event: Event) -> None:
        fields: dict[str, object] = {
            "method": event.method,
            "code": event.code,
            "ms": round(event.seconds * 1000, 3),
            "request_id": event.request_id,
        }
        if event.caller is not None:
            fields |= {"app": event.caller.app_id, "caller": event.caller.user_id or "server"}
        if event.failure is None:
            log.info("denied", **fields, **(event.denied or {}))
            return
        fields |= {"reason": event.failure.reason, "error": event.failure.message, "details": event.failure.metadata}
        if event.failure.reason.startswith("STORE_"):
            metrics.store_error(event.failure.reason)
        if event.failure.reason.startswith("STORE_"):
            log.warning("failed", **fields)
        elif event.code == "INTERNAL":
            log.error("failed", **fields, exc_info=event.cause)
        else:
            log.info("failed", **fields)

    return observe
