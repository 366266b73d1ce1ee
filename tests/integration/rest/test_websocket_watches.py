"""Watches that end while their connection goes on."""

from __future__ import annotations

import asyncio
from pathlib import Path

from rolecall.service.administration.calls.values import CallChange
from tests.integration.rest.sockets import PATIENCE
from tests.integration.rest.test_websocket_limits import CALL, standing


async def test_a_call_that_was_deleted_unheard_can_be_watched_anew(tmp_path: Path) -> None:
    """Who is blocked is not told of the end; the connection must not take the watch for one that goes on."""
    async with standing(tmp_path) as (stand, line):
        calls, server = stand.administration.calls, stand.server
        bob = await line.video("bob")
        await stand.watch("bob", bob.id)
        await calls.block(server, CALL, "bob")
        await bob.until("call.blocked_user")
        await calls.delete(server, CALL)
        await calls.upsert(server, CallChange(CALL))
        async with asyncio.timeout(PATIENCE):
            while len(stand.watching):  # noqa: ASYNC110 - the server works in the same loop
                await asyncio.sleep(0)
        await stand.watch("bob", bob.id)
        await calls.update_user_permissions(server, CALL, "bob", [], ["send-audio"])
        changed = await bob.until("call.permissions_updated")
        assert changed["own_capabilities"]
        assert "send-audio" not in changed["own_capabilities"]
        assert len(stand.watching) == 1
