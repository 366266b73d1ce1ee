"""What settings must satisfy together. What one value must be on its own is its kind's to say."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from functools import partial
from typing import Final, NamedTuple

from rolecall.config.address import Address
from rolecall.config.settings import Settings
from rolecall.domain.names import shown


class Problem(NamedTuple):
    """`text` is what follows the setting's name in the sentence."""

    name: str
    text: str


class Check(NamedTuple):
    """One rule; it is only asked when each setting in `about` was asked for and is right on its own."""

    about: tuple[str, ...]
    find: Callable[[Settings], Iterator[Problem]]


def _duplicates(settings: Settings) -> Iterator[Problem]:
    listen = [address for address in settings.listen if address.is_unix or address.port]
    for address in dict.fromkeys(address for address in listen if listen.count(address) > 1):
        yield Problem("listen", f"must not name `{address}` twice")


def _sockets_have_one_worker(settings: Settings) -> Iterator[Problem]:
    for address in settings.listen:
        if address.is_unix and settings.workers > 1:
            yield Problem("listen", f"must not be a unix socket while `workers` is more than 1, got `{address}`")


def _development_stays_local(settings: Settings) -> Iterator[Problem]:
    doors: list[tuple[str, Address]] = [("listen", address) for address in settings.listen]
    if settings.http is not None:
        doors.append(("http", settings.http))
    for name, address in doors:
        if settings.dev and not address.is_local:
            yield Problem(name, f"must be a loopback address or a unix socket while `dev` is on, got `{address}`")


def _tls_is_whole(settings: Settings) -> Iterator[Problem]:
    missing = [name for name in ("tls_cert", "tls_key") if getattr(settings, name) is None]
    for name in ("tls_cert", "tls_key", "tls_client_ca"):
        if missing and getattr(settings, name) is not None:
            yield Problem(name, "needs " + " and ".join(f"`{other}`" for other in missing))


def _tls_loads(settings: Settings) -> Iterator[Problem]:
    cert, key, client_ca = settings.tls_cert, settings.tls_key, settings.tls_client_ca
    for name, path in (("tls_cert", cert), ("tls_client_ca", client_ca)):
        if path is not None and not _loads(partial(_context().load_verify_locations, path)):
            yield Problem(name, f"must hold certificates in PEM, got {shown(str(path))}")
            return
    # Answering for the password makes an encrypted key fail; without, OpenSSL asks the terminal.
    if cert and key and not _loads(partial(_context().load_cert_chain, cert, key, password=str)):
        yield Problem(
            "tls_key", f"must hold the private key of `tls_cert` in PEM, not encrypted, got {shown(str(key))}"
        )


def _context() -> ssl.SSLContext:
    return ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)


def _loads(load: Callable[[], None]) -> bool:
    try:
        load()
    except (OSError, ValueError):
        return False
    return True


CHECKS: Final = (
    Check(("listen",), _duplicates),
    Check(("listen", "workers"), _sockets_have_one_worker),
    Check(("listen", "http", "dev"), _development_stays_local),
    Check(("tls_cert", "tls_key", "tls_client_ca"), _tls_is_whole),
    Check(("tls_cert", "tls_key", "tls_client_ca"), _tls_loads),
)
