"""Call types on the wire: grants, and settings with every field that clients expect."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from rolecall.domain.records import TypeRecord
from rolecall.domain.settings import flag
from rolecall.service.state import CALL_SCOPE_PREFIX
from rolecall.transports.rest.extras import Extra, ExtraFields, line, shown_extras, tree
from rolecall.transports.rest.operation import Answer
from rolecall.transports.rest.shapes.call_settings import settings_tree
from rolecall.transports.rest.surface import Time

_EVENTS: Final = ("call_live_started", "call_missed", "call_notification", "call_ring", "session_started")

EXTRAS: Final[ExtraFields] = {
    "external_storage": Extra(line()),
    "notification_settings.enabled": Extra(flag(), default=False),
    **{
        f"notification_settings.{event}.{name}": field
        for event in _EVENTS
        for name, field in (
            ("enabled", Extra(flag(), default=False)),
            ("apns", Extra(tree(), default={})),
            ("fcm", Extra(tree(), default={})),
        )
    },
}
"""What a call type takes beside grants and settings."""


class CallType(Answer, kw_only=True):
    """A kind of call."""

    name: str
    grants: dict[str, tuple[str, ...]]
    settings: dict[str, Any]
    notification_settings: dict[str, Any]
    created_at: Time
    updated_at: Time
    external_storage: str | msgspec.UnsetType = msgspec.UNSET


def call_type(record: TypeRecord) -> CallType:
    """Return a call type as the wire has it."""
    return CallType(
        name=record.scope.removeprefix(CALL_SCOPE_PREFIX),
        grants=dict(record.grants),
        settings=settings_tree(record.settings, record.extras),
        created_at=Time(record.created_at),
        updated_at=Time(record.updated_at),
        **shown_extras(EXTRAS, record.extras),
    )
