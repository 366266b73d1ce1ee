"""What a migration changes, as text that people can read: which pairs are shown, rows that are merged, and the lines.

Nothing is asked here, and nothing is left out within the pairs that are shown: the rows expand to exactly the changes.
"""

from __future__ import annotations

import shutil
import sys
import textwrap
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from rolecall.api.v1.app_pb2 import MigrationChange
from rolecall.api.v1.role_pb2 import Role
from rolecall.cli.output import paint, printable, table
from rolecall.domain.roles import CHANNEL_ROLES, USER_ROLES

APP_SCOPE: Final = ".app"
_NO_MEMBER: Final = ""
_FEW: Final = 3
_WIDE: Final = 120
_COLOURS: Final = {"gained": "green", "lost": "red"}
_LEGEND: Final = "owning: the channel and what is acted on are the user's own; not owning: neither; no word: either way"
_OWNING: Final = {(False, True): "", (False,): " · not owning", (True,): " · owning"}


class Pairs(NamedTuple):
    """The pairs of roles that are shown: each user role with each role as a member ("": no member); and their names."""

    users: frozenset[str]
    members: frozenset[str]
    user_kind: str = "role"
    member_kind: str = "role"


class Row(NamedTuple):
    """Actions that are gained, or lost, by each user role with each role as a member, for each ownership."""

    members: tuple[str, ...]
    answer: str
    users: tuple[str, ...]
    owners: tuple[bool, ...]
    actions: tuple[str, ...]

    def answers(self) -> int:
        """Return how many answers it stands for, counted as reports are: by pair of roles, ownership and action."""
        return len(self.members) * len(self.users) * len(self.owners) * len(self.actions)


class Section(NamedTuple):
    """Channel types, or the app, whose answers change in the same way."""

    scopes: tuple[str, ...]
    rows: tuple[Row, ...]

    def answers(self, answer: str) -> int:
        """Return how many answers are gained, or lost, in all of its scopes together."""
        return len(self.scopes) * sum(row.answers() for row in self.rows if row.answer == answer)


# --- what is shown ---------------------------------------------------------------------------------------------------


def every_pair(roles: Iterable[Role]) -> Pairs:
    """Return all pairs there are."""
    names = frozenset(role.name for role in roles)
    return Pairs(names, names | {_NO_MEMBER})


def usual_pairs(roles: Iterable[Role]) -> Pairs:
    """Return the pairs that apps have: users with roles of users, and members with roles of channels; custom ones too.

    A user whose role is `host`, or a member who is one as `admin`, is possible but hardly exists.
    """
    custom = frozenset(role.name for role in roles if role.custom)
    return Pairs(custom.union(USER_ROLES), custom.union(CHANNEL_ROLES, (_NO_MEMBER,)), "user role", "channel role")


def within(changes: Iterable[MigrationChange], pairs: Pairs) -> Iterator[MigrationChange]:
    """Cut changes down to some pairs."""
    for change in changes:
        users = [role for role in change.user_roles if role in pairs.users]
        members = [role for role in change.channel_roles if role in pairs.members]
        if users and members:
            yield MigrationChange(
                channel_type=change.channel_type,
                user_roles=users,
                channel_roles=members,
                owner=change.owner,
                gained=change.gained,
                lost=change.lost,
            )


# --- rows ------------------------------------------------------------------------------------------------------------


def sections(changes: Iterable[MigrationChange]) -> list[Section]:
    """Return what changes where, the app first; channel types that change alike are together."""
    by_scope: dict[str, list[MigrationChange]] = defaultdict(list)
    for change in changes:
        by_scope[change.channel_type].append(change)
    alike: dict[tuple[bool, tuple[Row, ...]], list[str]] = defaultdict(list)
    for scope in sorted(by_scope, key=lambda scope: (scope != APP_SCOPE, scope)):
        alike[scope == APP_SCOPE, tuple(merged(by_scope[scope]))].append(scope)
    return [Section(tuple(scopes), rows) for (_, rows), scopes in alike.items()]


def merged(changes: Iterable[MigrationChange]) -> list[Row]:
    """Merge the changes of one scope; every pair, ownership and action is in one row, and in no row that isn't so.

    Each action is told by itself, as most change for many pairs alike while hardly two pairs change in all the same
    actions: per user role ownerships are merged and then memberships, then user roles, and at last the actions.
    """
    actions: dict[tuple[tuple[str, ...], str, tuple[str, ...], tuple[bool, ...]], list[str]] = defaultdict(list)
    for (answer, action), held in sorted(_by_action(changes).items()):
        alike: dict[tuple[tuple[str, ...], tuple[bool, ...]], list[str]] = defaultdict(list)
        for users, members in held.items():
            for names, owners in members.by_ownership():
                alike[names, owners] += users
        for (names, owners), all_users in alike.items():
            actions[names, answer, tuple(sorted(all_users)), owners].append(action)
    return sorted((Row(*who, tuple(names)) for who, names in actions.items()), key=_place)


class _Members(NamedTuple):
    """Roles as members that an answer changes for: of users that don't own what they act on, and that do."""

    others: set[str]
    owners: set[str]

    def by_ownership(self) -> Iterator[tuple[tuple[str, ...], tuple[bool, ...]]]:
        """Return those that it changes for either way, those that only without owning, those that only with it."""
        either = self.others & self.owners
        for members, owners in (
            (either, (False, True)),
            (self.others - either, (False,)),
            (self.owners - either, (True,)),
        ):
            if members:
                yield tuple(sorted(members)), owners


_Held = dict[tuple[str, ...], _Members]
"""User roles that are alike -> the members that an answer changes for."""


def _by_action(changes: Iterable[MigrationChange]) -> dict[tuple[str, str], _Held]:
    """Return for whom changes what: by answer and action."""
    found: dict[tuple[str, str], _Held] = defaultdict(lambda: defaultdict(lambda: _Members(set(), set())))
    for users, theirs in _by_users(changes):
        for change in theirs:
            for answer, actions in (("gained", change.gained), ("lost", change.lost)):
                for action in actions:
                    found[answer, action][users][change.owner].update(change.channel_roles)
    return found


def _by_users(changes: Iterable[MigrationChange]) -> Iterator[tuple[tuple[str, ...], list[MigrationChange]]]:
    """Return user roles that are in the same changes, and these changes: merging role by role would take too long."""
    every = list(changes)
    places: dict[str, list[int]] = defaultdict(list)
    for place, change in enumerate(every):
        for user in change.user_roles:
            places[user].append(place)
    alike: dict[tuple[int, ...], list[str]] = defaultdict(list)
    for user, theirs in places.items():
        alike[tuple(theirs)].append(user)
    for theirs_alike, users in alike.items():
        yield tuple(users), [every[place] for place in theirs_alike]


def _place(row: Row) -> tuple[object, ...]:
    """Put what is about many before what is about few."""
    return -len(row.members), row.members, row.answer, -len(row.users), row.users, -len(row.owners), row.owners


# --- lines -----------------------------------------------------------------------------------------------------------


def report(found: Sequence[Section], pairs: Pairs) -> Iterator[str]:
    """Return the lines: an overview, and each section."""
    if found:
        yield from _overview(found)
        yield ""
        yield from _filled("", _LEGEND, "  ")
        yield ""
    for section in found:
        yield from _filled("", _heading(section), "    ", "bold")
        yield from _details(section, pairs)
        yield ""


def _overview(found: Iterable[Section]) -> list[str]:
    rows = [(_short(one), f"{one.answers('gained'):,}", f"{one.answers('lost'):,}") for one in found]
    return table(("where answers change", "gained", "lost"), rows)


def _short(section: Section) -> str:
    """Name where it is; of many channel types, the first ones."""
    if APP_SCOPE in section.scopes:
        return "the app"
    more = len(section.scopes) - _FEW
    return ", ".join(section.scopes[:_FEW]) + (f" and {more} more" if more > 0 else "")


def _heading(section: Section) -> str:
    if APP_SCOPE in section.scopes:
        return "the app"
    *first, last = section.scopes
    return f"channel types {', '.join(first)} and {last}" if first else f"channel type {last}"


def _details(section: Section, pairs: Pairs) -> Iterator[str]:
    """Return the rows of a section, under the memberships they are about; nobody is a member of the app."""
    members: tuple[str, ...] = ()
    for row in section.rows:
        if row.members != members and APP_SCOPE not in section.scopes:
            members = row.members
            yield from _filled("  ", _membership(members, pairs), "    ")
        who = f"{_roles(row.users, pairs.users, pairs.user_kind)}{_OWNING[row.owners]}"
        yield from _filled(f"    {row.answer:<8}", f"{who}: {', '.join(row.actions)}", " " * 14, _COLOURS[row.answer])


def _membership(names: Collection[str], pairs: Pairs) -> str:
    roles = [name for name in names if name != _NO_MEMBER]
    if not roles:
        return "as no member"
    member = f"as a member with {_roles(roles, pairs.members - {_NO_MEMBER}, pairs.member_kind)}"
    return f"as no member, or {member}" if _NO_MEMBER in names else member


def _roles(names: Collection[str], shown: Collection[str], kind: str) -> str:
    """Name roles, or of those that are shown the few that are missing."""
    missing = sorted(set(shown).difference(names))
    if len(missing) > _FEW or len(missing) >= len(names):
        return ", ".join(sorted(names))
    return f"every {kind} but {', '.join(missing)}" if missing else f"every {kind}"


def _filled(start: str, text: str, indent: str, style: str = "") -> list[str]:
    """Wrap a text to the terminal, or to 120; painted is the start, or without one the whole."""
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else _WIDE
    lines = textwrap.wrap(
        printable(text), width, initial_indent=start, subsequent_indent=indent, break_on_hyphens=False
    )
    if not style:
        return lines
    if not start.strip():
        return [paint(line, style) for line in lines]
    return [f"{paint(start, style)}{lines[0].removeprefix(start)}", *lines[1:]]
