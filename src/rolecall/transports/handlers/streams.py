"""The streams of the AuthorizationService: questions answered as they come, and capabilities followed."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from google.protobuf.message import DecodeError

from rolecall.api.v1 import authorization_pb2 as pb
from rolecall.api.v1 import core_pb2
from rolecall.domain.decision import Decision
from rolecall.domain.errors import InvalidInput, RolecallError, Unsupported
from rolecall.domain.names import MAX_ID_BYTES
from rolecall.service.pace import Pace
from rolecall.service.questions import Question
from rolecall.service.watching.following import Change, Update
from rolecall.transports.codes import failure_of
from rolecall.transports.handlers.asking import question_of, reach, target_of
from rolecall.transports.handlers.verdicts import verdict
from rolecall.transports.rpc import Context, Receive, Send, Services, parsed

_TOGETHER: Final = 1_024
"""How many questions are answered with one send; what comes at once may be more."""
_PREPARED: Final = 128
_STRETCH: Final = 16
_SHORT: Final = 0x80


class _Item(NamedTuple):
    """One question of a stream: `head` is its id, serialized as the answer has it; an error is its answer."""

    head: bytes
    question: Question | InvalidInput
    capability: str
    min_revision: int


async def stream_check_capabilities(services: Services, context: Context, receive: Receive, send: Send) -> None:
    """Answer questions as they come, in order; all that have come together are answered together."""
    while bodies := await receive():
        for start in range(0, len(bodies), _TOGETHER):
            await send(await _answers(services, context, bodies[start : start + _TOGETHER], send))


async def _answers(services: Services, context: Context, bodies: Sequence[bytes], send: Send) -> list[bytes]:
    """Return an answer to each; nothing awaits but for facts or a revision that are not there, and to give way.

    What there is before one that may have to wait for its revision is sent beforehand.
    """
    authorizer, caller, pace = services.authorizer, context.caller, Pace()
    items = await _items(bodies, pace)
    answers: list[bytes] = []
    prepared = reached = 0
    for number, item in enumerate(items):
        head, question, capability, min_revision = item
        if min_revision > reached and answers:
            await send(answers)
            answers = []
        try:
            if not isinstance(question, Question):
                raise question
            if min_revision:
                await reach(services, context, min_revision)
            known = authorizer.check_now(caller, question, capability)
            if known is None:
                if number >= prepared:  # facts of many are fetched together, once
                    prepared = number + _PREPARED
                    await authorizer.prepare(caller, [one[1:3] for one in items[number:prepared]])
                known = await authorizer.check(caller, question, capability)
            answers.append(head + _encoded_result(*known))
            reached = known[1]
        except RolecallError as error:
            answers.append(head + _encoded_error(error))
        if not number % _STRETCH:
            await pace.give_way()
    return answers


async def _items(bodies: Sequence[bytes], pace: Pace) -> list[_Item]:
    """Read the questions, and give way in between."""
    items: list[_Item] = []
    for number, body in enumerate(bodies):
        items.append(_item(body))
        if not number % _STRETCH:
            await pace.give_way()
    return items


def _item(body: bytes) -> _Item:
    """Read one question; what is wrong with it is its answer, under its id where that can be read."""
    try:
        request = pb.StreamCheckCapabilitiesRequest.FromString(body)
    except DecodeError:
        return _Item(b"", InvalidInput("the question can't be read", reason="MALFORMED"), "", 0)
    head = _encoded_id(request.id)
    if len(head) > _LONGEST_HEAD:
        error = InvalidInput(f"`id` is longer than {MAX_ID_BYTES} bytes", field="id")
        return _Item(head, error, "", 0)
    check = request.check
    try:
        return _Item(head, question_of(check), check.capability, check.min_revision)
    except InvalidInput as error:
        return _Item(head, error, "", 0)


def _encoded_id(name: str) -> bytes:
    """Return the first field of an answer, serialized; the others are serialized apart, since messages concatenate."""
    encoded = name.encode()
    if len(encoded) < _SHORT:
        return b"\n" + bytes((len(encoded),)) + encoded if encoded else b""
    return pb.StreamCheckCapabilitiesResponse(id=name).SerializeToString()


_LONGEST_HEAD: Final = len(_encoded_id("x" * MAX_ID_BYTES))


@lru_cache(maxsize=8_192)
def _encoded_result(decision: Decision, revision: int) -> bytes:
    return pb.StreamCheckCapabilitiesResponse(result=verdict(decision, revision)).SerializeToString()


def _encoded_error(error: RolecallError) -> bytes:
    failure = failure_of(error)
    field = f"check.{failure.field}" if failure.field and failure.field != "id" else failure.field
    item = core_pb2.ItemError(code=failure.code, reason=failure.reason, message=failure.message, field=field)
    return pb.StreamCheckCapabilitiesResponse(error=item).SerializeToString()


# --- watching --------------------------------------------------------------------------------------------------------


async def watch_capabilities(services: Services, context: Context, receive: Receive, send: Send) -> None:
    """Send what a user, or every member, may do, and then each change of it."""
    if services.followings is None:
        raise Unsupported("nothing can be watched here")
    request = parsed(pb.WatchCapabilitiesRequest, b"".join(await receive()))
    target = Question(request.user_id, *target_of(request))
    following = await services.followings.open(
        context.caller, target, request.from_revision, context.wait_seconds(), context.end
    )
    following.tell_now = lambda update: context.send_now(_encoded_update(update))
    try:
        while True:
            await send([_encoded_update(update) for update in await following.next()])
    finally:
        following.close()


def _encoded_update(update: Update) -> bytes:
    user_id, change = update
    return _encoded_id(user_id) + _encoded_change(change)


@lru_cache(maxsize=1_024)
def _encoded_change(change: Change) -> bytes:
    """Return what has changed, whoever it is of: many are told the same."""
    return pb.WatchCapabilitiesResponse(
        own_capabilities=change.own,
        added=change.added,
        removed=change.removed,
        cause=change.cause,
        revision=change.revision,
        snapshot_complete=change.complete,
        left=change.left,
    ).SerializeToString()
