"""Following the store: one state in every answer, shared refreshes, a log that was cut, apps that come and go."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from rolecall.domain.errors import NotFound, RolecallError, Unavailable
from rolecall.domain.records import CallUserRecord, TypeRecord, UserRecord
from rolecall.service import compiling, state
from rolecall.service import index as index_module
from rolecall.service.administration import create_app, rotate_secret
from rolecall.service.administration.calls.values import CallChange, CallMemberChange
from rolecall.service.administration.changes import TypeChange
from rolecall.service.authorizer import Authorizer
from rolecall.service.callers import Caller
from rolecall.service.index import Index
from rolecall.service.questions import Question
from rolecall.store import Store
from tests.oracle import Answer
from tests.unit.service.staged import ALLOWED, CALL, NEVER, Desk, Gate, StagedStore, settled

BANNED = Answer(False, "BANNED")


async def test_an_answer_is_of_one_state_though_a_write_lands_after_its_facts_were_read(desk: Desk) -> None:
    async def ban_and_grant() -> None:
        """Between the two reads: ann is banned, and what she asks about is granted to her alone."""
        desk.store.after.clear()
        async with desk.other.transaction(desk.app.id) as tx:
            await tx.put_user(UserRecord("ann", banned=True))
            await tx.put_call_user(CALL, CallUserRecord("ann", granted=("kick-user",)))

    await desk.administration.calls.upsert(desk.server, CallChange(CALL))
    desk.store.after["facts"] = ban_and_grant
    assert await desk.check("ann", "kick-user") == (Answer(False, "NO_GRANT"), 3)
    await desk.index.refresh()
    assert await desk.check("ann", "kick-user") == (BANNED, 4)


async def test_facts_newer_than_the_index_bring_it_up_to_date_first(desk: Desk) -> None:
    """What was read after a write is never judged by the configuration from before it."""
    async with desk.other.transaction(desk.app.id) as tx:
        record = await tx.type("video:default")
        assert record is not None
        await tx.put_type(type(record)(record.scope, {**record.grants, "user": ()}, record.settings))
        await tx.put_user(UserRecord("cleo"))
    assert await desk.check("cleo") == (Answer(False, "NO_GRANT"), 3)
    assert desk.store.reads == {"facts": 1, "delta": 1}


async def test_catching_up_waits_for_what_another_refresh_has_read_and_not_applied_yet(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The store says that nothing is new to it: a refresh has just read the change, and is still compiling it."""
    compiled, asked = compiling.compiled_types, desk.store.changed
    compiling_begins, may_go_on, answered = asyncio.Event(), asyncio.Event(), asyncio.Event()
    refreshes: list[asyncio.Task[None]] = []

    async def slowly(*args: Any) -> Any:
        compiling_begins.set()
        await may_go_on.wait()
        return await compiled(*args)

    async def while_another_refreshes() -> bool:
        refreshes.append(asyncio.create_task(desk.index.refresh()))
        await compiling_begins.wait()
        changed = await asked()
        answered.set()
        return changed

    async with desk.other.transaction(desk.app.id) as tx:
        record = await tx.type("video:default")
        assert record is not None
        await tx.put_type(replace(record, grants={**record.grants, "user": ()}))
    monkeypatch.setattr(index_module, "compiled_types", slowly)
    monkeypatch.setattr(desk.store, "changed", while_another_refreshes)
    caught_up = asyncio.create_task(desk.index.catch_up())
    await answered.wait()
    for _ in range(10):
        await asyncio.sleep(0)
    assert not caught_up.done()
    may_go_on.set()
    await asyncio.gather(caught_up, *refreshes)
    assert (await desk.check("ann"))[0] == Answer(False, "NO_GRANT")


async def test_a_batch_is_of_one_state_while_writes_go_on(desk: Desk) -> None:
    """Two users are banned in every odd revision and let in again in every even one, both at once."""
    _, start = await desk.check("ann")
    assert start == 2

    async def write(times: int) -> None:
        for revision in range(3, 3 + times):
            async with desk.other.transaction(desk.app.id) as tx:
                await tx.put_users([UserRecord(user, banned=revision % 2 == 1) for user in ("ann", "ben")])
            await desk.index.refresh()

    writing = asyncio.create_task(write(16))
    seen = set()
    asked = [(Question(user, call=CALL), "send-audio") for user in ("ann", "ben")]
    try:
        while not writing.done():
            verdicts, revision = await desk.authorizer.check_all(desk.server, asked)
            answers = [verdict.allowed for verdict in verdicts if not isinstance(verdict, RolecallError)]
            assert answers == [revision % 2 == 0] * 2, revision
            seen.add(revision)
            await asyncio.sleep(0)
    finally:
        await writing
    assert len(seen) > 3


# --- refreshing ------------------------------------------------------------------------------------------------------


async def test_refreshes_are_shared(desk: Desk) -> None:
    gate = desk.store.before["delta"] = Gate()
    first = [asyncio.create_task(desk.index.refresh()) for _ in range(50)]
    await gate.reached.wait()
    later = [asyncio.create_task(desk.index.refresh()) for _ in range(50)]
    await settled()
    gate.open()
    await asyncio.gather(*first, *later)
    assert desk.store.reads == {"delta": 2}


async def test_a_refresh_that_began_reading_does_not_stand_for_what_was_written_since(desk: Desk) -> None:
    gate = desk.store.after["delta"] = Gate()
    early = asyncio.create_task(desk.index.refresh())
    await gate.reached.wait()
    revision = await desk.write_elsewhere(UserRecord("ann", banned=True))
    late = asyncio.create_task(desk.index.refresh())
    await settled()
    gate.open()
    await early
    assert desk.index.app(desk.app.id).revision == revision - 1
    await late
    assert desk.index.app(desk.app.id).revision == revision


async def test_giving_up_a_refresh_does_not_end_it_for_others(desk: Desk) -> None:
    gate = desk.store.before["delta"] = Gate()
    first, second = (asyncio.create_task(desk.index.refresh()) for _ in range(2))
    await gate.reached.wait()
    first.cancel()
    revision = await desk.write_elsewhere(UserRecord("ann", banned=True))
    gate.open()
    await second
    assert desk.index.app(desk.app.id).revision == revision


async def test_a_write_compiles_what_it_touched_and_no_more(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    compiled: list[str] = []

    def counted(record: TypeRecord) -> object:
        compiled.append(record.scope)
        return state.compile_type(record)

    monkeypatch.setattr(compiling, "compile_type", counted)
    before = desk.index.app(desk.app.id)
    await desk.administration.call_types.upsert(desk.server, TypeChange("default", {"user": ()}))
    after = desk.index.app(desk.app.id)
    await desk.write_elsewhere(UserRecord("ann", banned=True))
    await desk.index.refresh()
    assert compiled == ["video:default"]
    assert after.call_types["livestream"] is before.call_types["livestream"]
    assert after.grants is before.grants


async def test_a_snapshot_once_taken_never_changes(desk: Desk) -> None:
    before = desk.index.app(desk.app.id)
    held = replace(before, call_types=dict(before.call_types), channel_types=dict(before.channel_types))
    await desk.administration.call_types.upsert(desk.server, TypeChange("hall"))
    await desk.administration.roles.create(desk.server, "speaker")
    assert before == held
    assert desk.index.app(desk.app.id) != before


async def test_a_write_drops_just_what_it_touched(desk: Desk) -> None:
    members = tuple(CallMemberChange(user) for user in ("ann", "ben"))
    await desk.administration.calls.upsert(desk.server, CallChange(CALL, members=members))
    await desk.check("ann")
    await desk.check("ben")
    await desk.administration.calls.block(desk.server, CALL, "ann")
    desk.store.reads.clear()
    assert (await desk.check("ben"))[0] == ALLOWED
    assert desk.store.reads["facts"] == 0
    assert (await desk.check("ann"))[0] == Answer(False, "BLOCKED")
    assert desk.store.reads["facts"] == 1


# --- a log that does not reach back ----------------------------------------------------------------------------------


async def pruned(desk: Desk, path: str) -> None:
    """Ban ann, and cut the change log behind the index."""
    store = await Store.open(path, keep_changes=1)
    async with store.transaction(desk.app.id) as tx:
        await tx.put_user(UserRecord("ann", banned=True))
    async with store.transaction(desk.app.id) as tx:
        await tx.put_user(UserRecord("zoe"))
    await store.close()


async def test_a_log_that_was_cut_makes_the_index_load_anew(desk: Desk, path: str) -> None:
    assert (await desk.check("ann"))[0] == ALLOWED
    await pruned(desk, path)
    await desk.index.refresh()
    assert desk.store.reads == {"facts": 1, "delta": 1, "load": 1}
    assert await desk.check("ann") == (BANNED, 4)
    assert (await desk.check("zoe"))[0] == ALLOWED


async def test_loading_anew_is_done_within_what_was_asked_for_and_a_change_is_not(desk: Desk, path: str) -> None:
    steps: list[int] = []

    @contextmanager
    def around() -> Iterator[None]:
        steps.append(desk.index.seq)
        yield
        steps.append(desk.index.seq)

    desk.index.loading = around
    await desk.write_elsewhere(UserRecord("ann", role="admin"))
    await desk.index.refresh()
    assert steps == []
    before = desk.index.seq
    await pruned(desk, path)
    await desk.index.refresh()
    assert steps == [before, desk.index.seq]
    assert steps[0] < steps[1]


async def test_what_was_read_before_the_index_loaded_anew_is_read_again(desk: Desk, path: str) -> None:
    gate = desk.store.after["facts"] = Gate()
    question = asyncio.create_task(desk.check("ann"))
    await gate.reached.wait()
    del desk.store.after["facts"]
    await pruned(desk, path)
    await desk.index.refresh()
    gate.open()
    assert await question == (BANNED, 4)
    assert not desk.index._touched  # noqa: SLF001 - nothing is left behind


async def test_while_the_index_loads_anew_it_answers_from_what_it_holds(desk: Desk, path: str) -> None:
    assert (await desk.check("ann"))[0] == ALLOWED
    await pruned(desk, path)
    gate = desk.store.after["load"] = Gate()
    refresh = asyncio.create_task(desk.index.refresh())
    await gate.reached.wait()
    assert await desk.check("ann") == (ALLOWED, 2)
    gate.open()
    await refresh
    assert await desk.check("ann") == (BANNED, 4)


async def test_a_store_that_was_put_back_makes_the_index_load_anew(desk: Desk) -> None:
    """A change log shorter than what the index has applied is another history: a backup was restored."""
    desk.index.seq += 100
    async with desk.other.transaction(desk.app.id) as tx:
        await tx.put_user(UserRecord("ann", banned=True))
    await desk.index.refresh()
    assert desk.store.reads == {"delta": 1, "load": 1}
    assert await desk.check("ann") == (BANNED, 3)


# --- apps ------------------------------------------------------------------------------------------------------------


async def test_an_app_made_later_is_known_after_a_refresh(desk: Desk) -> None:
    app, _, _ = await create_app(desk.other, "umbrella", key="umbrella-key")
    assert desk.index.app_by_key("umbrella-key") is None
    await desk.index.refresh()
    found = desk.index.app_by_key("umbrella-key")
    assert found is not None
    assert (found.id, found.revision, len(found.call_types), len(found.channel_types)) == (app.id, 1, 4, 5)
    decision, revision = await desk.authorizer.check(Caller(app.id), Question("ann", call=CALL), "send-audio")
    assert (str(decision.reason), revision) == ("UNKNOWN_USER", 1)


async def delete_app(desk: Desk) -> None:
    async with desk.other.transaction(desk.app.id) as tx:
        await tx.delete_app()
    await desk.index.refresh()


async def test_a_deleted_app_has_no_answers_and_no_key(desk: Desk) -> None:
    assert (await desk.check("ann"))[0] == ALLOWED
    await delete_app(desk)
    assert desk.index.app_by_key("key") is None
    with pytest.raises(Unavailable) as caught:
        await desk.check("ann")
    assert caught.value.code_reason == "APP_DELETED"
    assert desk.index.status().apps == 0


async def test_an_app_deleted_while_its_facts_are_read_has_no_answer(desk: Desk) -> None:
    gate = desk.store.after["facts"] = Gate()
    question = asyncio.create_task(desk.check("ann"))
    await gate.reached.wait()
    await delete_app(desk)
    gate.open()
    with pytest.raises(Unavailable):
        await question


async def test_an_app_of_the_same_name_and_key_is_another_one(desk: Desk) -> None:
    assert (await desk.check("ann"))[0] == ALLOWED
    await delete_app(desk)
    app, _, _ = await create_app(desk.other, "acme", key="key", secret="secret")
    await desk.index.refresh()
    assert app.id != desk.app.id
    decision, _ = await desk.authorizer.check(Caller(app.id), Question("ann", call=CALL), "send-audio")
    assert str(decision.reason) == "UNKNOWN_USER"


async def test_secrets_are_followed(desk: Desk) -> None:
    secret = await rotate_secret(desk.other, "acme", keep_old=False)
    await desk.index.refresh()
    assert desk.index.app(desk.app.id).secrets == (secret,)


async def test_a_type_that_was_deleted_elsewhere_is_gone(desk: Desk) -> None:
    await desk.administration.call_types.upsert(desk.server, TypeChange("hall"))
    assert (await desk.check("ann", call="hall:one"))[0] == ALLOWED
    async with desk.other.transaction(desk.app.id) as tx:
        await tx.delete_type("video:hall")
    await desk.index.refresh()
    with pytest.raises(NotFound):
        await desk.check("ann", call="hall:one")


async def test_apps_share_nothing(desk: Desk) -> None:
    app, _, _ = await create_app(desk.other, "umbrella")
    async with desk.other.transaction(app.id) as tx:
        await tx.put_user(UserRecord("ann", banned=True))
    await desk.index.refresh()
    umbrella = await desk.authorizer.check(Caller(app.id), Question("ann", call=CALL), "send-audio")
    assert str(umbrella[0].reason) == "BANNED"
    assert (await desk.check("ann"))[0] == ALLOWED


async def test_two_indexes_on_two_stores_of_one_file_agree(desk: Desk, path: str) -> None:
    store = await StagedStore.open(path)
    index = Index(store, refresh_seconds=NEVER, max_staleness_seconds=NEVER)
    await index.start()
    await desk.write_elsewhere(UserRecord("ann", banned=True))
    for following, reader in ((desk.index, desk.store), (index, store)):
        assert await reader.changed()
        await following.refresh()
        decision, _ = await Authorizer(following).check(desk.server, Question("ann", call=CALL), "send-audio")
        assert str(decision.reason) == "BANNED"
    await index.stop()
    await store.close()
