"""AuthorizationService: questions in, verdicts out."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

from rolecall.api.v1 import authorization_pb2 as pb
from rolecall.api.v1 import core_pb2
from rolecall.domain import call_capabilities
from rolecall.domain.call_rules import CallFacts
from rolecall.domain.channel_case import ChannelFacts
from rolecall.domain.channel_config import CONFIG, MAX_COOLDOWN_SECONDS
from rolecall.domain.decision import Decision, Reason
from rolecall.domain.errors import Forbidden, InvalidInput, RolecallError, Unavailable, Unsupported
from rolecall.domain.names import check_text
from rolecall.domain.records import CallMemberRecord
from rolecall.domain.settings import SETTINGS, check_leaves
from rolecall.service.administration.changes import Listing, Page
from rolecall.service.administration.checks import custom_text
from rolecall.service.authorizer import RosterEntry
from rolecall.service.questions import Asked, Question
from rolecall.transports.codes import failure_of
from rolecall.transports.convert import custom_of, flat, nanoseconds
from rolecall.transports.edge import Context, Services

MAX_CHECKS: Final = 1_000
_ROSTER_ATTEMPTS: Final = 20
_REASONS: Final[dict[Reason, Any]] = {reason: core_pb2.Reason.Value(f"REASON_{reason}") for reason in Reason}
_NOT_OF_THE_APP: Final = tuple(name for name in pb.Facts.DESCRIPTOR.fields_by_name if name != "team")
_CALL_ONLY: Final = ("settings_override", "backstage", "starts_at", "ended")
_CHANNEL_ONLY: Final = ("frozen", "disabled", "cooldown", "config_override")


async def check_capability(services: Services, context: Context, request: pb.CheckCapabilityRequest) -> bytes:
    """May this user do this, here, now."""
    question, capability = _question(request), request.capability
    if request.min_revision:
        await _reach(services, context, request.min_revision)
    decision, revision = await services.authorizer.check(context.caller, question, capability)
    if not decision.allowed:
        _note(context, decision, question, capability)
    return _encoded_verdict(decision, revision)


async def batch_check_capabilities(
    services: Services, context: Context, request: pb.BatchCheckCapabilitiesRequest
) -> bytes:
    """Many checks from one state of the world; an item at fault has an error of its own.

    What a batch denies is counted, not logged: the call itself was neither denied nor failed.
    """
    checks = request.checks
    if not 1 <= len(checks) <= MAX_CHECKS:
        raise InvalidInput(f"`checks` must hold 1 to {MAX_CHECKS} checks, got {len(checks)}", field="checks")
    asked, newest = _batch(request)
    await _reach(services, context, newest)
    results, revision = await services.authorizer.check_all(context.caller, asked)
    parts = [
        _encoded_entry(result, revision) if isinstance(result, Decision) else _encoded_error(result, request, index)
        for index, result in enumerate(results)
    ]
    parts.append(pb.BatchCheckCapabilitiesResponse(revision=revision).SerializeToString())
    return b"".join(parts)


async def list_capabilities(
    services: Services, context: Context, request: pb.ListCapabilitiesRequest
) -> pb.ListCapabilitiesResponse:
    """Everything one user may do on one call or channel."""
    question = _question(request)
    await _reach(services, context, request.min_revision)
    names, revision = await services.authorizer.capabilities(context.caller, question)
    return pb.ListCapabilitiesResponse(own_capabilities=names, revision=revision)


async def list_roster_capabilities(
    services: Services, context: Context, request: pb.ListRosterCapabilitiesRequest
) -> pb.ListRosterCapabilitiesResponse:
    """What every member of a call may do, as bitsets over the names said once."""
    if not context.caller.server_side:
        raise Forbidden("only server-side callers may ask about all members of a call")
    await _reach(services, context, request.min_revision)
    members, entries, revision = await _roster(services, context, request)
    return pb.ListRosterCapabilitiesResponse(
        capabilities=[row.id for row in call_capabilities.CAPABILITIES],
        entries=[
            pb.RosterEntry(user_id=entry.user_id, role=entry.role, capabilities=call_capabilities.bitset(entry.actions))
            for entry in entries
        ],
        next_page_token=members.next_page_token,
        revision=revision,
    )


async def _roster(
    services: Services, context: Context, request: pb.ListRosterCapabilitiesRequest
) -> tuple[Listing[CallMemberRecord], list[RosterEntry], int]:
    """Return a page of members and what they may do, both of one revision."""
    page = Page(request.page_size, request.page_token)
    for _ in range(_ROSTER_ATTEMPTS):
        members = await services.administration.calls.members(context.caller, request.call, page, "call")
        await _reach(services, context, members.revision)
        ids = [member.user_id for member in members.items]
        entries, revision = await services.authorizer.roster(context.caller, request.call, ids)
        if revision == members.revision:
            return members, entries, revision
    raise Unavailable("the app changes faster than its members can be listed", reason="BUSY")


async def explain_capability(
    services: Services, context: Context, request: pb.ExplainCapabilityRequest
) -> pb.ExplainCapabilityResponse:
    """A verdict with the step of each rule, and what would make it yes."""
    question = _question(request)
    await _reach(services, context, request.min_revision)
    explanation, revision = await services.authorizer.explain(context.caller, question, request.capability)
    decision = explanation.decision
    return pb.ExplainCapabilityResponse(
        allowed=decision.allowed,
        reason=_REASONS[decision.reason],
        role=decision.role,
        permission=decision.permission,
        policy=decision.policy,
        steps=[
            pb.ExplainStep(rule=step.rule, outcome=f"OUTCOME_{step.outcome}", detail=step.detail)
            for step in explanation.steps
        ],
        would_allow=explanation.would_allow,
        revision=revision,
    )


async def check_admission(
    services: Services, context: Context, request: pb.CheckAdmissionRequest
) -> pb.CheckAdmissionResponse:
    """May this user come into the call now."""
    facts = _call_facts(request.facts) if request.HasField("facts") else None
    question = Question(request.user_id, call=request.call, call_facts=facts)
    await _reach(services, context, request.min_revision)
    admission, revision = await services.authorizer.admission(context.caller, question)
    if not admission.decision.allowed:
        _note(context, admission.decision, question, "admission")
    return pb.CheckAdmissionResponse(
        allowed=admission.decision.allowed,
        reason=_REASONS[admission.decision.reason],
        own_capabilities=call_capabilities.names(admission.actions),
        required=admission.required,
        revision=revision,
    )


async def not_yet(services: Services, context: Context, request: Any) -> Any:
    """Refuse an RPC that a later version answers."""
    raise Unsupported("this RPC is not answered by this version of Rolecall")


# --- requests --------------------------------------------------------------------------------------------------------


async def _reach(services: Services, context: Context, revision: int) -> None:
    if revision:
        await services.authorizer.reach(context.caller.app_id, revision, context.wait_seconds())


def _question(request: Any) -> Question:
    """Return who is asked about, and where; what is asked is passed beside it."""
    call = request.call
    if call and not request.HasField("facts"):  # nearly always so
        author = getattr(request, "resource_owner_id", "")
        return Question(request.user_id, call, "", check_text(author, "resource_owner_id") if author else "")
    return _about(request, request.user_id, *_target(request))


def _target(request: Any) -> tuple[str, str]:
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
    return Question(user_id, call, channel, author, _call_facts(request.facts))


def _batch(request: pb.BatchCheckCapabilitiesRequest) -> tuple[list[Asked], int]:
    """Return each check with what it leaves empty taken from the batch, and the newest revision asked for.

    Checks that say no more than a capability share one question, so that it is resolved once.
    """
    shared = Question(request.user_id, *_target(request))
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
        call, channel = _target(check) if check.WhichOneof("target") else (shared.call, shared.channel)
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


def _call_facts(facts: pb.Facts) -> CallFacts:
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


# --- responses -------------------------------------------------------------------------------------------------------


def _verdict(decision: Decision, revision: int) -> pb.CheckCapabilityResponse:
    return pb.CheckCapabilityResponse(
        allowed=decision.allowed,
        reason=_REASONS[decision.reason],
        role=decision.role,
        permission=decision.permission,
        policy=decision.policy,
        revision=revision,
    )


@lru_cache(maxsize=8_192)
def _encoded_verdict(decision: Decision, revision: int) -> bytes:
    """Return the answer to one check; the same verdict at the same revision is the same bytes."""
    return _verdict(decision, revision).SerializeToString()


@lru_cache(maxsize=8_192)
def _encoded_entry(decision: Decision, revision: int) -> bytes:
    """Return one entry of a batch: a message with many entries is the concatenation of those with one each."""
    result = pb.BatchCheckResult(result=_verdict(decision, revision))
    return pb.BatchCheckCapabilitiesResponse(results=[result]).SerializeToString()


def _encoded_error(error: RolecallError, request: pb.BatchCheckCapabilitiesRequest, index: int) -> bytes:
    """Return one entry of a batch that could not be answered; what the check inherited is the batch's field."""
    failure = failure_of(error)
    field = failure.field
    if field and not _inherited(field, request.checks[index], request):
        field = f"checks[{index}].{field}"
    item = core_pb2.ItemError(code=failure.code, reason=failure.reason, message=failure.message, field=field)
    return pb.BatchCheckCapabilitiesResponse(results=[pb.BatchCheckResult(error=item)]).SerializeToString()


def _inherited(field: str, check: pb.CheckCapabilityRequest, batch: pb.BatchCheckCapabilitiesRequest) -> bool:
    if field == "user_id":
        return bool(batch.user_id) and not check.user_id
    return field == batch.WhichOneof("target") and check.WhichOneof("target") is None


def _note(context: Context, decision: Decision, question: Question, capability: str) -> None:
    """Leave for the log what was denied."""
    context.denied = {
        "user": question.user_id or context.caller.user_id,
        "target": question.call or question.channel or ".app",
        "capability": capability,
        "reason": decision.reason,
    }
