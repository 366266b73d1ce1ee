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
from contextlib import suppress
from typing import Final

from rolecall.client import AsyncClient, AsyncLocalDecider, Change, RolecallClientError

CAPABILITY: Final = {"audio": "send-audio", "video": "send-video", "screen": "screenshare"}


class Room:
    """One call on this SFU. `stop` ends a track that is published: it gets the user and the kind."""

    def __init__(self, client: AsyncClient, call: str, stop: Callable[[str, str], None]) -> None:
        self._client = client
        self._call = call
        self._stop = stop
        self._members = AsyncLocalDecider(client, call=call, on_change=self._enforce)
        self._guests: dict[str, AsyncLocalDecider] = {}
        self._published: set[tuple[str, str]] = set()

    async def open(self) -> None:
        """Follow the call's members: when the first participant comes."""
        await self._members.start()

    async def close(self) -> None:
        """Follow nobody any more: when the last participant has left."""
        await asyncio.gather(self._members.stop(), *(guest.stop() for guest in self._guests.values()))

    async def publish(self, user_id: str, kind: str) -> bool:
        """Say whether a track may go out: the hook that the SFU calls. Without an answer it may not."""
        capability = CAPABILITY[kind]
        verdict = self._guests.get(user_id, self._members).check(user_id, capability)
        if verdict.reason == "UNFOLLOWED":
            verdict = (await self._follow(user_id)).check(user_id, capability)
        if verdict:
            self._published.add((user_id, kind))
        return verdict.allowed

    async def _follow(self, user_id: str) -> AsyncLocalDecider:
        """Follow one who is no member, but may hold capabilities all the same: whoever publishes must be followed."""
        guest = AsyncLocalDecider(self._client, call=self._call, users=[user_id], on_change=self._enforce)
        self._guests[user_id] = guest
        with suppress(RolecallClientError):  # what it can't know it denies
            await guest.start(seconds=1)
        return guest

    def _enforce(self, change: Change) -> None:
        """Stop the tracks of one who may send them no longer: blocked, revoked, the call deleted, member no more."""
        for kind, capability in CAPABILITY.items():
            if (change.left or capability in change.removed) and (change.user_id, kind) in self._published:
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
