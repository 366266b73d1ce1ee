"""Addresses to listen on and to connect to. Names are never looked up here."""

from __future__ import annotations

import ipaddress
import os
import re
from dataclasses import dataclass
from typing import Final

from rolecall.config.errors import Refused

_UNIX: Final = "unix://"
_MAX_SOCKET_PATH_BYTES: Final = 107  # Linux: sockaddr_un holds 108, the last is NUL
_MAX_PORT: Final = 65_535
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_HOST: Final = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,251}[A-Za-z0-9_])?")
_DIGITS_AND_DOTS: Final = re.compile(r"[0-9.]+")
_PORT: Final = re.compile(r"[0-9]{1,5}")


@dataclass(frozen=True, slots=True)
class Address:
    """A TCP address, or a unix socket when `path` is set; port 0 asks for a free one.

    As text it is what was written, which is also what gRPC takes: `host:port`, `[::1]:port`, `unix:///path`.
    """

    host: str = ""
    port: int = 0
    path: str = ""

    def __str__(self) -> str:
        if self.path:
            return _UNIX + self.path
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def is_unix(self) -> bool:
        """Whether this is a unix socket."""
        return bool(self.path)

    @property
    def is_local(self) -> bool:
        """Whether only this machine can reach it: a unix socket, a loopback address or `localhost`."""
        return self.is_unix or self.host.lower() == "localhost" or _is_loopback(self.host)


def parse_address(text: str, *, unix: bool = True, lowest_port: int = 0) -> Address:
    """Read `host:port`, `[::1]:port` or, where allowed, `unix:///path`; raises Refused."""
    if text.startswith("unix:"):
        return _parse_unix(text, allowed=unix)
    host, port = _split(text)
    return Address(host, _parse_port(port, lowest_port))


def _parse_unix(text: str, *, allowed: bool) -> Address:
    path = text.removeprefix(_UNIX)
    if not allowed:
        raise Refused("a unix socket can't be used here")
    if not text.startswith(_UNIX + "/") or path == "/" or _CONTROL.search(path):
        raise Refused("a unix socket is `unix://` and an absolute path")
    if "," in path:
        raise Refused("there is no comma in the path of a unix socket: gRPC takes it for the end")
    if len(os.fsencode(path)) > _MAX_SOCKET_PATH_BYTES:
        raise Refused(f"the path of a unix socket has at most {_MAX_SOCKET_PATH_BYTES} bytes")
    return Address(path=path)


def _split(text: str) -> tuple[str, str]:
    if text.startswith("["):
        host, bracket, port = text[1:].partition("]:")
        if not bracket or not _is_ip(host, version=6):
            raise Refused("an IPv6 address is written `[::1]:port`")
        return host, port
    host, _, port = text.rpartition(":")
    if not host:
        raise Refused("the host or the port is missing")
    if ":" in host:
        raise Refused("an IPv6 address is written in brackets: `[::1]:port`")
    if not _HOST.fullmatch(host) or (_DIGITS_AND_DOTS.fullmatch(host) and not _is_ip(host, version=4)):
        raise Refused("the host is neither a name nor an address")
    return host, port


def _parse_port(text: str, lowest: int) -> int:
    port = int(text) if _PORT.fullmatch(text) else -1
    if not lowest <= port <= _MAX_PORT:
        raise Refused(f"a port is a number from {lowest} to {_MAX_PORT}")
    return port


def _is_ip(host: str, *, version: int) -> bool:
    try:
        return ipaddress.ip_address(host).version == version
    except ValueError:
        return False


def _is_loopback(host: str) -> bool:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return (mapped or address).is_loopback
