"""Deciders that follow a call or channel and answer from memory. What memory answers is told in `memory`."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from types import TracebackType
from typing import Final, Literal, Self, TypedDict, Unpack

from rolecall.client.aio import AsyncClient
from rolecall.client.errors import Internal, InvalidArgument, RolecallClientError
from rolecall.client.following import Watched
from rolecall.client.memory import UNKNOWN, Memory
from rolecall.client.sync import Client
from rolecall.client.values import Change, Verdict
from rolecall.client.watch_aio import AsyncWatch

_EVERYBODY: Final = ""
_log: Final = logging.getLogger("rolecall.client")


class Followed(TypedDict, total=False):
    """What to follow, and what then.

    `call` or `channel`: where. `users`: whom; every member unless some are named. `max_staleness_seconds`: how long
    memory may be answered from when it is not confirmed (10). `when_stale`: whether a question that memory can't answer
    is denied ("deny", the default) or put to the server ("ask"). `on_change` is told each change after memory has it,
    by a LocalDecider in a thread of its own, by an AsyncLocalDecider in the loop, which it must not hold up.
    """

    call: str
    channel: str
    users: Collection[str]
    max_staleness_seconds: float
    when_stale: Literal["deny", "ask"]
    on_change: Callable[[Change], None]


class AsyncLocalDecider:
    """Follows a call or channel by watches of an AsyncClient, and answers from memory.

    Use it as a context, or `start` and `stop` it.
    """

    def __init__(self, client: AsyncClient, **followed: Unpack[Followed]) -> None:
        self._client = client
        self._call, self._channel = followed.get("call", ""), followed.get("channel", "")
        self._asks = _asks(followed)
        self._on_change = followed.get("on_change", _unheard)
        if isinstance(followed.get("users"), str):
            raise InvalidArgument("must be several user ids, not one string", field="users")
        self._users = tuple(dict.fromkeys(followed.get("users", ()))) or (_EVERYBODY,)
        self._most = followed.get("max_staleness_seconds", 10.0)
        if not self._most > 0:
            raise InvalidArgument("must be more than 0", field="max_staleness_seconds")
        self.memory = Memory(self._users, self._most, client.settings.clock.now)
        self.check = self.memory.check
        """Answer at once from memory, as Memory.check does: never asks, so it denies what memory can't answer."""
        self.error: RolecallClientError | None = None
        """What ended the watch for good, if something did."""
        self._watches = [self._watch(user_id) for user_id in self._users]
        self._tasks: list[asyncio.Task[None]] = []
        self._ready = asyncio.Event()
        self._starting = False

    async def start(self, *, seconds: float = 5.0) -> None:
        """Begin to follow, and wait until everything is known, but not longer than this.

        A server that can't be reached is no error: memory denies until it can. Raises where it will never be known.
        """
        self._starting = True
        self._tasks = [
            asyncio.ensure_future(self._follow(user_id, watch))
            for user_id, watch in zip(self._users, self._watches, strict=True)
        ]
        self._tasks.append(asyncio.ensure_future(self._listen()))
        try:
            async with asyncio.timeout(seconds):
                await self._ready.wait()
        except TimeoutError:
            _log.warning("nothing is known yet of `%s`, so all is denied: no server has told", self._where)
        except asyncio.CancelledError:
            await self.stop()
            raise
        finally:
            self._starting = False
        if self.error is not None:
            await self.stop()
            raise self.error

    async def stop(self) -> None:
        """Follow no more: from now on memory denies."""
        self.memory.end()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def decide(self, user_id: str, capability: str) -> Verdict:
        """Answer from memory, or, with `when_stale="ask"`, by the server what memory can't; no answer is a no."""
        verdict = self.memory.check(user_id, capability)
        if not self._asks or verdict.reason not in UNKNOWN:
            return verdict
        try:
            return await self._client.check(user_id, capability, call=self._call, channel=self._channel)
        except RolecallClientError as error:
            _log.warning("denied `%s` for `%s`, since there is no answer: %s", capability, user_id, error)
            return verdict

    @property
    def age(self) -> float:
        """Seconds since memory was last confirmed, infinite when it never was; see Memory."""
        return self.memory.age

    @property
    def fresh(self) -> bool:
        """Whether it is answered from memory."""
        return self.memory.fresh

    # --- following ---------------------------------------------------------------------------------------------------

    @property
    def _where(self) -> str:
        return self._call or self._channel

    def _watch(self, user_id: str) -> AsyncWatch:
        def lost(error: RolecallClientError, pause: float) -> None:
            self.memory.lost(user_id)
            _log.warning("lost the watch of `%s`, to be opened again in %.2f s: %s", self._where, pause, error)

        return AsyncWatch(
            self._client.wire, Watched(user_id=user_id, call=self._call, channel=self._channel, on_lost=lost)
        )

    async def _follow(self, user_id: str, watch: AsyncWatch) -> None:
        """Keep memory as the watch tells, until that ends for good."""
        try:
            while True:
                whole = watch.following.synced
                changes = await watch.receive()
                self.memory.apply(changes)
                if watch.following.synced and not whole:
                    self.memory.synced(user_id, watch.following.opened)
                    if self.memory.whole:
                        self._ready.set()
                for change in changes:
                    _tell(self._on_change, change)
        except RolecallClientError as error:
            self.error = error
            if not self._starting:  # else `start` raises it
                _log.warning("the watch of `%s` has ended, so all is denied from memory: %s", self._where, error)
        except Exception as error:  # noqa: BLE001 - such as one of what makes tokens; nobody follows any more
            self.error = Internal(f"the watch failed: {error}")
            _log.exception("the watch of `%s` failed, so all is denied from memory", self._where)
        finally:  # also where the task is cancelled, as when the client is closed: nobody follows any more
            self.memory.end()
            self._ready.set()

    async def _listen(self) -> None:
        """Confirm memory while the server is heard."""
        pause = self._most / 3
        while True:
            await asyncio.sleep(pause)
            self.memory.heard(await self._client.pulse.beat(pause / 2, pause))


class LocalDecider:
    """The same for a Client: follows in a thread that all deciders of the client share."""

    def __init__(self, client: Client, **followed: Unpack[Followed]) -> None:
        self._client = client
        self._call, self._channel = followed.get("call", ""), followed.get("channel", "")
        self._asks = _asks(followed)
        # Memory does not wait for the hook: else it would lag behind a slow one, and be confirmed all the same.
        self._hook = ThreadPoolExecutor(1, "rolecall-changes")
        if "on_change" in followed:
            followed["on_change"] = partial(_tell_by, self._hook, followed["on_change"])
        self._background = client.background()
        self._decider = self._background.run(_made(self._background.client, followed))
        self._check = self._decider.memory.check

    def start(self, *, seconds: float = 5.0) -> None:
        """Begin to follow, and wait until everything is known, but not longer than this; see AsyncLocalDecider."""
        self._background.run(self._decider.start(seconds=seconds))

    def stop(self) -> None:
        """Follow no more: from now on memory denies."""
        self._decider.memory.end()
        if not self._client.wire.closed.is_set():
            self._background.run(self._decider.stop())
        self._hook.shutdown(wait=False)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def check(self, user_id: str, capability: str) -> Verdict:
        """Answer from memory, or, with `when_stale="ask"`, by the server what memory can't; no answer is a no."""
        verdict = self._check(user_id, capability)
        if not self._asks or verdict.reason not in UNKNOWN:
            return verdict
        try:
            return self._client.check(user_id, capability, call=self._call, channel=self._channel)
        except RolecallClientError as error:
            _log.warning("denied `%s` for `%s`, since there is no answer: %s", capability, user_id, error)
            return verdict

    @property
    def age(self) -> float:
        """Seconds since memory was last confirmed, infinite when it never was; see Memory."""
        return self._decider.age

    @property
    def fresh(self) -> bool:
        """Whether it is answered from memory."""
        return self._decider.fresh

    @property
    def error(self) -> RolecallClientError | None:
        """What ended the watch for good, if something did."""
        return self._decider.error


def _unheard(change: Change) -> None:
    """Tell nobody."""


def _tell(on_change: Callable[[Change], None], change: Change) -> None:
    try:
        on_change(change)
    except Exception:  # noqa: BLE001 - a hook that fails must not end what it hears of
        _log.exception("on_change failed for a change of `%s`", change.user_id)


def _tell_by(hook: ThreadPoolExecutor, on_change: Callable[[Change], None], change: Change) -> None:
    hook.submit(_tell, on_change, change)


async def _made(client: AsyncClient, followed: Followed) -> AsyncLocalDecider:
    """Make a decider in the loop that it is for."""
    return AsyncLocalDecider(client, **followed)


def _asks(followed: Followed) -> bool:
    when_stale = followed.get("when_stale", "deny")
    if when_stale not in {"deny", "ask"}:
        raise InvalidArgument('must be "deny" or "ask"', field="when_stale")
    return when_stale == "ask"
