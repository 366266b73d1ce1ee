"""How a client reaches a server: addresses, TLS, options of its channel, deadlines, and when it tries again."""

from __future__ import annotations

import random
import re
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final, TypedDict

import grpc

from rolecall.client.errors import InvalidArgument, RolecallClientError, Unavailable
from rolecall.client.tokens import sendable

Option = tuple[str, Any]

_LOCAL: Final = re.compile(r"unix:|127\.|localhost:|\[::1\]:")
_URL: Final = re.compile(r"\s*([a-z][a-z0-9+.-]*)://", re.IGNORECASE)
_RESOLVED: Final = frozenset({"dns", "ipv4", "ipv6", "unix", "unix-abstract", "vsock", "xds", "google-c2p"})
_PORT: Final = re.compile(r"[0-9]{1,5}")
_LAST_PORT: Final = 65_535
_LONGEST_SHOWN: Final = 20
_RIGHT: Final = "write `host:port` or `unix:/path`, and give `credentials` for TLS"
_KEEPALIVE: Final[tuple[Option, ...]] = (
    ("grpc.keepalive_time_ms", 15_000),
    ("grpc.keepalive_timeout_ms", 5_000),
    ("grpc.http2.max_pings_without_data", 0),  # a watch may be silent for hours, and is pinged all the same
    # A server that was restarted is found again soon: with gRPC's own times a deadline of a second is over before the
    # channel looks a second time.
    ("grpc.initial_reconnect_backoff_ms", 50),
    ("grpc.min_reconnect_backoff_ms", 1_000),
    ("grpc.max_reconnect_backoff_ms", 2_000),
    ("grpc.max_receive_message_length", -1),  # rosters and reports are as large as they are
)


@dataclass(frozen=True, slots=True)
class Backoff:
    """Pauses between attempts, in seconds: each up to `factor` times the one before, of which chance takes a part."""

    first: float = 0.02
    factor: float = 2.0
    longest: float = 1.0

    def pause(self, attempt: int, chance: float) -> float:
        """Return the pause after an attempt, counted from 0; `chance` is from 0 to 1."""
        whole = min(self.longest, self.first * self.factor ** min(attempt, 32))
        return whole * (0.5 + chance / 2)


def _steady() -> Callable[[], float]:
    """Return a clock that nobody sets, and that goes on while the machine sleeps, where there is one."""
    return partial(time.clock_gettime, time.CLOCK_BOOTTIME) if sys.platform == "linux" else time.monotonic


_NOW: Final = _steady()


@dataclass(frozen=True, slots=True)
class Clock:
    """Time and chance, which tests replace. `now` is in seconds and only ever grows."""

    now: Callable[[], float] = _NOW
    chance: Callable[[], float] = random.random


class Options(TypedDict, total=False):
    """What may be chosen about a client; what each is stands at Settings."""

    credentials: grpc.ChannelCredentials | None
    timeout: float
    stub_timeout: float
    options: Sequence[Option]
    retries: Backoff
    reconnects: Backoff
    clock: Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything about a client but its token.

    `credentials`: those of TLS (see `tls`), None for plaintext. `timeout` is of a question and `stub_timeout` of other
    RPCs, in seconds. `options` are gRPC's, for the channel. `retries` are the pauses between attempts of a read, and
    `reconnects` those of a watch.
    """

    target: str
    key: str = field(default="", repr=False)
    credentials: grpc.ChannelCredentials | None = field(default=None, repr=False)
    timeout: float = 1.0
    stub_timeout: float = 10.0
    options: Sequence[Option] = ()
    retries: Backoff = Backoff()
    reconnects: Backoff = Backoff(first=0.05, longest=5.0)
    clock: Clock = Clock()

    def __post_init__(self) -> None:
        _check_address(self.target)
        sendable("key", self.key)

    def channel_options(self) -> list[Option]:
        """Return the options of the channel; what was given wins."""
        ours: dict[str, Any] = dict(_KEEPALIVE)
        if _LOCAL.match(self.target):
            ours["grpc.enable_http_proxy"] = 0
        return list({**ours, **dict(self.options)}.items())

    def metadata(self, token: str) -> tuple[tuple[str, str], ...]:
        """Return what names the app and the caller; what is empty is not sent."""
        pairs = (("x-api-key", self.key), ("authorization", token))
        return tuple((name, value) for name, value in pairs if value)

    def pause_before_retry(self, error: RolecallClientError, attempt: int, left: float) -> float | None:
        """Return how long to wait before a read is sent again; None when it may not be, or there is no time.

        `left` is in seconds, to the deadline. Only UNAVAILABLE is tried again: a deadline that has passed is over.
        """
        if type(error) is not Unavailable:
            return None
        pause = self.retries.pause(attempt, self.clock.chance())
        return pause if pause < left else None


def _check_address(address: str) -> None:
    """Refuse what gRPC would take for the name of a host, or reach at a port that nobody named."""
    if not address.strip():
        raise InvalidArgument(f"the address is empty: {_RIGHT}", field="address")
    scheme, colon, _ = address.strip().partition(":")
    if colon and scheme.lower() in _RESOLVED:
        return
    url = _URL.match(address)
    if url is not None:
        scheme = url[1]  # and no more of it: a URL may hold a password
        shown = scheme if len(scheme) <= _LONGEST_SHOWN else scheme[:_LONGEST_SHOWN] + "..."
        raise InvalidArgument(f"an address does not begin with `{shown}://`: {_RIGHT}", field="address")
    wrong = _plain_fault(address)
    if wrong:
        raise InvalidArgument(f"{wrong}: {_RIGHT}", field="address")


def _plain_fault(address: str) -> str:
    """Return what is wrong with `host:port` or `[v6]:port`, if something is: without a port gRPC takes 443."""
    host, _, port = address.rpartition(":")
    if address.startswith("["):
        if not host.endswith("]"):
            return "an IPv6 address is written `[::1]:port`"
    elif not host:
        return "the host or the port is missing"
    elif ":" in host:
        return "an IPv6 address is written in brackets, `[::1]:port`"
    if not _PORT.fullmatch(port) or not 1 <= int(port) <= _LAST_PORT:
        return f"a port is a number from 1 to {_LAST_PORT}"
    return ""


def tls(
    *,
    root_ca: bytes | str | Path | None = None,
    client_cert: bytes | str | Path | None = None,
    client_key: bytes | str | Path | None = None,
) -> grpc.ChannelCredentials:
    """Return credentials for TLS: PEM as bytes, or the path of a file that holds it.

    Without `root_ca` the public authorities are trusted. `client_cert` and `client_key` are for mutual TLS.
    """
    if (client_cert is None) != (client_key is None):
        raise InvalidArgument("client_cert and client_key come together", field="client_cert")
    return grpc.ssl_channel_credentials(
        root_certificates=_pem("root_ca", root_ca),
        private_key=_pem("client_key", client_key),
        certificate_chain=_pem("client_cert", client_cert),
    )


def _pem(field: str, given: bytes | str | Path | None) -> bytes | None:
    if given is None or isinstance(given, bytes):
        return given
    if "-----BEGIN" in str(given):  # never shown as a path: it may be a key
        raise InvalidArgument("PEM is given as bytes: text is the path of a file", field=field)
    try:
        return Path(given).read_bytes()
    except (OSError, ValueError) as error:  # a ValueError is of a path that can be none
        why = getattr(error, "strerror", None) or error
        raise InvalidArgument(f"can't read `{given}`: {why}", field=field) from error
