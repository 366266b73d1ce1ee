"""uvicorn's WebSocket protocol, quiet: addresses hold tokens, and no line of it may stand in a log."""

from __future__ import annotations

import logging
from typing import Any, Final

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

_LOG: Final = logging.getLogger("rolecall.websocket")
_LOG.setLevel(logging.ERROR)


class SocketProtocol(WebSocketsSansIOProtocol):
    """Lets the application drop a client that reads nothing: `state["abort"]` of its scope."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.logger = _LOG
        self.conn.logger = _LOG
        self.conn.debug = False

    async def run_asgi(self) -> None:
        """Run the application for this connection."""
        self.scope["state"] = {**self.scope.get("state", {}), "abort": self.transport.abort}
        await super().run_asgi()
