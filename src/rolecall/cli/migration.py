"""`rolecall migrate`: an app from permission version v1 to v2, and back, with what changes by it."""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any, Final, NamedTuple

from rolecall.api.v1 import app_pb2 as pb
from rolecall.api.v1.role_pb2 import ListRolesRequest
from rolecall.cli.catalogue import ROLES
from rolecall.cli.doors import Door, ask, every
from rolecall.cli.grants import grants_as_json
from rolecall.cli.output import paint, printable, show_json, show_wrapped
from rolecall.cli.problem import OK
from rolecall.cli.progress import with_progress
from rolecall.cli.settings import UPDATE

_APP_SCOPE: Final = ".app"
_HEADERS: Final = ("user's role", "as member", "owner", "answer", "actions")
_FEW: Final = 3
_OWNERS: Final = {(False,): "no", (True,): "yes", (False, True): "any"}


def migrate(args: argparse.Namespace) -> int:
    """Migrate an app, or undo that; or tell what would change."""
    response, roles = ask(args, lambda door: _asked(door, args))
    if args.json:
        show_json(_as_json(response))
        return OK
    report = response.migration_report
    for scope, changes in _by_scope((*report.app_changes, *report.changes)):
        what = "the app" if scope == _APP_SCOPE else f"channel type {printable(scope)}"
        print(paint(what, "bold"))
        show_wrapped(_HEADERS, [row for one in _joined(changes) for row in _rows(one, roles)])
        print()
    print(_summary(report))
    print(_next(args, response))
    return OK


async def _asked(door: Door, args: argparse.Namespace) -> tuple[pb.UpdateAppResponse, frozenset[str]]:
    """Return the answer, and every role there is."""
    if args.undo:
        request = pb.UpdateAppRequest(undo_migration=True, dry_run=args.dry_run)
    else:
        request = pb.UpdateAppRequest(permission_version="v2", migrate_permissions_to_v2=True, dry_run=args.dry_run)
    what = "working out what changes" if args.dry_run else "undoing the migration" if args.undo else "migrating"
    response = await with_progress(door.ask(UPDATE, request), what)
    roles = () if args.json else await every(door, ROLES, ListRolesRequest(), "roles")
    return response, frozenset(role.name for role in roles)


# --- for people ------------------------------------------------------------------------------------------------------


class _Joined(NamedTuple):
    """Answers that change alike: for each user role with each role as a member, and these ownerships."""

    users: tuple[str, ...]
    members: tuple[str, ...]
    owners: tuple[bool, ...]
    gained: tuple[str, ...]
    lost: tuple[str, ...]


def _by_scope(changes: Iterable[pb.MigrationChange]) -> Iterator[tuple[str, Iterable[pb.MigrationChange]]]:
    return groupby(changes, lambda change: change.channel_type)


def _joined(changes: Iterable[pb.MigrationChange]) -> list[_Joined]:
    """Join changes that differ in the user's role alone, and then those that differ in ownership alone."""
    users: dict[tuple[Any, ...], list[str]] = defaultdict(list)
    for change in changes:
        members = () if change.channel_type == _APP_SCOPE else tuple(change.channel_roles)
        users[members, tuple(change.gained), tuple(change.lost), change.owner].extend(change.user_roles)
    owners: dict[tuple[Any, ...], list[bool]] = defaultdict(list)
    for (members, gained, lost, owner), names in users.items():
        owners[tuple(sorted(names)), members, gained, lost].append(owner)
    return sorted(
        _Joined(names, members, tuple(sorted(own)), gained, lost)
        for (names, members, gained, lost), own in owners.items()
    )


def _rows(joined: _Joined, roles: Collection[str]) -> Iterator[Sequence[str]]:
    who = (_roles(joined.users, roles), _membership(joined.members, roles), _OWNERS[joined.owners])
    for answer, actions in (("gained", joined.gained), ("lost", joined.lost)):
        if actions:
            yield (*who, answer, ", ".join(actions))
            who = ("", "", "")


def _roles(names: Iterable[str], roles: Collection[str]) -> str:
    """Name roles, or those that are missing when they are few."""
    missing = sorted(set(roles).difference(names))
    if len(missing) > _FEW or len(roles) <= 2 * len(missing):
        return ", ".join(sorted(names))
    return f"every role but {', '.join(missing)}" if missing else "every role"


def _membership(names: Iterable[str], roles: Collection[str]) -> str:
    as_member = sorted(filter(None, names))
    outside = ["no member"] if "" in names else []
    return " or ".join([*outside, *([_roles(as_member, roles)] if as_member else [])])


def _summary(report: pb.MigrationReport) -> str:
    types = {change.channel_type for change in report.changes}
    if not report.changes and not report.app_changes:
        return "no answer changes"
    gained, lost = (sum(_answers(change, side) for change in _all(report)) for side in ("gained", "lost"))
    where = [f"{len(types)} of {len(report.channel_type_grants)} channel types"] if types else []
    where += ["the app"] if report.app_changes else []
    return f"answers change in {' and '.join(where)}, by pairs of roles and actions: {gained:,} gained, {lost:,} lost"


def _all(report: pb.MigrationReport) -> Iterable[pb.MigrationChange]:
    return (*report.app_changes, *report.changes)


def _answers(change: pb.MigrationChange, side: str) -> int:
    return len(change.user_roles) * len(change.channel_roles) * len(getattr(change, side))


def _next(args: argparse.Namespace, response: pb.UpdateAppResponse) -> str:
    """Say what was done, and what to run next."""
    version = response.app.permission_version
    if args.dry_run:
        return "nothing was changed: run it again without --dry-run to do it"
    if args.undo:
        return f"undone at revision {response.revision}, on permission version {version}: what was before is back"
    done = f"on permission version {version} at revision {response.revision}"
    return f"{done}: `rolecall migrate --undo` takes it back" if any(_all(response.migration_report)) else done


# --- for machines ----------------------------------------------------------------------------------------------------


def _as_json(response: pb.UpdateAppResponse) -> dict[str, object]:
    report = response.migration_report
    return {
        "applied": report.applied,
        "undone": report.undone,
        "permission_version": response.app.permission_version,
        "revision": response.revision,
        "changes": [_change(change) for change in report.changes],
        "app_changes": [_change(change) for change in report.app_changes],
        "channel_type_grants": {
            name: grants_as_json(report.channel_type_grants[name].grants) for name in sorted(report.channel_type_grants)
        },
        "app_grants": grants_as_json(report.app_grants.grants),
    }


def _change(change: pb.MigrationChange) -> dict[str, object]:
    return {
        "channel_type": change.channel_type,
        "user_roles": list(change.user_roles),
        "channel_roles": list(change.channel_roles),
        "owner": change.owner,
        "gained": list(change.gained),
        "lost": list(change.lost),
    }
