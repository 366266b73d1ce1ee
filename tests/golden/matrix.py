"""The golden matrix: what each built-in role may do under each built-in type, as text files beside this module.

    python -m tests.golden.matrix            compare the files with what the domain answers
    python -m tests.golden.matrix --write    write the files anew; read the difference before committing it

A change in these files is a change of decisions: it belongs in CHANGELOG.md with a star.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Final

from rolecall.domain.builtin import call_types, channel_types
from rolecall.domain.roles import CALL_ROLES, CHANNEL_ROLES, USER_ROLES
from tests.domain_door import DomainDoor
from tests.oracle import Answer
from tests.scenarios import resolve
from tests.tables import CALL_CAPABILITIES, CHANNEL_CAPABILITIES

FOLDER: Final = Path(__file__).parent
ROLES: Final = (*USER_ROLES, *CALL_ROLES, *CHANNEL_ROLES)
LEGEND: Final = """\
yes  allowed, by a role's grant
on   allowed, by a feature flag alone
own  only on what the user owns (a call or channel it created; its own message)
off  taken away by a setting or a feature flag
.    nothing grants it
"""
CELLS: Final = {
    "ROLE_GRANT": "yes",
    "FEATURE_ENABLED": "on",
    "OWNER_ONLY": "own",
    "SETTING_DISABLED": "off",
    "FEATURE_DISABLED": "off",
    "NO_GRANT": ".",
}


def files() -> dict[str, str]:
    """Return what each golden file must hold, by name."""
    calls = {f"call-{name}.txt": _page("call", name) for name in call_types.GRANTS}
    return calls | {f"channel-{name}.txt": _page("channel", name) for name in channel_types.GRANTS}


def _page(kind: str, name: str) -> str:
    door = _door(kind, name)
    alone = _table(door, kind, name, {role: f"is-{role}" for role in ROLES})
    member = _table(door, kind, name, {role: f"member-{role}" for role in ROLES})
    return (
        f"{kind.capitalize()} type `{name}`: app of one tenant, a {kind} the user did not create.\n\n{LEGEND}\n"
        f"As the user's own role, not a member\n\n{alone}\n"
        f"As the member role of a user with role `user`\n\n{member}"
    )


def _door(kind: str, name: str) -> DomainDoor:
    """Build a world with a user of each role, and a `user` who is a member under each role."""
    members: dict[str, Any] = {f"member-{role}": role if kind == "call" else {"channel_role": role} for role in ROLES}
    users: dict[str, Any] = {f"is-{role}": {"role": role} for role in ROLES} | dict.fromkeys(members)
    return DomainDoor(resolve({"users": users, f"{kind}s": {f"{name}:golden": {"members": members}}}))


def _table(door: DomainDoor, kind: str, name: str, users: dict[str, str]) -> str:
    capabilities = CALL_CAPABILITIES if kind == "call" else CHANNEL_CAPABILITIES
    width = max(len(capability) for capability in capabilities)
    lines = [" ".join(["".ljust(width), *users]).rstrip()]
    for capability in capabilities:
        cells = [
            _cell(door.check({kind: f"{name}:golden", "user": user, "capability": capability})).ljust(len(role))
            for role, user in users.items()
        ]
        lines.append(" ".join([capability.ljust(width), *cells]).rstrip())
    return "\n".join(lines) + "\n"


def _cell(answer: Answer) -> str:
    return CELLS[answer.reason]


def main(arguments: list[str]) -> int:
    """Write the files, or tell which differ."""
    wanted = files()
    if "--write" in arguments:
        for name, text in wanted.items():
            (FOLDER / name).write_text(text)
        return 0
    stale = [name for name, text in wanted.items() if (FOLDER / name).read_text() != text]
    sys.stdout.write("".join(f"differs: {name}\n" for name in stale))
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
