"""The ports that workers share, kept for them by their supervisor from before the first to after the last.

A worker binds a kept port too and listens there; until it does, and while it is started again, the port is nobody
else's. That somebody else has it is an error, not a silent share.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import replace
from typing import Final, NamedTuple

from rolecall.config import Address
from rolecall.transports.listening import cannot_listen

_ALL: Final = "::"
"""The one address that stands for IPv4 as well."""


class Kept(NamedTuple):
    """One address: as it was written but for port 0, which is the one found, and the IP addresses it stands for."""

    address: Address
    hosts: tuple[str, ...]


class Ports:
    """Ports kept until `close`."""

    def __init__(self) -> None:
        self._sockets: list[socket.socket] = []

    def keep(self, address: Address, field: str) -> Kept:
        """Keep the port of an address, on each IP address that its host has; Unavailable when it is taken."""
        port, hosts = address.port, []
        try:
            for family, host in _resolved(address):
                port = self._keep(family, host, port)
                hosts.append(host)
        except OSError as error:
            raise cannot_listen(str(address), field) from error
        return Kept(replace(address, port=port), tuple(hosts))

    def close(self) -> None:
        """Let go of all ports."""
        for kept in self._sockets:
            kept.close()

    def _keep(self, family: socket.AddressFamily, host: str, port: int) -> int:
        with _bound(family, host, port, again=True) as free:  # fails when anybody listens there, sharing or not
            port = int(free.getsockname()[1])
        try:
            kept = _bound(family, host, port, shared=True)
        except OSError:  # connections that ended a moment ago are in the way of those who do not bind again
            kept = _bound(family, host, port, shared=True, again=True)
        self._sockets.append(kept)
        return port


def _resolved(address: Address) -> Iterator[tuple[socket.AddressFamily, str]]:
    if address.host == _ALL:
        yield from ((socket.AF_INET6, _ALL), (socket.AF_INET, "0.0.0.0"))  # noqa: S104 - as it was asked for
        return
    found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    yield from dict.fromkeys((family, str(place[0])) for family, _, _, _, place in found)


def _bound(
    family: socket.AddressFamily, host: str, port: int, *, shared: bool = False, again: bool = False
) -> socket.socket:
    bound = socket.socket(family, socket.SOCK_STREAM)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, int(again))
        if shared:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        if family == socket.AF_INET6:
            bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        bound.bind((host, port))
    except OSError:
        bound.close()
        raise
    return bound
