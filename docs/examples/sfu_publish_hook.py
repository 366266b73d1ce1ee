r"""The hooks of an SFU: a track goes out only while its participant may send it.

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
        self._one_by_one = asyncio.Lock()
        self._published: set[tuple[str, str]] = set()

    async def open(self) -> None:
        """Follow the call's members: when the first participant comes."""
        await self._members.start()

    async def close(self) -> None:
        """Follow nobody any more: when the last participant has left."""
        await asyncio.gather(self._members.stop(), *(guest.stop() for guest in self._guests.values()))

    async def publish(self, user_id: str, kind: str) -> bool:
        """Say whether a track may go out: the hook that the SFU calls. Without an answer it may not."""
        capability = CAPABILITY.get(kind)
        if capability is None:
            return False
        verdict = self._guests.get(user_id, self._members).check(user_id, capability)
        if verdict.reason == "UNFOLLOWED":
            return await self._publish_as_guest(user_id, kind)
        if verdict:
            self._published.add((user_id, kind))
        return verdict.allowed

    async def unpublish(self, user_id: str, kind: str) -> None:
        """Take note that a track has ended: the other hook, also for each track of a participant that leaves."""
        self._published.discard((user_id, kind))
        await self._leave_idle_guests()

    async def _publish_as_guest(self, user_id: str, kind: str) -> bool:
        """Answer for one who is no member, but may hold capabilities all the same: whoever publishes is followed."""
        async with self._one_by_one:  # all tracks of a guest are under one watch
            await self._leave_idle_guests()
            guest = self._guests.get(user_id) or await self._follow(user_id)
            allowed = guest.check(user_id, CAPABILITY[kind]).allowed
            if allowed:
                self._guests[user_id] = guest
                self._published.add((user_id, kind))
            elif user_id not in self._guests:
                await guest.stop()
            return allowed

    async def _follow(self, user_id: str) -> AsyncLocalDecider:
        guest = AsyncLocalDecider(self._client, call=self._call, users=[user_id], on_change=self._enforce)
        with suppress(RolecallClientError):  # what it can't know it denies
            await guest.start(seconds=1)
        return guest

    async def _leave_idle_guests(self) -> None:
        """Follow no guest that publishes nothing: else each would be followed until the room closes."""
        publishing = {user_id for user_id, _ in self._published}
        idle = [self._guests.pop(user_id) for user_id in list(self._guests) if user_id not in publishing]
        await asyncio.gather(*(guest.stop() for guest in idle))

    def _enforce(self, change: Change) -> None:
        """Stop the tracks of one who may send them no longer: blocked, revoked, the call deleted, member no more."""
        for kind, capability in CAPABILITY.items():
            if (change.left or capability in change.removed) and (change.user_id, kind) in self._published:
                self._published.discard((change.user_id, kind))
                self._stop(change.user_id, kind)


async def hear(room: Room, line: bytes) -> str:
    """Return what becomes of `USER KIND`, a track that begins, or `USER KIND end`, one that ends."""
    try:
        user_id, kind, *end = line.decode().split()
    except ValueError:  # too few words, or no UTF-8
        return f"{line!r}: refuse, a line is USER KIND"
    if end == ["end"]:
        await room.unpublish(user_id, kind)
        return f"{user_id} {kind}: ended"
    if end or kind not in CAPABILITY:
        return f"{line!r}: refuse, a line is USER KIND, and KIND one of {', '.join(CAPABILITY)}"
    return f"{user_id} {kind}: {'publish' if await room.publish(user_id, kind) else 'refuse'}"


async def main(call: str) -> None:
    """Read lines as if an SFU sent them, and say what becomes of each."""
    address = os.environ.get("ROLECALL_ADDRESS", "127.0.0.1:50051")
    key, token = os.environ.get("ROLECALL_API_KEY", ""), os.environ.get("ROLECALL_TOKEN", "")
    async with AsyncClient(address, key=key, token=token, timeout=0.25) as client:
        room = Room(client, call, lambda user_id, kind: print(f"{user_id} {kind}: stop", flush=True))
        await room.open()
        while line := await asyncio.to_thread(sys.stdin.buffer.readline):
            print(await hear(room, line), flush=True)
        await room.close()


if __name__ == "__main__":
    if len(sys.argv[1:]) != 1:
        sys.exit("usage: sfu_publish_hook.py CALL")
    try:
        asyncio.run(main(sys.argv[1]))
    except RolecallClientError as error:  # such as a wrong key, or no such call
        sys.exit(f"sfu_publish_hook.py: {error}")
