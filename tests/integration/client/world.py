"""A server with a call and a channel in an app, and clients of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from rolecall.api.v1 import call_pb2 as calls
from rolecall.api.v1 import channel_pb2 as channels
from rolecall.api.v1 import user_pb2 as users
from rolecall.client import AsyncClient, Client, server_tokens
from tests.doors import App, Server, make_app, start

CALL = "default:x"
CHANNEL = "messaging:y"
SECONDS = 20.0


class World(NamedTuple):
    """The app, its file, and the server that was started last."""

    app: App
    db: Path
    server: Server

    @property
    def target(self) -> str:
        return self.server.listen[0]

    def client(self, **options: Any) -> Client:
        return Client(self.target, **self._caller(options))

    def aclient(self, **options: Any) -> AsyncClient:
        return AsyncClient(self.target, **self._caller(options))

    def _caller(self, options: dict[str, Any]) -> dict[str, Any]:
        return {"key": self.app.key, "token": server_tokens(self.app.secret), "timeout": SECONDS, **options}

    def send(self, request: Any) -> Any:
        """Make one call as a server."""
        return self.server.client(self.app)(request)

    def block(self, user_id: str) -> int:
        revision: int = self.send(calls.BlockUserRequest(cid=CALL, user_id=user_id)).revision
        return revision

    def unblock(self, user_id: str) -> int:
        revision: int = self.send(calls.UnblockUserRequest(cid=CALL, user_id=user_id)).revision
        return revision

    def restarted(self) -> World:
        """Start a server again on the same port."""
        return self._replace(server=start(self.db, listen=(self.target,), http="off"))


def begin(folder: Path) -> World:
    """Start a server that holds the call of ann, with bob and gil as members, and the channel of ann with bob."""
    db = folder / "a.db"
    world = World(make_app(db), db, start(db, http="off"))
    people = [users.User(id=name, role=role) for name, role in (("ann", "user"), ("bob", "user"), ("gil", "guest"))]
    world.send(users.UpsertUsersRequest(users=people))
    members = [calls.CallMember(user_id=name) for name in ("bob", "gil")]
    world.send(calls.UpsertCallRequest(cid=CALL, created_by_id="ann", members=members))
    channel = channels.UpsertChannelRequest(
        cid=CHANNEL, created_by_id="ann", members=[channels.ChannelMember(user_id="bob")]
    )
    world.send(channel)
    return world
