"""What is asked and what is answered, as plain values. How they travel is told in `messages`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple, TypedDict

from rolecall.api.v1.authorization_pb2 import Facts
from rolecall.client.errors import RolecallClientError, named, numbered


@dataclass(frozen=True, slots=True)
class Check:
    """One question: may this user do this here. Neither call nor channel: in the app itself.

    `owner` made the message, attachment or reaction acted on. `facts` are what the asker knows of the call or channel.
    """

    user_id: str
    capability: str
    call: str = ""
    channel: str = ""
    owner: str = ""
    facts: Facts | None = None
    min_revision: int = 0


class About(TypedDict, total=False):
    """What a question may say besides user and capability; what each is stands at Check."""

    call: str
    channel: str
    owner: str
    facts: Facts | None
    min_revision: int


class Verdict(NamedTuple):
    """An answer; it is true only where the user may. `reason` is the server's, without the prefix `REASON_`."""

    allowed: bool
    reason: str
    role: str = ""
    permission: str = ""
    policy: str = ""
    revision: int = 0

    def __bool__(self) -> bool:
        return self.allowed


@dataclass(frozen=True, slots=True)
class CheckError:
    """Why one of many questions has no answer; never true, so never a yes."""

    code: str
    reason: str
    message: str
    field: str = ""

    @property
    def allowed(self) -> bool:
        """No answer is never a yes."""
        return False

    def __bool__(self) -> bool:
        return False

    def error(self) -> RolecallClientError:
        """Return it as what a single question would have raised."""
        return named(self.code)(self.message, reason=self.reason, field=self.field)


class Step(NamedTuple):
    """What one rule said: `outcome` is `allow`, `deny`, `pass` or `not_reached`."""

    rule: str
    outcome: str
    detail: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """An answer, the rules that were asked for it in their order, and what it takes for a yes."""

    verdict: Verdict
    steps: tuple[Step, ...]
    would_allow: tuple[str, ...]

    def __bool__(self) -> bool:
        return self.verdict.allowed


@dataclass(frozen=True, slots=True)
class Capabilities:
    """All that a user may do on a call or channel: ask with `in`, or go through the names, sorted."""

    names: frozenset[str]
    revision: int

    def __contains__(self, capability: object) -> bool:
        return capability in self.names

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self.names))

    def __len__(self) -> int:
        return len(self.names)


@dataclass(frozen=True, slots=True)
class Admission:
    """Whether a user may come into a call now; true only when it may. `required` is what it takes."""

    allowed: bool
    reason: str
    capabilities: frozenset[str]
    required: tuple[str, ...]
    revision: int

    def __bool__(self) -> bool:
        return self.allowed


@dataclass(frozen=True, slots=True)
class Member:
    """One member of a call: its role there and what it may do."""

    user_id: str
    role: str
    capabilities: frozenset[str]
    revision: int


class Change(NamedTuple):
    """The capabilities of a user that is watched: all, and the difference to the change of this user before.

    `cause` is `snapshot` at first, and where a watch that was broken found a difference. `left`: the user is no member
    any more and is not watched from here on; where that happened unseen, `capabilities` is empty.
    """

    user_id: str
    capabilities: frozenset[str]
    added: frozenset[str]
    removed: frozenset[str]
    cause: str
    revision: int
    left: bool = False


def item_error(code: int, reason: str, message: str, field: str) -> CheckError:
    """Return the error of an item by the number of its code."""
    return CheckError(numbered(code).code, reason, message, field)
