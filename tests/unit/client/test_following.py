"""What a watch tells over several streams: differences to what was told before, and when it ends."""

from __future__ import annotations

import pytest

from rolecall.api.v1 import authorization_pb2 as pb
from rolecall.client import (
    Backoff,
    Change,
    Internal,
    InvalidArgument,
    NotFound,
    OutOfRange,
    PermissionDenied,
    ResourceExhausted,
    RolecallClientError,
    Unauthenticated,
    Unavailable,
    Unimplemented,
)
from rolecall.client.following import Following, Watched
from rolecall.client.settings import Settings
from tests.unit.client.fakes import Time


class Told:
    """A watch without a server."""

    def __init__(self, user_id: str = "") -> None:
        self.time = Time()
        self.losses: list[tuple[RolecallClientError, float]] = []
        self.syncs = 0
        watched = Watched(
            user_id=user_id,
            call="default:x",
            on_lost=lambda error, pause: self.losses.append((error, pause)),
            on_synced=self._synced,
        )
        settings = Settings(target="x:1", clock=self.time.clock(), reconnects=Backoff(1.0, 2.0, 5.0))
        self.following = Following(watched, settings)

    def _synced(self) -> None:
        self.syncs += 1

    def open(self) -> int:
        return self.following.request().from_revision

    def take(
        self,
        user_id: str,
        names: str = "",
        *,
        cause: str = "snapshot",
        revision: int = 1,
        last: bool = False,
        left: bool = False,
    ) -> list[Change]:
        return self.following.take(
            pb.WatchCapabilitiesResponse(
                user_id=user_id,
                own_capabilities=list(names),
                cause=cause,
                revision=revision,
                snapshot_complete=last,
                left=left,
            )
        )


def change(
    user_id: str, now: str, added: str, removed: str, cause: str, revision: int = 1, *, left: bool = False
) -> Change:
    return Change(user_id, frozenset(now), frozenset(added), frozenset(removed), cause, revision, left)


def test_a_snapshot_and_then_differences() -> None:
    told = Told()
    assert told.open() == 0
    assert told.take("ann", "ab") == [change("ann", "ab", "ab", "", "snapshot")]
    assert told.syncs == 0
    assert told.take("bob", "", last=True) == [change("bob", "", "", "", "snapshot")]
    assert told.syncs == 1
    news = told.take("ann", "bc", cause="role_updated", revision=2)
    assert news == [change("ann", "bc", "c", "a", "role_updated", 2)]
    assert told.take("ann", "bc", cause="call_updated", revision=3) == []


def test_differences_are_counted_here_not_by_the_server() -> None:
    told = Told()
    told.open()
    told.take("ann", "ab", last=True)
    message = pb.WatchCapabilitiesResponse(
        user_id="ann", own_capabilities=["a"], added=["x"], removed=["y"], cause="role_updated", revision=2
    )
    assert told.following.take(message) == [change("ann", "a", "", "b", "role_updated", 2)]


def test_after_a_loss_only_what_differs_is_told() -> None:
    told = Told()
    told.open()
    for name, held, last in (("ann", "ab", False), ("bob", "b", False), ("cleo", "c", True)):
        told.take(name, held, last=last)
    told.take("ann", "a", cause="user_blocked", revision=7)
    assert told.following.lost(Unavailable("gone")) == 1.0
    assert told.open() == 7
    assert told.take("ann", "a", revision=9) == []
    assert told.take("bob", "bd", revision=9) == [change("bob", "bd", "d", "", "snapshot", 9)]
    assert told.take("dan", "d", revision=9, last=True) == [
        change("dan", "d", "d", "", "snapshot", 9),
        change("cleo", "", "", "c", "member_removed", 9, left=True),
    ]
    assert told.syncs == 2


def test_nobody_is_gone_before_the_snapshot_is_whole() -> None:
    told = Told()
    told.open()
    told.take("ann", "a")
    told.take("bob", "b", last=True)
    told.following.lost(None)
    told.open()
    assert told.take("ann", "a") == []
    told.following.lost(None)
    told.open()
    assert told.take("bob", "b") == []
    assert told.take("ann", "a", last=True) == []


def test_a_snapshot_without_members_is_whole_too() -> None:
    told = Told()
    told.open()
    told.take("ann", "a", last=True)
    told.following.lost(None)
    told.open()
    assert told.take("", "", revision=4, last=True) == [change("ann", "", "", "a", "member_removed", 4, left=True)]
    assert told.syncs == 2


def test_a_member_that_left_is_followed_no_more_and_may_come_back() -> None:
    told = Told()
    told.open()
    told.take("ann", "ab", last=True)
    assert told.take("ann", "a", cause="member_removed", revision=2, left=True) == [
        change("ann", "a", "", "b", "member_removed", 2, left=True)
    ]
    told.following.lost(None)
    told.open()
    assert told.take("", "", revision=3, last=True) == []
    assert told.take("ann", "ab", cause="member_added", revision=4) == [
        change("ann", "ab", "ab", "", "member_added", 4)
    ]


def test_one_that_left_with_the_same_capabilities_is_told_all_the_same() -> None:
    told = Told()
    told.open()
    told.take("ann", "a", last=True)
    assert told.take("ann", "a", cause="member_removed", left=True) == [
        change("ann", "a", "", "", "member_removed", left=True)
    ]


def test_the_user_of_a_token_is_followed_on_when_it_is_no_member_any_more() -> None:
    told = Told()
    told.open()
    told.take("ann", "ab", last=True)
    assert told.take("ann", "a", cause="member_removed", revision=2) == [
        change("ann", "a", "", "b", "member_removed", 2)
    ]
    assert told.take("ann", "abc", cause="member_added", revision=3) == [
        change("ann", "abc", "bc", "", "member_added", 3)
    ]


def test_of_one_user_the_first_message_is_all_and_no_member_leaves() -> None:
    told = Told("ann")
    told.open()
    told.take("ann", "ab")
    assert told.syncs == 1
    assert told.take("ann", "a", cause="member_removed", revision=2) == [
        change("ann", "a", "", "b", "member_removed", 2)
    ]


def test_pauses_grow_until_a_snapshot_is_whole() -> None:
    told = Told()
    pauses = []
    for _ in range(4):
        told.open()
        pauses.append(told.following.lost(Unavailable("gone")))
    told.open()
    told.take("ann", "a")
    pauses.append(told.following.lost(Unavailable("gone")))
    told.open()
    told.take("ann", "a", last=True)
    pauses.append(told.following.lost(Unavailable("gone")))
    assert pauses == [1.0, 2.0, 4.0, 5.0, 5.0, 1.0]
    assert [pause for _, pause in told.losses] == pauses


@pytest.mark.parametrize("error", [Internal("x"), ResourceExhausted("slow"), Unavailable("x"), None])
def test_these_ends_are_not_for_good(error: RolecallClientError | None) -> None:
    told = Told()
    told.open()
    told.take("ann", "a", revision=5, last=True)
    told.following.lost(error)
    assert told.open() == 5


def test_out_of_range_starts_over() -> None:
    told = Told()
    told.open()
    told.take("ann", "ab", revision=5, last=True)
    told.following.lost(OutOfRange("too old"))
    assert told.open() == 0
    assert told.take("ann", "b", revision=3, last=True) == [change("ann", "b", "", "a", "snapshot", 3)]


@pytest.mark.parametrize("kind", [Unauthenticated, PermissionDenied, NotFound, InvalidArgument, Unimplemented])
def test_these_ends_are_for_good(kind: type[RolecallClientError]) -> None:
    told = Told()
    told.open()
    with pytest.raises(kind):
        told.following.lost(kind("no"))
    assert told.losses == []


def test_another_token_is_tried_once_between_snapshots() -> None:
    told = Told()
    told.open()
    assert told.following.may_renew
    told.following.lost(Unauthenticated("expired"), renewed=True)
    assert not told.following.may_renew
    told.open()
    told.take("ann", "a", last=True)
    assert told.following.may_renew


def test_a_watch_needs_one_place() -> None:
    settings = Settings(target="x:1")
    with pytest.raises(InvalidArgument):
        Following(Watched(), settings)
    with pytest.raises(InvalidArgument):
        Following(Watched(call="default:x", channel="messaging:y"), settings)
