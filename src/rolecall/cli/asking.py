"""`rolecall check`, `explain` and `capabilities`: questions about one user."""

from __future__ import annotations

import argparse
import sys
from typing import Any, Final

from rolecall.api.v1 import authorization_pb2 as pb
from rolecall.api.v1 import core_pb2
from rolecall.cli.doors import Rpc, ask
from rolecall.cli.facts import facts_of
from rolecall.cli.output import paint, printable, show_json, table
from rolecall.cli.problem import DENIED, OK

_SERVICE: Final = "AuthorizationService"
CHECK: Final = Rpc(_SERVICE, "CheckCapability", pb.CheckCapabilityRequest, pb.CheckCapabilityResponse)
EXPLAIN: Final = Rpc(_SERVICE, "ExplainCapability", pb.ExplainCapabilityRequest, pb.ExplainCapabilityResponse)
LIST: Final = Rpc(_SERVICE, "ListCapabilities", pb.ListCapabilitiesRequest, pb.ListCapabilitiesResponse)


def check(args: argparse.Namespace) -> int:
    """Print whether the user may; OK or DENIED."""
    request = pb.CheckCapabilityRequest(**_question(args), **_what(args))
    answer = ask(args, lambda door: door.ask(CHECK, request))
    if args.json:
        show_json(_as_json(answer))
    else:
        print(_verdict(answer))
        _say_where(args, answer)
    return OK if answer.allowed else DENIED


def explain(args: argparse.Namespace) -> int:
    """Print the verdict with its steps."""
    request = pb.ExplainCapabilityRequest(**_question(args), **_what(args))
    answer = ask(args, lambda door: door.ask(EXPLAIN, request))
    if args.json:
        show_json(_as_json(answer) | {"steps": list(map(_step, answer.steps)), "would_allow": list(answer.would_allow)})
    else:
        _tell(answer)
        _say_where(args, answer)
    return OK


def capabilities(args: argparse.Namespace) -> int:
    """Print everything the user may do, sorted."""
    request = pb.ListCapabilitiesRequest(**_question(args))
    answer = ask(args, lambda door: door.ask(LIST, request))
    if args.json:
        show_json({"own_capabilities": list(answer.own_capabilities), "revision": answer.revision})
    else:
        for name in answer.own_capabilities:
            print(printable(name))
    return OK


# --- questions -------------------------------------------------------------------------------------------------------


def _question(args: argparse.Namespace) -> dict[str, Any]:
    question: dict[str, Any] = {"user_id": args.user, "min_revision": args.min_revision, "facts": facts_of(args)}
    if args.call is not None:
        question["call"] = args.call
    if args.channel is not None:
        question["channel"] = args.channel
    return question


def _what(args: argparse.Namespace) -> dict[str, Any]:
    return {"capability": args.capability, "resource_owner_id": args.owner or ""}


# --- answers ---------------------------------------------------------------------------------------------------------


def _as_json(answer: pb.CheckCapabilityResponse | pb.ExplainCapabilityResponse) -> dict[str, object]:
    return {
        "allowed": answer.allowed,
        "reason": _reason(answer),
        "role": answer.role,
        "permission": answer.permission,
        "policy": answer.policy,
        "revision": answer.revision,
    }


def _reason(answer: pb.CheckCapabilityResponse | pb.ExplainCapabilityResponse) -> str:
    """Return the reason's name; a reason newer than this program is shown as its number."""
    known = core_pb2.Reason.values()
    return core_pb2.Reason.Name(answer.reason).removeprefix("REASON_") if answer.reason in known else str(answer.reason)


def _verdict(answer: pb.CheckCapabilityResponse | pb.ExplainCapabilityResponse) -> str:
    word = paint("allowed", "green") if answer.allowed else paint("denied", "red")
    parts = [word, _reason(answer)]
    if answer.role:
        parts.append(f"role `{printable(answer.role)}` holds `{printable(answer.permission)}`")
    if answer.policy:
        parts.append(f"policy `{printable(answer.policy)}`")
    return "  ".join([*parts, paint(f"revision {answer.revision}", "dim")])


def _say_where(args: argparse.Namespace, answer: pb.CheckCapabilityResponse | pb.ExplainCapabilityResponse) -> None:
    """Say on stderr that a deny is about the app: whoever forgot to name a call would take it for the call's."""
    if not answer.allowed and args.call is None and args.channel is None:
        sys.stdout.flush()
        print("hint: this was asked of the app; --call or --channel asks of a call or channel", file=sys.stderr)


def _step(step: pb.ExplainStep) -> dict[str, str]:
    return {"rule": step.rule, "outcome": _outcome(step), "detail": step.detail}


def _outcome(step: pb.ExplainStep) -> str:
    known = pb.ExplainStep.Outcome.values()
    return pb.ExplainStep.Outcome.Name(step.outcome).removeprefix("OUTCOME_") if step.outcome in known else "?"


def _tell(answer: pb.ExplainCapabilityResponse) -> None:
    """Print the verdict, the steps with a mark at the one that decided, and what it takes for a yes."""
    print(_verdict(answer), end="\n\n")
    decisive = (pb.ExplainStep.OUTCOME_ALLOW, pb.ExplainStep.OUTCOME_DENY)
    rows = [
        (">" if step.outcome in decisive else "", step.rule, _outcome(step).lower().replace("_", " "), step.detail)
        for step in answer.steps
    ]
    style = "green" if answer.allowed else "red"
    for line in table(("", "rule", "outcome", "detail"), rows):
        print(paint(line, style) if line.startswith(">") else line)
    if answer.would_allow:
        print("\nwhat it takes for a yes:")
        for remedy in answer.would_allow:
            print(f"  - {printable(remedy)}")
