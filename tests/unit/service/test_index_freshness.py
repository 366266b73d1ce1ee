"""How old an answer may be: the index tells its age, answers up to a bound, then refuses until it can read again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from functools import partial
from types import SimpleNamespace

import pytest

from rolecall.domain.errors import RolecallError, Unavailable
from rolecall.domain.records import UserRecord
from rolecall.service import index as index_module
from rolecall.service import state
from rolecall.service.authorizer import Authorizer
from rolecall.service.index import Index
from rolecall.service.questions import Question
from tests.oracle import Answer
from tests.unit.service.staged import ALLOWED, CALL, Desk, Gate, settled

BANNED = Answer(False, "BANNED")
GONE = Unavailable("the disk is gone", reason="STORE_FAILED")
MAX = 30.0
OFTEN = 0.001


class Clock:
    """A monotonic clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    stopped = Clock()
    monkeypatch.setattr(index_module, "time", SimpleNamespace(monotonic=stopped.monotonic))
    return stopped


class Followed:
    """An index that follows by itself, what went wrong, and a way to wait for it to look at the store again."""

    def __init__(self, desk: Desk) -> None:
        self.errors: list[RolecallError] = []
        self.index = Index(desk.store, refresh_seconds=OFTEN, max_staleness_seconds=MAX, on_error=self.errors.append)
        self._desk = desk
        self._authorizer = Authorizer(self.index)

    async def looked(self, times: int = 3) -> None:
        """Wait until the follower has looked at the store so many times from beginning to end."""
        for _ in range(times + 1):
            gate = self._desk.store.before["changed"] = Gate()
            await gate.reached.wait()
            del self._desk.store.before["changed"]
            gate.open()
            await settled()

    async def until(self, condition: Callable[[], bool]) -> None:
        while not condition():
            await self.looked(1)

    async def check(self) -> Answer:
        decision, _ = await self._authorizer.check(self._desk.server, Question("ann", call=CALL), "send-audio")
        return Answer(decision.allowed, str(decision.reason), decision.role, decision.permission)


@pytest.fixture
async def followed(clock: Clock, desk: Desk) -> AsyncIterator[Followed]:
    following = Followed(desk)
    await following.index.start()
    yield following
    desk.store.before.clear()
    await following.index.stop()


def index_of(desk: Desk) -> Index:
    """Return an index that follows nothing by itself."""
    return Index(desk.store, refresh_seconds=3_600, max_staleness_seconds=MAX)


# --- age -------------------------------------------------------------------------------------------------------------


async def test_nothing_is_answered_before_the_index_is_loaded(desk: Desk) -> None:
    index = index_of(desk)
    assert index.age == float("inf")
    assert not index.ready
    assert index.why_not_ready() == "the index is not loaded yet"
    for ask in (partial(index.app, desk.app.id), partial(index.app_by_key, "key")):
        with pytest.raises(Unavailable) as caught:
            ask()
        assert caught.value.code_reason == "INDEX_NOT_LOADED"


async def test_answers_are_given_up_to_the_bound_and_not_beyond(clock: Clock, desk: Desk) -> None:
    index = index_of(desk)
    await index.start()
    clock.now += MAX
    assert (index.age, index.ready, index.why_not_ready()) == (MAX, True, "")
    assert index.app(desk.app.id) is index.app_by_key("key")
    clock.now += 0.001
    assert not index.ready
    assert "older than allowed" in index.why_not_ready()
    for ask in (partial(index.app, desk.app.id), partial(index.app_by_key, "key")):
        with pytest.raises(Unavailable) as caught:
            ask()
        assert caught.value.code_reason == "INDEX_STALE"
    await index.refresh()
    assert (index.age, index.ready) == (0.0, True)
    await index.stop()


async def test_the_age_counts_from_when_a_read_began(clock: Clock, desk: Desk) -> None:
    async def slow() -> None:
        clock.now += 7

    desk.store.after = {"delta": slow, "load": slow}
    index = index_of(desk)
    await index.start()
    assert index.age == 7
    clock.now += 100
    await index.refresh()
    assert index.age == 7
    await index.stop()


async def test_a_refresh_that_fails_leaves_the_age_and_all_answers_as_they_are(clock: Clock, desk: Desk) -> None:
    index = index_of(desk)
    await index.start()
    held = index.app(desk.app.id)
    desk.store.failure = GONE
    clock.now += 5
    for _ in range(3):
        with pytest.raises(Unavailable, match="the disk is gone"):
            await index.refresh()
    assert (index.age, index.app(desk.app.id)) == (5.0, held)
    desk.store.failure = None
    await index.refresh()
    assert index.age == 0.0
    await index.stop()


async def test_an_index_that_can_not_load_does_not_start(desk: Desk) -> None:
    desk.store.failure = GONE
    index = index_of(desk)
    with pytest.raises(Unavailable, match="the disk is gone"):
        await index.start()
    assert not index.ready
    await index.stop()


# --- the follower ----------------------------------------------------------------------------------------------------


async def test_the_follower_learns_of_writes_by_itself(desk: Desk, followed: Followed) -> None:
    assert await followed.check() == ALLOWED
    await desk.write_elsewhere(UserRecord("ann", banned=True))
    await followed.looked()
    assert await followed.check() == BANNED


async def test_looking_without_finding_anything_keeps_the_index_fresh(clock: Clock, followed: Followed) -> None:
    clock.now += 20
    await followed.looked()
    assert followed.index.age == 0.0


async def test_nothing_is_read_but_the_version_while_nothing_changes(desk: Desk, followed: Followed) -> None:
    await followed.check()
    desk.store.reads.clear()
    await followed.looked(5)
    assert set(desk.store.reads) == {"changed"}


@pytest.mark.parametrize("failure", [GONE, ValueError("torn page")], ids=["known", "unforeseen"])
async def test_while_the_store_fails_the_age_grows_until_nothing_is_answered(
    clock: Clock, desk: Desk, followed: Followed, failure: Exception
) -> None:
    assert await followed.check() == ALLOWED
    desk.store.failure = failure
    await followed.until(lambda: len(followed.errors) > 2)
    clock.now += MAX
    await followed.looked()
    assert followed.index.age == MAX
    assert await followed.check() == ALLOWED
    clock.now += 1
    await followed.looked()
    with pytest.raises(Unavailable) as caught:
        await followed.check()
    assert caught.value.code_reason == "INDEX_STALE"

    desk.store.failure = None
    await desk.write_elsewhere(UserRecord("ann", banned=True))
    await followed.looked()
    assert (followed.index.age, await followed.check()) == (0.0, BANNED)
    assert all(isinstance(error, Unavailable) for error in followed.errors)


async def test_a_change_that_could_not_be_applied_is_tried_again(
    clock: Clock, desk: Desk, followed: Followed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The index must not call itself fresh while it lacks a change it has read."""
    failures = [MemoryError("once")]

    def patched(*args: object) -> object:
        if failures:
            raise failures.pop()
        return state.patched(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(index_module, "patched", patched)
    assert await followed.check() == ALLOWED
    await desk.write_elsewhere(UserRecord("ann", banned=True))
    await followed.until(lambda: bool(followed.errors))
    clock.now += 1
    await followed.looked()
    assert (await followed.check(), followed.index.age) == (BANNED, 0.0)


# --- waiting for a revision ------------------------------------------------------------------------------------------


async def test_a_revision_that_is_there_is_not_waited_for(desk: Desk) -> None:
    await desk.authorizer.reach(desk.app.id, 2, 0.0)
    assert desk.store.reads == {}


async def test_a_revision_that_is_committed_is_fetched(desk: Desk) -> None:
    revision = await desk.write_elsewhere(UserRecord("ann", banned=True))
    await desk.authorizer.reach(desk.app.id, revision, 0.0)
    assert await desk.check("ann") == (BANNED, revision)
    assert desk.store.reads["delta"] == 1


async def test_a_revision_that_comes_while_it_is_waited_for_is_enough(desk: Desk) -> None:
    gate = desk.store.after["delta"] = Gate()
    waiting = asyncio.create_task(desk.authorizer.reach(desk.app.id, 3, 60.0))
    await gate.reached.wait()
    await desk.write_elsewhere(UserRecord("ann", banned=True))
    gate.open()
    await waiting
    assert await desk.check("ann") == (BANNED, 3)


async def test_a_revision_that_does_not_come_is_unavailable_at_the_deadline(desk: Desk) -> None:
    await desk.index.refresh()
    desk.store.reads.clear()
    with pytest.raises(Unavailable) as caught:
        await desk.authorizer.reach(desk.app.id, 7, 0.2)
    assert (caught.value.code_reason, caught.value.field) == ("REVISION_NOT_REACHED", "min_revision")
    assert caught.value.message == "revision 7 has not been reached; the newest known is 2"
    assert desk.store.reads["delta"] == 1


async def test_waiting_ends_when_the_store_fails(desk: Desk) -> None:
    desk.store.failure = GONE
    with pytest.raises(Unavailable, match="the disk is gone"):
        await desk.authorizer.reach(desk.app.id, 3, 60.0)


async def test_waiting_ends_when_the_app_is_deleted(desk: Desk) -> None:
    async with desk.other.transaction(desk.app.id) as tx:
        await tx.delete_app()
    with pytest.raises(Unavailable, match="deleted"):
        await desk.authorizer.reach(desk.app.id, 3, 60.0)


async def test_waiting_ends_at_the_deadline_though_the_store_does_not_answer(desk: Desk) -> None:
    gate = desk.store.before["delta"] = Gate()
    with pytest.raises(Unavailable):
        await asyncio.wait_for(desk.authorizer.reach(desk.app.id, 3, 0.01), timeout=2)
    gate.open()
