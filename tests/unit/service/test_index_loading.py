"""Missing facts: read once for all who ask, absence too, and whoever gives up spoils it for nobody."""

# ruff: noqa: SLF001 - what must not be left behind, or grow, is not for others to see

from __future__ import annotations

import asyncio

import pytest

from rolecall.domain.errors import RolecallError, Unavailable
from rolecall.domain.records import CallRecord, UserRecord
from rolecall.service.administration.calls.values import CallChange, CallMemberChange
from rolecall.service.authorizer import Authorizer
from rolecall.service.cache import CALL as CALL_KIND
from rolecall.service.cache import CALL_MEMBER, MISSING, USER
from rolecall.service.index import Index
from rolecall.service.questions import Question
from tests.oracle import Answer
from tests.unit.service.staged import ALLOWED, CALL, NEVER, Desk, Gate, cancelled, outcome, settled

UNKNOWN = Answer(False, "UNKNOWN_USER")


async def test_many_questions_at_once_are_one_read(desk: Desk) -> None:
    answers = await asyncio.gather(*(desk.check("ann") for _ in range(500)))
    assert set(answers) == {(ALLOWED, 2)}
    assert desk.store.reads == {"facts": 1}


async def test_whoever_asks_while_a_read_is_under_way_waits_for_it(desk: Desk) -> None:
    gate = desk.store.after["facts"] = Gate()
    first = asyncio.create_task(desk.check("ann"))
    await gate.reached.wait()
    second = asyncio.create_task(desk.check("ann"))
    await settled()
    assert not second.done()
    gate.open()
    assert [await first, await second] == [(ALLOWED, 2)] * 2
    assert desk.store.reads == {"facts": 1}


async def test_only_what_nobody_is_reading_is_read(desk: Desk) -> None:
    gate = desk.store.after["facts"] = Gate()
    first = asyncio.create_task(desk.check("ann"))
    await gate.reached.wait()
    second = asyncio.create_task(desk.check("ben"))
    await settled()
    gate.open()
    for question in (first, second):
        assert await question == (ALLOWED, 2)
    assert [set(wanted.users) for wanted in desk.store.wanted[:2]] == [{"ann"}, {"ben"}]
    assert desk.store.reads == {"facts": 2}


async def test_a_question_is_one_read_and_the_next_one_none(desk: Desk) -> None:
    await desk.administration.calls.upsert(desk.server, CallChange(CALL, members=(CallMemberChange("ann"),)))
    for _ in range(3):
        await desk.check("ann")
        await desk.authorizer.capabilities(desk.server, Question("ann", call=CALL))
        await desk.authorizer.admission(desk.server, Question("ann", call=CALL))
    assert desk.store.reads["facts"] == 1


async def test_a_batch_is_one_read(desk: Desk) -> None:
    asked = [(Question(user, call=f"default:{number}"), "join-call") for user in ("ann", "ben") for number in range(50)]
    results, _ = await desk.authorizer.check_all(desk.server, asked)
    assert len(results) == 100
    assert desk.store.reads == {"facts": 1}


async def test_absence_is_held(desk: Desk) -> None:
    for _ in range(3):
        assert await desk.check("nobody") == (UNKNOWN, 2)
        assert (await desk.check("ann", call="default:never"))[0].allowed
    assert desk.store.reads == {"facts": 2}
    assert desk.index.cache.get((USER, desk.app.id, "nobody")) is None
    assert desk.index.cache.get((CALL_KIND, desk.app.id, "default:never")) is None


async def test_absence_ends_with_the_write_that_creates(desk: Desk) -> None:
    assert await desk.check("cleo") == (UNKNOWN, 2)
    await desk.write_elsewhere(UserRecord("cleo"))
    assert await desk.check("cleo") == (UNKNOWN, 2)
    await desk.index.refresh()
    assert await desk.check("cleo") == (ALLOWED, 3)


async def test_one_who_is_no_member_is_held_as_such(desk: Desk) -> None:
    await desk.administration.calls.upsert(desk.server, CallChange(CALL))
    for _ in range(3):
        await desk.check("ann")
    assert desk.store.reads["facts"] == 1
    member = desk.index.cache.get((CALL_MEMBER, desk.app.id, CALL, "ann"))
    assert member.role is None


async def test_malformed_ids_and_unknown_ids_of_permissions_are_never_read(desk: Desk) -> None:
    for call, user in (("default", "ann"), (":x", "ann"), ("UPPER:x", "ann"), (CALL, "bell\a"), (CALL, "x" * 256)):
        with pytest.raises(RolecallError):
            await desk.check(user, call=call)
    assert desk.store.reads == {}
    assert len(desk.index.cache) == 0


# --- giving up and failing -------------------------------------------------------------------------------------------


async def test_a_question_that_is_given_up_does_not_end_the_read_others_wait_for(desk: Desk) -> None:
    gate = desk.store.after["facts"] = Gate()
    first = asyncio.create_task(desk.check("ann"))
    await gate.reached.wait()
    second = asyncio.create_task(desk.check("ann"))
    await settled()
    await cancelled(first)
    gate.open()
    assert await second == (ALLOWED, 2)
    assert desk.store.reads == {"facts": 1}


async def test_what_was_read_for_nobody_is_held_all_the_same(desk: Desk) -> None:
    gate = desk.store.after["facts"] = Gate()
    only = asyncio.create_task(desk.check("ann"))
    await gate.reached.wait()
    await cancelled(only)
    gate.open()
    await settled()
    assert desk.index.cache.get((USER, desk.app.id, "ann")) is not MISSING
    assert not desk.index._loading
    assert await desk.check("ann") == (ALLOWED, 2)
    assert desk.store.reads == {"facts": 1}


async def test_everyone_who_waits_hears_of_a_failed_read_and_the_next_question_reads_again(desk: Desk) -> None:
    gate = desk.store.before["facts"] = Gate()
    questions = [asyncio.create_task(outcome(desk.check("ann"))) for _ in range(3)]
    await gate.reached.wait()
    failure = desk.store.failure = Unavailable("gone", reason="STORE_FAILED")
    gate.open()
    assert await asyncio.gather(*questions) == [failure] * 3
    assert not desk.index._loading
    desk.store.failure = None
    assert await desk.check("ann") == (ALLOWED, 2)


async def test_a_failed_read_that_nobody_waits_for_any_more_is_no_error(desk: Desk) -> None:
    gate = desk.store.before["facts"] = Gate()
    only = asyncio.create_task(desk.check("ann"))
    await gate.reached.wait()
    await cancelled(only)
    desk.store.failure = Unavailable("gone", reason="STORE_FAILED")
    gate.open()
    await settled()
    assert not desk.index._loading


async def test_a_failed_read_denies_by_raising_whatever_was_held_of_the_rest(desk: Desk) -> None:
    await desk.administration.calls.upsert(desk.server, CallChange(CALL))
    assert (await desk.check("ann"))[0] == ALLOWED
    await desk.administration.calls.block(desk.server, CALL, "ann")
    desk.store.failure = Unavailable("gone", reason="STORE_FAILED")
    with pytest.raises(Unavailable, match="gone"):
        await desk.check("ann")


# --- a cache that is too small ---------------------------------------------------------------------------------------


def batch(size: int) -> list[tuple[Question, str]]:
    return [(Question("ann", call=f"default:{number}"), "send-audio") for number in range(size)]


async def test_a_batch_whose_facts_do_not_fit_together_is_unavailable(desk: Desk) -> None:
    desk.index.cache._share = 100_000
    with pytest.raises(Unavailable) as caught:
        await desk.authorizer.check_all(desk.server, batch(1_000))
    assert caught.value.code_reason == "CACHE_TOO_SMALL"
    assert desk.store.reads["facts"] <= 10
    assert not desk.authorizer.decisions
    assert await desk.check("ann") == (ALLOWED, 2)


async def test_the_smallest_cache_the_settings_allow_holds_the_largest_batch(desk: Desk) -> None:
    users = [f"user-{number}" for number in range(1_000)]
    async with desk.store.transaction(desk.app.id) as tx:
        await tx.put_users([UserRecord(user) for user in users])
        for user in users:
            await tx.put_call(CallRecord(f"default:{user}"))
    index = Index(desk.store, cache_mb=16, refresh_seconds=NEVER, max_staleness_seconds=NEVER)
    await index.start()
    asked = [(Question(user, call=f"default:{user}"), "send-audio") for user in users]
    results, revision = await Authorizer(index).check_all(desk.server, asked)
    assert {result.allowed for result in results if not isinstance(result, RolecallError)} == {True}
    assert (len(results), revision) == (1_000, 3)
    await index.stop()


async def test_a_cache_that_holds_two_facts_answers_about_the_app_but_not_about_a_call(desk: Desk) -> None:
    await desk.administration.calls.upsert(desk.server, CallChange(CALL))
    desk.index.cache._share = 1
    decision, _ = await desk.authorizer.check(desk.server, Question("ann"), "search-user")
    assert decision.allowed
    with pytest.raises(Unavailable):
        await desk.check("ann")


async def test_facts_that_change_faster_than_they_can_be_read_are_unavailable(desk: Desk) -> None:
    async def write() -> None:
        await desk.write_elsewhere(UserRecord("ann", custom={"at": desk.store.reads["facts"]}))
        await desk.index.refresh()

    desk.store.after["facts"] = write
    with pytest.raises(Unavailable) as caught:
        await desk.check("ann")
    assert caught.value.code_reason == "BUSY"
    desk.store.after.clear()
    assert (await desk.check("ann"))[0] == ALLOWED


# --- stopping --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("read", ["facts", "delta"])
async def test_nothing_runs_on_after_stop(desk: Desk, read: str) -> None:
    gate = desk.store.before[read] = Gate()
    question = asyncio.create_task(outcome(desk.check("ann") if read == "facts" else desk.index.refresh()))
    await gate.reached.wait()
    await desk.index.stop()
    await settled()
    running = {task for task in asyncio.all_tasks() if task not in {question, asyncio.current_task()}}
    await cancelled(question)
    assert {task.get_coro().__qualname__ for task in running} == set()  # type: ignore[union-attr]
