"""What tests of channels over the HTTP API share: a server with a few users, and the paths and bodies they use."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from rolecall.api.v1 import authorization_pb2
from tests.doors import Server, make_app, running
from tests.integration.rest.shapes import CHANNEL, CHANNEL_MEMBER, CHANNEL_STATE, NESTED
from tests.integration.rest.test_http_api import V2, Door

CHAT: Final = ""
BOTH: Final = pytest.mark.parametrize("surface", [V2, CHAT], ids=["v2", "legacy"])
PREFIX: Final = {V2: f"{V2}/chat", CHAT: ""}
USERS: Final = ("alice", "bob", "carol", "dave")
_NUMBERS: Final = count(1)


@contextmanager
def channel_server(folder: Path, **options: Any) -> Iterator[tuple[Server, Door]]:
    """Run a server whose app has a few users."""
    db = folder / "rolecall.db"
    app = make_app(db, **options)
    with running(db) as started, httpx.Client(base_url=started.http, timeout=20) as http:
        door = Door(http, app)
        make_users(door, *USERS)
        yield started, door


def make_users(door: Door, *ids: str, **fields: Any) -> None:
    users = {user_id: {"id": user_id, **fields} for user_id in ids}
    answer = door.raw("POST", f"{V2}/users", json={"users": users})
    assert answer.status_code == 201, answer.text


def new_type(door: Door, grants: dict[str, list[str]], **config: Any) -> str:
    """Create a channel type in which only these roles may do anything; return its name."""
    name = f"type-{next(_NUMBERS)}"
    default = door.raw("GET", "/channeltypes/messaging").json()["grants"]
    sent = {"name": name, "grants": {role: [] for role in default} | grants, **config}
    answer = door.raw("POST", "/channeltypes", json=sent)
    assert answer.status_code == 201, answer.text
    return name


def new_cid(kind: str = "messaging") -> str:
    return f"{kind}:channel-{next(_NUMBERS)}"


def path_of(surface: str, cid: str, rest: str = "") -> str:
    kind, _, channel_id = cid.partition(":")
    return f"{PREFIX[surface]}/channels/{kind}/{channel_id}{rest}"


def state_of(surface: str) -> dict[str, Any]:
    """Return the shape of a channel's state on a surface."""
    if surface == CHAT:
        return dict(CHANNEL_STATE)
    return CHANNEL_STATE | {"channel": CHANNEL | NESTED, "members": [CHANNEL_MEMBER | NESTED]}


def written_of(surface: str) -> dict[str, Any]:
    """Return the shape of a channel after a write on a surface."""
    return {name: shape for name, shape in state_of(surface).items() if name in {"channel", "members"}}


def make(door: Door, cid: str, surface: str = V2, *, by: str = "alice", **data: Any) -> dict[str, Any]:
    """Create a channel, or get it, and return the answer."""
    body = {"data": {"created_by_id": by, **data}}
    return dict(door.ok("POST", path_of(surface, cid, "/query"), state_of(surface), status=201, json=body))


def get(door: Door, cid: str, surface: str = V2, **sent: Any) -> dict[str, Any]:
    return dict(door.ok("GET", path_of(surface, cid), state_of(surface), **sent))


def update(door: Door, cid: str, body: dict[str, Any], surface: str = V2, **sent: Any) -> dict[str, Any]:
    return dict(door.ok("POST", path_of(surface, cid), written_of(surface), status=201, json=body, **sent))


def ids(answer: dict[str, Any]) -> list[str]:
    return [member["user_id"] for member in answer["members"]]


def member_of(answer: dict[str, Any], user_id: str) -> dict[str, Any]:
    return next(dict(member) for member in answer["members"] if member["user_id"] == user_id)


def capabilities(server: Server, door: Door, cid: str, user_id: str) -> list[str]:
    """Return what a user may do in a channel as gRPC tells."""
    request = authorization_pb2.ListCapabilitiesRequest(user_id=user_id, channel=cid)
    return list(server.client(door.app)(request).own_capabilities)


def without_duration(answer: dict[str, Any]) -> dict[str, Any]:
    return {field: value for field, value in answer.items() if field != "duration"}


def failed(operation: str, text: str) -> str:
    return f'{operation} failed with error: "{text}"'
