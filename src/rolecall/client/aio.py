"""The client with asyncio. What is the same in both stands in `messages`, `following` and `settings`."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from types import TracebackType
from typing import Any, Final, Self, TypeVar, Unpack

from rolecall.api.v1.authorization_pb2 import BatchCheckCapabilitiesRequest, CheckCapabilityRequest, Facts
from rolecall.client import messages
from rolecall.client.following import Watched, Watching
from rolecall.client.gathering import Gathering
from rolecall.client.pulse import Pulse
from rolecall.client.rpcs import ADMISSION, BATCH, CHECK, EXPLAIN, LIST, ROSTER
from rolecall.client.settings import Options, Settings
from rolecall.client.stubs import AsyncStubChannel
from rolecall.client.values import About, Admission, Capabilities, Check, CheckError, Explanation, Member, Verdict
from rolecall.client.watch_aio import AsyncWatch
from rolecall.client.wire_aio import AsyncToken, AsyncWire

S = TypeVar("S")
_log: Final = logging.getLogger("rolecall.client")


class AsyncClient:
    """Asks one server over one connection: `Client` with asyncio, for one event loop.

    Questions that are asked by `check` in the same turn of the loop go together in one request. `token` may be a
    coroutine function.
    """

    def __init__(self, target: str, *, key: str = "", token: AsyncToken = None, **options: Unpack[Options]) -> None:
        self._use(Settings(target=target, key=key, **options), token)

    @classmethod
    def of(cls, settings: Settings, token: AsyncToken) -> Self:
        """Return a client of these settings."""
        client = cls(settings.target, token=token)
        client._use(settings, token)
        return client

    async def aclose(self) -> None:
        """Close the connection; what is on its way ends with Cancelled."""
        await self.wire.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.settings.target}>"

    # --- questions ---------------------------------------------------------------------------------------------------

    async def check(
        self, user_id: str, capability: str, *, timeout: float | None = None, **about: Unpack[About]
    ) -> Verdict:
        """Return whether a user may do something; `call=` or `channel=` say where. The verdict is true for a yes."""
        request = messages.check_request(Check(user_id, capability, **about))
        return await self._gathering.ask(request, self._seconds(timeout))

    async def allows(
        self, user_id: str, capability: str, *, timeout: float | None = None, **about: Unpack[About]
    ) -> bool:
        """Return whether a user may; whatever goes wrong is a no, and a warning in the log."""
        try:
            return (await self.check(user_id, capability, timeout=timeout, **about)).allowed
        except Exception as error:  # noqa: BLE001 - no failure is a yes
            _log.warning("denied `%s` for `%s`, since there is no answer: %s", capability, user_id, error)
            return False

    async def check_many(self, checks: Iterable[Check], *, timeout: float | None = None) -> list[Verdict | CheckError]:
        """Return the answers to any number of questions, in their order; what has none has a CheckError instead.

        They go in batches of up to 1,000, each answered from one state of the world and with this deadline. Raises
        where a batch as a whole has no answer.
        """
        return await self._batched(messages.batches(map(messages.check_request, checks)), self._seconds(timeout))

    async def capabilities(
        self,
        user_id: str,
        *,
        call: str = "",
        channel: str = "",
        facts: Facts | None = None,
        min_revision: int = 0,
        timeout: float | None = None,
    ) -> Capabilities:
        """Return all that a user may do on a call or channel."""
        request = messages.list_request(user_id, call, channel, facts, min_revision)
        return messages.capabilities(await self.wire.unary(LIST, request, self._seconds(timeout)))

    async def roster(self, call: str, *, min_revision: int = 0, timeout: float | None = None) -> list[Member]:
        """Return what every member of a call may do, sorted by user. The deadline is of each 1,000 members."""
        found: list[Member] = []
        page_token = ""
        while True:
            request = messages.roster_request(call, min_revision, page_token)
            page = await self.wire.unary(ROSTER, request, self._seconds(timeout))
            found += messages.members(page)
            page_token = page.next_page_token
            if not page_token:
                return found

    async def explain(
        self, user_id: str, capability: str, *, timeout: float | None = None, **about: Unpack[About]
    ) -> Explanation:
        """Return the answer with each rule that was asked, and what it takes for a yes."""
        request = messages.explain_request(Check(user_id, capability, **about))
        return messages.explanation(await self.wire.unary(EXPLAIN, request, self._seconds(timeout)))

    async def admission(
        self,
        user_id: str,
        call: str,
        *,
        facts: Facts | None = None,
        min_revision: int = 0,
        timeout: float | None = None,
    ) -> Admission:
        """Return whether a user may come into a call now."""
        request = messages.admission_request(user_id, call, facts, min_revision)
        return messages.admission(await self.wire.unary(ADMISSION, request, self._seconds(timeout)))

    # --- the rest ----------------------------------------------------------------------------------------------------

    def watch(self, user_id: str | None = None, **watched: Unpack[Watching]) -> AsyncWatch:
        """Iterate over the capabilities of a user, or of every member, and over each change from then on.

        `call=` or `channel=` say where. A watch goes on when the server goes away and comes back, and tells what
        changed meanwhile; `on_lost=` and `on_synced=` hear of that (see Watched).
        """
        return AsyncWatch(self.wire, Watched(user_id=user_id or "", **watched))

    def stub(self, kind: Callable[[Any], S]) -> S:
        """Return a generated stub, such as `CallServiceStub`, that calls as this client does.

        Reads are tried again, writes never are; the deadline is `stub_timeout` unless the call has a `timeout`.
        """
        return kind(AsyncStubChannel(self.wire))

    def _use(self, settings: Settings, token: AsyncToken) -> None:
        self.settings = settings
        self.wire = AsyncWire(settings, token)
        self.pulse = Pulse(self.wire)
        self._gathering = Gathering(self._together)

    async def _together(
        self, questions: Sequence[CheckCapabilityRequest], seconds: float
    ) -> Sequence[Verdict | CheckError]:
        """Return the answers to what was asked in one turn; a question that is alone is asked alone."""
        if len(questions) == 1:
            answer = await self.wire.unary(CHECK, questions[0], seconds)
            return [messages.verdict(answer)]
        return await self._batched(messages.batches(questions), seconds)

    async def _batched(
        self, requests: Iterable[BatchCheckCapabilitiesRequest], seconds: float
    ) -> list[Verdict | CheckError]:
        batches = list(requests)
        answers = await self.wire.many(BATCH, batches, seconds)
        return [
            outcome
            for batch, answer in zip(batches, answers, strict=True)
            for outcome in messages.outcomes(answer, len(batch.checks))
        ]

    def _seconds(self, timeout: float | None) -> float:
        return self.settings.timeout if timeout is None else timeout
