"""Whose right to be here a change may end: callers that stay, on a connection or a stream, are looked at again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from rolecall.domain.errors import Unauthenticated
from rolecall.domain.facts import User
from rolecall.domain.names import shown
from rolecall.service.index import Index
from rolecall.store import Change
from rolecall.store import changes as log

_OF_TOKENS: Final = frozenset({log.APP, log.KEYS})


class Doubtful(NamedTuple):
    """Every caller, or those of apps by number, and users by app and id."""

    everyone: bool
    apps: frozenset[int] = frozenset()
    users: frozenset[tuple[int, str]] = frozenset()


def follow(index: Index, hear: Callable[[Doubtful], None]) -> Callable[[], None]:
    """Tell `hear` of callers to look at again, from within the index; return what ends that."""

    def applied(changes: Sequence[Change] | None) -> None:
        doubtful = _doubtful(changes)
        if any(doubtful):
            hear(doubtful)

    index.listeners.append(applied)
    return lambda: index.listeners.remove(applied)


def check_standing(user: User | None) -> None:
    """Raise unless a user may stay. Who is banned may: every answer is a deny, and the ban may end."""
    if user is None:
        raise Unauthenticated("the user does not exist", reason="USER_DELETED")
    if user.deactivated:
        raise Unauthenticated(f"user {shown(user.id)} is deactivated", reason="USER_DEACTIVATED")


def _doubtful(changes: Sequence[Change] | None) -> Doubtful:
    if changes is None:
        return Doubtful(everyone=True)
    apps = frozenset(change.app_id for change in changes if change.kind in _OF_TOKENS)
    users = frozenset((change.app_id, change.key) for change in changes if change.kind == log.USER)
    return Doubtful(False, apps, users)
