"""May this user come into this call now: `join-call`, and what the call's state asks beside it."""

from __future__ import annotations

from typing import Final, NamedTuple

from rolecall.domain.call_capabilities import ACTION_BIT
from rolecall.domain.call_rules import CallCase, call_actions, check_call
from rolecall.domain.decision import Decision, Reason
from rolecall.domain.facts import Call

NANOSECONDS: Final = 1_000_000_000


class Admission(NamedTuple):
    """May this user come in now; `required` are the capabilities this took, `actions` all that are allowed."""

    decision: Decision
    required: tuple[str, ...]
    actions: int


_BACKSTAGE: Final = Decision(allowed=False, reason=Reason.BACKSTAGE)
_ENDED: Final = Decision(allowed=False, reason=Reason.ENDED)


def in_backstage(call: Call, now: int) -> bool:
    """Tell whether the call is still backstage at `now` (Unix nanoseconds); it opens ahead of its start."""
    opens = None if call.starts_at is None else call.starts_at - call.join_ahead * NANOSECONDS
    return call.backstage and (opens is None or now < opens)


def admission(case: CallCase, call: Call, now: int) -> Admission:
    """Decide admission: `join-call`, and what the call's state asks beside it (rule: admission)."""
    gates = [("join-backstage", _BACKSTAGE)] if in_backstage(call, now) else []
    gates += [("join-ended-call", _ENDED)] if call.ended else []
    verdict = check_call(case, ACTION_BIT["join-call"])
    for capability, refusal in gates:
        if verdict.allowed and not check_call(case, ACTION_BIT[capability]).allowed:
            verdict = refusal
    required = ("join-call", *(capability for capability, _ in gates))
    return Admission(verdict, required, call_actions(case))
