"""pycasbin and cedarpy on the question of the benchmark; run by their own Python, so it imports nothing of ours.

A line of JSON comes with the name of the engine, what each role holds, and questions; the answers go back as one. Then
each number that comes is that many repetitions of the first question, and the nanoseconds they took go back.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any

Question = Sequence[str]
"""User, role, call, owner, action: as the benchmark's world has them."""

Ask = Callable[[], object]
"""Asks one question; the answer is taken as true or false."""

Engine = Callable[[Question], Ask]


def casbin(table: Mapping[str, Any], questions: Sequence[Question]) -> Engine:
    """Return pycasbin's Enforcer: roles by user and call, a rule for each role and action.

    Its FastEnforcer, which sorts the rules by action, takes twice as long with so few.
    """
    package = import_module("casbin")
    model = package.Model()
    model.load_model_from_text(_CASBIN_MODEL)
    engine = package.Enforcer(model)
    for role, held in table.items():
        for whose, actions in zip(("any", "own"), held, strict=True):
            engine.add_policies([[role, "call", action, whose] for action in actions])
    for user, role, call in sorted({(user, one, call) for user, own, call, _, _ in questions for one in ("user", own)}):
        engine.add_grouping_policy(user, role, call)
    return lambda question: lambda: engine.enforce(question[0], "call", question[4], question[2], question[3])


_CASBIN_MODEL = """
[request_definition]
r = sub, kind, act, call, owner

[policy_definition]
p = sub, kind, act, whose

[role_definition]
g = _, _, _

[policy_effect]
e = some(where (p.eft == allow))

[matchers]
m = r.act == p.act && r.kind == p.kind && g(r.sub, p.sub, r.call) && (p.whose == "any" || r.owner == r.sub)
"""


def cedar(table: Mapping[str, Any], questions: Sequence[Question]) -> Engine:
    """Return Cedar with policies and entities parsed beforehand; the members of a call are groups."""
    cedarpy = import_module("cedarpy")
    policies = cedarpy.PolicySet.from_str("\n".join(_cedar_policies(table)))
    entities = cedarpy.Entities.from_json_str(json.dumps(_cedar_entities(table, questions)))

    def engine(question: Question) -> Ask:
        user, _, call, _, action = question
        request = {
            "principal": {"type": "User", "id": user},
            "action": {"type": "Action", "id": action},
            "resource": {"type": "Call", "id": call},
            "context": {},
        }
        return lambda: cedarpy.is_authorized(request, policies, entities).allowed

    return engine


def _cedar_policies(table: Mapping[str, Any]) -> list[str]:
    policies = []
    for role, (anywhere, own) in table.items():
        for actions, condition in ((anywhere, ""), (own, " && resource.owner == principal")):
            if actions:
                listed = ", ".join(f'Action::"{action}"' for action in actions)
                who = 'principal in Role::"user"' if role == "user" else f'principal in resource.members["{role}"]'
                policies.append(f"permit(principal, action in [{listed}], resource) when {{ {who}{condition} }};")
    return policies


def _cedar_entities(table: Mapping[str, Any], questions: Sequence[Question]) -> list[dict[str, Any]]:
    calls = sorted({(call, owner) for _, _, call, owner, _ in questions})
    members = {(user, role, call) for user, role, call, _, _ in questions}
    users = {user for user, _, _ in members} | {owner for _, owner in calls}
    entities: list[dict[str, Any]] = [{"uid": _uid("Role", "user"), "attrs": {}, "parents": []}]
    for user in sorted(users):
        groups = [_group(call, role) for name, role, call in sorted(members) if name == user]
        entities.append({"uid": _uid("User", user), "attrs": {}, "parents": [_uid("Role", "user"), *groups]})
    for call, owner in calls:
        members_of = {role: {"__entity": _group(call, role)} for role in table}
        attrs = {"owner": {"__entity": _uid("User", owner)}, "members": members_of}
        entities.append({"uid": _uid("Call", call), "attrs": attrs, "parents": []})
        entities += [{"uid": _group(call, role), "attrs": {}, "parents": []} for role in table]
    return entities


def _group(call: str, role: str) -> dict[str, str]:
    return _uid("Members", f"{call}/{role}")


def _uid(kind: str, name: str) -> dict[str, str]:
    return {"type": kind, "id": name}


def main() -> None:
    """Answer everything once, then repeat the first question as often as asked, until there are no more lines."""
    order = json.loads(sys.stdin.readline())
    engine = ENGINES[order["engine"]](order["table"], order["questions"])
    _say([bool(engine(question)()) for question in order["questions"]])
    ask = engine(order["questions"][0])
    for line in sys.stdin:
        repetitions = range(int(line))
        started = time.perf_counter_ns()
        for _ in repetitions:
            ask()
        _say(time.perf_counter_ns() - started)


def _say(what: object) -> None:
    print(json.dumps(what), flush=True)


ENGINES = {"pycasbin": casbin, "cedarpy": cedar}

if __name__ == "__main__":
    main()
