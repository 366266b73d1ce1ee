"""AppService: the settings of the caller's app."""

from __future__ import annotations

from rolecall.api.v1 import app_pb2 as pb
from rolecall.domain.records import AppRecord, Grants
from rolecall.service.administration.changes import KEEP, AppChange
from rolecall.transports.convert import check_mask, grants_of, nanoseconds, permission_lists, timestamp
from rolecall.transports.edge import Context, Services

_REVOKED = "revoke_tokens_issued_before"


async def get_app(services: Services, context: Context, request: pb.GetAppRequest) -> pb.GetAppResponse:
    """Get the app."""
    record, grants, revision = await services.administration.apps.get(context.caller)
    return pb.GetAppResponse(app=_app(record, grants), revision=revision)


async def update_app(services: Services, context: Context, request: pb.UpdateAppRequest) -> pb.UpdateAppResponse:
    """Change the app's settings."""
    cleared = _REVOKED in check_mask(request.update_mask.paths, (_REVOKED,))
    revoked = nanoseconds(request.revoke_tokens_issued_before, _REVOKED) if request.HasField(_REVOKED) else None
    change = AppChange(
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
    )
    record, grants, revision = await services.administration.apps.update(context.caller, change)
    return pb.UpdateAppResponse(app=_app(record, grants), revision=revision)


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
