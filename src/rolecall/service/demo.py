"""The development app and its small demo: what `serve --dev` makes ready, once."""

from __future__ import annotations

import time
from typing import Final, NamedTuple

from rolecall.service.administration import Administration
from rolecall.service.administration.apps import create_app
from rolecall.service.administration.calls.values import CallChange, CallMemberChange
from rolecall.service.administration.channels.values import ChannelChange, ChannelMemberChange
from rolecall.service.administration.users.values import UserChange
from rolecall.service.callers import Caller, make_token
from rolecall.service.index import Index
from rolecall.store import Store

APP_NAME: Final = "dev"
_USERS: Final = {"ann": "user", "bob": "user", "cleo": "user", "gil": "guest", "mia": "moderator", "ada": "admin"}


class DevApp(NamedTuple):
    """The development app; `secret` is None when it was made by an earlier start, which printed it."""

    key: str
    secret: str | None
    token: str


async def ensure_dev_app(store: Store, index: Index, administration: Administration) -> DevApp:
    """Make the development app with its demo, or find the one that is there; the token is a new server-side one."""
    found = next((app for app in index.apps() if app.name == APP_NAME), None)
    if found is not None:
        return DevApp(found.keys[0], None, _token(found.secrets[-1]))
    record, key, secret = await create_app(store, APP_NAME)
    await index.refresh()
    await _fill(administration, Caller(record.id))
    return DevApp(key, secret, _token(secret))


def _token(secret: str) -> str:
    return make_token(secret, {"server": True, "iat": int(time.time())})


async def _fill(administration: Administration, caller: Caller) -> None:
    users = [UserChange(user_id, role=role) for user_id, role in _USERS.items()]
    await administration.users.upsert(caller, users)
    standup = CallChange(
        "default:standup",
        created_by_id="ann",
        members=(CallMemberChange("ann", role="host"), CallMemberChange("bob"), CallMemberChange("gil")),
    )
    await administration.calls.upsert(caller, standup)
    launch = CallChange(
        "livestream:launch",
        created_by_id="mia",
        members=(CallMemberChange("mia", role="host"), CallMemberChange("bob")),
    )
    await administration.calls.upsert(caller, launch)
    general = ChannelChange(
        "messaging:general",
        created_by_id="ann",
        members=(
            ChannelMemberChange("ann"),
            ChannelMemberChange("bob"),
            ChannelMemberChange("mia", channel_role="channel_moderator"),
        ),
    )
    await administration.channels.upsert(caller, general)
