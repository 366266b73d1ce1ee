"""Who watches what: every watch of this process, found by what a change touches, and what a watch is told.

Nothing here decides or awaits. A watch is one user on one call or channel; it is found under five names, each one
look-up, so a change costs what it touches however many watches there are.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple, Protocol

from rolecall.domain.errors import RolecallError
from rolecall.service.authorizer import Seen
from rolecall.service.callers import Caller
from rolecall.service.questions import Question, subject_of
from rolecall.service.state import CALL_SCOPE_PREFIX
from rolecall.store import Change
from rolecall.store import changes as log
from rolecall.store.changes import Happening, member_key

__all__ = ["CapabilitiesChanged", "Followed", "Happening", "Notice", "Scene", "Sink", "Told", "Watch", "Watches"]

Name = tuple[str, int, str]
"""What a change may touch: its kind, the app, its key; "" for everything of the app."""

_APP_WIDE: Final = frozenset({log.APP, log.ROLE, log.PERMISSION})
_OF_CALLS: Final = "call."


@dataclass(frozen=True, slots=True)
class Scene:
    """What an event shows, read once for all who are told; `revision` is that of the state it was read from.

    `written` is for whoever writes it: what is the same for many need not be made for each. Notices that wait hold on
    to scenes, so it must be bounded.
    """

    content: Any
    revision: int
    exists: bool = True
    written: dict[Any, Any] = field(default_factory=dict)


class CapabilitiesChanged(NamedTuple):
    """What one user may do on a call or channel has changed; `cause` is the kind of change that was seen last.

    Capabilities are sorted; `whole` tells whether this user may see the channel in the scene, which calls have none of,
    and `lists` whether it may see who its members are.
    """

    target: Question
    own_capabilities: tuple[str, ...]
    added: tuple[str, ...]
    removed: tuple[str, ...]
    cause: str
    revision: int
    whole: bool
    lists: bool
    scene: Scene | None = None


class Told(NamedTuple):
    """Something happened on a call or channel that one user watches.

    `whole` tells whether this user may see the call or channel in the scene, and `lists` who its members are; who may
    not sees only the users that `happening` names. With `last` the watch is over.
    """

    target: Question
    happening: Happening
    own_capabilities: tuple[str, ...]
    revision: int
    whole: bool
    lists: bool
    last: bool
    scene: Scene


Notice = CapabilitiesChanged | Told


class Sink(Protocol):
    """Where the notices of a watch go: a connection, a stream."""

    def tell(self, notice: Notice) -> bool:
        """Take a notice without awaiting; False when there is no room for it, and the watch is cut."""

    def cut(self, error: RolecallError) -> None:
        """Hear that this watch can't go on; whoever is behind it must begin anew."""


class Watch:
    """One user on one call or channel, and what was told last: `mask` in the bits of its place.

    What happened up to the revision `since` is not told. A watch is `doubtful` while it is not known what was told
    last, and `failing_since` is a moment of the monotonic clock when that could not be told any more. `could_read_at`
    is the revision at which its user lost the right to read.
    """

    __slots__ = (
        "app_id",
        "caller",
        "could_read_at",
        "doubtful",
        "ended",
        "failing_since",
        "mask",
        "question",
        "since",
        "sink",
        "user_id",
    )

    def __init__(self, caller: Caller, question: Question, sink: Sink, mask: int, revision: int) -> None:
        self.app_id = caller.app_id
        self.caller = caller
        self.question = question
        self.user_id = subject_of(caller, question)
        self.sink = sink
        self.mask = mask
        self.since = revision
        self.could_read_at = -1
        self.failing_since: float | None = None
        self.doubtful = False
        self.ended = False

    def target(self) -> Name:
        """Return the call or channel as a change names it."""
        kind, cid = _place(self.question)
        return kind, self.app_id, cid

    def names(self) -> tuple[Name, ...]:
        """Return everything whose change may touch this watch."""
        kind, cid = _place(self.question)
        member, scope = log.CHANNEL_MEMBER, cid.partition(":")[0]
        if kind == log.CALL:
            member, scope = log.CALL_MEMBER, CALL_SCOPE_PREFIX + scope
        app_id = self.app_id
        return (
            (kind, app_id, cid),
            (log.USER, app_id, self.user_id),
            (member, app_id, member_key(cid, self.user_id)),
            (log.TYPE, app_id, scope),
            (log.APP, app_id, ""),
        )


class Followed(Watch):
    """A watch that is told nothing: it looks itself at what its user may do, whenever that may have changed."""

    __slots__ = ()

    def look(self, mask: int, revision: int, kind: str, seen: Seen | None) -> bool:
        """Take note of what the user may do now, `kind` having changed; False when there is no room to tell it.

        It follows from what is `seen`, None when the type is gone.
        """
        raise NotImplementedError


def member_name(app_id: int, target: Question) -> Name:
    """Return under which name changes of who is a member of a call or channel are."""
    kind, cid = _place(target)
    return log.CALL_MEMBER if kind == log.CALL else log.CHANNEL_MEMBER, app_id, cid


def _place(question: Question) -> tuple[str, str]:
    return (log.CALL, question.call) if question.call else (log.CHANNEL, question.channel)


def touched_name(change: Change) -> Name:
    """Return the name under which the watches are that a change may touch."""
    if change.kind in _APP_WIDE:
        return log.APP, change.app_id, ""
    return change.kind, change.app_id, change.key


def target_of(app_id: int, happening: Happening) -> Name:
    """Return the call or channel that something happened to."""
    return log.CALL if of_call(happening) else log.CHANNEL, app_id, happening.cid


def of_call(happening: Happening) -> bool:
    """Tell whether something happened to a call; if not, it was a channel."""
    return happening.type.startswith(_OF_CALLS)


class Watches:
    """Every watch, under each of its names. Removing one leaves nothing of it behind."""

    def __init__(self) -> None:
        self._under: dict[Name, dict[Watch, None]] = {}
        self._all: dict[Watch, None] = {}

    def __len__(self) -> int:
        return len(self._all)

    def add(self, watch: Watch) -> None:
        """Hold a watch."""
        self._all[watch] = None
        for name in watch.names():
            self._under.setdefault(name, {})[watch] = None

    def discard(self, watch: Watch) -> None:
        """Let a watch go; nothing happens when it is not held."""
        watch.ended = True
        if watch not in self._all:
            return
        del self._all[watch]
        for name in watch.names():
            named = self._under[name]
            del named[watch]
            if not named:
                del self._under[name]

    def under(self, name: Name) -> Collection[Watch]:
        """Return the watches under a name."""
        return self._under.get(name, _NONE)

    def of_app(self, app_id: int) -> Collection[Watch]:
        """Return the watches of an app."""
        return self.under((log.APP, app_id, ""))

    def names(self) -> Collection[Name]:
        """Return every name that there is a watch under."""
        return self._under.keys()


_NONE: Final[Mapping[Watch, None]] = {}
