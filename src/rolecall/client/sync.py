"""The client without asyncio. It may be used by many threads at once."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Any, Final, Self, TypeVar, Unpack

from rolecall.api.v1.authorization_pb2 import Facts
from rolecall.client import messages
from rolecall.client.aio import AsyncClient
from rolecall.client.background import Background
from rolecall.client.errors import Cancelled
from rolecall.client.following import Watched, Watching
from rolecall.client.rpcs import ADMISSION, BATCH, CHECK, EXPLAIN, LIST, ROSTER
from rolecall.client.settings import Options, Settings
from rolecall.client.stubs import StubChannel
from rolecall.client.values import About, Admission, Capabilities, Check, CheckError, Explanation, Member, Verdict
from rolecall.client.watch import Watch
from rolecall.client.wire import Token, Wire

S = TypeVar("S")
_log: Final = logging.getLogger("rolecall.client")


class Client:
    """Asks one server over one connection, which is made at the first question and made again when it breaks.

    `target` is `host:port` or `unix:///path`. `token` is a token, or what returns one and is asked again when one has
    expired; without one the server must trust its unix socket. Every method raises a RolecallClientError where there
    is no answer; `allows` alone does not.
    """

    def __init__(self, target: str, *, key: str = "", token: Token = None, **options: Unpack[Options]) -> None:
        self.settings = Settings(target=target, key=key, **options)
        self.wire = Wire(self.settings, token)
        self._token = token
        self._background: Background | None = None
        self._lock = threading.Lock()

    def close(self) -> None:
        """Close the connection; what is on its way ends with Cancelled."""
        self.wire.close()
        with self._lock:
            if self._background is not None:
                self._background.close()
                self._background = None

    def background(self) -> Background:
        """Return the thread in which local deciders of this client follow their watches."""
        with self._lock:
            if self.wire.closed.is_set():
                raise Cancelled("the client is closed")
            if self._background is None:
                self._background = Background(AsyncClient.of(self.settings, self._token))
            return self._background

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.settings.target}>"

    # --- questions ---------------------------------------------------------------------------------------------------

    def check(self, user_id: str, capability: str, *, timeout: float | None = None, **about: Unpack[About]) -> Verdict:
        """Return whether a user may do something; `call=` or `channel=` say where. The verdict is true for a yes."""
        request = messages.check_request(Check(user_id, capability, **about))
        return messages.verdict(self.wire.unary(CHECK, request, self._seconds(timeout)))

    def allows(self, user_id: str, capability: str, *, timeout: float | None = None, **about: Unpack[About]) -> bool:
        """Return whether a user may; whatever goes wrong is a no, and a warning in the log."""
        try:
            return self.check(user_id, capability, timeout=timeout, **about).allowed
        except Exception as error:  # noqa: BLE001 - no failure is a yes
            _log.warning("denied `%s` for `%s`, since there is no answer: %s", capability, user_id, error)
            return False

    def check_many(self, checks: Iterable[Check], *, timeout: float | None = None) -> list[Verdict | CheckError]:
        """Return the answers to any number of questions, in their order; what has none has a CheckError instead.

        They go in batches of up to 1,000, each answered from one state of the world and with this deadline. Raises
        where a batch as a whole has no answer.
        """
        batches = list(messages.batches(map(messages.check_request, checks)))
        answers = self.wire.many(BATCH, batches, self._seconds(timeout))
        return [
            outcome
            for batch, answer in zip(batches, answers, strict=True)
            for outcome in messages.outcomes(answer, len(batch.checks))
        ]

    def capabilities(
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
        return messages.capabilities(self.wire.unary(LIST, request, self._seconds(timeout)))

    def roster(self, call: str, *, min_revision: int = 0, timeout: float | None = None) -> list[Member]:
        """Return what every member of a call may do, sorted by user. The deadline is of each 1,000 members."""
        found: list[Member] = []
        page_token = ""
        while True:
            request = messages.roster_request(call, min_revision, page_token)
            page = self.wire.unary(ROSTER, request, self._seconds(timeout))
            found += messages.members(page)
            page_token = page.next_page_token
            if not page_token:
                return found

    def explain(
        self, user_id: str, capability: str, *, timeout: float | None = None, **about: Unpack[About]
    ) -> Explanation:
        """Return the answer with each rule that was asked, and what it takes for a yes."""
        request = messages.explain_request(Check(user_id, capability, **about))
        return messages.explanation(self.wire.unary(EXPLAIN, request, self._seconds(timeout)))

    def admission(
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
        return messages.admission(self.wire.unary(ADMISSION, request, self._seconds(timeout)))

    # --- the rest ----------------------------------------------------------------------------------------------------

    def watch(self, user_id: str | None = None, **watched: Unpack[Watching]) -> Watch:
        """Iterate over the capabilities of a user, or of every member, and over each change from then on.

        `call=` or `channel=` say where. A watch goes on when the server goes away and comes back, and tells what
        changed meanwhile; `on_lost=` and `on_synced=` hear of that (see Watched).
        """
        return Watch(self.wire, Watched(user_id=user_id or "", **watched))

    def stub(self, kind: Callable[[Any], S]) -> S:
        """Return a generated stub, such as `CallServiceStub`, that calls as this client does.

        Reads are tried again, writes never are; the deadline is `stub_timeout` unless the call has a `timeout`.
        """
        return kind(StubChannel(self.wire))

    def _seconds(self, timeout: float | None) -> float:
        return self.settings.timeout if timeout is None else timeout
