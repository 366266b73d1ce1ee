"""`rolecall migrate`: an app from permission version v1 to v2, and back. The changes' looks are in migration_report."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from rolecall.api.v1 import app_pb2 as pb
from rolecall.api.v1.role_pb2 import ListRolesRequest, Role
from rolecall.cli.catalogue import ROLES
from rolecall.cli.doors import Door, ask, every
from rolecall.cli.grants import grants_as_json
from rolecall.cli.migration_report import every_pair, report, sections, usual_pairs, within
from rolecall.cli.output import show_json
from rolecall.cli.problem import OK
from rolecall.cli.progress import with_progress
from rolecall.cli.settings import UPDATE


def migrate(args: argparse.Namespace) -> int:
    """Migrate an app, or undo that; or tell what would change."""
    response, roles = ask(args, lambda door: _asked(door, args))
    if args.json:
        show_json(_as_json(response))
        return OK
    pairs = every_pair(roles) if args.all else usual_pairs(roles)
    changes = _all(response.migration_report)
    shown = list(within(changes, pairs))
    for line in (*report(sections(shown), pairs), *_summary(response.migration_report, shown), _next(args, response)):
        print(line)
    return OK


async def _asked(door: Door, args: argparse.Namespace) -> tuple[pb.UpdateAppResponse, Sequence[Role]]:
    """Return the answer, and every role there is."""
    if args.undo:
        request = pb.UpdateAppRequest(undo_migration=True, dry_run=args.dry_run)
    else:
        request = pb.UpdateAppRequest(permission_version="v2", migrate_permissions_to_v2=True, dry_run=args.dry_run)
    what = "working out what changes" if args.dry_run else "undoing the migration" if args.undo else "migrating"
    response = await with_progress(door.ask(UPDATE, request), what)
    return response, () if args.json else await every(door, ROLES, ListRolesRequest(), "roles")


# --- for people ------------------------------------------------------------------------------------------------------


class _Count(NamedTuple):
    """How many answers change, by pair of roles, ownership and action."""

    gained: int
    lost: int

    def __str__(self) -> str:
        return f"{self.gained:,} gained, {self.lost:,} lost"


def _summary(changed: pb.MigrationReport, shown: Iterable[pb.MigrationChange]) -> list[str]:
    """Say how many answers change and where, and how many of them were not shown."""
    own = _own_grants(changed)
    if not _all(changed):
        return ["no answer changes", *own]
    types = {change.channel_type for change in changed.changes}
    where = [f"{len(types)} of {len(changed.channel_type_grants)} channel types"] if types else []
    where += ["the app"] if changed.app_changes else []
    every_answer, seen = _count(_all(changed)), _count(shown)
    told = f"answers change in {' and '.join(where)}, by pairs of roles and actions: {every_answer}"
    hidden = _Count(every_answer.gained - seen.gained, every_answer.lost - seen.lost)
    if not any(hidden):
        return [told, *own]
    return [
        told,
        *own,
        f"of these, {hidden} are of pairs that hardly exist, such as admin as a member: `--all` shows them",
    ]


def _own_grants(changed: pb.MigrationReport) -> list[str]:
    """Say of channels with grants of their own what the report can't."""
    many = changed.channels_with_own_grants
    if not many:
        return []
    channels = "1 channel has grants of its own" if many == 1 else f"{many:,} channels have grants of their own"
    return [f"besides, {channels}, which count on permission version v2 only and are not in this report"]


def _all(changed: pb.MigrationReport) -> Sequence[pb.MigrationChange]:
    return (*changed.app_changes, *changed.changes)


def _count(changes: Iterable[pb.MigrationChange]) -> _Count:
    gained = lost = 0
    for change in changes:
        pairs = len(change.user_roles) * len(change.channel_roles)
        gained, lost = gained + pairs * len(change.gained), lost + pairs * len(change.lost)
    return _Count(gained, lost)


def _next(args: argparse.Namespace, response: pb.UpdateAppResponse) -> str:
    """Say what was done, and what to run next."""
    version = response.app.permission_version
    if args.dry_run:
        return "nothing was changed: run it again without --dry-run to do it"
    if args.undo:
        return f"undone at revision {response.revision}, on permission version {version}: what was before is back"
    done = f"on permission version {version} at revision {response.revision}"
    return f"{done}: `rolecall migrate --undo` takes it back" if _all(response.migration_report) else done


# --- for machines ----------------------------------------------------------------------------------------------------


def _as_json(response: pb.UpdateAppResponse) -> dict[str, object]:
    changed = response.migration_report
    return {
        "applied": changed.applied,
        "undone": changed.undone,
        "permission_version": response.app.permission_version,
        "revision": response.revision,
        "changes": [_change(change) for change in changed.changes],
        "app_changes": [_change(change) for change in changed.app_changes],
        "channel_type_grants": {
            name: grants_as_json(changed.channel_type_grants[name].grants)
            for name in sorted(changed.channel_type_grants)
        },
        "app_grants": grants_as_json(changed.app_grants.grants),
        "channels_with_own_grants": changed.channels_with_own_grants,
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
