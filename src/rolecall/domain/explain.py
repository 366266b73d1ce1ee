"""Why an answer is what it is: one step per rule, and what would make it yes."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, NamedTuple

from rolecall.domain.decision import Decision, Rules, compiled, decide


class Outcome(StrEnum):
    """What a rule said."""

    ALLOW = "ALLOW"
    DENY = "DENY"
    PASS = "PASS"  # noqa: S105 - an outcome, no password
    NOT_REACHED = "NOT_REACHED"


class Step(NamedTuple):
    """One rule of the order and what it said of this question."""

    rule: str
    outcome: Outcome
    detail: str


class Explanation(NamedTuple):
    """A decision, its steps, and, when denied, all that is needed for a yes."""

    decision: Decision
    steps: tuple[Step, ...]
    would_allow: tuple[str, ...]


def explain(rules: Rules, case: Any, asked: int) -> Explanation:
    """Walk the same rules that decide, telling what each one saw."""
    decision = decide(compiled(rules), case, asked)
    steps: list[Step] = []
    decided = False
    for rule in rules:
        if decided:
            steps.append(Step(rule.name, Outcome.NOT_REACHED, "an earlier rule decided"))
            continue
        decided = bool(rule.speaks(case, asked) & asked)
        outcome = Outcome.PASS if not decided else Outcome.ALLOW if decision.allowed else Outcome.DENY
        steps.append(Step(rule.name, outcome, rule.detail(case, asked)))
    return Explanation(decision, tuple(steps), () if decision.allowed else _remedies(rules, case, asked))


def _remedies(rules: Rules, case: Any, asked: int) -> tuple[str, ...]:
    """Return what each denying rule needs; the last, default deny, only counts when nothing else allows."""
    *ordered, otherwise = rules
    speaking = [rule for rule in ordered if rule.speaks(case, asked) & asked]
    needed = [rule.remedy(case, asked) for rule in speaking if not rule.verdict.allowed]
    if not any(rule.verdict.allowed for rule in speaking):
        needed.append(otherwise.remedy(case, asked))
    return tuple(text for text in needed if text)
