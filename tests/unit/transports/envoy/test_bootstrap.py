"""The shape of what Envoy is configured with: one filter that runs Python, and which listener has it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from rolecall.transports.envoy.bootstrap import STATISTICS, Doors, Limits, Port, bootstrap
from rolecall.transports.envoy.parts import Keepalive, Python, TlsFiles

TLS = TlsFiles("/c.pem", "/k.pem")
PLAIN = Doors((Port("127.0.0.1", 1), Port("::1", 2)), ("/a.sock",), None, (Port("127.0.0.1", 3),), "/h.sock")
LAYOUTS = [
    replace(PLAIN, tls=tls, ports=ports, sockets=sockets, http=http, http_socket="/h.sock" if http else None)
    for tls in (None, TLS, TLS._replace(client_ca="/ca.pem"))
    for http in (PLAIN.http, ())
    for ports, sockets in ((PLAIN.ports, ()), ((), PLAIN.sockets), (PLAIN.ports, PLAIN.sockets))
]


def made(doors: Doors) -> dict[str, Any]:
    return bootstrap(doors, Python("/pyvoy.so", "module:app"), Limits(1_000, Keepalive(60, 20)), "/own")


def listeners(doors: Doors) -> dict[str, Any]:
    return {one["name"]: one for one in made(doors)["static_resources"]["listeners"]}


def addresses(listener: dict[str, Any]) -> list[object]:
    every = [listener["address"], *(one["address"] for one in listener["additional_addresses"])]
    return [one["pipe"]["path"] if "pipe" in one else Port(*one["socket_address"].values()) for one in every]


def speaks_tls(listener: dict[str, Any]) -> bool:
    (chain,) = listener["filter_chains"]
    return "transport_socket" in chain


@pytest.mark.parametrize("doors", LAYOUTS, ids=str)
def test_python_runs_once_and_every_address_is_there_once(doors: Doors) -> None:
    assert json.dumps(made(doors)).count("DynamicModuleFilter") == 1
    found = [address for listener in listeners(doors).values() for address in addresses(listener)]
    handed = [] if doors.tls is None or not doors.ports or not doors.sockets else ["/own/tls.sock"]
    assert sorted(map(str, found)) == sorted(map(str, [*doors.ports, *doors.sockets, *doors.http, *handed]))


@pytest.mark.parametrize("doors", LAYOUTS, ids=str)
def test_tls_is_spoken_on_the_ports_of_grpc_alone(doors: Doors) -> None:
    spoken = [address for one in listeners(doors).values() if speaks_tls(one) for address in addresses(one)]
    assert spoken == (list(doors.ports) if doors.tls else [])


def test_an_address_for_both_is_listened_on_once() -> None:
    assert addresses(listeners(replace(PLAIN, http=PLAIN.ports[:1]))["main"]) == [*PLAIN.ports, "/a.sock"]


def test_with_tls_no_plain_port_leads_to_python() -> None:
    plain = listeners(replace(PLAIN, tls=TLS))["http"]
    assert addresses(plain) == [*PLAIN.http]
    assert "pyvoy" not in json.dumps(plain)


def test_clients_must_show_a_certificate_when_an_authority_is_named() -> None:
    for client_ca in (None, "/ca.pem"):
        (chain,) = listeners(replace(PLAIN, sockets=(), tls=TLS._replace(client_ca=client_ca)))["main"]["filter_chains"]
        context = chain["transport_socket"]["typed_config"]
        assert context["require_client_certificate"] is (client_ca is not None)
        validation = context["common_tls_context"].get("validation_context")
        assert validation == (None if client_ca is None else {"trusted_ca": {"filename": "/ca.pem"}})


@pytest.mark.parametrize("doors", LAYOUTS, ids=str)
def test_what_asks_for_another_protocol_is_not_taken_for_grpc(doors: Doors) -> None:
    text = json.dumps(made(doors))
    said = json.dumps({"name": "upgrade", "present_match": True, "invert_match": True})
    assert text.count(said) == 1
    assert text.count('"application/grpc"') == (1 if doors.http_socket else 0)


def test_without_http_there_is_no_way_to_it() -> None:
    whole = made(replace(PLAIN, http=(), http_socket=None))
    assert whole["static_resources"]["clusters"] == []
    assert '"cluster"' not in json.dumps(whole["static_resources"]["listeners"])


@pytest.mark.parametrize("doors", LAYOUTS, ids=str)
def test_no_stream_is_ended_for_being_silent(doors: Doors) -> None:
    text = json.dumps(made(doors))
    assert text.count('"stream_idle_timeout": "0s"') == text.count("http_connection_manager.v3.HttpConnectionManager")
    assert text.count('"cluster": "http"') == text.count('"timeout": "0s"')


def test_the_admin_interface_is_in_the_private_folder_and_for_its_user_alone() -> None:
    assert made(PLAIN)["admin"]["address"] == {"pipe": {"path": "/own/admin.sock", "mode": 0o600}}
    kept = made(PLAIN)["stats_config"]["stats_matcher"]["inclusion_list"]["patterns"]
    assert kept == [{"exact": name} for name in STATISTICS]
