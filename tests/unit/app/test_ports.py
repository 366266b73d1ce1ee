"""Ports kept for workers: shared with those who say so, and with nobody else."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import closing

import pytest

from rolecall.app.ports import Ports
from rolecall.config import Address
from rolecall.domain.errors import Unavailable

ANY = Address("127.0.0.1", 0)


@pytest.fixture
def ports() -> Iterator[Ports]:
    with closing(Ports()) as ports:
        yield ports


def bound(port: int, *, shared: bool) -> socket.socket:
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if shared:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    try:
        made.bind(("127.0.0.1", port))
        made.listen()
    except OSError:
        made.close()
        raise
    return made


def test_a_free_port_is_found_and_kept(ports: Ports) -> None:
    kept = ports.keep(ANY, "listen")
    assert kept.address.port > 0
    assert kept.hosts == ("127.0.0.1",)
    with pytest.raises(OSError, match="in use"):
        bound(kept.address.port, shared=False)


def test_workers_listen_on_it_and_get_every_connection(ports: Ports) -> None:
    port = ports.keep(ANY, "listen").address.port
    with bound(port, shared=True) as one, bound(port, shared=True) as other:
        for listening in (one, other):
            listening.settimeout(0)
        taken = 0
        for _ in range(64):
            with socket.create_connection(("127.0.0.1", port), timeout=10):
                for listening in (one, other):
                    try:
                        listening.accept()[0].close()
                    except BlockingIOError:
                        continue
                    taken += 1
        assert taken == 64


@pytest.mark.parametrize("shared", [False, True])
def test_a_port_that_somebody_listens_on_is_an_error_though_they_would_share_it(ports: Ports, shared: bool) -> None:
    with bound(0, shared=shared) as other:
        address = Address("127.0.0.1", other.getsockname()[1])
        with pytest.raises(Unavailable) as caught:
            ports.keep(address, "http")
        assert (caught.value.field, str(address) in caught.value.message) == ("http", True)


def test_a_port_that_another_server_keeps_is_an_error(ports: Ports) -> None:
    kept = ports.keep(ANY, "listen")
    with closing(Ports()) as others, pytest.raises(Unavailable):
        others.keep(kept.address, "listen")


def test_a_name_stands_for_all_its_addresses_and_they_have_one_port(ports: Ports) -> None:
    kept = ports.keep(Address("localhost", 0), "listen")
    assert "127.0.0.1" in kept.hosts
    assert str(kept.address) == f"localhost:{kept.address.port}"


@pytest.mark.skipif(not socket.has_ipv6, reason="there is no IPv6")
def test_the_address_of_all_addresses_is_of_both_kinds(ports: Ports) -> None:
    assert set(ports.keep(Address("::", 0), "listen").hosts) == {"::", "0.0.0.0"}  # noqa: S104 - not listened on


def test_a_host_that_is_none_is_an_error(ports: Ports) -> None:
    with pytest.raises(Unavailable):
        ports.keep(Address("203.0.113.9", 0), "listen")


def test_once_closed_the_port_is_free() -> None:
    with closing(Ports()) as ports:
        port = ports.keep(ANY, "listen").address.port
    bound(port, shared=False).close()
