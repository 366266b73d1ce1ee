"""Questions and the places they are asked in: what an id asks about there, and which rules answer."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Final, NamedTuple

from rolecall.domain import app_rules, call_capabilities, call_rules, channel_capabilities, channel_case, channel_rules
from rolecall.domain.custom_permissions import CustomPermissions
from rolecall.domain.decision import Decision, Rules
from rolecall.domain.errors import Forbidden, InvalidInput, RolecallError
from rolecall.domain.names import check_id, shown
from rolecall.domain.permissions import BUILT_IN, nearest
from rolecall.domain.subject import AppRules
from rolecall.service.callers import Caller
from rolecall.service.state import AppState


class Question(NamedTuple):
    """Who is asked about, and where; what is asked comes beside it.

    With neither call nor channel: the `.app` scope. `user_id` "" means the token's user.
    """

    user_id: str = ""
    call: str = ""
    channel: str = ""
    author: str = ""
    call_facts: call_rules.CallFacts | None = None
    channel_facts: channel_case.ChannelFacts | None = None


Asked = tuple[Question | RolecallError, str]
"""A question and a capability; an error in the place of a question is its answer."""


def subject_of(caller: Caller, question: Question) -> str:
    """Return who a question is about; a user token may only ask about itself, and not with facts of its own."""
    own = caller.user_id
    if not own:
        return question.user_id or check_id("", "user_id")
    if question.user_id and question.user_id != own:
        raise Forbidden(
            f"the token of user {shown(own)} may ask only about that user, not about {shown(question.user_id)}",
            field="user_id",
        )
    if question.call_facts is not None or question.channel_facts is not None:
        raise Forbidden("facts can be sent by server-side callers only", field="facts")
    return own


def _itself(bit: int) -> int:
    return bit


class Place(NamedTuple):
    """Where questions are asked: in words, which rules decide there, and what an id or an action's bit asks about."""

    kind: str
    rules_of: Callable[[AppRules], Rules]
    decide: Callable[[Any, int], Decision]
    question: Callable[[str], int | None]
    of_action: Callable[[int], int] = _itself

    def asking(self, app: AppState) -> Callable[[str], int | None]:
        """Return what an id asks about here in this app: a custom permission's asks about its action."""
        return partial(_custom_too, app.permissions, self) if app.permissions else self.question


def _custom_too(customs: CustomPermissions, place: Place, capability: str) -> int | None:
    asked = place.question(capability)
    custom = customs.get(capability) if asked is None else None
    return asked if custom is None else place.of_action(custom.bit)


CALL: Final = Place("a call", lambda _: call_rules.RULES, call_rules.check_call, call_rules.question)
CHANNEL: Final = Place(
    "a channel",
    channel_rules.rules_of,
    channel_rules.check_channel,
    channel_capabilities.question,
    channel_capabilities.question_of_action,
)
APP: Final = Place("the app", app_rules.rules_of, app_rules.check_app, app_rules.question)
_IDS: Final = {
    "a call": [row.id for row in call_capabilities.CAPABILITIES],
    "a channel": [row.id for row in channel_capabilities.CAPABILITIES],
    "the app": [],
}


class Target(NamedTuple):
    """One user on one target, and the rules that decide there."""

    case: Any
    kind: str
    rules: Rules
    decide: Callable[[Any, int], Decision]
    question: Callable[[str], int | None]

    def asks(self, capability: str) -> int:
        """Return the mask that a capability or permission id asks about here."""
        asked = self.question(capability)
        if asked is None:
            raise unknown_capability(capability, self.kind)
        return asked


def unknown_capability(capability: str, kind: str, *, hint: bool = True) -> InvalidInput:
    """Make the error; finding what a typo meant takes milliseconds, too long for each of many."""
    if not capability:
        return InvalidInput("`capability` is required", field="capability")
    known = dict.fromkeys([*_IDS[kind], *BUILT_IN]) if hint else ()
    hints = " or ".join(f"`{name}`" for name in nearest(capability, known))
    what = "not a permission id" if kind == "the app" else f"neither a capability of {kind} nor a permission id"
    return InvalidInput(
        f"`capability`: {shown(capability)} is {what}" + (f"; did you mean {hints}?" if hints else ""),
        field="capability",
        reason="UNKNOWN_CAPABILITY",
    )
