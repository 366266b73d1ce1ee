"""What a watch has told, and what to do when its stream ends: decided here, without I/O, for both kinds of clients."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypedDict

from rolecall.api.v1 import authorization_pb2 as pb
from rolecall.client.errors import (
    Cancelled,
    InvalidArgument,
    NotFound,
    OutOfRange,
    PermissionDenied,
    RolecallClientError,
    Unauthenticated,
    Unavailable,
    Unimplemented,
)
from rolecall.client.messages import watch_request
from rolecall.client.settings import Settings
from rolecall.client.values import Change

_FINAL: Final = (Cancelled, InvalidArgument, NotFound, PermissionDenied, Unauthenticated, Unimplemented)
_NOTHING: Final[frozenset[str]] = frozenset()
LEFT: Final = "member_removed"
"""The cause of a change that tells of a member that left unseen."""


def _unheard_loss(error: RolecallClientError, pause: float) -> None:
    """Tell nobody."""


def _unheard() -> None:
    """Tell nobody."""


class Watching(TypedDict, total=False):
    """What may be said about a watch; what each is stands at Watched."""

    call: str
    channel: str
    on_lost: Callable[[RolecallClientError, float], None]
    on_synced: Callable[[], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """What to watch. `user_id` empty: the user of the token, or with a server's token every member.

    `on_lost` is told why the stream ended and in how many seconds it is opened again; what it raises ends the watch.
    `on_synced` is told each time that everything is known again.
    """

    user_id: str = ""
    call: str = ""
    channel: str = ""
    on_lost: Callable[[RolecallClientError, float], None] = _unheard_loss
    on_synced: Callable[[], None] = _unheard


class Following:
    """One watch over all its streams."""

    def __init__(self, watched: Watched, settings: Settings) -> None:
        if not (watched.call or watched.channel):
            raise InvalidArgument("a call or a channel is watched", field="call")
        watch_request(watched.user_id, watched.call, watched.channel, 0)  # what can't be written is refused now
        self._watched = watched
        self._settings = settings
        self._told: dict[str, frozenset[str]] = {}
        self._revision = 0
        self._unnamed: set[str] = set()
        self.synced = False
        """Whether everything is known that the stream's first full set says."""
        self.opened = -math.inf
        """When the stream was opened, by the clock of the settings."""
        self._attempt = 0
        self._renewed = False

    def request(self) -> pb.WatchCapabilitiesRequest:
        """Begin a stream: return its request."""
        self.synced = False
        self.opened = self._settings.clock.now()
        self._unnamed = set(self._told)
        watched = self._watched
        return watch_request(watched.user_id, watched.call, watched.channel, self._revision)

    def take(self, message: pb.WatchCapabilitiesResponse) -> list[Change]:
        """Return what a message changes for who has been told everything so far."""
        self._revision = max(self._revision, message.revision)
        changes = []
        if message.user_id:
            change = self._change(message)
            if change is not None:
                changes.append(change)
        # Of one user the first message is the whole set. Of members none is, until it is said.
        if not self.synced and (message.snapshot_complete or self._watched.user_id):
            changes += self._complete(message.revision)
        return changes

    def lost(self, error: RolecallClientError | None, *, renewed: bool = False) -> float:
        """Return how long to wait, in seconds, before the next stream is opened; raises what ends the watch.

        `error` is None where the server ended the stream without one; `renewed`: there is another token now.
        """
        error = error or Unavailable("the server ended the watch")
        if isinstance(error, _FINAL) and not renewed:
            raise error
        self._renewed = self._renewed or renewed
        if isinstance(error, OutOfRange):
            self._revision = 0
        self.synced = False
        settings = self._settings
        pause = settings.reconnects.pause(self._attempt, settings.clock.chance())
        self._attempt += 1
        self._watched.on_lost(error, pause)
        return pause

    @property
    def may_renew(self) -> bool:
        """Whether another token may be tried: not twice without a full set between."""
        return not self._renewed

    def _change(self, message: pb.WatchCapabilitiesResponse) -> Change | None:
        """Return what is new about a user; None when it is what was told already."""
        user_id, now = message.user_id, frozenset(message.own_capabilities)
        before = self._told.get(user_id)
        self._unnamed.discard(user_id)
        left = message.left
        if before == now and not left:
            return None
        if left:
            self._told.pop(user_id, None)
        else:
            self._told[user_id] = now
        before = before or _NOTHING
        return Change(user_id, now, now - before, before - now, message.cause, message.revision, left)

    def _complete(self, revision: int) -> list[Change]:
        """End a snapshot: who was told and is not named in it has left meanwhile."""
        gone = sorted(self._unnamed)
        self._unnamed = set()
        self.synced = True
        self._attempt = 0
        self._renewed = False
        self._watched.on_synced()
        return [
            Change(user_id, _NOTHING, _NOTHING, self._told.pop(user_id), LEFT, revision, left=True) for user_id in gone
        ]
