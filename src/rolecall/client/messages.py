"""Requests made from values and values read from responses. Nothing is sent here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import repeat
from typing import Any, Final

from rolecall.api.v1 import authorization_pb2 as pb
from rolecall.api.v1 import core_pb2
from rolecall.client.errors import InvalidArgument, RolecallClientError
from rolecall.client.values import (
    Admission,
    Capabilities,
    Check,
    CheckError,
    Explanation,
    Member,
    Step,
    Verdict,
    item_error,
)

MOST_CHECKS: Final = 1_000
"""How many questions one request may hold."""
MOST_BYTES: Final = 1 << 20
"""How large a request is made at most, unless one question alone is larger: a server refuses what is too large."""

_REASONS: Final = {number: name.removeprefix("REASON_") for name, number in core_pb2.Reason.items()}
_OUTCOMES: Final = {number: name.removeprefix("OUTCOME_").lower() for name, number in pb.ExplainStep.Outcome.items()}


# --- requests --------------------------------------------------------------------------------------------------------


def check_request(check: Check) -> pb.CheckCapabilityRequest:
    """Return one question."""
    with _refusing():
        return pb.CheckCapabilityRequest(
            user_id=check.user_id,
            capability=check.capability,
            resource_owner_id=check.owner,
            facts=check.facts,
            min_revision=check.min_revision,
            **_target(check.call, check.channel),
        )


def explain_request(check: Check) -> pb.ExplainCapabilityRequest:
    """Return a question to be explained."""
    with _refusing():
        return pb.ExplainCapabilityRequest(
            user_id=check.user_id,
            capability=check.capability,
            resource_owner_id=check.owner,
            facts=check.facts,
            min_revision=check.min_revision,
            **_target(check.call, check.channel),
        )


def batches(checks: Iterable[pb.CheckCapabilityRequest]) -> Iterator[pb.BatchCheckCapabilitiesRequest]:
    """Yield requests that hold these questions in their order, as many in each as a server takes."""
    batch: list[pb.CheckCapabilityRequest] = []
    size = 0
    for check in checks:
        bytes_of = check.ByteSize()
        if batch and (len(batch) == MOST_CHECKS or size + bytes_of > MOST_BYTES):
            yield pb.BatchCheckCapabilitiesRequest(checks=batch)
            batch, size = [], 0
        batch.append(check)
        size += bytes_of
    if batch:
        yield pb.BatchCheckCapabilitiesRequest(checks=batch)


def list_request(
    user_id: str, call: str, channel: str, facts: pb.Facts | None, min_revision: int
) -> pb.ListCapabilitiesRequest:
    """Return the question for all capabilities."""
    with _refusing():
        return pb.ListCapabilitiesRequest(
            user_id=user_id, facts=facts, min_revision=min_revision, **_target(call, channel)
        )


def admission_request(user_id: str, call: str, facts: pb.Facts | None, min_revision: int) -> pb.CheckAdmissionRequest:
    """Return the question whether a user may come in."""
    with _refusing():
        return pb.CheckAdmissionRequest(user_id=user_id, call=call, facts=facts, min_revision=min_revision)


def roster_request(call: str, min_revision: int, page_token: str) -> pb.ListRosterCapabilitiesRequest:
    """Return the question for one page of members."""
    with _refusing():
        return pb.ListRosterCapabilitiesRequest(
            call=call, page_size=1_000, page_token=page_token, min_revision=min_revision
        )


def watch_request(user_id: str, call: str, channel: str, from_revision: int) -> pb.WatchCapabilitiesRequest:
    """Return what opens a watch."""
    with _refusing():
        return pb.WatchCapabilitiesRequest(user_id=user_id, from_revision=from_revision, **_target(call, channel))


def _target(call: str, channel: str) -> dict[str, Any]:
    if call and channel:
        raise InvalidArgument("a call or a channel is asked about, not both", field="channel")
    if call:
        return {"call": call}
    return {"channel": channel} if channel else {}


@contextmanager
def _refusing() -> Iterator[None]:
    """Turn what protobuf says of a value that fits no field into one of our errors."""
    try:
        yield
    except RolecallClientError:
        raise
    except (TypeError, ValueError) as error:
        raise InvalidArgument(f"the request can't be written: {error}") from error


# --- responses -------------------------------------------------------------------------------------------------------


def reason_name(number: int) -> str:
    """Return the name of a reason; one that is newer than this client is its number."""
    return _REASONS.get(number) or str(number)


def verdict(answer: pb.CheckCapabilityResponse | pb.ExplainCapabilityResponse) -> Verdict:
    """Read an answer."""
    return Verdict(
        answer.allowed, reason_name(answer.reason), answer.role, answer.permission, answer.policy, answer.revision
    )


def outcomes(answer: pb.BatchCheckCapabilitiesResponse, asked: int) -> Sequence[Verdict | CheckError]:
    """Read the answers to a batch; where they are not as many as the questions, none is believed."""
    if len(answer.results) != asked:
        error = CheckError("INTERNAL", "", f"{asked} questions were asked and {len(answer.results)} answered")
        return list(repeat(error, asked))
    return [_outcome(item) for item in answer.results]


def _outcome(item: pb.BatchCheckResult) -> Verdict | CheckError:
    match item.WhichOneof("outcome"):
        case "result":
            return verdict(item.result)
        case "error":
            error = item.error
            return item_error(error.code, error.reason, error.message, error.field)
        case _:
            return CheckError("INTERNAL", "", "the answer is empty")


def explanation(answer: pb.ExplainCapabilityResponse) -> Explanation:
    """Read an explained answer."""
    steps = (Step(step.rule, _OUTCOMES.get(step.outcome, str(step.outcome)), step.detail) for step in answer.steps)
    return Explanation(verdict(answer), tuple(steps), tuple(answer.would_allow))


def capabilities(answer: pb.ListCapabilitiesResponse) -> Capabilities:
    """Read all capabilities of a user."""
    return Capabilities(frozenset(answer.own_capabilities), answer.revision)


def admission(answer: pb.CheckAdmissionResponse) -> Admission:
    """Read whether a user may come in."""
    return Admission(
        answer.allowed,
        reason_name(answer.reason),
        frozenset(answer.own_capabilities),
        tuple(answer.required),
        answer.revision,
    )


def members(answer: pb.ListRosterCapabilitiesResponse) -> Iterator[Member]:
    """Read one page of members."""
    for entry in answer.entries:
        bits = int.from_bytes(entry.capabilities, "little")
        held = frozenset(name for place, name in enumerate(answer.capabilities) if bits >> place & 1)
        yield Member(entry.user_id, entry.role, held, answer.revision)
