"""Requests of the AuthorizationService as questions: read and checked, and nothing decided."""

from __future__ import annotations

from typing import Any, Final

from rolecall.api.v1 import authorization_pb2 as pb
from rolecall.domain.call_rules import CallFacts
from rolecall.domain.channel_case import ChannelFacts
from rolecall.domain.channel_config import CONFIG, MAX_COOLDOWN_SECONDS
from rolecall.domain.errors import InvalidInput
from rolecall.domain.names import check_text
from rolecall.domain.settings import SETTINGS, check_leaves
from rolecall.service.administration.checks import custom_text
from rolecall.service.questions import Asked, Question
from rolecall.transports.convert import custom_of, flat, nanoseconds
from rolecall.transports.rpc import Context, Services

_NOT_OF_THE_APP: Final = tuple(name for name in pb.Facts.DESCRIPTOR.fields_by_name if name != "team")
_new: Final = tuple.__new__  # a named tuple's own takes a call more
_CALL_ONLY: Final = ("settings_override", "backstage", "starts_at", "ended")
_CHANNEL_ONLY: Final = ("frozen", "disabled", "cooldown", "config_override")


async def reach(services: Services, context: Context, revision: int) -> None:
    """Wait for a revision, as long as the call has time."""
    if revision:
        await services.authorizer.reach(context.caller.app_id, revision, context.wait_seconds())


def question_of(request: Any) -> Question:
    """Return who is asked about, and where; what is asked is passed beside it."""
    call = request.call
    if call and not request.HasField("facts"):  # nearly always so
        author = getattr(request, "resource_owner_id", "")
        author = check_text(author, "resource_owner_id") if author else ""
        return _new(Question, (request.user_id, call, "", author, None, None))
    return _about(request, request.user_id, *target_of(request))


def target_of(request: Any) -> tuple[str, str]:
    """Return the call and the channel asked about, at most one of them not empty."""
    call, channel = request.call, request.channel
    if not call and not channel and (target := request.WhichOneof("target")) is not None:
        raise InvalidInput(f"`{target}` must not be empty; leave it out to ask about the app", field=target)
    return call, channel


def _about(request: Any, user_id: str, call: str, channel: str) -> Question:
    author = getattr(request, "resource_owner_id", "")
    if author:
        check_text(author, "resource_owner_id")
    if not request.HasField("facts"):
        return Question(user_id, call, channel, author)
    if channel:
        return Question(user_id, call, channel, author, None, _channel_facts(request.facts))
    if not call:
        _refuse(request.facts, _NOT_OF_THE_APP, "question about the app")
    return Question(user_id, call, channel, author, call_facts(request.facts))


def batch_of(request: pb.BatchCheckCapabilitiesRequest) -> tuple[list[Asked], int]:
    """Return each check with what it leaves empty taken from the batch, and the newest revision asked for.

    Checks that say no more than a capability share one question, so that it is resolved once.
    """
    shared = Question(request.user_id, *target_of(request))
    newest = request.min_revision
    asked: list[Asked] = []
    for check in request.checks:
        capability = check.capability
        # A check is this long when a capability (of plain, few letters, as all known ones) is all it says.
        if check.ByteSize() == len(capability) + 2:
            asked.append((shared, capability))
        else:
            newest = max(newest, check.min_revision)
            asked.append((_item(check, shared), capability))
    return asked, newest


def _item(check: pb.CheckCapabilityRequest, shared: Question) -> Question | InvalidInput:
    """Return what one check of a batch asks about, or what is wrong with it."""
    try:
        call, channel = target_of(check) if check.WhichOneof("target") else (shared.call, shared.channel)
        return _about(check, check.user_id or shared.user_id, call, channel)
    except InvalidInput as error:
        return error


def _optional(facts: pb.Facts, name: str) -> Any:
    return getattr(facts, name) if facts.HasField(name) else None


def _refuse(facts: pb.Facts, names: tuple[str, ...], target: str) -> None:
    for name in names:
        if facts.HasField(name):
            raise InvalidInput(f"`facts.{name}` says nothing about a {target}", field=f"facts.{name}")


def _texts(facts: pb.Facts) -> tuple[str | None, str | None, str | None]:
    values = [_optional(facts, name) for name in ("member_role", "created_by_id", "team")]
    for name, value in zip(("member_role", "created_by_id", "team"), values, strict=True):
        check_text(value or "", f"facts.{name}")
    return values[0], values[1], values[2]


def _custom(facts: pb.Facts) -> str | None:
    """Return custom data as JSON text, None where it is absent."""
    if not facts.HasField("custom"):
        return None
    field = "facts.custom"
    return custom_text(custom_of(facts.custom, field), field)


def call_facts(facts: pb.Facts) -> CallFacts:
    """Return what a caller knows of a call."""
    _refuse(facts, _CHANNEL_ONLY, "call")
    return CallFacts(
        *_texts(facts),
        settings=(
            check_leaves(SETTINGS, flat(facts.settings_override), "facts.settings_override")
            if facts.HasField("settings_override")
            else None
        ),
        blocked=_optional(facts, "blocked"),
        backstage=_optional(facts, "backstage"),
        starts_at=nanoseconds(facts.starts_at, "facts.starts_at") if facts.HasField("starts_at") else None,
        ended=_optional(facts, "ended"),
        custom=_custom(facts),
    )


def _cooldown(facts: pb.Facts) -> int | None:
    if facts.cooldown > MAX_COOLDOWN_SECONDS:
        raise InvalidInput(
            f"`facts.cooldown` must be from 0 to {MAX_COOLDOWN_SECONDS} seconds, got {facts.cooldown}",
            field="facts.cooldown",
        )
    return facts.cooldown if facts.HasField("cooldown") else None


def _channel_facts(facts: pb.Facts) -> ChannelFacts:
    _refuse(facts, _CALL_ONLY, "channel")
    return ChannelFacts(
        *_texts(facts),
        blocked=_optional(facts, "blocked"),
        frozen=_optional(facts, "frozen"),
        disabled=_optional(facts, "disabled"),
        cooldown=_cooldown(facts),
        flags=(
            check_leaves(CONFIG, flat(facts.config_override), "facts.config_override")
            if facts.HasField("config_override")
            else None
        ),
        custom=_custom(facts),
    )
