"""What an explanation says would allow it, does: each remedy is carried out on the plain world and asked again."""

from __future__ import annotations

import re
from collections.abc import Callable
from copy import deepcopy
from typing import Any, Final, NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from tests import oracle
from tests.domain_door import DomainDoor
from tests.oracle import CAPABILITY_OF, Question, World, action_of
from tests.tables import CALL_CAPABILITIES, CHANNEL_CAPABILITIES
from tests.worlds import USERS, worlds

TARGETS: Final = (("call", "default:one"), ("call", "hall:two"), ("channel", "messaging:one"), ("channel", "desk:two"))
NAME: Final = re.compile(r"`([^`]*)`")
GRANT: Final = re.compile(
    r"grant (?P<permissions>.*) to one of the user's roles \((?P<roles>.*)\) in scope `(?P<scope>.*?)`"
)
POLICY: Final = re.compile(
    r"add a policy(?: above `(?P<above>.*?)`)? that allows (?P<resources>.*) to one of the user's roles "
    r"\((?P<roles>.*)\)"
)
MOVED: Final = ("$subject.teams", "$resource.team", "$resource.created_by_id")
"""What conditions must not look at here: carrying out a remedy may change it."""


class Place(NamedTuple):
    """Where a remedy is carried out: the world, the question, which may change, and the rows it is about."""

    world: World
    kind: str
    question: Question
    thing: dict[str, Any]
    type: dict[str, Any]
    user: dict[str, Any]

    @property
    def user_id(self) -> str:
        return str(self.question["user"])


def place(world: World, kind: str, question: Question) -> Place:
    cid = question[kind]
    type_row = world[f"{kind}_types"][cid.partition(":")[0]]
    return Place(world, kind, question, world[f"{kind}s"][cid], type_row, world["users"][question["user"]])


def unblock(at: Place, text: str) -> None:
    at.thing["blocked"].remove(at.user_id)


def mend_user(at: Place, text: str) -> None:
    at.user["banned"] &= "lift the ban" not in text
    at.user["deactivated"] &= "reactivate" not in text


def grant_again(at: Place, text: str) -> None:
    asked = at.question["capability"]
    capability = asked if asked in CALL_CAPABILITIES else CAPABILITY_OF[action_of(asked)]
    at.thing["revoked"][at.user_id].remove(capability)
    at.thing["granted"].setdefault(at.user_id, []).append(capability)


def switch_on(at: Place, text: str) -> None:
    name = NAME.findall(text)[0]
    if at.kind == "channel":
        at.thing["config_overrides"]["flags"][name] = True
    else:
        at.thing["settings_override"][name] = "available" if name.endswith("mode") else True


def lift_channel_ban(at: Place, text: str) -> None:
    at.thing["members"][at.user_id]["banned"] = False


def own(at: Place, text: str) -> None:
    at.thing["created_by_id"] = at.question["resource_owner"] = at.user_id


def join_team(at: Place, text: str) -> None:
    at.user["teams"] = [*at.user["teams"], NAME.findall(text)[0]]


def move_to_team(at: Place, text: str) -> None:
    at.thing["team"] = at.user["teams"][0]


def grant(at: Place, text: str) -> None:
    """Grant the first permission named to the first role named, and stop the channel from taking it away again."""
    said = GRANT.match(text)
    assert said, text
    permission, role = NAME.findall(said["permissions"])[0], NAME.findall(said["roles"])[0]
    assert said["scope"] == ("video:" if at.kind == "call" else "") + at.question[at.kind].partition(":")[0]
    at.type["grants"][role] = [*at.type["grants"].get(role, []), permission]
    changes = at.thing.get("config_overrides", {}).get("grants", {})
    changes[role] = [change for change in changes.get(role, []) if change != f"!{permission}"]


def meet_condition(at: Place, text: str) -> None:
    at.world["permissions"][NAME.findall(text)[0]]["condition"] = {}


def add_policy(at: Place, text: str) -> None:
    """Add a policy for the first role named, above the policy named, or above all."""
    said = POLICY.match(text)
    assert said, text
    policies, resources = at.type["policies"], NAME.findall(said["resources"])
    names = [policy["name"] for policy in policies]
    place = names.index(said["above"]) if said["above"] else 0
    priority = policies[place]["priority"] if policies else 1
    role = NAME.findall(said["roles"])[0]
    row = {"name": "added", "priority": priority, "resources": resources, "roles": [role], "owner": False}
    policies.insert(place, {**row, "action": "Allow"})


REMEDIES: Final[dict[str, Callable[[Place, str], None]]] = {
    "unblock the user": unblock,
    "lift the ban of": mend_user,
    "reactivate": mend_user,
    "grant it to this user again": grant_again,
    "switch": switch_on,
    "lift the user's ban in this channel": lift_channel_ban,
    "enable the channel": lambda at, text: at.thing.update(disabled=False),
    "unfreeze the channel": lambda at, text: at.thing.update(frozen=False),
    "set a cooldown": lambda at, text: at.thing.update(cooldown=10),
    "let the user own": own,
    "make the user a member of team": join_team,
    "give the resource a team": move_to_team,
    "grant `": grant,
    "meet the condition of": meet_condition,
    "add a policy": add_policy,
}


def steps(remedy: str, choice: int) -> list[str]:
    """Return what one remedy asks for, taking its first or its last way where it offers two.

    The permission that opens a disabled or frozen channel is no such way here: it is shown in the unit tests.
    """
    taken = []
    for part in remedy.split("; and "):
        ways = part.split(", or ")
        taken.append(ways[0] if part.startswith(("enable", "unfreeze")) else ways[choice])
    return taken


@given(data=st.data())
def test_every_way_that_a_remedy_offers_leads_to_a_yes(data: st.DataObject) -> None:
    world = data.draw(worlds())
    for user in world["users"].values():
        user["teams_role"] = {}  # moving a resource to another team may also change the user's role there
    for permission in world["permissions"].values():
        if any(field in str(permission["condition"]) for field in MOVED):
            permission["condition"] = {}
    door = DomainDoor(world)
    kind, cid = data.draw(st.sampled_from(TARGETS))
    capabilities = CALL_CAPABILITIES if kind == "call" else CHANNEL_CAPABILITIES
    for capability in (*capabilities, *world["pool"][kind]):
        for asker in USERS:
            check_remedies(door, kind, {kind: cid, "user": asker, "capability": capability})


def check_remedies(door: DomainDoor, kind: str, question: Question) -> None:
    explanation = door.explain(question)
    if explanation.decision.allowed:
        return
    assert explanation.would_allow, question
    for choice in (0, -1):
        mended, asked = deepcopy(door.world), dict(question)
        for remedy in explanation.would_allow:
            for step in steps(remedy, choice):
                carry_out = next(act for words, act in REMEDIES.items() if step.startswith(words))
                carry_out(place(mended, kind, asked), step)
        answer = oracle.check(mended, asked)
        assert answer.allowed, (question, explanation.would_allow, choice, answer)
