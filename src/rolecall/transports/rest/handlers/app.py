"""The app: its settings, the grants of `.app`, and the migration to permission version v2."""

from __future__ import annotations

from typing import Final, TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from rolecall.service.administration.changes import KEEP, AppChange, Keep
from rolecall.transports.rest.exchange import Exchange
from rolecall.transports.rest.extras import asking, sent_extras
from rolecall.transports.rest.handlers.types import SentGrants
from rolecall.transports.rest.operation import Answer, Operation
from rolecall.transports.rest.paging import every
from rolecall.transports.rest.shapes.app import App, app
from rolecall.transports.rest.shapes.app_fields import SENT
from rolecall.transports.rest.times import nanoseconds

T = TypeVar("T")

_TAG: Final = "app"
_PATHS: Final = ("/api/v2/app", "/app")


class GetAppResponse(Answer):
    """The app."""

    app: App  # type: ignore[valid-type] # a shape that is made of a table


class AppChanges(msgspec.Struct, kw_only=True):
    """Changes of the app; what is left out stays. What has no effect is kept and returned.

    Each role that `grants` names gets its list whole; `grants: null` puts all of them back to the defaults.
    `revoke_tokens_issued_before` is an RFC 3339 time, null takes it back. With `dry_run`, which Stream does not have,
    all is checked and nothing is written.
    """

    permission_version: str | None = None
    migrate_permissions_to_v2: bool | None = None
    dry_run: bool | None = None
    grants: SentGrants = UNSET
    multi_tenant_enabled: bool | None = None
    user_search_disallowed_roles: list[str] | None = None
    disable_permissions_checks: bool | None = None
    disable_auth_checks: bool | None = None
    revoke_tokens_issued_before: str | UnsetType | None = UNSET


UpdateAppRequest: Final = asking(AppChanges, SENT, "UpdateAppRequest")
"""Changes of the app, with what is only kept of it."""


async def get_app(exchange: Exchange) -> GetAppResponse:
    """Get the app."""
    administration, caller = exchange.administration, exchange.caller
    record, grants, _ = await administration.apps.get(caller)
    call_types = await every(lambda page: administration.call_types.list(caller, page))
    channel_types = await every(lambda page: administration.channel_types.list(caller, page))
    return GetAppResponse(app=app(record, grants, call_types, channel_types))


async def update_app(exchange: Exchange) -> Answer:
    """Change the app."""
    body: AppChanges = exchange.body
    roles = body.user_search_disallowed_roles
    change = AppChange(
        permission_version=_sent(body.permission_version),
        grants={role: tuple(ids or ()) for role, ids in (body.grants or {}).items()},
        reset_grants=body.grants is None,
        multi_tenant_enabled=_sent(body.multi_tenant_enabled),
        user_search_disallowed_roles=KEEP if roles is None else tuple(roles),
        disable_permissions_checks=_sent(body.disable_permissions_checks),
        disable_auth_checks=_sent(body.disable_auth_checks),
        revoke_tokens_issued_before=_revocation(body.revoke_tokens_issued_before),
        migrate_permissions_to_v2=bool(body.migrate_permissions_to_v2),
        dry_run=bool(body.dry_run),
        extras=sent_extras(SENT, exchange.sent) or KEEP,
    )
    await exchange.administration.apps.update(exchange.caller, change)
    return Answer()


def _sent(value: T | None) -> T | Keep:
    return KEEP if value is None else value


def _revocation(text: str | UnsetType | None) -> int | Keep | None:
    if text is UNSET:
        return KEEP
    return None if text is None else nanoseconds(text, "revoke_tokens_issued_before")


OPERATIONS: Final = (
    Operation("GetApp", "GET", _PATHS, get_app, GetAppResponse, "Get the app", tag=_TAG),
    Operation("UpdateApp", "PATCH", _PATHS, update_app, Answer, "Change the app", body=UpdateAppRequest, tag=_TAG),
)
