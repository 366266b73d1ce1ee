"""The pieces of an Envoy configuration, as plain JSON values. Each function makes one message of Envoy's API."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

Json = dict[str, Any]

PREFIX: Final = "rolecall"
"""What the names of Envoy's statistics begin with."""

HTTP: Final = "http"
"""The cluster of the HTTP door."""

HAND_OVER: Final = "hand-over"
"""The cluster of connections that have been freed of TLS."""

_TYPE: Final = "type.googleapis.com/"
_PYVOY: Final = "pyvoy"
_GROUP_ONLY: Final = 0o660
_BACKLOG: Final = 1024
_STREAM_WINDOW: Final = 1024 * 1024
_CONNECTION_WINDOW: Final = 16 * 1024 * 1024
_STREAMS: Final = 1_000_000
_WINDOW_UPDATES: Final = 1_000
"""For each frame of ours. A gRPC client may tell of room after each message, of which one frame has hundreds; Envoy
would take more than ten for an attack, and close the connection."""
_NO_LIMIT: Final = 1_000_000


class TlsFiles(NamedTuple):
    """Absolute paths of PEM files; with `client_ca`, clients must show a certificate of it."""

    certificate: str
    key: str
    client_ca: str | None = None


class Python(NamedTuple):
    """What runs in Envoy: pyvoy's library, and `module:attribute` of the ASGI app."""

    library: str
    app: str


class Keepalive(NamedTuple):
    """Seconds of silence until a ping, and until an unanswered one ends the connection."""

    time: int
    timeout: int


def typed(name: str, **fields: Any) -> Json:
    """Make a message whose type is told along with it."""
    return {"@type": _TYPE + name, **fields}


# --- where it listens ------------------------------------------------------------------------------------------------


def tcp(host: str, port: int) -> Json:
    """Make the address of a port. IPv6's `::` is for IPv6 alone."""
    return {"socket_address": {"address": host, "port_value": port}}


def pipe(path: str) -> Json:
    """Make the address of a unix socket that only this user and group may open."""
    return {"pipe": {"path": path, "mode": _GROUP_ONLY}}


def listener(name: str, addresses: Sequence[Json], filters: Json, tls: TlsFiles | None = None) -> Json:
    """Make what listens on addresses and has one filter behind them."""
    chain: Json = {"filters": [filters]}
    if tls is not None:
        chain |= {"transport_socket": _tls(tls), "transport_socket_connect_timeout": "10s"}
    return {
        "name": name,
        "address": addresses[0],
        "additional_addresses": [{"address": address} for address in addresses[1:]],
        "tcp_backlog_size": _BACKLOG,
        "filter_chains": [chain],
    }


def _tls(files: TlsFiles) -> Json:
    certificate = {
        "certificate_chain": {"filename": files.certificate},
        "private_key": {"filename": files.key},
    }
    common: Json = {"alpn_protocols": ["h2", "http/1.1"], "tls_certificates": [certificate]}
    if files.client_ca is not None:
        common["validation_context"] = {"trusted_ca": {"filename": files.client_ca}}
    context = typed(
        "envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext",
        common_tls_context=common,
        require_client_certificate=files.client_ca is not None,
    )
    return {"name": "envoy.transport_sockets.tls", "typed_config": context}


# --- freeing connections of TLS --------------------------------------------------------------------------------------


def handing_over() -> Json:
    """Make the filter that passes a connection on to the cluster HAND_OVER."""
    proxy = typed(
        "envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy",
        stat_prefix=HAND_OVER,
        cluster=HAND_OVER,
        idle_timeout="0s",
    )
    return {"name": "envoy.filters.network.tcp_proxy", "typed_config": proxy}


def handed_over() -> Json:
    """Make the filter of a listener that takes such connections beside its own, and learns where they came in."""
    protocol = typed(
        "envoy.extensions.filters.listener.proxy_protocol.v3.ProxyProtocol",
        allow_requests_without_proxy_protocol=True,
    )
    return {"name": "envoy.filters.listener.proxy_protocol", "typed_config": protocol}


def hand_over_cluster(path: str) -> Json:
    """Make the cluster of connections that are handed over to a unix socket, with word of where they came in."""
    raw = typed("envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer")
    told = typed(
        "envoy.extensions.transport_sockets.proxy_protocol.v3.ProxyProtocolUpstreamTransport",
        config={"version": "V2"},
        transport_socket={"name": "envoy.transport_sockets.raw_buffer", "typed_config": raw},
    )
    transport = {"name": "envoy.transport_sockets.upstream_proxy_protocol", "typed_config": told}
    return _cluster(HAND_OVER, path) | {"transport_socket": transport}


# --- HTTP ------------------------------------------------------------------------------------------------------------


def connections(keepalive: Keepalive, routes: Sequence[Json], filters: Sequence[Json]) -> Json:
    """Make the filter that speaks HTTP/1 and HTTP/2. Nothing ends a stream that is merely silent."""
    http2 = {
        "max_concurrent_streams": _STREAMS,
        "initial_stream_window_size": _STREAM_WINDOW,
        "initial_connection_window_size": _CONNECTION_WINDOW,
        "max_inbound_window_update_frames_per_data_frame_sent": _WINDOW_UPDATES,
        "connection_keepalive": {"interval": f"{keepalive.time}s", "timeout": f"{keepalive.timeout}s"},
    }
    manager = typed(
        "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        stat_prefix=PREFIX,
        generate_request_id=False,
        preserve_external_request_id=True,
        server_header_transformation="PASS_THROUGH",
        stream_idle_timeout="0s",
        request_headers_timeout="10s",
        drain_timeout="0.5s",
        http_protocol_options={"accept_http_10": True, "default_host_for_http_10": "localhost"},
        http2_protocol_options=http2,
        upgrade_configs=[{"upgrade_type": "websocket"}],
        http_filters=list(filters),
        route_config={"virtual_hosts": [{"name": PREFIX, "domains": ["*"], "routes": list(routes)}]},
    )
    return {"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}


def python(inside: Python) -> Json:
    """Make the filter that hands requests to Python, those whose route says so."""
    config = {"app": inside.app, "interface": "asgi", "root_path": "", "lifespan": True}
    module = typed(
        "envoy.extensions.filters.http.dynamic_modules.v3.DynamicModuleFilter",
        dynamic_module_config={"module": {"local": {"filename": inside.library}}},
        filter_name=_PYVOY,
        filter_config=typed("google.protobuf.StringValue", value=json.dumps(config)),
    )
    return {"name": _PYVOY, "typed_config": module, "disabled": True}


def router() -> Json:
    """Make the filter that hands requests to clusters."""
    return {
        "name": "envoy.filters.http.router",
        "typed_config": typed("envoy.extensions.filters.http.router.v3.Router", suppress_envoy_headers=True),
    }


def python_route(*, alone: bool) -> Json:
    """Make the route to Python, which answers before the route would: of gRPC, or, alone, of anything.

    Not of what asks for another protocol, since such a request has no end that Python could wait for. Nor where the
    path is not all printable ASCII, or has something encoded: pyvoy would fail to read it, and never answer.
    """
    plain = {"name": ":path", "string_match": {"safe_regex": {"regex": "/[!-$&-~]*"}}}
    kept = {"name": "upgrade", "present_match": True, "invert_match": True}
    grpc = {"name": "content-type", "string_match": {"prefix": "application/grpc"}}
    enabled = typed("envoy.config.route.v3.FilterConfig", config={})
    return {
        "match": {"prefix": "/", "headers": [plain, kept] if alone else [grpc, plain, kept]},
        "direct_response": {"status": 404},
        "typed_per_filter_config": {_PYVOY: enabled},
    }


def nothing_route() -> Json:
    """Make the route of what nobody answers."""
    return {"match": {"prefix": "/"}, "direct_response": {"status": 404}}


def http_route() -> Json:
    """Make the route of all else to the HTTP door, which has the limits."""
    return {"match": {"prefix": "/"}, "route": {"cluster": HTTP, "timeout": "0s"}}


def http_cluster(path: str) -> Json:
    """Make the cluster of the HTTP door; connections that are not used go before the door closes them."""
    options = typed(
        "envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
        common_http_protocol_options={"idle_timeout": "3s"},
        explicit_http_config={"http_protocol_options": {}},
    )
    bounds = dict.fromkeys(("max_connections", "max_pending_requests", "max_requests"), _NO_LIMIT)
    bounds["max_retries"] = 0  # a client could ask for them by a header
    return _cluster(HTTP, path) | {
        "typed_extension_protocol_options": {"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": options},
        "circuit_breakers": {"thresholds": [bounds]},
    }


def _cluster(name: str, path: str) -> Json:
    endpoint = {"endpoint": {"address": {"pipe": {"path": path}}}}
    return {
        "name": name,
        "type": "STATIC",
        "connect_timeout": "5s",
        "load_assignment": {"cluster_name": name, "endpoints": [{"lb_endpoints": [endpoint]}]},
    }
