"""What the samples of the reference name, put into an app over HTTP so that there is something to read and change."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import httpx

from tests.doors import App, Server

_WHOLE: Final = [{"user_id": "ann"}, {"user_id": "bob"}]
THINGS: Final[tuple[tuple[str, Mapping[str, Any]], ...]] = (
    ("/api/v2/users", {"users": {name: {"id": name} for name in ("ann", "bob", "standup")}}),
    ("/api/v2/roles", {"name": "organizer"}),
    ("/api/v2/permissions", {"id": "standup", "name": "Stand up", "action": "CreateCall"}),
    ("/api/v2/video/calltypes", {"name": "organizer"}),
    ("/api/v2/chat/channeltypes", {"name": "organizer"}),
    ("/api/v2/video/call/default/standup", {"data": {"created_by_id": "ann", "members": _WHOLE}}),
    ("/api/v2/chat/channels/messaging/standup/query", {"data": {"created_by_id": "ann", "members": _WHOLE}}),
)


class Furnished:
    """An app on a server; `furnish` puts back what is not there."""

    def __init__(self, server: Server, app: App) -> None:
        self.server = server
        self.app = app
        self.query = {"api_key": app.key}
        self.http = httpx.Client(base_url=server.http, timeout=20)

    def headers(self, user_id: str | None = None) -> dict[str, str]:
        """Return the headers of a caller, server side without a user."""
        return {"Authorization": self.app.token(user_id), "stream-auth-type": "jwt"}

    def furnish(self) -> None:
        """Make each thing that is not there."""
        for path, body in THINGS:
            answer = self.http.post(path, params=self.query, headers=self.headers(), json=body)
            there = answer.status_code == 400 and "already exists" in answer.json()["message"]
            assert there or answer.status_code == 201, answer.text
