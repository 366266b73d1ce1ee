"""AppService: the settings of the caller's app, and migrations.

A report can be of many megabytes, so it is turned into bytes in parts, and others are let through in between: a
message is the concatenation of messages that hold a part of its fields each.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Final

from rolecall.api.v1 import app_pb2 as pb
from rolecall.api.v1.core_pb2 import RoleGrants
from rolecall.domain import migration
from rolecall.domain.app_rules import SCOPE as APP_SCOPE
from rolecall.domain.migration import Change
from rolecall.domain.records import AppRecord, Grants
from rolecall.service.administration.changes import KEEP, AppChange, MigrationReport
from rolecall.service.pace import Pace
from rolecall.transports.convert import check_mask, grants_of, nanoseconds, permission_lists, timestamp
from rolecall.transports.rpc import Context, Services

_REVOKED: Final = "revoke_tokens_issued_before"
_CHANGES_AT_ONCE: Final = 16


async def get_app(services: Services, context: Context, request: pb.GetAppRequest) -> pb.GetAppResponse:
    """Get the app."""
    record, grants, revision = await services.administration.apps.get(context.caller)
    return pb.GetAppResponse(app=_app(record, grants), revision=revision)


async def update_app(services: Services, context: Context, request: pb.UpdateAppRequest) -> bytes:
    """Change the app's settings, migrate it, or undo that."""
    result = await services.administration.apps.update(context.caller, _change(request))
    response = pb.UpdateAppResponse(app=_app(result.record, result.grants), revision=result.revision)
    parts, pace = [response.SerializeToString()], Pace()
    for report in () if result.report is None else _reports(result.report):
        parts.append(pb.UpdateAppResponse(migration_report=report).SerializeToString())
        await pace.give_way()
    return b"".join(parts)


def _change(request: pb.UpdateAppRequest) -> AppChange:
    cleared = _REVOKED in check_mask(request.update_mask.paths, (_REVOKED,))
    revoked = nanoseconds(request.revoke_tokens_issued_before, _REVOKED) if request.HasField(_REVOKED) else None
    return AppChange(
        permission_version=request.permission_version if request.HasField("permission_version") else KEEP,
        grants=grants_of(request.grants),
        reset_grants=request.reset_grants,
        multi_tenant_enabled=request.multi_tenant_enabled if request.HasField("multi_tenant_enabled") else KEEP,
        user_search_disallowed_roles=(
            tuple(request.user_search_disallowed_roles.values)
            if request.HasField("user_search_disallowed_roles")
            else KEEP
        ),
        disable_permissions_checks=(
            request.disable_permissions_checks if request.HasField("disable_permissions_checks") else KEEP
        ),
        disable_auth_checks=request.disable_auth_checks if request.HasField("disable_auth_checks") else KEEP,
        revoke_tokens_issued_before=KEEP if revoked is None and not cleared else revoked,
        dry_run=request.dry_run,
        migrate_permissions_to_v2=request.migrate_permissions_to_v2,
        undo_migration=request.undo_migration,
    )


def _app(record: AppRecord, grants: Grants) -> pb.App:
    return pb.App(
        name=record.name,
        permission_version=record.permission_version,
        multi_tenant_enabled=record.multi_tenant_enabled,
        disable_permissions_checks=record.disable_permissions_checks,
        disable_auth_checks=record.disable_auth_checks,
        user_search_disallowed_roles=record.user_search_disallowed_roles,
        revoke_tokens_issued_before=timestamp(record.revoke_tokens_issued_before),
        grants=permission_lists(grants),
        created_at=timestamp(record.created_at),
        updated_at=timestamp(record.updated_at),
        revision=record.revision,
    )


# --- reports ---------------------------------------------------------------------------------------------------------


def _reports(report: MigrationReport) -> Iterator[pb.MigrationReport]:
    """Turn a report into small ones, which are it when put together."""
    app_grants = RoleGrants(grants=permission_lists(report.app_grants))
    yield pb.MigrationReport(
        applied=report.applied,
        undone=report.undone,
        app_grants=app_grants,
        channels_with_own_grants=report.channels_with_own_grants,
    )
    for changes in _slices(APP_SCOPE, report.app_changes):
        yield pb.MigrationReport(app_changes=changes)
    for name, found in report.changes.items():
        for changes in _slices(name, found):
            yield pb.MigrationReport(changes=changes)
    for name, grants in report.channel_type_grants.items():
        yield pb.MigrationReport(channel_type_grants={name: RoleGrants(grants=permission_lists(grants))})


def _slices(scope: str, changes: Sequence[Change]) -> Iterator[Iterable[pb.MigrationChange]]:
    for start in range(0, len(changes), _CHANGES_AT_ONCE):
        yield [_migration_change(scope, change) for change in changes[start : start + _CHANGES_AT_ONCE]]


def _migration_change(scope: str, change: Change) -> pb.MigrationChange:
    return pb.MigrationChange(
        channel_type=scope,
        user_roles=change.user_roles,
        channel_roles=change.channel_roles,
        owner=change.owner,
        gained=_names(change.gained),
        lost=_names(change.lost),
    )


@lru_cache(maxsize=4_096)
def _names(actions: int) -> tuple[str, ...]:
    return tuple(migration.names(actions))
