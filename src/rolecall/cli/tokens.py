"""`rolecall token`: tokens signed with an app's newest secret. Only the token goes to stdout."""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from typing import Any

from rolecall.cli.output import show_json
from rolecall.cli.problem import OK, Problem, bad_input
from rolecall.cli.store import Known, choose, open_store
from rolecall.domain.names import check_id, check_role_name, parse_cid, shown
from rolecall.domain.roles import BUILT_IN, canonical
from rolecall.service.administration import list_apps
from rolecall.service.callers import make_token


def token(args: argparse.Namespace) -> int:
    """Print a server token, a user token or a call token."""
    claims = _claims(args, int(time.time()))
    made = asyncio.run(_token(args, claims))
    if args.json:
        show_json({"token": made})
    else:
        print(made)
    return OK


async def _token(args: argparse.Namespace, claims: dict[str, Any]) -> str:
    async with open_store(args) as store:
        known = [Known(app.record.id, app.record.name, app.keys) for app in await list_apps(store)]
        app = choose(known, args.key, args.app, store.path)
        async with store.snapshot(app.id) as reader:
            secrets = await reader.secrets()
            roles = {*BUILT_IN, *(role.name for role in await reader.roles())}
    if not secrets:
        raise Problem(f"app {shown(app.name)} has no live secret", hint="`rolecall app rotate-secret` makes one")
    if args.role and canonical(args.role) not in roles:
        print(f"warning: app {shown(app.name)} has no role {shown(args.role)} yet", file=sys.stderr)
    return make_token(secrets[-1], claims)


def _claims(args: argparse.Namespace, now: int) -> dict[str, Any]:
    """Return what the token says; `now` is Unix seconds."""
    claims: dict[str, Any] = {"server": True} if args.user is None else {"user_id": check_id(args.user, "--user")}
    if (args.call or args.channel) and args.user is None:
        raise bad_input("`--call` and `--channel` need `--user`: a server-side token may do everything anyway")
    if args.role is not None and not (args.call or args.channel):
        raise bad_input("`--role` needs `--call` or `--channel`: it is a role on these")
    if args.call:
        claims["call_cids"] = [_cid(cid, "--call") for cid in args.call]
    if args.channel:
        claims["channel_cids"] = [_cid(cid, "--channel") for cid in args.channel]
    if args.role is not None:
        claims["role"] = check_role_name(args.role, "--role")
    claims["iat"] = now
    if args.expires is not None:
        claims["exp"] = now + args.expires
    return claims


def _cid(text: str, flag: str) -> str:
    parse_cid(text, flag)
    return text
