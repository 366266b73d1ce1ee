"""The user without a token as the index sees it: always there, and nothing that is stored of that name counts."""

from __future__ import annotations

from rolecall.domain.records import CallMemberRecord, CallRecord, CallUserRecord, TypeRecord, UserRecord
from rolecall.service.callers import Caller
from rolecall.service.questions import Question
from tests.oracle import Answer
from tests.unit.service.staged import Desk

NOBODY = "!anon"
HALL = TypeRecord("video:hall", {"anonymous": ("join-call",), "admin": ("send-audio",), "host": ("send-video",)})


async def test_a_stored_user_of_that_name_is_someone_else(desk: Desk) -> None:
    """A file of before this name was taken may hold such a user, and what it may do."""
    async with desk.other.transaction(desk.app.id) as tx:
        await tx.put_type(HALL)
        await tx.put_user(UserRecord(NOBODY, role="admin", banned=True))
        await tx.put_call(CallRecord("hall:x", created_by_id=NOBODY))
        await tx.put_call_member("hall:x", CallMemberRecord(NOBODY, "host"))
        await tx.put_call_user("hall:x", CallUserRecord(NOBODY, granted=("screenshare",)))
    await desk.index.refresh()
    assert (await desk.check(NOBODY, "join-call", "hall:x"))[0] == Answer(True, "ROLE_GRANT", "anonymous", "join-call")
    for capability in ("send-audio", "send-video", "screenshare"):
        assert not (await desk.check(NOBODY, capability, "hall:x"))[0].allowed


async def test_the_caller_itself_and_a_server_get_the_same_answers(desk: Desk) -> None:
    async with desk.other.transaction(desk.app.id) as tx:
        await tx.put_type(HALL)
        await tx.put_call(CallRecord("hall:x", created_by_id="ann"))
    await desk.index.refresh()
    for cid in ("hall:x", "hall:never"):
        own = await desk.authorizer.capabilities(Caller(desk.app.id, NOBODY), Question(call=cid))
        assert own == await desk.authorizer.capabilities(desk.server, Question(NOBODY, call=cid))
        assert own[0] == ["join-call"]


async def test_what_changes_for_nobody_is_seen_and_once_known_nothing_is_read(desk: Desk) -> None:
    async with desk.other.transaction(desk.app.id) as tx:
        await tx.put_type(HALL)
        await tx.put_call(CallRecord("hall:x"))
    await desk.index.refresh()
    for _ in range(3):
        await desk.check(NOBODY, "join-call", "hall:x")
    assert desk.store.reads["facts"] == 1
    async with desk.other.transaction(desk.app.id) as tx:
        await tx.delete_call("hall:x")
        await tx.put_call(CallRecord("hall:x", ended_at=1))
    await desk.index.refresh()
    assert (await desk.check(NOBODY, "join-call", "hall:x"))[0].allowed
    assert desk.store.reads["facts"] == 2
