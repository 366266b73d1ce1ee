"""Several processes on one file, and processes that are killed: this file is also the program they run."""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

from rolecall.domain.records import AppRecord, CallMemberRecord, CallRecord, UserRecord
from rolecall.store import Store, Wanted, changes

# --- what the other processes do ---


def _say(word: object) -> None:
    print(word, flush=True)  # noqa: T201 - the parent reads it


async def _write(path: str) -> None:
    """Write two users and a call of theirs for ever; say each revision once it is committed."""
    store = await Store.open(path, keep_changes=1000)
    (app,) = (await store.load()).apps
    while True:
        async with store.transaction(app.app.id) as transaction:
            one, two, cid = _written(transaction.revision)
            await transaction.put_user(UserRecord(one))
            await transaction.put_call(CallRecord(cid))
            await transaction.put_call_members(cid, [CallMemberRecord(one), CallMemberRecord(two)])
            await transaction.put_user(UserRecord(two))
        _say(transaction.revision)


def _written(revision: int) -> tuple[str, str, str]:
    return f"{revision:06}-one", f"{revision:06}-two", f"default:{revision:06}"


async def _make(path: str) -> None:
    """Make one new store after the other; say before each which."""
    for number in count():
        _say(number)
        await (await Store.open(f"{path}.{number}")).close()


async def _count(path: str) -> None:
    """Add one to a stored number fifty times; say the revisions."""
    store = await Store.open(path)
    (app,) = (await store.load()).apps
    _say("ready")
    await asyncio.to_thread(sys.stdin.readline)
    for _ in range(50):
        async with store.transaction(app.app.id) as transaction:
            user = await transaction.user("counter") or UserRecord("counter", custom={"n": 0})
            await transaction.put_user(replace(user, custom={"n": user.custom["n"] + 1}))
        _say(transaction.revision)
    await store.close()


async def _open(path: str) -> None:
    """Open a store and make an app at the same moment as others."""
    _say("ready")
    await asyncio.to_thread(sys.stdin.readline)
    store = await Store.open(path)
    own = f"app-{os.getpid()}"
    await store.create_app(AppRecord(0, own, 0), key=own, secret=own)
    await store.close()


PROGRAMS: dict[str, Callable[[str], Coroutine[Any, Any, None]]] = {
    "write": _write,
    "make": _make,
    "count": _count,
    "open": _open,
}


@asynccontextmanager
async def _process(program: str, path: Path) -> AsyncIterator[Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, __file__, program, str(path), stdin=PIPE, stdout=PIPE
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def _lines(process: Process, number: int) -> list[str]:
    """Read so many lines; fewer when the process ends before."""
    assert process.stdout is not None
    lines = [await process.stdout.readline() for _ in range(number)]
    return [line.decode().strip() for line in lines if line.endswith(b"\n")]


async def _together(program: str, path: Path, number: int) -> list[list[str]]:
    """Run so many processes, let them begin at the same moment, and return what each said."""

    async def run() -> list[str]:
        async with _process(program, path) as process:
            assert await _lines(process, 1) == ["ready"]
            ready.release()
            await begin.wait()
            said, _ = await process.communicate(b"go\n")
            assert process.returncode == 0
        return said.decode().split()

    ready, begin = asyncio.Semaphore(0), asyncio.Event()
    runs = [asyncio.create_task(run()) for _ in range(number)]
    for _ in runs:
        await ready.acquire()
    begin.set()
    return await asyncio.gather(*runs)


# --- killed processes ---


async def test_what_was_acknowledged_survives_a_kill_and_nothing_is_half_done(path: Path) -> None:
    store = await Store.open(str(path))
    app = await store.create_app(AppRecord(0, "demo", 0), key="key", secret="secret")
    await store.close()
    acknowledged = 1
    for acknowledgements in (1, 7, 20, 90, 300):
        async with _process("write", path) as process:
            said = await _lines(process, acknowledgements)
            process.kill()
            said += await _lines(process, 10_000)
        revisions = [int(word) for word in said]
        assert revisions[0] in (acknowledged + 1, acknowledged + 2)  # the last round's last may have been unheard
        assert revisions == list(range(revisions[0], revisions[-1] + 1))
        acknowledged = revisions[-1]

        store = await Store.open(str(path), create=False)
        async with store.snapshot(app.id) as reader:
            (found,) = await reader.apps()
            users = [user.id for user in await reader.list_users(10_000)]
            calls = [call.cid for call in await reader.list_calls(10_000)]
            members = [[member.user_id for member in await reader.list_call_members(cid, 10)] for cid in calls]
        assert found.revision in (acknowledged, acknowledged + 1)
        written = [_written(revision) for revision in range(2, found.revision + 1)]
        assert users == [name for one, two, _ in written for name in (one, two)]
        assert calls == [cid for _, _, cid in written]
        assert members == [[one, two] for one, two, _ in written]
        assert await store.check() == []
        await store.close()


async def test_a_store_whose_making_was_killed_can_be_made(path: Path) -> None:
    for lines in (1, 2, 3, 5):
        async with _process("make", path) as process:
            await _lines(process, lines)
            process.kill()
        for made in {entry.name.split("-")[0] for entry in path.parent.iterdir()}:
            store = await Store.open(str(path.parent / made))
            assert await store.check() == []
            await store.close()
            (path.parent / made).unlink()


# --- processes side by side ---


async def test_writers_of_several_processes_lose_no_update_and_share_one_sequence(path: Path) -> None:
    store = await Store.open(str(path))
    app = await store.create_app(AppRecord(0, "demo", 0), key="key", secret="secret")
    said = await _together("count", path, 3)
    revisions = [int(word) for words in said for word in words]
    assert sorted(revisions) == list(range(2, 152))
    async with store.snapshot(app.id) as reader:
        counter = await reader.user("counter")
    assert counter is not None
    assert counter.custom == {"n": 150}
    assert await store.check() == []
    await store.close()


async def test_several_processes_can_make_one_store_at_the_same_moment(path: Path) -> None:
    for attempt in range(3):
        await _together("open", path.with_suffix(f".{attempt}"), 4)
        store = await Store.open(str(path.with_suffix(f".{attempt}")), create=False)
        assert [app.app.revision for app in (await store.load()).apps] == [1] * 4
        assert await store.check() == []
        await store.close()


async def test_a_follower_sees_what_another_process_writes(path: Path) -> None:
    store = await Store.open(str(path))
    app = await store.create_app(AppRecord(0, "demo", 0), key="key", secret="secret")
    seq, revision = (await store.load()).seq, app.revision
    assert not await store.changed()
    async with _process("write", path) as process:
        while revision < 100:
            (said,) = await _lines(process, 1)
            if int(said) <= revision:
                continue
            assert await store.changed()
            delta = await store.delta(seq)
            assert delta is not None
            assert [change.seq for change in delta.changes] == list(range(seq + 1, delta.seq + 1))
            users = {change.key for change in delta.changes if change.kind == changes.USER}
            last, patch = delta.changes[-1].revision, delta.apps[app.id].app
            assert users == {name for number in range(revision + 1, last + 1) for name in _written(number)[:2]}
            assert last >= int(said)
            assert patch is not None
            assert patch.revision == last  # one snapshot, whatever is written meanwhile
            facts = await store.facts(app.id, Wanted(users=users))
            assert facts.seq >= delta.seq
            assert None not in facts.users.values()
            seq, revision = delta.seq, last
    await store.close()


if __name__ == "__main__":
    asyncio.run(PROGRAMS[sys.argv[1]](sys.argv[2]))
