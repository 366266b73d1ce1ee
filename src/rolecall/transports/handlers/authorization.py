"""AuthorizationService: questions in, verdicts out."""

from __future__ import annotations

from typing import Final

from rolecall.api.v1 import authorization_pb2 as pb
from rolecall.domain import call_capabilities
from rolecall.domain.decision import Decision
from rolecall.domain.errors import Forbidden, InvalidInput, Unavailable
from rolecall.domain.records import CallMemberRecord
from rolecall.service.administration.changes import Listing, Page
from rolecall.service.authorizer import RosterEntry
from rolecall.service.questions import Question
from rolecall.transports.handlers.asking import batch_of, call_facts, question_of, reach
from rolecall.transports.handlers.verdicts import (
    REASONS,
    encoded_entry,
    encoded_error,
    encoded_list,
    encoded_verdict,
    note_denied,
)
from rolecall.transports.rpc import Context, Services

MAX_CHECKS: Final = 1_000
_ROSTER_ATTEMPTS: Final = 20


async def check_capability(services: Services, context: Context, request: pb.CheckCapabilityRequest) -> bytes:
    """May this user do this, here, now."""
    question, capability = question_of(request), request.capability
    if request.min_revision:
        await reach(services, context, request.min_revision)
    authorizer, caller = services.authorizer, context.caller
    known = authorizer.check_now(caller, question, capability)
    decision, revision = known or await authorizer.check(caller, question, capability)
    if not decision.allowed:
        note_denied(context, decision, question, capability)
    return encoded_verdict(decision, revision)


async def batch_check_capabilities(
    services: Services, context: Context, request: pb.BatchCheckCapabilitiesRequest
) -> bytes:
    """Many checks from one state of the world; an item at fault has an error of its own.

    What a batch denies is counted, not logged: the call itself was neither denied nor failed.
    """
    checks = request.checks
    if not 1 <= len(checks) <= MAX_CHECKS:
        raise InvalidInput(f"`checks` must hold 1 to {MAX_CHECKS} checks, got {len(checks)}", field="checks")
    asked, newest = batch_of(request)
    await reach(services, context, newest)
    results, revision = await services.authorizer.check_all(context.caller, asked)
    parts = [
        encoded_entry(result, revision) if isinstance(result, Decision) else encoded_error(result, request, index)
        for index, result in enumerate(results)
    ]
    parts.append(pb.BatchCheckCapabilitiesResponse(revision=revision).SerializeToString())
    return b"".join(parts)


async def list_capabilities(services: Services, context: Context, request: pb.ListCapabilitiesRequest) -> bytes:
    """Everything one user may do on one call or channel."""
    question = question_of(request)
    await reach(services, context, request.min_revision)
    names, revision = await services.authorizer.capabilities(context.caller, question)
    return encoded_list(tuple(names), revision)


async def list_roster_capabilities(
    services: Services, context: Context, request: pb.ListRosterCapabilitiesRequest
) -> pb.ListRosterCapabilitiesResponse:
    """What every member of a call may do, as bitsets over the names said once."""
    if not context.caller.server_side:
        raise Forbidden("only server-side callers may ask about all members of a call")
    await reach(services, context, request.min_revision)
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
        await reach(services, context, members.revision)
        ids = [member.user_id for member in members.items]
        entries, revision = await services.authorizer.roster(context.caller, request.call, ids)
        if revision == members.revision:
            return members, entries, revision
    raise Unavailable("the app changes faster than its members can be listed", reason="BUSY")


async def explain_capability(
    services: Services, context: Context, request: pb.ExplainCapabilityRequest
) -> pb.ExplainCapabilityResponse:
    """A verdict with the step of each rule, and what would make it yes."""
    question = question_of(request)
    await reach(services, context, request.min_revision)
    explanation, revision = await services.authorizer.explain(context.caller, question, request.capability)
    decision = explanation.decision
    return pb.ExplainCapabilityResponse(
        allowed=decision.allowed,
        reason=REASONS[decision.reason],
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
    facts = call_facts(request.facts) if request.HasField("facts") else None
    question = Question(request.user_id, call=request.call, call_facts=facts)
    await reach(services, context, request.min_revision)
    admission, revision = await services.authorizer.admission(context.caller, question)
    if not admission.decision.allowed:
        note_denied(context, admission.decision, question, "admission")
    return pb.CheckAdmissionResponse(
        allowed=admission.decision.allowed,
        reason=REASONS[admission.decision.reason],
        own_capabilities=call_capabilities.names(admission.actions),
        required=admission.required,
        revision=revision,
    )
