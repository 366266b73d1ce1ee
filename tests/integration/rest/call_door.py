"""What tests of calls over the HTTP API share: a server with a few users, and the paths and bodies they use."""

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
from tests.integration.rest.shapes import CALL_STATE
from tests.integration.rest.test_http_api import V2, Door

CLIENT: Final = ""
BOTH: Final = pytest.mark.parametrize("surface", [V2, CLIENT], ids=["v2", "client"])
USERS: Final = ("alice", "bob", "carol", "dave", "erin")
_NUMBERS: Final = count(1)


@contextmanager
def call_server(folder: Path) -> Iterator[tuple[Server, Door]]:
    """Run a server whose app has a few users."""
    db = folder / "rolecall.db"
    app = make_app(db)
    with running(db) as started, httpx.Client(base_url=started.http, timeout=20) as http:
        door = Door(http, app)
        make_users(door, *USERS)
        yield started, door


def make_users(door: Door, *ids: str, **fields: Any) -> None:
    users = {user_id: {"id": user_id, **fields} for user_id in ids}
    answer = door.raw("POST", f"{V2}/users", json={"users": users})
    assert answer.status_code == 201, answer.text


def new_type(door: Door, grants: dict[str, list[str]], **settings: Any) -> str:
    """Create a call type in which only these roles may do anything; return its name."""
    name = f"type-{next(_NUMBERS)}"
    default = door.raw("GET", f"{V2}/video/calltypes/default").json()["grants"]
    sent = {"name": name, "grants": {role: [] for role in default} | grants, "settings": settings}
    answer = door.raw("POST", f"{V2}/video/calltypes", json=sent)
    assert answer.status_code == 201, answer.text
    return name


def new_id() -> str:
    return f"call-{next(_NUMBERS)}"


def path_of(surface: str, cid: str, rest: str = "") -> str:
    name, _, call_id = cid.partition(":")
    return f"{surface}/video/call/{name}/{call_id}{rest}"


def make_call(door: Door, cid: str, surface: str = V2, *, by: str = "alice", **data: Any) -> dict[str, Any]:
    """Create a call and return the answer."""
    body = {"data": {"created_by_id": by, **data}}
    made = door.ok("POST", path_of(surface, cid), CALL_STATE | {"created": bool}, status=201, json=body)
    assert made["created"] is True
    return dict(made)


def get_call(door: Door, cid: str, surface: str = V2, **sent: Any) -> dict[str, Any]:
    return dict(door.ok("GET", path_of(surface, cid), CALL_STATE, **sent))


def capabilities(server: Server, door: Door, cid: str, user_id: str) -> list[str]:
    """Return what a user may do on a call as gRPC tells."""
    request = authorization_pb2.ListCapabilitiesRequest(user_id=user_id, call=cid)
    return list(server.client(door.app)(request).own_capabilities)


def without_duration(answer: dict[str, Any]) -> dict[str, Any]:
    return {field: value for field, value in answer.items() if field != "duration"}
