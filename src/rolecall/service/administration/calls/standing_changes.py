"""What single users are granted and revoked on a call, whatever their roles say, and may ask for; pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final, NamedTuple

from rolecall.domain.actions import ACTIONS, INDEX
from rolecall.domain.call_capabilities import CAPABILITIES
from rolecall.domain.errors import InvalidInput, UnknownPermission
from rolecall.domain.names import shown
from rolecall.domain.permissions import nearest
from rolecall.domain.records import CallUserRecord, Settings

_CAPABILITY: Final[Mapping[str, str]] = {
    **{ACTIONS[INDEX[row.action]].id: row.id for row in CAPABILITIES},
    **{row.id: row.id for row in CAPABILITIES},
}
"""Capability id, or id of the permission behind one -> the capability. An id that is both is the capability."""


class PermissionChange(NamedTuple):
    """Capability ids to grant, to revoke, and to leave to the user's roles again; none in two of them."""

    grant: frozenset[str]
    revoke: frozenset[str]
    reset: frozenset[str]


def permission_change(grant: Sequence[str], revoke: Sequence[str], reset: Sequence[str]) -> PermissionChange:
    """Check the three lists of a change."""
    if not grant and not revoke and not reset:
        raise InvalidInput(
            "nothing is to be changed: `grant_permissions` or `revoke_permissions` is required",
            field="grant_permissions",
        )
    listed: dict[str, str] = {}
    lists = {"grant_permissions": grant, "revoke_permissions": revoke, "reset_permissions": reset}
    return PermissionChange(*(_capabilities(ids, field, listed) for field, ids in lists.items()))


def _capabilities(ids: Sequence[str], field: str, listed: dict[str, str]) -> frozenset[str]:
    """Return the capabilities of one list; `listed` remembers which list names each."""
    for place, name in enumerate(ids):
        here = f"{field}[{place}]"
        capability = _CAPABILITY.get(name)
        if capability is None:
            raise UnknownPermission(name[:64], nearest(name, _CAPABILITY), field=here)
        other = listed.setdefault(capability, field)
        if other != field:
            raise InvalidInput(f"`{here}`: {shown(name)} is in `{other}` too", field=here)
    return frozenset(_CAPABILITY[name] for name in ids)


def with_permissions(user: CallUserRecord, change: PermissionChange) -> CallUserRecord:
    """Return what is said of a user after a change; a grant takes an earlier revoke back, and the other way round."""
    granted = (set(user.granted) | change.grant) - change.revoke - change.reset
    revoked = (set(user.revoked) | change.revoke) - change.grant - change.reset
    return replace(user, granted=tuple(sorted(granted)), revoked=tuple(sorted(revoked)))


# --- what users ask for ----------------------------------------------------------------------------------------------


class Track(NamedTuple):
    """What a user may ask for on a call: a capability, the action behind it, and the setting that lets users ask."""

    capability: str
    action: str
    setting: str


_TRACKS: Final[Mapping[str, Track]] = {
    track.capability: track
    for track in (
        Track("send-audio", "SendAudio", "audio.access_request_enabled"),
        Track("send-video", "SendVideo", "video.access_request_enabled"),
        Track("screenshare", "Screenshare", "screensharing.access_request_enabled"),
    )
}


def tracks(ids: Sequence[str], field: str) -> tuple[Track, ...]:
    """Return what a user asks for, each thing once."""
    if not ids:
        raise InvalidInput(f"`{field}` is required", field=field)
    for place, name in enumerate(ids):
        if name not in _TRACKS:
            options = ", ".join(f"`{option}`" for option in _TRACKS)
            raise InvalidInput(
                f"`{field}[{place}]` must be one of {options}, got {shown(name)}", field=f"{field}[{place}]"
            )
    return tuple(_TRACKS[name] for name in dict.fromkeys(ids))


def check_requestable(asked: Sequence[Track], settings: Settings, field: str) -> None:
    """Refuse what the settings of a call don't let users ask for."""
    for track in asked:
        if settings.get(track.setting) is not True:
            raise InvalidInput(
                f"{shown(track.capability)} can't be requested on this call: `{track.setting}` is off", field=field
            )
