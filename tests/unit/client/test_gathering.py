"""Questions of one turn of the loop go together; each gets its own answer or error."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from rolecall.api.v1 import authorization_pb2 as pb
from rolecall.client import CheckError, InvalidArgument, Unavailable, Verdict
from rolecall.client.gathering import Gathering


class Server:
    """Answers with the user's name as the reason; users named `bad…` are refused."""

    def __init__(self, error: Exception | None = None, most: int = 1_000) -> None:
        self.asked: list[tuple[list[str], float]] = []
        self.most = most
        self.error = error

    async def __call__(
        self, questions: Sequence[pb.CheckCapabilityRequest], seconds: float
    ) -> Sequence[Verdict | CheckError]:
        users = [question.user_id for question in questions]
        self.asked.append((users, seconds))
        await asyncio.sleep(0)
        if self.error:
            raise self.error
        return [
            CheckError("INVALID_ARGUMENT", "X", "bad", "user_id") if user.startswith("bad") else Verdict(True, user)
            for user in users[: self.most]
        ]


def question(user_id: str, min_revision: int = 0) -> pb.CheckCapabilityRequest:
    return pb.CheckCapabilityRequest(user_id=user_id, min_revision=min_revision)


async def test_one_turn_is_one_request_in_order() -> None:
    server = Server()
    gathering = Gathering(server)
    answers = await asyncio.gather(*(gathering.ask(question(f"u{n}"), 1.0) for n in range(5)))
    assert [answer.reason for answer in answers] == ["u0", "u1", "u2", "u3", "u4"]
    assert server.asked == [(["u0", "u1", "u2", "u3", "u4"], 1.0)]
    await gathering.ask(question("later"), 1.0)
    assert len(server.asked) == 2


async def test_other_deadlines_and_revisions_are_asked_apart() -> None:
    server = Server()
    gathering = Gathering(server)
    await asyncio.gather(
        gathering.ask(question("a"), 1.0),
        gathering.ask(question("b"), 2.0),
        gathering.ask(question("c", 7), 1.0),
        gathering.ask(question("d"), 1.0),
    )
    assert sorted(server.asked) == [(["a", "d"], 1.0), (["b"], 2.0), (["c"], 1.0)]


async def test_an_error_is_of_its_question_alone() -> None:
    gathering = Gathering(Server())
    good, bad = await asyncio.gather(
        gathering.ask(question("a"), 1.0), gathering.ask(question("bad"), 1.0), return_exceptions=True
    )
    assert good
    assert isinstance(bad, InvalidArgument)
    assert (bad.reason, bad.field) == ("X", "user_id")


async def test_a_failure_of_all_is_an_error_of_each() -> None:
    gathering = Gathering(Server(Unavailable("gone", reason="INDEX_STALE")))
    errors = await asyncio.gather(
        gathering.ask(question("a"), 1.0), gathering.ask(question("b"), 1.0), return_exceptions=True
    )
    assert [type(error) for error in errors] == [Unavailable, Unavailable]
    assert errors[0] is not errors[1]


async def test_who_is_cancelled_is_not_asked_about_and_harms_nobody() -> None:
    server = Server()
    gathering = Gathering(server)
    gone = asyncio.ensure_future(gathering.ask(question("gone"), 1.0))
    stays = asyncio.ensure_future(gathering.ask(question("stays"), 1.0))
    late = asyncio.ensure_future(gathering.ask(question("late"), 1.0))
    asyncio.get_running_loop().call_soon(gone.cancel)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    late.cancel()
    assert (await stays).reason == "stays"
    for task in (gone, late):
        with pytest.raises(asyncio.CancelledError):
            await task
    assert "stays" in server.asked[0][0]


async def test_too_few_answers_leave_nobody_waiting() -> None:
    gathering = Gathering(Server(most=1))
    answers = await asyncio.gather(
        gathering.ask(question("a"), 1.0), gathering.ask(question("b"), 1.0), return_exceptions=True
    )
    assert isinstance(answers[1], ValueError)
