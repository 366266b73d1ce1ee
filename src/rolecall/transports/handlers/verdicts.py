"""Answers of the AuthorizationService, serialized: the same verdict is the same bytes, made once."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

from rolecall.api.v1 import authorization_pb2 as pb
from rolecall.api.v1 import core_pb2
from rolecall.domain.decision import Decision, Reason
from rolecall.domain.errors import RolecallError
from rolecall.service.questions import Question
from rolecall.transports.codes import failure_of
from rolecall.transports.rpc import Context

REASONS: Final[dict[Reason, Any]] = {reason: core_pb2.Reason.Value(f"REASON_{reason}") for reason in Reason}


def verdict(decision: Decision, revision: int) -> pb.CheckCapabilityResponse:
    """Return a verdict as a message."""
    return pb.CheckCapabilityResponse(
        allowed=decision.allowed,
        reason=REASONS[decision.reason],
        role=decision.role,
        permission=decision.permission,
        policy=decision.policy,
        revision=revision,
    )


@lru_cache(maxsize=8_192)
def encoded_verdict(decision: Decision, revision: int) -> bytes:
    """Return the answer to one check; the same verdict at the same revision is the same bytes."""
    return verdict(decision, revision).SerializeToString()


@lru_cache(maxsize=8_192)
def encoded_entry(decision: Decision, revision: int) -> bytes:
    """Return one entry of a batch: a message with many entries is the concatenation of those with one each."""
    result = pb.BatchCheckResult(result=verdict(decision, revision))
    return pb.BatchCheckCapabilitiesResponse(results=[result]).SerializeToString()


@lru_cache(maxsize=1_024)
def encoded_list(names: tuple[str, ...], revision: int) -> bytes:
    """Return the answer to what a user may do: many may do the same."""
    return pb.ListCapabilitiesResponse(own_capabilities=names, revision=revision).SerializeToString()


def encoded_error(error: RolecallError, request: pb.BatchCheckCapabilitiesRequest, index: int) -> bytes:
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


def note_denied(context: Context, decision: Decision, question: Question, capability: str) -> None:
    """Leave for the log what was denied."""
    context.denied = {
        "user": question.user_id or context.caller.user_id,
        "target": question.call or question.channel or ".app",
        "capability": capability,
        "reason": decision.reason,
    }
