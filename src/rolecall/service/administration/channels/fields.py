"""Which fields of channels and members nobody writes by their name, and which only servers do."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final

from rolecall.domain.errors import Forbidden
from rolecall.service.callers import Caller

# fmt: off
RESERVED: Final = frozenset({
    "blocked", "cid", "config", "created_at", "created_by", "created_by_id", "deleted_at", "duration", "hidden", "id",
    "last_message_at", "member_count", "members", "message_count", "muted", "own_capabilities", "truncated_at",
    "truncated_by", "type", "updated_at",
})
"""Fields of a channel that answers have, and that follow from other things."""

SERVER_SIDE: Final = frozenset({"config_overrides", "disabled", "team"})
"""Fields of a channel that only servers change by their name."""

MEMBER_RESERVED: Final = frozenset({
    "banned", "created_at", "deleted_at", "duration", "invite_accepted_at", "invite_rejected_at", "invited",
    "is_moderator", "notifications_muted", "role", "shadow_banned", "status", "updated_at", "user", "user_id",
})
"""Fields of a member that answers have, and that follow from other things."""
# fmt: on


def check_channel(caller: Caller, names: Iterable[str]) -> None:
    """Refuse fields of a channel that the caller does not change, in the words that clients of Stream know."""
    for name in names:
        _check_reserved(caller, name, RESERVED)
        if name.partition(".")[0] in SERVER_SIDE and not caller.server_side:
            raise Forbidden(_not_allowed(name), field=name, reason="SERVER_SIDE_ONLY")


def check_member(caller: Caller, names: Iterable[str]) -> None:
    """Refuse fields of a member that nobody changes by their name."""
    for name in names:
        _check_reserved(caller, name, MEMBER_RESERVED)


def _check_reserved(caller: Caller, name: str, reserved: Collection[str]) -> None:
    if name.partition(".")[0] not in reserved:
        return
    if not caller.server_side:
        raise Forbidden(_not_allowed(name), field=name, reason="FIELD_RESERVED")
    raise Forbidden(f"field `{name}` is reserved and cannot updated", field=name, reason="FIELD_RESERVED")


def _not_allowed(name: str) -> str:
    return f"you are not allowed to update the field `{name}`"
