r"""The publish hook of an SFU: a track goes out only while its participant may send it.

Try it beside `make run`:

    export ROLECALL_API_KEY=… ROLECALL_TOKEN=…
    printf 'bob audio\ngil audio\nmallory audio\n' | python docs/examples/sfu_publish_hook.py default:standup
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable
from typing import Final

from rolecall.client import AsyncClient, AsyncLocalDecider, Change

CAPABILITY: Final = {"audio": "send-audio", "video": "send-video", "screen": "screenshare"}


class Room:
    """One call on this SFU. `stop` ends a track that is published: it gets the user and the kind."""

    def __init__(self, client: AsyncClient, call: str, stop: Callable[[str, str], None]) -> None:
        # Nearly every question is answered from memory. A user who is no member yet, and any question while the
        # watch is broken for too long, is put to the server; where that does not answer, the answer is no.
        self._decider = AsyncLocalDecider(client, call=call, when_stale="ask", on_change=self._enforce)
        self._stop = stop
        self._published: set[tuple[str, str]] = set()

    async def open(self) -> None:
        """Follow the call: when the first participant comes."""
        await self._decider.start()

    async def close(self) -> None:
        """Follow it no more: when the last one has left."""
        await self._decider.stop()

    async def publish(self, user_id: str, kind: str) -> bool:
        """Say whether a track may go out: the hook that the SFU calls."""
        verdict = await self._decider.decide(user_id, CAPABILITY[kind])
        if verdict:
            self._published.add((user_id, kind))
        return verdict.allowed

    def _enforce(self, change: Change) -> None:
        """Stop the tracks of a member who may send them no longer: blocked, muted by a grant, the call deleted."""
        for kind, capability in CAPABILITY.items():
            if capability in change.removed and (change.user_id, kind) in self._published:
                self._published.discard((change.user_id, kind))
                self._stop(change.user_id, kind)


async def main(call: str) -> None:
    """Read `USER KIND` lines as if an SFU sent them, and say what becomes of each."""
    address = os.environ.get("ROLECALL_ADDRESS", "127.0.0.1:50051")
    key, token = os.environ["ROLECALL_API_KEY"], os.environ["ROLECALL_TOKEN"]
    async with AsyncClient(address, key=key, token=token, timeout=0.25) as client:
        room = Room(client, call, lambda user_id, kind: print(f"{user_id} {kind}: stop", flush=True))
        await room.open()
        while line := await asyncio.to_thread(sys.stdin.readline):
            user_id, kind = line.split()
            allowed = await room.publish(user_id, kind)
            print(f"{user_id} {kind}: {'publish' if allowed else 'refuse'}", flush=True)
        await room.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
