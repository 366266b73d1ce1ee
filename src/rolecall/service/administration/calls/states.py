"""What a call goes through: live, back into backstage, ended, deleted."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace

from rolecall.domain.records import CallRecord, TaskRecord
from rolecall.service.administration.calls.on_call import OnCall, call_view
from rolecall.service.administration.calls.values import CallView, DeletedCall
from rolecall.service.administration.checks import stamped
from rolecall.service.administration.permit import server_only
from rolecall.service.callers import Caller
from rolecall.store import Transaction
from rolecall.store.changes import Happening


class CallStates(OnCall):
    """Takes calls from one state to the next; what changes nothing is told to nobody."""

    async def go_live(self, caller: Caller, cid: str, *, members_limit: int | None = None) -> tuple[CallView, int]:
        """Take a call out of backstage."""

        def live(record: CallRecord, _: int) -> CallRecord:
            return replace(record, backstage=False)

        return await self._change(caller, cid, "UpdateCall", live, "call.live_started", members_limit)

    async def stop_live(self, caller: Caller, cid: str, *, members_limit: int | None = None) -> tuple[CallView, int]:
        """Put a call back into backstage."""

        def hidden(record: CallRecord, _: int) -> CallRecord:
            return replace(record, backstage=True)

        return await self._change(caller, cid, "UpdateCall", hidden, "call.updated", members_limit)

    async def end(self, caller: Caller, cid: str, *, members_limit: int | None = None) -> tuple[CallView, int]:
        """End a call; one that has ended keeps its first end."""

        def ended(record: CallRecord, now: int) -> CallRecord:
            return replace(record, ended_at=now if record.ended_at is None else record.ended_at)

        return await self._change(caller, cid, "EndCall", ended, "call.ended", members_limit)

    async def _change(
        self,
        caller: Caller,
        cid: str,
        action: str,
        change: Callable[[CallRecord, int], CallRecord],
        event: str,
        members_limit: int | None,
    ) -> tuple[CallView, int]:
        """Put a call that the caller may change so, changed, and tell of it."""

        async def work(tx: Transaction, stored: CallRecord) -> CallView:
            record = stamped(change(stored, tx.now), stored, tx.now)
            if record is not stored:
                await tx.put_call(record)
                tx.tell(Happening(event, cid, by=caller.user_id))
            return await call_view(tx, record, members_limit)

        return await self._on_call(caller, cid, [action], work)

    async def delete(
        self, caller: Caller, cid: str, *, hard: bool = False, members_limit: int | None = None
    ) -> DeletedCall:
        """Delete a call with its members and all that was said of users on it.

        `hard`, server-side only, deletes no more than that, and leaves a task that says it is done.
        """
        if hard:
            server_only(caller, "deleting a call for good", "hard")

        async def work(tx: Transaction, record: CallRecord) -> tuple[CallView, str]:
            view = await call_view(tx, record, members_limit)
            await tx.delete_call(cid)
            tx.tell(Happening("call.deleted", cid, by=caller.user_id))
            return view, await _done(tx, cid) if hard else ""

        (view, task_id), revision = await self._on_call(caller, cid, ["DeleteCall"], work)
        return DeletedCall(view, task_id, revision)


async def _done(tx: Transaction, cid: str) -> str:
    """Store a task that is done, and return its id."""
    task_id = str(uuid.uuid4())
    result = {cid: {"status": "ok"}}
    await tx.put_task(TaskRecord(task_id, result=result, created_at=tx.now, updated_at=tx.now))
    return task_id
