"""`rolecall app get` and `rolecall app set`: the settings of one app, from its store file or from a server."""

from __future__ import annotations

import argparse
from datetime import datetime
from typing import Final

from google.protobuf.timestamp_pb2 import Timestamp

from rolecall.api.v1 import app_pb2 as pb
from rolecall.api.v1.core_pb2 import StringList
from rolecall.cli.doors import Rpc, ask
from rolecall.cli.grants import grants_as_json, grants_rows
from rolecall.cli.output import rfc3339, show_fields, show_json, show_table
from rolecall.cli.problem import OK, bad_input

GET: Final = Rpc("AppService", "GetApp", pb.GetAppRequest, pb.GetAppResponse)
UPDATE: Final = Rpc("AppService", "UpdateApp", pb.UpdateAppRequest, pb.UpdateAppResponse)
_REVOKED: Final = "revoke_tokens_issued_before"
_NOTHING: Final = pb.UpdateAppRequest()


def get(args: argparse.Namespace) -> int:
    """Show the settings of an app and the grants of `.app`."""
    response = ask(args, lambda door: door.ask(GET, pb.GetAppRequest()))
    _show(args, response.app)
    return OK


def change(args: argparse.Namespace) -> int:
    """Change the settings of an app, and show them."""
    request = _request(args)
    if request == _NOTHING:
        raise bad_input("there is nothing to set", "`rolecall app set --help` shows what can be set")
    request.dry_run = args.dry_run
    response = ask(args, lambda door: door.ask(UPDATE, request))
    _show(args, response.app)
    if args.dry_run and not args.json:
        print("\nnothing was changed: this is how it would be")
    return OK


def _request(args: argparse.Namespace) -> pb.UpdateAppRequest:
    roles = args.user_search_disallowed_roles
    request = pb.UpdateAppRequest(
        permission_version=args.permission_version,
        multi_tenant_enabled=args.multi_tenant,
        user_search_disallowed_roles=None if roles is None else StringList(values=_names(roles)),
        disable_permissions_checks=args.disable_permissions_checks,
        disable_auth_checks=args.disable_auth_checks,
    )
    if args.revoke_tokens_issued_before == "":
        request.update_mask.paths.append(_REVOKED)
    elif args.revoke_tokens_issued_before is not None:
        request.revoke_tokens_issued_before.CopyFrom(_time(args.revoke_tokens_issued_before))
    return request


def _names(text: str) -> list[str]:
    """Read names with commas between them; empty text is none."""
    return [name.strip() for name in text.split(",")] if text.strip() else []


def _time(text: str) -> Timestamp:
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        time = None
    if time is None or time.tzinfo is None:
        raise bad_input("`--revoke-tokens-issued-before` must be a time such as `2030-01-31T12:00:00Z`")
    message = Timestamp()
    message.FromDatetime(time)
    return message


# --- results ---------------------------------------------------------------------------------------------------------


def _show(args: argparse.Namespace, app: pb.App) -> None:
    if args.json:
        show_json(_as_json(app))
        return
    show_fields(
        (
            ("app", app.name),
            ("permission version", app.permission_version),
            ("multi-tenant", _switch(app.multi_tenant_enabled)),
            ("user search disallowed roles", ", ".join(app.user_search_disallowed_roles) or "none"),
            ("permissions checks disabled", _switch(app.disable_permissions_checks)),
            ("auth checks disabled", _switch(app.disable_auth_checks)),
            ("tokens revoked before", _revoked(app) or "none are"),
            ("created", rfc3339(app.created_at.seconds)),
            ("updated", rfc3339(app.updated_at.seconds)),
            ("revision", str(app.revision)),
        )
    )
    print()
    show_table(("role", "permissions in the app"), grants_rows(app.grants))


def _switch(value: bool) -> str:
    return "on" if value else "off"


def _revoked(app: pb.App) -> str | None:
    return rfc3339(app.revoke_tokens_issued_before.seconds) if app.HasField(_REVOKED) else None


def _as_json(app: pb.App) -> dict[str, object]:
    return {
        "name": app.name,
        "permission_version": app.permission_version,
        "multi_tenant_enabled": app.multi_tenant_enabled,
        "user_search_disallowed_roles": list(app.user_search_disallowed_roles),
        "disable_permissions_checks": app.disable_permissions_checks,
        "disable_auth_checks": app.disable_auth_checks,
        _REVOKED: _revoked(app),
        "grants": grants_as_json(app.grants),
        "created_at": rfc3339(app.created_at.seconds),
        "updated_at": rfc3339(app.updated_at.seconds),
        "revision": app.revision,
    }
