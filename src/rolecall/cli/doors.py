"""Where a reading command gets its answers: one method, and behind it a store file or a server."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Final, Generic, NamedTuple, Protocol, TypeVar

from google.protobuf.message import Message

from rolecall.cli.problem import bad_input

Q = TypeVar("Q", bound=Message)
R = TypeVar("R", bound=Message)
T = TypeVar("T")

_PACKAGE: Final = "rolecall.api.v1"
_PAGE: Final = 1_000


class Rpc(NamedTuple, Generic[Q, R]):
    """One RPC of the API, and its messages."""

    service: str
    name: str
    request: type[Q]
    response: type[R]

    @property
    def path(self) -> str:
        """The full gRPC path."""
        return f"/{_PACKAGE}.{self.service}/{self.name}"


class Door(Protocol):
    """Answers RPCs; a Problem tells what went wrong."""

    async def ask(self, rpc: Rpc[Q, R], request: Q) -> R:
        """Return the response to a request."""
        ...


def ask(args: argparse.Namespace, question: Callable[[Door], Awaitable[T]]) -> T:
    """Open the door that the flags name, ask, and close it."""

    async def run() -> T:
        async with open_door(args) as door:
            return await question(door)

    return asyncio.run(run())


@asynccontextmanager
async def open_door(args: argparse.Namespace) -> AsyncIterator[Door]:
    """Open the store file of `--db` in this process, or a connection to a server."""
    _refuse_mixture(args)
    if args.db is not None:
        from rolecall.cli.local import open_local

        async with open_local(args) as door:
            yield door
    else:
        from rolecall.cli.remote import open_remote

        async with open_remote(args) as door:
            yield door


async def every(door: Door, rpc: Rpc[Q, Any], request: Q, field: str) -> list[Any]:
    """Return all items of a list, page by page; `field` holds them in the response."""
    items: list[Any] = []
    page = rpc.request()
    page.CopyFrom(request)
    page.page_size = _PAGE  # type: ignore[attr-defined]
    while True:
        response = await door.ask(rpc, page)
        items.extend(getattr(response, field))
        if not response.next_page_token:
            return items
        page.page_token = response.next_page_token  # type: ignore[attr-defined]


def _refuse_mixture(args: argparse.Namespace) -> None:
    """Refuse flags of one door together with those of the other: one of them would be passed over in silence."""
    for_file = [flag for flag, value in (("--key", args.key), ("--app", args.app)) if value is not None]
    if args.db is None and for_file:
        raise bad_input(f"`{for_file[0]}` goes with --db", "a server is told its app by --api-key or ROLECALL_API_KEY")
    for_server = [
        flag
        for flag, given in (
            ("--address", args.address is not None),
            ("--api-key", args.api_key is not None),
            ("--token", args.token is not None),
            ("--token-file", args.token_file is not None),
            ("--tls", args.tls),
            ("--tls-ca", args.tls_ca is not None),
            ("--tls-client-cert", args.tls_client_cert is not None),
            ("--tls-client-key", args.tls_client_key is not None),
        )
        if given
    ]
    if args.db is not None and for_server:
        raise bad_input(
            f"`--db` and `{for_server[0]}` don't go together: one reads a store file, the other asks a server",
            "with --db an app is chosen by --key or --app",
        )
